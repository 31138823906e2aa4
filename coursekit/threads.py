"""Forced interleavings: threads take turns where a drawn lot says, so a lock that is missing or
misplaced shows.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import functools
import hashlib
import os
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from coursekit import vtime
from coursekit.vtime import real

# seconds of real time without a step after which the thread whose turn it is may be blocked
BLOCKED = 0.003
# seconds of processor time that the watcher takes to find out: who is not blocked gets some, too
FAIR = 0.01
STUCK = 2.0  # seconds of real time without any step after which a race is given up
STRIDES = (1, 1, 2, 3, 5, 8, 40)  # lines that a thread may run before the next lot is drawn
_LIBRARIES = (os.path.dirname(os.__file__), os.path.dirname(__file__), "<frozen")


class YieldingKey:
    """A dictionary key that gives the processor away whenever it is hashed or compared.

    Between "is it there?" and "put it there" another thread gets its turn, so a lock that is
    missing shows.
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

    One thread runs. The others wait at a line of their code, ready for the next lot, or for a lock,
    until whoever has it gives it back. What else makes a thread wait (a queue in C, a database's
    file) cannot be seen from here: without a step and without work for `BLOCKED` seconds it loses
    its turn, and lines up again when it comes back.
    """

    def __init__(self, threads: int, seed: object) -> None:
        self.random = random.Random(f"race {seed}").random
        self.mutex = _thread.allocate_lock()
        self.gates = [_thread.allocate_lock() for _ in range(threads)]
        for gate in self.gates:
            gate.acquire()
        # of the processor time that each thread has used
        self.clocks: list[int | None] = [None] * threads
        self.turn: int | None = None
        self.ready: list[int] = []
        # who waits for a lock, and whether for as long as it takes
        self.parked: dict[int, bool] = {}
        self.steps = self.stride = 0

    def step(
        self, me: int, *, yields: bool = False, lot: bool = False, called: int = -1, others: int = 0
    ) -> None:
        """One line of thread `me`, which may be its last for a while: with `yields` it is, with
        `lot` one is drawn.

        Args:
            called: the thread that lined up for a lock, drawn for `others` too, who still wait for
                the same one.
        """
        with self.mutex:
            self.steps += 1
            if self.turn == me:
                self.stride -= 1
                if not self.ready or (self.stride > 0 and not yields and not lot):
                    return
                self.ready.append(me)
                if self._draw(me if yields else -1, called, others) == me:
                    return
            elif self.turn is None:
                self.turn = me
                return
            else:
                self.ready.append(me)
        self.gates[me].acquire()

    def join(self, me: int, threads: int) -> None:
        """Line up; the lots are drawn when all have come."""
        with contextlib.suppress(AttributeError, OSError):
            self.clocks[me] = time.pthread_getcpuclockid(threading.get_ident())
        with self.mutex:
            self.ready.append(me)
            self.ready.sort()
            if len(self.ready) == threads:
                self._draw()
        self.gates[me].acquire()

    def leave(self, me: int, patient: bool | None = None) -> None:
        """Thread `me` has ended, or waits for a lock: for as long as it takes, or for some time."""
        with self.mutex:
            self.steps += 1
            if patient is not None:
                self.parked[me] = patient
            if self.turn == me:
                self.turn = None
                if self.ready:
                    self._draw()

    def wake(self, me: int) -> None:
        """The lock that `me` waits for was given back, or its time is up: it lines up again."""
        with self.mutex:
            self.steps += 1
            del self.parked[me]
            self.ready.append(me)
            if self.turn is None:
                self._draw()

    def worked(self) -> float:
        """Seconds of processor time that the thread whose turn it is has used, where that can be
        told.
        """
        with self.mutex, contextlib.suppress(OSError):
            clock = None if self.turn is None else self.clocks[self.turn]
            return 0.0 if clock is None else time.clock_gettime(clock)
        return 0.0

    def pass_on(self, steps: int) -> None:
        """Take the turn from a thread that has made nothing of it since `steps`."""
        with self.mutex:
            if self.steps == steps and self.turn is not None and self.ready:
                self.steps += 1
                self.turn = None
                self._draw()

    def _draw(self, but: int = -1, called: int = -1, others: int = 0) -> int:
        those = self.ready if but < 0 else [n for n in self.ready if n != but]
        lot = int(self.random() * (len(those) + others))
        chosen = those[lot] if lot < len(those) else called
        self.ready.remove(chosen)
        self.stride = STRIDES[int(self.random() * len(STRIDES))]
        if chosen != self.turn:
            self.turn = chosen
            self.gates[chosen].release()
        return chosen


_mine = threading.local()


def yield_processor() -> None:
    """Let another thread run: in a race whose lot it is, else any that is ready. Takes no virtual
    time.
    """
    race_: _Turns | None = getattr(_mine, "race", None)
    if race_ is None:
        if _thread._count():  # somebody else is there
            real.sleep(1e-6)
    # `step` would find the same: one call less for a tracer
    elif race_.turn == _mine.number and race_.stride > 1:
        race_.stride -= 1
        race_.steps += 1
    else:
        race_.step(_mine.number)


def _sleep_in_a_race() -> bool:
    """`time.sleep` in a thread of a race: somebody else's turn, so that waiting for others and
    trying again works.
    """
    race_: _Turns | None = getattr(_mine, "race", None)
    if race_ is not None:
        if not race_.ready:
            real.sleep(BLOCKED / 10)
        race_.step(_mine.number, yields=True)
    return race_ is not None


_desk = _thread.allocate_lock()  # held by whoever lines up for a lock or calls those who did


class _Lock:
    """A lock made in a check. In a race, whoever waits for it leaves the turn to others until it is
    given back.
    """

    def __init__(self, native: Any) -> None:
        self._native = native
        # threads of races, in the order in which they came
        self._waiting: list[tuple[_Turns, int]] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        race_: _Turns | None = getattr(_mine, "race", None)
        if race_ is None or not blocking or (timeout <= 0 and timeout != -1):
            return bool(self._native.acquire(blocking, timeout))
        me: int = _mine.number
        end = None if timeout == -1 else real.monotonic() + timeout
        while not self._native.acquire(False):
            with _desk:
                if self._native.acquire(False):  # somebody outside of the race gave it back
                    return True
                self._waiting.append((race_, me))
                race_.leave(me, patient=end is None)
            if end is None:
                race_.gates[me].acquire()
            elif not race_.gates[me].acquire(timeout=max(0.0, end - real.monotonic())):
                with _desk:
                    if (race_, me) in self._waiting:
                        self._waiting.remove((race_, me))
                        race_.wake(me)
                race_.gates[me].acquire()
                return bool(self._native.acquire(False))
        return True

    def release(self) -> None:
        self._native.release()
        self._given_back()

    def _given_back(self) -> None:
        """One of those who wait for it lines up, and a lot says who; in a race, another lot says
        who goes on.

        The others would only find it taken. One of them lines up when whoever takes it next gives
        it back.
        """
        mine: _Turns | None = getattr(_mine, "race", None)
        called, others = -1, 0
        if self._waiting:
            with _desk:
                if self._waiting:  # whose time is not up meanwhile
                    lot = self._waiting[0][0].random()
                    race_, called = self._waiting.pop(int(lot * len(self._waiting)))
                    race_.wake(called)
                    others = len(self._waiting) if race_ is mine else 0
        if mine is not None:
            mine.step(_mine.number, lot=True, called=called, others=others)

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)


class _RLock(_Lock):
    """One that its owner may take again."""

    def release(self) -> None:
        self._native.release()
        if not self._native._is_owned():  # it is free, not only an inner level of it
            self._given_back()

    def _release_save(self) -> Any:
        """As `threading.Condition` lets it go, all levels at once, and takes it back."""
        levels = self._native._release_save()
        self._given_back()
        return levels

    def _acquire_restore(self, levels: Any) -> None:
        if getattr(_mine, "race", None) is not None:
            self.acquire()
            self._native._release_save()
        self._native._acquire_restore(levels)


def _made_in_checks(native: Callable[[], Any]) -> Callable[[], Any]:
    def lock() -> Any:
        if vtime.outside():
            return native()
        made = native()
        return _RLock(made) if hasattr(made, "_is_owned") else _Lock(made)

    lock.__name__ = lock.__qualname__ = native.__name__
    lock.__doc__ = native.__doc__
    lock.in_checks = True  # type: ignore[attr-defined]
    return lock


def install() -> None:
    """Let locks that are made in a check take part in races. Called once, at `import coursekit`."""
    vtime.sleep_elsewhere = _sleep_in_a_race
    # the last one is what those who wait for a condition sleep at
    for name in ("Lock", "RLock", "_allocate_lock"):
        native = getattr(threading, name)
        if not hasattr(native, "in_checks"):
            setattr(threading, name, _made_in_checks(native))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    """Threads started inside share one processor, where there is a choice: turns change hands ten
    times faster.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_of_them = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {_libc().sched_getcpu()})
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, all_of_them)


