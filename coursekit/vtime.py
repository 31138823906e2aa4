"""Virtual time: one world for each check, in which nothing waits.

Inside `run`, `loop.time()`, `time.time`, `time.monotonic`, `time.perf_counter` (and their `_ns`
forms) and `time.sleep` agree, in coroutines and in threads alike. When every task sleeps, the clock
jumps to the next timer; when no timer is left, that is a deadlock and is reported as one. Two runs
of the same code give the same trace.

`install` puts shims in place of the functions of `time` once, because `clock=time.monotonic` binds
when a class is defined. Outside `run` the shims answer as the real functions do. `datetime.now()`,
`threading.Event.wait(timeout)` and `queue.get(timeout=…)` keep real time: hand the clock in
instead.
"""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import inspect
import math
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from types import SimpleNamespace
from typing import Any

EPOCH = 1_700_000_000.0  # what time.time() shows when a world begins
MAX_STEPS = 50_000  # turns of the loop in one check
IDLE_TURNS = 2_000  # turns without waiting, after which the clock creeps, so that polling ends
IDLE_READS = 200_000  # clock readings without waiting, after which the clock creeps
CREEP = 1e-3  # seconds
OUT_OF_TIME = "more than"  # how the reason of every `TimeLimit` begins
# real seconds that a sleeping helper thread of a plain function lets others run, at most
PAUSE = 0.01
# what a sleeping helper thread does instead; False when it does nothing
sleep_elsewhere: Callable[[], bool] = bool

_NAMES = ("time", "monotonic", "perf_counter")
real = SimpleNamespace(
    sleep=time.sleep,
    **{name + suffix: getattr(time, name + suffix) for name in _NAMES for suffix in ("", "_ns")},
)
_world: World | None = None


class NeverEnds(RuntimeError):
    """The code would wait or turn for ever."""


class Deadlock(NeverEnds):
    """Every task waits for something that can never happen."""


class TooManySteps(NeverEnds):
    """The loop turned `MAX_STEPS` times without an end."""


class TimeLimit(KeyboardInterrupt):
    """Real time ran out. A `KeyboardInterrupt`, because asyncio callbacks swallow every other
    `BaseException`.
    """


class World:
    """The time of one check, in seconds since it began."""

    def __init__(self) -> None:
        self.now = 0.0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.jobs = self.sleeping = self.steps = self.reads = self.turns = 0
        self.threads = _thread._count()
        me = threading.get_ident()
        self.strangers = {t.ident for t in threading.enumerate() if t.ident != me}

    def read(self) -> float:
        """The time now. A loop that does nothing but read it must end, so it creeps in the end."""
        self.reads += 1
        if self.reads > IDLE_READS:
            self.now += CREEP
        return self.now

    def waited(self) -> None:
        """The clock moved by waiting."""
        self.reads = self.turns = 0

    def sleep(self, seconds: float) -> None:
        """`time.sleep`: a jump of the clock, or, in a helper thread of a loop, a timer of that
        loop.
        """
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        loop = self.loop
        if loop is None or threading.get_ident() == getattr(loop, "_thread_id", None):
            self.now += seconds
            self.waited()
            if threading.current_thread() is not threading.main_thread() and not sleep_elsewhere():
                # others get their turn, so that trying again makes sense
                real.sleep(min(seconds, PAUSE))
            return
        gate = threading.Event()

        def wake() -> None:
            self.sleeping -= 1
            gate.set()

        def register() -> None:
            self.sleeping += 1
            loop.call_later(seconds, wake)

        loop.call_soon_threadsafe(register)
        gate.wait()


def _here() -> World | None:
    world = _world
    return None if world is None or threading.get_ident() in world.strangers else world


def outside() -> bool:
    """Whether the caller runs in no check."""
    return _here() is None


def _shim(name: str, base: float, ns: bool) -> Callable[[], float]:
    original: Callable[[], float] = getattr(real, name)

    def clock() -> float:
        world = _here()
        if world is None:
            return original()
        return int((base + world.read()) * 1e9) if ns else base + world.read()

    clock.__name__ = clock.__qualname__ = name
    clock.__doc__ = original.__doc__
    return clock


def _sleep(seconds: Any, /) -> None:
    world = _here()
    if world is None:
        real.sleep(seconds)
    else:
        world.sleep(seconds)


def install() -> None:
    """Put the shims in place. A second call changes nothing."""
    if time.sleep is _sleep:
        return
    for name in _NAMES:
        base = EPOCH if name == "time" else 0.0
        setattr(time, name, _shim(name, base, ns=False))
        setattr(time, name + "_ns", _shim(name + "_ns", base, ns=True))
    time.sleep = _sleep


