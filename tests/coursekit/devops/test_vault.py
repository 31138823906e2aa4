"""Who reads which secret, and what a rotation does to running pods."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coursekit import AnswerError
from coursekit.devops import vault
from coursekit.devops.vault import NEVER, Held, Run, Use, played_with

TENANT = """
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: T-db}
spec:
  refreshInterval: 5m
  secretStoreRef: {name: vault, kind: SecretStore}
  target: {name: T-db}
  data:
  - secretKey: password
    remoteRef: {key: tenants/T/db, property: password}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: triage-T}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: triage-T}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [T-db], verbs: [get]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [triage-models], verbs: [get, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: triage-T}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: triage-T}
subjects:
- {kind: ServiceAccount, name: triage-T}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: triage-T}
spec:
  replicas: 3
  selector: {matchLabels: {app: T}}
  template:
    metadata: {labels: {app: T}}
    spec:
      serviceAccountName: triage-T
      containers:
      - name: api
        image: triage:2.1.0
        volumeMounts:
        - {name: db, mountPath: /etc/db}
      volumes:
      - name: db
        secret: {secretName: T-db}
"""
CLAIMS: tuple[Callable[[Run], Held], ...] = (
    vault.own_secret_can_be_read,
    vault.tenants_are_apart,
    vault.lists_are_closed,
    vault.nothing_more_is_granted,
    vault.keys_come_from_the_store,
    vault.no_value_is_written,
    vault.pods_run_as_themselves,
    vault.harbour_is_unharmed,
    vault.orchard_is_unharmed,
)


def text(old: str = "", new: str = "") -> str:
    """Both tenants' manifests, with one change in each."""
    assert old in TENANT
    one = TENANT.replace(old, new) if old else TENANT
    return "---".join(one.replace("T-db", f"{t}-db").replace("/T/", f"/{t}/").replace("triage-T", f"triage-{t}").replace("app: T", f"app: {t}") for t in vault.TENANTS)  # fmt: skip


def run(manifests: object, steps: str = "rotate") -> Run:
    """The run of an answer whose steps are all taken at once."""
    rotation = {t: [(0, f"{word} {t}") for word in steps.split()] for t in vault.TENANTS}
    return vault.world({"manifests": manifests, "rotation": rotation}, "0")


def broken(found: Run) -> set[str]:
    return {claim.__name__ for claim in CLAIMS if not claim(found)[0]}


def test_a_good_answer_holds_every_claim() -> None:
    assert broken(run(text())) == set()


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("resourceNames: [T-db], verbs: [get]", "verbs: [get]", "tenants_are_apart"),
        ("[T-db], verbs: [get]", "[T-db], verbs: [get, list]", "lists_are_closed"),
        ("verbs: [get, watch]", "verbs: [get]", "own_secret_can_be_read"),
        ("verbs: [get, watch]", "verbs: [get, watch, update]", "nothing_more_is_granted"),
        ("key: tenants/T/db", "key: tenants/db", "keys_come_from_the_store"),
        ("replicas: 3", "replicas: 2", "pods_run_as_themselves"),
    ],
)
def test_one_change_breaks_one_claim(old: str, new: str, lost: str) -> None:
    assert broken(run(text(old, new))) == {lost}


@pytest.mark.parametrize("interval", ["1h", "9m", "8m31s", "0s"])
def test_a_slow_refresh_fails_requests(interval: str) -> None:
    found = run(text("refreshInterval: 5m", f"refreshInterval: {interval}"))
    assert broken(found) == {"harbour_is_unharmed", "orchard_is_unharmed"}


@pytest.mark.parametrize("interval", ["8m30s", "90s", "0.1h"])
def test_a_quick_one_does_not(interval: str) -> None:
    assert broken(run(text("refreshInterval: 5m", f"refreshInterval: {interval}"))) == set()


def test_a_variable_needs_a_restart_after_the_sync() -> None:
    use = Use("variable", NEVER)
    early = [(0, "rotate harbour"), (10, "restart harbour"), (200, "sync harbour")]
    late = [(0, "rotate harbour"), (10, "sync harbour"), (15, "restart harbour")]
    assert sum(played_with(use, "harbour", early, [90] * 3).failed) == 3 * 3000
    assert sum(played_with(use, "harbour", late, [90] * 3).failed) == 0
    assert sum(played_with(Use("volume", NEVER), "harbour", late[:2], [90] * 3).failed) == 0


def test_the_sentence_says_when_and_why() -> None:
    mount = "mountPath: /etc/db}"
    found = run(text(mount, "mountPath: /etc/db/password, subPath: password}"))
    held, sentence = vault.harbour_is_unharmed(found)
    assert not held
    assert "10:00" in sentence
    assert "subPath never follows" in sentence


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (None, "returns a list"),
        ([], "stands 0 times"),
        ([(0, "rotate harbour")] * 2, "stands 2 times"),
        ([(9, "sync harbour"), (3, "rotate harbour")], "in order"),
        ([(0, "rotate orchard")], "is none of"),
        ([(-1, "rotate harbour")], "no whole number"),
        ([(True, "rotate harbour")], "no whole number"),
        ([5], "no pair"),
        ([(0, "sync harbour")] * 30, "at most 20"),
    ],
)
def test_steps_that_cannot_be_run_are_told_in_a_sentence(steps: object, says: str) -> None:
    assert says in vault.refusal("harbour", steps)


@pytest.mark.parametrize(
    "answer", [None, {}, {"manifests": "a: [b"}, {"manifests": "kind: X"}, {"manifests": 5}]
)
def test_manifests_that_cannot_be_read_are_told_in_a_sentence(answer: object) -> None:
    with pytest.raises(AnswerError):
        vault.world(answer, "0")


def test_nothing_at_all_holds_nothing() -> None:
    found = vault.world(
        {"manifests": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"}, "0"
    )
    assert broken(found) == {claim.__name__ for claim in CLAIMS}
