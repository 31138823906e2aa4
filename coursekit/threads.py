"""Forced interleavings: threads take turns where a drawn lot says, so a lock that is missing or misplaced shows."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from coursekit import vtime
from coursekit.vtime import real

BLOCKED = 0.003  # seconds of real time without a step after which the thread whose turn it is counts as blocked
STUCK = 2.0  # seconds of real time without any step after which a race is given up
STRIDES = (1, 1, 2, 3, 5, 8, 40)  # lines that a thread may run before the next lot is drawn
_LIBRARIES = (os.path.dirname(os.__file__), os.path.dirname(__file__), "<frozen")


class YieldingKey:
    """A dictionary key that gives the processor away whenever it is hashed or compared.

    Between "is it there?" and "put it there" another thread gets its turn, so a lock that is missing shows.
    """

    def __init__(self, value: object) -> None:
        self.value = value

    def __hash__(self) -> int:
        yield_processor()
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        yield_processor()
        return isinstance(other, YieldingKey) and self.value == other.value

    def __repr__(self) -> str:
        return f"key {self.value!r}"


class _Turns:
    """Whose turn it is among the threads of one race.

    One thread runs, the others wait at a line of their code. A thread that makes no step for `BLOCKED` seconds waits
    for a lock or a database: somebody else goes on, and it lines up again when it comes back.
    """

    def __init__(self, threads: int, seed: object) -> None:
        self.lots = random.Random(f"race {seed}")
        self.mutex = _thread.allocate_lock()
        self.gates = [_thread.allocate_lock() for _ in range(threads)]
        for gate in self.gates:
            gate.acquire()
        self.turn: int | None = None
        self.ready: list[int] = []
        self.steps = self.stride = 0

    def step(self, me: int, *, yields: bool = False) -> None:
        """One line of thread `me`, which may be its last for a while; with `yields` it is."""
        with self.mutex:
            self.steps += 1
            if self.turn == me:
                self.stride -= 1
                if not self.ready or (self.stride > 0 and not yields):
                    return
                self.ready.append(me)
                if self._draw(but=me if yields else None) == me:
                    return
            elif self.turn is None:
                self.turn = me
                return
            else:
                self.ready.append(me)
        self._wait(me)

    def join(self, me: int, threads: int) -> None:
        """Line up; the lots are drawn when all have come."""
        with self.mutex:
            self.ready.append(me)
            self.ready.sort()
            if len(self.ready) == threads:
                self._draw()
        self.gates[me].acquire()

    def leave(self, me: int) -> None:
        """Thread `me` has ended, or waits for a lock."""
        with self.mutex:
            self.steps += 1
            if self.turn == me:
                self.turn = None
                if self.ready:
                    self._draw()

    def come_back(self, me: int, came: Any) -> None:
        """Thread `me` waits for a lock no longer. Whoever gave it waits for `came`, until this one has lined up."""
        with self.mutex:
            self.steps += 1
            goes_on = self.turn is None
            if goes_on:
                self.turn = me
            else:
                self.ready.append(me)
            if came.locked():
                came.release()
        if not goes_on:
            self._wait(me)

    def _draw(self, but: int | None = None) -> int:
        chosen = self.lots.choice([n for n in self.ready if n != but])
        self.ready.remove(chosen)
        self.stride = self.lots.choice(STRIDES)
        if chosen != self.turn:
            self.turn = chosen
            self.gates[chosen].release()
        return chosen

    def _wait(self, me: int) -> None:
        seen = -1
        while not self.gates[me].acquire(timeout=BLOCKED):
            with self.mutex:
                if seen == self.steps and self.turn != me:  # whoever has the turn makes nothing of it
                    self.steps += 1
                    self.turn = None
                    self._draw()
                seen = self.steps


_mine = threading.local()


def yield_processor() -> None:
    """Let another thread run: in a race whose lot it is, else any that is ready. Takes no virtual time."""
    race_: _Turns | None = getattr(_mine, "race", None)
    if race_ is None:
        if _thread._count():  # somebody else is there
            real.sleep(1e-6)
    else:
        race_.step(_mine.number)


def _sleep_in_a_race() -> bool:
    """`time.sleep` in a thread of a race: somebody else's turn, so that waiting for others and trying again works."""
    race_: _Turns | None = getattr(_mine, "race", None)
    if race_ is not None:
        if not race_.ready:
            real.sleep(BLOCKED / 10)
        race_.step(_mine.number, yields=True)
    return race_ is not None