class _Selector(selectors.SelectSelector):
    """Never waits for time: it moves the world's clock to the next timer."""

    world: World

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        world = self.world
        world.steps += 1
        if world.steps > MAX_STEPS:
            raise TooManySteps(f"{MAX_STEPS:,} turns of the event loop without an end")
        # nobody there who could wake the loop
        quiet = _thread._count() <= world.threads and len(self.get_map()) <= 1
        ready = [] if quiet else super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            world.turns += 1
            if world.turns > IDLE_TURNS:
                world.now += CREEP
            return ready
        # a helper thread works: wait for it, it takes no virtual time
        if world.jobs > world.sleeping:
            world.steps -= 1
            return super().select(0.05)
        if timeout is None:
            raise Deadlock("every task waits for something that can never happen")
        world.waited()
        scheduled: list[asyncio.TimerHandle] = world.loop._scheduled  # type: ignore[union-attr]
        world.now = max(world.now, scheduled[0].when())
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """An event loop on a world's clock."""

    def __init__(self, world: World) -> None:
        selector = _Selector()
        selector.world = self.world = world
        world.loop = self
        super().__init__(selector)

    @property
    def _clock_resolution(self) -> float:
        """The smallest step of the clock: a timer fires at its time, never a nanosecond early."""
        return math.ulp(self.world.now)

    @_clock_resolution.setter
    def _clock_resolution(self, _seconds: float) -> None:
        pass  # asyncio sets what the system's clock has

    def time(self) -> float:
        return self.world.now

    _ssock: Any
    _csock: Any

    def _make_self_pipe(self, wanted: bool = sys.platform == "win32") -> None:
        """What other threads wake the loop with: made when there will be one, since most checks
        have none.
        """
        if wanted:
            super()._make_self_pipe()  # type: ignore[misc]
        else:
            self._ssock = self._csock = None

    def _close_self_pipe(self) -> None:
        if self._csock is not None:
            super()._close_self_pipe()  # type: ignore[misc]

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]
        if self._csock is None:
            self._make_self_pipe(wanted=True)
        super().add_signal_handler(sig, callback, *args)

    def run_in_executor(self, executor: Executor | None, func: Any, *args: Any) -> Any:  # type: ignore[override]
        if self._csock is None:
            self._make_self_pipe(wanted=True)
        self.world.jobs += 1
        future = super().run_in_executor(executor, func, *args)

        def done(_: object) -> None:
            self.world.jobs -= 1

        future.add_done_callback(done)
        return future

    def close(self) -> None:
        executor, self._default_executor = getattr(self, "_default_executor", None), None
        if executor is not None:
            executor.shutdown(wait=False)
        super().close()


def _finish(loop: _Loop) -> None:
    """Close the loop with bounded patience: a task that ignores cancellation must not eat the
    answer.
    """
    loop.world.steps = 0
    with contextlib.suppress(NeverEnds):
        for _ in range(3):
            left = asyncio.all_tasks(loop)
            if not left:
                break
            for task in left:
                task.cancel()
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            for _ in range(20):
                loop.call_soon(loop.stop)
                loop.run_forever()
                if all(task.done() for task in left):
                    break
    loop.set_exception_handler(lambda _loop, _context: None)
    loop.close()


def _drive(world: World, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    if not inspect.iscoroutinefunction(function):
        return function(*args)
    # a kernel's loop: suspended, since this call is synchronous
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    loop = _Loop(world)
    try:
        loop.set_exception_handler(lambda _loop, _context: None)
        return loop.run_until_complete(function(*args))
    finally:
        try:
            _finish(loop)
        finally:
            asyncio._set_running_loop(outer)


@contextlib.contextmanager
def limits(cpu: float, wall: float) -> Iterator[None]:
    """Raise `TimeLimit` after so many seconds of this process's CPU or of real time. Main thread
    and POSIX only.

    An alarm (`SIGALRM`) before its time is from somebody who has seen that nothing happens here any
    more, or that the CPU time is over while this thread waits for another.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def bang(number: int, frame: object) -> None:
        if number == signal.SIGVTALRM or time.process_time() - began_cpu >= cpu:
            spent = f"{cpu:g} s of CPU time"
        elif real.monotonic() - began >= wall:
            spent = f"{wall:g} s of real time"
        else:
            spent = "enough time waiting for what never came"
        raise TimeLimit(f"{OUT_OF_TIME} {spent}")

    began, began_cpu = real.monotonic(), time.process_time()
    old = {number: signal.signal(number, bang) for number in (signal.SIGVTALRM, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu, 0.2)  # repeats: user code may swallow the first
    signal.setitimer(signal.ITIMER_REAL, wall, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in old.items():
            signal.signal(number, handler)


def run(function: Callable[..., Any], *args: Any, cpu: float = 2.0, wall: float = 10.0) -> Any:
    """Call `function`, awaited if it is a coroutine function, in a virtual world of its own.

    Args:
        cpu: seconds of this process's CPU time, a backstop against endless loops.
        wall: seconds of real time, a backstop against locks that are never released.

    Raises:
        Deadlock, TooManySteps: the code would never end.
        TimeLimit: a backstop was reached.
    """
    global _world
    outer, _world = _world, World()
    try:
        with limits(cpu, wall):
            return _drive(_world, function, args)
    finally:
        _world = outer
