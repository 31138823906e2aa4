"""Answers that are judged by what happens when they run.

A check returns its answer as plain data: the text of manifests, a design, a transcript. `played` is
what it expects: a *world* plays the answer, and *claims* say of that run what held, each with a
sentence of what happened.

    @check(expect=played(ROLL_OUT, no_request_fails), points=3)
    def a_roll_out_harms_nobody():
        return manifests()

The world draws from the seed that it is handed, never from the answer. In a notebook, and under
plain nbgrader, that seed is the one named in `played`; the grader adds a salt of its own to it, so
that nobody knows the world beforehand. Whatever asks for the same answer, world and seed in one
process gets the same run: it is played once.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from coursekit import codec, vtime
from coursekit.expect import Matcher

World = Callable[[Any, str], Any]  # (answer, seed) -> run
Claim = Callable[[Any], tuple[bool, str]]  # run -> whether it holds, and what happened
T = TypeVar("T")
Verdict = Literal["pass", "fail", "error", "timeout", "not judged"]

CPU_SECONDS = 5.0  # for one run, and for all claims about it
WALL_SECONDS = 60.0  # of real time, a backstop for what waits
MAX_RUNS = 8  # that are remembered
MAX_SENTENCE = 1000  # characters


class AnswerError(Exception):
    """The answer cannot be played. The message is shown: where, what is wrong, what to write."""


class NotJudged(Exception):
    """This machine cannot judge it. The message says what is missing and how to get it."""


@dataclass(frozen=True)
class Told:
    """What a matcher says of one answer: a verdict, and what happened."""

    verdict: Verdict
    sentence: str


class played(Matcher):
    """The answer, played in `world`, is as every claim says.

    Args:
        world: a function `(answer, seed) -> run`. It raises `AnswerError` for what cannot be
            played, and `NotJudged` where a tool is missing.
        claims: functions `run -> (held, sentence)`. The first line of a claim's docstring says what
            is wanted.
        seed: the name of a random world; checks that name the same one share a run.
    """

    alone = True

    def __init__(self, world: World, *claims: Claim, seed: str = "0") -> None:
        if not callable(world) or not claims or not all(map(callable, claims)):
            raise TypeError("played(world, claim, …) takes a world and at least one claim")
        if not isinstance(seed, str):
            raise TypeError(f"a seed is a name, such as 'week', not {seed!r}")
        self.world, self.claims, self.seed = world, claims, seed

    def accepts(self, seen: Any) -> bool:
        return self.told(seen).verdict == "pass"

    def __str__(self) -> str:
        return "; ".join(map(wanted, self.claims))

    def salted(self, salt: str) -> str:
        """The seed that the world is handed, in a grading with this salt."""
        return f"{salt}:{self.seed}" if salt else self.seed

    def told(self, seen: Any, salt: str = "") -> Told:
        """Play one decoded observation, or remember how it went. Total.

        Args:
            salt: what the judge adds to the seed; nothing in a notebook.
        """
        if isinstance(seen, codec.Raised):
            return Told("error", repr(seen))
        opaque = _opaque(seen)
        if opaque is not None:
            return Told("fail", f"the answer holds {opaque!r}, which cannot be read")
        run = _run(self.world, seen, self.salted(salt))
        return run if isinstance(run, Told) else self._claimed(run.value)

    def _claimed(self, run: Any) -> Told:
        """What the claims say: all sentences if all hold, else those of one kind of failure."""
        said: dict[Verdict, list[str]] = {}
        for claim in self.claims:
            told = _guarded(partial(_answer, claim, run), f"“{wanted(claim)}”")
            if told.sentence not in said.setdefault(told.verdict, []):
                said[told.verdict].append(told.sentence)
        for verdict in ORDER:
            if verdict in said:
                return Told(verdict, _printable("; ".join(said[verdict])))
        raise AssertionError("no claim")  # __init__ refuses that


# a failure that is certain comes before what nobody knows
ORDER: tuple[Verdict, ...] = ("fail", "timeout", "error", "not judged", "pass")


def wanted(claim: Claim) -> str:
    """What a claim wants, in words: the first line of its docstring."""
    claim = getattr(claim, "func", claim)  # of a partial
    lines = (getattr(claim, "__doc__", None) or "").strip().splitlines()
    name = getattr(claim, "__name__", type(claim).__name__)
    return lines[0].strip().rstrip(".") if lines else name.replace("_", " ")


# --------------------------------------------------------------------------------------- playing


@dataclass(frozen=True)
class _Run:
    value: Any


_runs: OrderedDict[tuple[bytes, World, str], _Run | Told] = OrderedDict()
_of_runs = threading.Lock()


def _run(world: World, answer: Any, seed: str) -> _Run | Told:
    """The run of an answer, or why there is none. Each is played once."""
    text = json.dumps(codec.encode(answer), sort_keys=True)
    key = hashlib.sha256(text.encode()).digest(), world, seed
    with _of_runs:
        if key in _runs:
            _runs.move_to_end(key)
            return _runs[key]
    own = codec.decode(json.loads(text))  # a world may change what it is handed
    run = _guarded(lambda: _Run(world(own, seed)), "the simulation")
    if isinstance(run, Told) and run.verdict == "not judged":
        return run  # the tool may be there the next time
    with _of_runs:
        _runs[key] = run
        while len(_runs) > MAX_RUNS:
            _runs.popitem(last=False)
    return run


def _guarded(play: Callable[[], T], what: str) -> T | Told:
    """What `play` returns, or a sentence about how it ended. Only a learner's own interrupt comes
    out of it.
    """
    try:
        with vtime.limits(CPU_SECONDS, WALL_SECONDS):
            return play()
    except AnswerError as error:
        return Told("fail", _printable(str(error)))
    except NotJudged as error:
        return Told("not judged", _printable(str(error)))
    except vtime.TimeLimit as error:
        if "CPU" not in str(error):  # the machine was busy, or a tool waits
            return Told("not judged", f"{what} took {error}: grade again")
        return Told("timeout", f"{what} was stopped: it took {error}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Told("error", _printable(f"{what} failed: {_named(error)}"))


def _answer(claim: Claim, run: Any) -> Told:
    said = claim(run)
    if not isinstance(said, tuple) or len(said) != 2:
        raise TypeError(f"a claim returns (held, sentence), not {type(said).__name__}")
    held, sentence = said
    return Told("pass" if bool(held) else "fail", str(sentence))


def _named(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = ""
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind


def _printable(text: str) -> str:
    text = codec.printable(text)
    return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1] + "…"


def _opaque(value: Any) -> codec.Opaque | None:
    """Something in an answer that is not plain data."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, codec.Opaque):
            return one
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
    return None