class _Lock:
    """A lock made in a check. In a race, whoever waits for it leaves the turn to others."""

    def __init__(self, native: Any) -> None:
        self._native = native
        self._is_mine: Callable[[], bool] | None = getattr(native, "_is_owned", None)
        self._waiting = 0
        self._came = _thread.allocate_lock()  # free once a waiting thread has got the lock
        self._came.acquire()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        race_: _Turns | None = getattr(_mine, "race", None)
        if race_ is None or not blocking:
            return bool(self._native.acquire(blocking, timeout))
        if self._native.acquire(False):
            return True
        self._waiting += 1
        race_.leave(_mine.number)
        got = bool(self._native.acquire(True, timeout))
        self._waiting -= 1
        race_.come_back(_mine.number, self._came)
        return got

    def release(self) -> None:
        waited_for = self._waiting and getattr(_mine, "race", None) is not None
        if waited_for:
            self._came.acquire(False)
        self._native.release()
        if waited_for and (self._is_mine is None or not self._is_mine()):  # it is free, not only an inner level of it
            self._came.acquire(timeout=STUCK)  # whoever gets it lines up before this thread goes on

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)


def _made_in_checks(native: Callable[[], Any]) -> Callable[[], Any]:
    def lock() -> Any:
        return native() if vtime.outside() else _Lock(native())

    lock.__name__ = lock.__qualname__ = native.__name__
    lock.__doc__ = native.__doc__
    lock.in_checks = True  # type: ignore[attr-defined]
    return lock


def install() -> None:
    """Let locks that are made in a check take part in races. Called once, at `import coursekit`."""
    vtime.sleep_elsewhere = _sleep_in_a_race
    for name in ("Lock", "RLock"):
        native = getattr(threading, name)
        if not hasattr(native, "in_checks"):
            setattr(threading, name, _made_in_checks(native))


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    """Threads started inside share one processor, where there is a choice: turns change hands ten times faster."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_of_them = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {ctypes.CDLL(None).sched_getcpu()})
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, all_of_them)


def race(*jobs: Callable[[], Any], seed: object = 0) -> list[Any]:
    """Start all jobs at once, a thread each, and return what each returned, or the exception it raised, in order.

    The threads run one at a time. Before every line of their code outside libraries, and in every `yield_processor`, a
    lot drawn from `seed` decides who goes on, so the same code meets the same interleaving again. A race in which
    nothing has moved for 2 s of real time is given up: its threads stay behind as daemons and their result is a
    `TimeoutError`: a lock was taken twice, or never released.
    """
    results: list[Any] = [TimeoutError("the thread did not end")] * len(jobs)
    turns = _Turns(len(jobs), seed)

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            turns.step(_mine.number)
        return line

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        return None if name.startswith(_LIBRARIES) or "site-packages" in name else line

    def work(index: int, job: Callable[[], Any]) -> None:
        _mine.race, _mine.number = turns, index
        turns.join(index, len(jobs))
        sys.settrace(enter)
        try:
            results[index] = job()
        except BaseException as error:
            results[index] = error
        finally:
            sys.settrace(None)
            turns.leave(index)

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(jobs)]
    with _one_processor():
        for thread in threads:
            thread.start()
    for thread in threads:
        steps, since = -1, real.monotonic()
        while thread.is_alive() and real.monotonic() - since < STUCK:
            if turns.steps != steps:
                steps, since = turns.steps, real.monotonic()
            thread.join(0.05)
    return results
