"""Running jobs on a Dask cluster: the same parcels and traces, on as many machines as there are
workers.

A worker needs this package and a box; no disk is shared. What Dask pickles is a reference to
`run_on_worker`, its plain arguments, and the `bytes` that come back or a sentence: learners choose
what is inside, never the pickle.
"""

from __future__ import annotations

import atexit
import functools
import gc
import logging
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from autograder.errors import CourseError
from autograder.jobs import Trace
from autograder.lessons.dependencies import whole_digest
from autograder.runner.box import choose
from autograder.runner.client import RunnerGone
from autograder.runner.parcels import pack_trace, unpack_trace
from autograder.runner.pool import Local

CONNECT_SECONDS = 20.0  # for the scheduler to be reached
ANSWER_SECONDS = 60.0  # for an answer to a question
WORKER_SECONDS = 180.0  # for a worker to be there: a cluster that grows on demand takes its time
CLOSE_SECONDS = 5.0  # for a good-bye
LOOK_SECONDS = 10.0  # between two looks at whether a silent cluster is alive

_one_at_a_time = threading.Lock()
T = TypeVar("T")


def version() -> str:
    """What graders must have in common to give the same points."""
    return f"{whole_digest()[:12]} on Python {'.'.join(platform.python_version_tuple()[:2])}"


def introduce(trust: bool) -> tuple[str, str]:
    """What a worker is: the version of its grader, and the level of its box.

    Raises:
        CourseError: it has no box.
    """
    return version(), choose(trust).level


def run_on_worker(parcel: bytes, trust: bool, wanted: tuple[str, str]) -> bytes:
    """What a worker does: the parcel in, the trace out; nothing when its runner died under the job.

    Raises:
        CourseError: this worker is not what was `wanted`, or has no box. The sentence names it.
    """
    from distributed import get_worker

    address = get_worker().address
    _compare(address, _named(address, introduce, trust), wanted)
    try:
        return pack_trace(_named(address, _local(trust).run, parcel))
    except RunnerGone:
        return b""


def _local(trust: bool) -> Local:
    """The runner of this worker process. Its warm processes stay for the next job, and end with the
    worker.
    """
    with _one_at_a_time:
        return _new_local(trust)


@functools.cache
def _new_local(trust: bool) -> Local:
    local = Local(choose(trust))
    atexit.register(local.close)
    return local


def _named(address: str, work: Callable[..., T], *arguments: Any) -> T:
    try:
        return work(*arguments)
    except CourseError as error:
        raise CourseError(f"worker {address}: {error}") from None


def _compare(address: str, found: tuple[str, str], wanted: tuple[str, str]) -> None:
    for what, here, there in zip(("grader", "box"), found, wanted, strict=True):
        if here != there:
            raise CourseError(
                f"worker {address}: its {what} is {here}, wanted is {there}. "
                "Start all workers from the same image."
            )


@contextmanager
def _no_client_dies() -> Iterator[None]:
    """Inside, no client that nobody holds any more is collected: Dask would wait for a lock that
    its maker holds.
    """
    gc.collect()
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Cluster:
    """Dask workers, found through their scheduler.

    A worker that dies costs nothing: Dask runs its parcels again elsewhere.

    Args:
        scheduler: its address (`tcp://…`, or `tls://…` with the certificates of Dask's
            configuration), or a Dask cluster object.
        trust: where a worker has no box, run learners' code without.

    Attributes:
        level: the box that all workers have.
        jobs: how many notebooks in flight keep the cluster busy: two for each of its threads.

    Raises:
        CourseError: Dask is not installed, no scheduler or worker is there, or a worker has another
            grader than this one, another box than the others, or none.
    """

    def __init__(self, scheduler: Any, trust: bool = False) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise CourseError("--scheduler needs Dask: pip install -e '.[dask]'") from None
        # a lost connection is told in a sentence
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._trust = trust
        # when a worker dies, Dask blames all that it had, the innocent too
        self._suspects: set[bytes] = set()
        self._alone = threading.Lock()  # so suspects are tried again one at a time
        self._address = str(getattr(scheduler, "scheduler_address", scheduler))
        try:
            with _no_client_dies():
                self._client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
            raise CourseError(
                f"no Dask scheduler answers at {self._address}: {error}. "
                "Start it, or give the address that it printed."
            ) from None
        try:
            self._wanted = self._introductions()
            self.level = self._wanted[1]
            self.jobs = 2 * self._threads()
        except BaseException:
            self.close()
            raise

    def expect(self, preload: Sequence[str], jobs: int) -> None:
        """Nothing: workers start their processes when the first parcel comes."""

    def run(self, parcel: bytes) -> Trace:
        """Run a parcel on some worker.

        Raises:
            RunnerGone: so many workers died while they ran it that Dask has given it up.
            CourseError: the scheduler was lost, no worker is left, or one that came later is not
                like the others.
        """
        with self._alone if parcel in self._suspects else nullcontext():
            return unpack_trace(self._run(parcel))

    def _run(self, parcel: bytes) -> bytes:
        from distributed import KilledWorker

        if self._client.status != "running":
            raise self._lost()
        try:
            future = self._client.submit(
                run_on_worker, parcel, self._trust, self._wanted, pure=False
            )
        except Exception:
            raise self._lost() from None
        while True:
            done = future.done()
            try:
                return bytes(future.result(timeout=ANSWER_SECONDS if done else LOOK_SECONDS))
            except KilledWorker:
                self._suspects.add(parcel)
                raise RunnerGone from None
            except Exception as error:
                if done or not isinstance(error, TimeoutError):
                    if future.status == "error":  # it was raised on the worker, else here
                        raise
                    raise self._lost() from None
            self._threads()

    def close(self) -> None:
        """Say good-bye to the scheduler. The cluster stays; of this run it begins nothing more."""
        self._client.close(timeout=CLOSE_SECONDS)

    def _introductions(self) -> tuple[str, str]:
        """The version and the level of all workers there are. Those that come later are compared
        with each parcel.
        """
        try:
            self._ask(self._client.run_on_scheduler, version)
        except ImportError as error:
            raise CourseError(
                f"the scheduler at {self._address}: {error}. Start it from the workers' image."
            ) from None
        # a cluster that grows on demand wants to see work
        waiting = self._client.submit(version, pure=False)
        answers: dict[str, Any] = {}
        while not answers:
            self._threads()
            answers = self._ask(self._client.run, introduce, self._trust, on_error="return")
        del waiting
        for address, answer in answers.items():
            if not isinstance(answer, tuple):
                raise CourseError(f"worker {address}: {answer}")
        wanted = version(), str(next(iter(answers.values()))[1])
        for address, answer in answers.items():
            _compare(address, answer, wanted)
        return wanted

    def _threads(self) -> int:
        """How many notebooks the workers can run at once. Waits for the first worker."""
        deadline = time.monotonic() + WORKER_SECONDS
        while not (threads := int(sum(self._ask(self._client.nthreads).values()))):
            if time.monotonic() > deadline:
                raise CourseError(
                    f"the scheduler at {self._address} has no worker. "
                    f"Start some: dask worker {self._address}"
                )
            time.sleep(0.5)
        return threads

    def _ask(self, question: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return question(*arguments, **options, callback_timeout=ANSWER_SECONDS)
        # the last: somebody has closed the client
        except (OSError, CancelledError, AttributeError):
            raise self._lost() from None

    def _lost(self) -> CourseError:
        return CourseError(
            f"the connection to the scheduler at {self._address} was lost. "
            "Finished notebooks are kept: give the same command again when it is back, "
            "or leave --scheduler out."
        )
