"""Routers: another process's hashes, and who moves when a version turns unhealthy."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from coursekit.coding.routing import CROWD, ModuloRouter, another_process, hand_over

VERSIONS = ["v7", "v8", "v9"]


class ByBuiltinHash:
    def number(self, text: Any) -> int:
        return hash(text) % 1000


class ByHashlib(ByBuiltinHash):
    def number(self, text: Any) -> int:
        return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 1000


def numbers(router: Any, salt: int, ask: Callable[[Any, str], Any]) -> list[int]:
    with another_process(type(router), salt) as text:
        return [ask(router, text(f"user-{n}")) for n in range(20)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda router, user: router.number(user),
        lambda router, user: router.number(f"{user}/v7"),
        lambda router, user: router.number((user, "v7")),
        lambda router, user: router.number(("v7", (user.encode(), 3))),
        lambda router, user: user.__hash__(),
    ],
)
def test_a_salted_hash_differs_from_process_to_process(ask: Callable[[Any, str], Any]) -> None:
    router = ByBuiltinHash()
    assert numbers(router, 1, ask) == numbers(router, 1, ask) != numbers(router, 2, ask)


@pytest.mark.parametrize(
    "ask",
    [
        lambda router, user: ByHashlib().number(user),
        lambda router, user: router.number(len(user)),
        lambda router, user: router.number((7, 2.5, frozenset([3]))),
        lambda router, user: {"user-7": 1, user: 2}["user-7"] if user != "user-7" else 1,
    ],
)
def test_all_else_is_the_same_in_every_process(ask: Callable[[Any, str], Any]) -> None:
    router = ByBuiltinHash()
    assert numbers(router, 1, ask) == numbers(router, 2, ask)


def test_its_texts_are_texts() -> None:
    with another_process(ByHashlib, 3) as text:
        user = text("ann")
        assert isinstance(user, str)
        assert user == "ann"
        assert {user: 1}[user] == 1
        assert f"{user}/7" == "ann/7"


def test_afterwards_hash_is_the_usual_one() -> None:
    router = ByBuiltinHash()
    before = [router.number(f"user-{n}") for n in range(9)]
    with contextlib.suppress(RuntimeError), another_process(ByBuiltinHash, 4):
        inside = [router.number(f"user-{n}") for n in range(9)]
        raise RuntimeError
    assert inside != before
    assert [router.number(f"user-{n}") for n in range(9)] == before
    assert "hash" not in globals()


def test_modulo_slots_follow_the_weights_and_move_users_for_nothing() -> None:
    seen = hand_over({"slots": ModuloRouter()}, {"v7": 5, "v8": 3, "v9": 2}, "v8")
    before = {
        version: sum(count for old, _, count in seen.flows["slots"] if old == version)
        for version in VERSIONS
    }
    assert sum(before.values()) == CROWD
    assert [round(10 * before[version] / CROWD) for version in VERSIONS] == [5, 3, 2]
    assert all(after != "v8" for _, after, _ in seen.flows["slots"])
    assert seen.had_to("slots") == before["v8"]
    assert seen.moved("slots") > 1.5 * seen.had_to("slots")


def test_slots_that_recover_are_where_they_were() -> None:
    router = ModuloRouter()
    for version in VERSIONS:
        router.add_version(version, 1)
    users = [f"user-{n}" for n in range(50)]
    before = [router.route(user) for user in users]
    router.set_health("v8", False)
    router.set_health("v8", True)
    assert [router.route(user) for user in users] == before