@functools.cache
def _is_theirs(filename: str) -> bool:
    return not filename.startswith(_LIBRARIES) and "site-packages" not in filename


def race(*jobs: Callable[[], Any], seed: object = 0) -> list[Any]:
    """Start all jobs at once, a thread each, and return what each returned, or the exception it
    raised, in order.

    The threads run one at a time. Before every line of their code outside libraries, and in every
    `yield_processor`, a lot drawn from `seed` decides who goes on, so the same code meets the same
    interleaving again. A race in which nothing has moved for 2 s of real time is given up: its
    threads stay behind as daemons and their result is a `TimeoutError`: a lock was taken twice, or
    never released.
    """
    results: list[Any] = [TimeoutError("the thread did not end")] * len(jobs)
    turns = _Turns(len(jobs), seed)

    def work(index: int, job: Callable[[], Any]) -> None:
        step = turns.step

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                if turns.turn == index and turns.stride > 1:  # `step` would find the same
                    turns.stride -= 1
                    turns.steps += 1
                else:
                    step(index)
            return line

        def enter(frame: FrameType, event: str, argument: Any) -> Any:
            return line if _is_theirs(frame.f_code.co_filename) else None

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
        _watch(turns, threads)
    _left_behind.update(thread for thread in threads if thread.is_alive())
    return results


