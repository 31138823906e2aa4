"""The warm grader: runs `score` and `check` for whoever asks (`autograder.warm_client`), with
everything ready.

Lessons are read, a boxed warm process waits, and after each answer the reference answers in the
next run's random worlds, which are as new as ever. Learners' code runs where it always does: in a
fork of the boxed process.

It ends by itself: after some idle minutes, when code of the grader or the course folder is not what
it was, when whoever asked goes away meanwhile, or when it has grown large. Whoever asks next starts
another.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import warm_client
from autograder.warm_client import Gone, receive, send

if TYPE_CHECKING:
    from autograder.grade.judge import Judge
    from autograder.jobs import Job, Result
    from autograder.lessons.lesson import Lesson
    from autograder.runner.pool import Local

LOOK_SECONDS = 20.0  # between two looks at whether anybody can still want it
STILL_SECONDS = 5.0
LOCK_SECONDS = 5.0  # for one that is about to end
TALK_SECONDS = 10.0  # for one message of the other side
LARGEST = 1 << 30  # bytes in memory
MAX_READY_LESSONS = 20  # lessons that are kept ready


def main(root: str, place: str, descriptor: str, minutes: str) -> None:
    """Serve the course in `root` at the socket `place`, and first whoever is at the other end of
    `descriptor`.
    """
    first = socket.socket(fileno=int(descriptor))
    if os.fork():
        os._exit(0)  # whoever started this has no child to wait for
    with contextlib.suppress(OSError), open(f"{place}.log", "w") as log:
        os.dup2(log.fileno(), 2)  # a traceback, if ever
    code = code_now()
    with _alone(place), _listening(place) as listening:
        server = Server(root, place, listening, code, 60 * float(minutes))
        signal.signal(signal.SIGTERM, lambda *_: server.end())
        try:
            server.serve(first)
        finally:
            server.close()


@contextlib.contextmanager
def _alone(place: str) -> Iterator[None]:
    """While this process is the only one that serves there; it ends when another does."""
    with open(f"{place}.lock", "a+b") as file:
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                # it goes with the process, however that ends
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise SystemExit from None
                time.sleep(0.02)
            except OSError:  # no locks here: each command runs by itself
                raise SystemExit from None
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield


@contextlib.contextmanager
def _listening(place: str) -> Iterator[socket.socket]:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)  # of one that was killed
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(place)
        try:
            listening.listen()
            yield listening
        finally:
            with contextlib.suppress(OSError):
                os.unlink(place)


def code_now() -> frozenset[tuple[str, int, int]]:
    """What the code that runs here is by its files: names, times and sizes; and when packages were
    last installed.

    Nothing while it cannot be read.
    """
    try:
        return frozenset(_code())
    except OSError:
        return frozenset()


def _code() -> Iterator[tuple[str, int, int]]:
    waiting = [os.path.join(warm_client.CODE, package) for package in ("autograder", "coursekit")]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            if entry.is_dir():
                if entry.name != "__pycache__":
                    waiting.append(entry.path)
            else:
                yield entry.path, entry.stat().st_mtime_ns, entry.stat().st_size
    for folder in sys.path:
        if folder.endswith("site-packages") and os.path.isdir(folder):
            yield folder, os.stat(folder).st_mtime_ns, 0


class Server:
    """Answers one after the other, in the main thread: virtual time is one world at a time.

    Args:
        code: `code_now()` before anything was imported.
        idle: seconds without a question after which it ends.
    """

    def __init__(
        self,
        root: str,
        place: str,
        listening: socket.socket,
        code: frozenset[tuple[str, int, int]],
        idle: float,
    ) -> None:
        self.root, self.place, self.listening, self.code, self.idle = (
            root,
            place,
            listening,
            code,
            idle,
        )
        self.grader = Ready()
        self.was = self._where()

    def serve(self, first: socket.socket) -> None:
        """Answer until nobody can want it any more."""
        self._attend(first)
        ends = time.monotonic() + self.idle
        while self._where() == self.was and not _is_large():
            self.listening.settimeout(max(0.0, min(LOOK_SECONDS, ends - time.monotonic())))
            try:
                connection, _ = self.listening.accept()
            except (TimeoutError, BlockingIOError):
                if time.monotonic() >= ends:
                    return
                continue
            if warm_client.is_mine(connection):
                self._attend(connection)
                ends = time.monotonic() + self.idle
            else:
                connection.close()

    def close(self) -> None:
        """End the boxed process."""
        self.grader.close()

    def end(self) -> None:
        """End at once, whatever is running."""
        with contextlib.suppress(OSError):
            os.unlink(self.place)
        self.grader.close()
        os._exit(0)

    def _where(self) -> tuple[object, ...] | None:
        """The course folder and the socket, while both are there."""
        try:
            folder, door = os.stat(self.root), os.lstat(self.place)
            return folder.st_dev, folder.st_ino, door.st_dev, door.st_ino
        except OSError:
            return None

    def _attend(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(Gone, OSError):
            connection.settimeout(TALK_SECONDS)
            if code_now() != self.code:
                os.unlink(self.place)  # whoever asks next finds nobody here
                self.listening.close()
                send(connection, {"stale": True})
                raise SystemExit
            send(connection, {"pid": os.getpid(), **warm_client.identity(self.root)})
            self._answer(connection, receive(connection))
        self.grader.get_ready()

    def _answer(self, connection: socket.socket, request: dict[str, Any]) -> None:
        arguments, folder, terminal = (
            request.get(name) for name in ("arguments", "folder", "terminal")
        )
        if (
            not isinstance(arguments, list)
            or not isinstance(folder, str)
            or not isinstance(terminal, dict)
        ):
            raise Gone
        if arguments[:1] not in [[command] for command in warm_client.COMMANDS] or not _are_words(
            arguments
        ):
            raise Gone
        with _Asking(connection, self.end) as asking, _standing_in(folder, terminal) as printed:
            self.grader.asking, self.grader.printed = asking, printed
            done = self.grader.run(arguments)
            asking.enough()
            send(connection, {**printed.taken(), "file": None} if done else {"cold": True})


class Ready:
    """A grader, as commands want one (`common.Grader`), with everything at hand."""

    def __init__(self) -> None:
        self.asking: _Asking | None = None
        self.printed: _Printed | None = None
        self._runner: Local | None = None
        self._lessons: dict[Path, tuple[object, Lesson]] = {}
        self._judges: dict[Path, Judge] = {}  # by lesson: of the next run, references answered
        self._last: Lesson | None = None

    def run(self, arguments: list[str]) -> bool:
        """Run a command. Whether it ended well; what did not is to be run, and told, by whoever
        asked.
        """
        self._last = None
        self._start(arguments)
        from autograder.cli.app import app
        from autograder.cli.common import Setting

        try:
            app(arguments, obj=Setting(grader=self))
        except SystemExit as ended:
            return not ended.code
        except (Gone, OSError):
            raise
        except Exception:
            return False
        return True

    def _start(self, arguments: list[str]) -> None:
        """Start the boxed process before anything else is imported."""
        if self._runner is None:
            from autograder.cli import early_start
            from autograder.runner.box import choose
            from autograder.runner.pool import Local

            early_start.start(arguments)
            self._runner = early_start.runner() or Local(choose(trust=True))

    def lesson(self, path: Path) -> Lesson:
        """The lesson as its file is now."""
        from autograder.grade import slips
        from autograder.lessons.lesson import Lesson

        data = path.read_bytes()
        seen, known = self._lessons.get(path, (None, None))
        if known is not None and seen == (data, _stamp(slips.path(known))):
            return known
        lesson = Lesson.read(path)
        if len(self._lessons) >= MAX_READY_LESSONS:
            self._lessons.clear()
            self._judges.clear()
        self._judges.pop(path, None)
        self._lessons[path] = (data, _stamp(slips.path(lesson))), lesson
        return lesson

    def grade(self, lesson: Lesson, job: Job) -> Result:
        """Run a job and judge it, in worlds that no run before had."""
        assert self._runner is not None
        self._runner.expect(lesson.preload, 1)
        judge = self._judges.pop(lesson.path, None) or self._judge(lesson, ahead=False)
        self._last = lesson
        try:
            return judge.grade(lesson, job)
        finally:
            lesson.forget(judge.salt)

    def _judge(self, lesson: Lesson, ahead: bool) -> Judge:
        """A judge of one run, its references answered.

        Args:
            ahead: nobody waits: the reference also draws, for answers that would be drawn alike.
        """
        from autograder.grade.judge import Judge

        assert self._runner is not None
        judge = Judge(self._runner)
        judge.prepare(lesson, judge.reference(lesson, True) if ahead else None)
        return judge

    def get_ready(self) -> None:
        """Prepare the next run of the lesson that was last graded. What fails will fail again when
        it is wanted.
        """
        if self._last is not None and self._last.path not in self._judges:
            with contextlib.suppress(Exception):
                self._judges[self._last.path] = self._judge(self._last, ahead=True)

    def keep(self, file: Path, show: Callable[[str], None], write: Callable[[], str]) -> str:
        """Write a result once whoever asked has it, so that it is not graded, and counted, once
        more.
        """
        assert self.asking is not None
        assert self.printed is not None
        show("")
        self.asking.enough()
        send(self.asking.connection, {**self.printed.taken(), "file": str(file)})
        if receive(self.asking.connection) != {"go": True}:
            raise Gone
        return write()

    def close(self) -> None:
        """End the boxed process."""
        if self._runner is not None:
            self._runner.close()


class _Asking:
    """Says that work goes on while it does, and notices when whoever asked goes away."""

    def __init__(self, connection: socket.socket, gone: Callable[[], None]) -> None:
        self.connection, self._gone = connection, gone
        self._enough, self._told = socket.socketpair()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough()
        self._enough.close()
        self._told.close()

    def enough(self) -> None:
        """From now on the connection is somebody else's."""
        with contextlib.suppress(OSError):
            self._enough.send(b".")
        self._thread.join()

    def _watch(self) -> None:
        try:
            while True:
                ready, _, _ = select.select([self.connection, self._told], [], [], STILL_SECONDS)
                if self._told in ready:
                    return
                if self.connection in ready:  # nothing may come now but its end
                    raise Gone
                send(self.connection, {"still": True})
        except (Gone, OSError):
            self._gone()  # nobody waits for what is running