_WORK = bytes(100_000)
_left_behind = weakref.WeakSet[threading.Thread]()  # threads of races that were given up


def _moves(turns: _Turns, before: tuple[int, float]) -> bool:
    """Whether the thread whose turn it is goes on as soon as the processor has time for it, however
    busy that is.

    Both are on one processor, which shares its time fairly: if this thread gets `FAIR` and the
    other one nothing, then the other one does not want any.
    """
    until = time.thread_time() + FAIR
    while time.thread_time() < until:
        hashlib.sha256(_WORK)  # without the interpreter's lock
        if (turns.steps, turns.worked()) != before:
            return True
    return False


def _watch(turns: _Turns, threads: list[threading.Thread]) -> None:
    """Wait for the end of a race. Pass on the turn of a thread that waits for something unseen."""
    before, idle = (-1, 0.0), 0
    while alive := [thread for thread in threads if thread.is_alive()]:
        alive[0].join(BLOCKED)
        now = turns.steps, turns.worked()
        idle = idle + 1 if now == before else 0
        before = now
        if idle == 1 and turns.ready and not _moves(turns, now):
            turns.pass_on(now[0])
        others = _thread._count() - len(alive) - sum(thread.is_alive() for thread in _left_behind)
        if idle > 1 and (
            idle * BLOCKED >= STUCK or (sum(turns.parked.values()) == len(alive) and others <= 0)
        ):
            return  # a lock was taken twice, or never released