class _Printed(io.StringIO):
    """What a command prints, for a terminal that is somewhere else."""

    def __init__(self, encoding: str, tty: bool) -> None:
        super().__init__(newline="")
        self._encoding, self._tty = encoding, tty
        self.errors_ = io.StringIO()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The terminal's."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether it is one."""
        return self._tty

    def taken(self) -> dict[str, str]:
        """What was printed since this was asked last."""
        printed = {"out": self.getvalue(), "err": self.errors_.getvalue()}
        for stream in (self, self.errors_):
            stream.seek(0)
            stream.truncate()
        return printed


@contextlib.contextmanager
def _standing_in(folder: str, terminal: dict[str, Any]) -> Iterator[_Printed]:
    """In the folder of whoever asked, printing for their terminal."""
    variables = terminal.get("variables")
    variables = variables if isinstance(variables, dict) else {}
    before = {name: os.environ.get(name) for name in warm_client.TERMINAL}
    printed = _Printed(str(terminal.get("encoding")), terminal.get("tty") is True)
    os.chdir(folder)
    try:
        _set({name: variables.get(name) for name in warm_client.TERMINAL})
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed.errors_):
            yield printed
    finally:
        _set(before)
        os.chdir("/")


def _set(variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        if isinstance(value, str):
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def _are_words(arguments: list[Any]) -> bool:
    return all(isinstance(word, str) for word in arguments)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
        return about.st_mtime_ns, about.st_size
    except OSError:
        return None


def _is_large() -> bool:
    """Whether this process has ever taken more memory than it should."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit > LARGEST
