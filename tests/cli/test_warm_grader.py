"""The warm grader: as good as the command run alone, quickly there again, gone when it should be,
never in the way.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder import warm_client
from autograder.__main__ import main
from autograder.build.builder import build
from autograder.cli import warm_server
from autograder.study import progress
from autograder.study.study import Study
from autograder.warm_client import SWITCH, Answer, Gone, receive, send
from tests.learner import write_in
from tests.small import KEY, LESSON, RIGHT, course_with

HERE = Path(__file__).resolve().parents[2]
COPY = Path("study", f"{KEY}.ipynb")
WRONG = "def count(text):\n    return 4\n"
PATIENCE = 60.0  # seconds that a busy machine may take for what takes none


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder whose path is short enough for a socket below it, whoever runs the tests."""
    with tempfile.TemporaryDirectory(prefix="w") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "3")
    monkeypatch.setattr(warm_client, "TURN_SECONDS", PATIENCE)


def made(folder: Path) -> Path:
    """A built course with an answer file and a notebook in study/."""
    small = course_with(folder / "course")
    build(small)
    root = small.root
    (root / "right.py").write_text(RIGHT)
    (root / "wrong.py").write_text(WRONG)
    (root / COPY).parent.mkdir(parents=True)
    shutil.copy(root / "notebooks" / f"{KEY}.ipynb", root / COPY)
    write_in(root / COPY, "words", RIGHT)
    return root


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A course whose warm grader is shared by tests."""
    root = made(tmp_path_factory.mktemp("warm"))
    yield root
    warm_client.stop(str(root))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A course of one's own."""
    root = made(tmp_path)
    yield root
    warm_client.stop(str(root))


def score(root: Path, answer: str = "right.py") -> list[str]:
    return ["score", KEY, str(root / answer), "--json", "--course", str(root)]


def check(root: Path) -> list[str]:
    return ["check", str(root / COPY), "--json", "--course", str(root)]


def asked(words: list[str]) -> Answer:
    """What the warm grader answers; it must."""
    answer = warm_client.ask(words)
    assert answer is not None
    return answer


def terminal(words: list[str], root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command line of its own."""
    command = [sys.executable, *words]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def points(out: str) -> float:
    return float(json.loads(out)["points"])


def gradings(root: Path) -> int:
    return len(progress.history(Study(root), KEY).gradings)


def eventually(fact: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not fact() and time.monotonic() < until:
        time.sleep(0.01)
    return fact()


def door(root: Path) -> str:
    place = warm_client.door(str(root))
    assert place is not None
    return place


# ------------------------------------------------------------------------------- as good as without


def test_the_second_grading_is_answered_by_the_same_process_and_both_as_without_it(
    course: Path,
) -> None:
    first, second = asked(score(course, "wrong.py")), asked(score(course, "wrong.py"))
    assert first.pid == second.pid == warm_client.running(str(course))
    alone = terminal(["-m", "autograder", *score(course, "wrong.py")], course, **{SWITCH: "0"})
    assert first[:2] == second[:2] == (alone.stdout, alone.stderr)
    assert points(asked(score(course)).out) == 8


@pytest.mark.parametrize(
    "variables", [{"COLUMNS": "60"}, {"FORCE_COLOR": "1", "TERM": "xterm-256color"}]
)
def test_a_table_is_printed_as_the_terminal_wants_it_and_nothing_heavy_is_imported(
    course: Path, variables: dict[str, str]
) -> None:
    words = ["score", KEY.split("/")[1], "wrong.py"]
    asked(score(course))
    warm = terminal(["-X", "importtime", "-m", "autograder", *words], course, **variables)
    alone = terminal(["-m", "autograder", *words], course, **variables, **{SWITCH: "0"})
    assert warm.stdout == alone.stdout
    assert warm.returncode == alone.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in warm.stderr.splitlines()}
    assert "autograder.warm_client" in imported
    assert not imported & {
        "typer",
        "subprocess",
        "coursekit",
        "autograder.lessons.lesson",
        "autograder.runner.box",
    }


@pytest.mark.parametrize(
    "words", [["score", KEY, "none.py"], ["score", "07_nothing", "right.py"], ["check"]]
)
def test_mistakes_are_told_as_without_it(course: Path, words: list[str]) -> None:
    asked(score(course))
    warm = terminal(["-m", "autograder", *words], course)
    alone = terminal(["-m", "autograder", *words], course, **{SWITCH: "0"})
    assert (warm.stdout, warm.stderr, warm.returncode) == (
        alone.stdout,
        alone.stderr,
        alone.returncode,
    )
    assert warm.returncode == 2
    assert "Traceback" not in warm.stderr


def test_a_notebook_in_study_counts_once_for_each_grading(course: Path) -> None:
    before = gradings(course)
    for number in (1, 2):
        assert points(asked(check(course)).out) == 8
        assert gradings(course) == before + number
    asked(score(course))
    assert gradings(course) == before + 2


def test_a_notebook_of_the_course_does_not_count_and_is_told_so(course: Path) -> None:
    before = gradings(course)
    words = ["check", str(course / "notebooks" / f"{KEY}.ipynb"), "--course", str(course)]
    assert "does not count" in asked(words).out
    assert gradings(course) == before


def test_in_a_notebook_the_second_grading_starts_no_process(course: Path) -> None:
    before = gradings(course)
    code = f"""
from autograder import selfstudy, warm_client
first = selfstudy.grade_this_notebook({COPY.name!r})
selfstudy.subprocess.run = selfstudy.subprocess.Popen = None
second = selfstudy.grade_this_notebook({COPY.name!r})
assert first.result == second.result
print(second)
"""
    done = terminal(["-W", "error", "-c", code], (course / COPY).parent)
    assert f"{KEY}: 8 of 8 points." in done.stdout, done.stderr
    assert gradings(course) == before + 2


def test_two_at_once_are_answered_one_after_the_other(course: Path) -> None:
    pid = asked(score(course)).pid
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(lambda name: asked(score(course, name)), ["right.py", "wrong.py"] * 2)
        )
    assert [points(answer.out) for answer in answers] == [8, 3, 8, 3]
    assert {answer.pid for answer in answers} == {pid}


def test_a_changed_lesson_is_what_the_next_grading_goes_by(own: Path) -> None:
    pid = asked(score(own)).pid
    path = own / "lessons" / f"{KEY}.py"
    path.write_text(LESSON.replace("points=3", "points=5"), "utf-8")
    answer = asked(score(own))
    assert points(answer.out) == 10
    assert answer.pid == pid


def test_random_worlds_are_new_each_time(own: Path) -> None:
    text = LESSON.replace("### BEGIN HIDDEN TESTS\n", "").replace("### END HIDDEN TESTS\n", "")
    (own / "lessons" / f"{KEY}.py").write_text(
        text.replace("expect=REFERENCE", "expect=-1"), "utf-8"
    )
    counting = "def count(text):\n    return hash(text) if text else 0\n"
    (own / "hash.py").write_text(counting)
    seen = [
        [
            c["seen"]
            for c in json.loads(asked(score(own, "hash.py")).out)["checks"]
            if "any_text" in c["name"]
        ]
        for _ in range(2)
    ]
    assert seen[0] != seen[1]


# ----------------------------------------------------------------------------- when something fails


def test_a_killed_one_is_replaced(own: Path) -> None:
    pid = asked(score(own)).pid
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: warm_client.running(str(own)) is None)
    assert Path(door(own)).exists()  # it could not tidy up
    answer = asked(score(own))
    assert answer.pid != pid
    assert points(answer.out) == 8


class Dying:
    """Stands where the warm grader would, and dies in the middle of an answer."""

    def __init__(self, root: Path, after: str, claims: Path | None = None) -> None:
        self.root, self.after, self.claims = root, after, claims or root
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(door(root))
        self.listening.listen()
        self.thread = threading.Thread(target=self.answer)
        self.thread.start()

    def answer(self) -> None:
        connection, _ = self.listening.accept()
        with connection, contextlib.suppress(Gone):
            if self.after == "nothing":
                return
            send(connection, {"pid": 1, **warm_client.identity(str(self.claims))})
            receive(connection)
            if self.after == "the question":
                return
            if self.after == "no JSON":
                connection.sendall(b"\0\0\0\1{")
                return
            send(connection, {"still": True})
            send(
                connection,
                {"out": "{}", "err": "", "file": str(progress.path(Study(self.root), KEY))},
            )
            assert receive(connection) == {"go": True}
            if self.after == "writing":
                progress.record(Study(self.root), KEY, "graded", 8.0, 8.0)

    def close(self) -> None:
        self.thread.join()
        self.listening.close()
        os.unlink(door(self.root))


@pytest.mark.parametrize("after", ["nothing", "the question", "no JSON", "the answer", "writing"])
def test_one_that_dies_in_the_middle_costs_nothing_and_counts_once(own: Path, after: str) -> None:
    dying = Dying(own, after)
    done = terminal(["-m", "autograder", *check(own)], own)
    dying.close()
    assert done.returncode == 0, done.stderr
    assert (done.stdout == "{}") if after == "writing" else (points(done.stdout) == 8)
    assert gradings(own) == 1


def test_one_of_another_course_is_not_believed(own: Path) -> None:
    dying = Dying(own, "the answer", claims=own.parent)
    assert warm_client.ask(score(own)) is None
    dying.close()


def test_where_nothing_can_be_kept_it_is_done_without(own: Path) -> None:
    (own / ".autograder").write_text("a file where a folder should be")
    assert warm_client.ask(score(own)) is None
    done = terminal(["-m", "autograder", *score(own)], own)
    assert points(done.stdout) == 8
    (own / ".autograder").unlink()


def test_a_folder_that_others_may_enter_is_not_used(own: Path) -> None:
    folder = Path(door(own)).parent
    folder.chmod(0o755)
    assert warm_client.ask(score(own)) is None
    folder.chmod(0o700)


def test_a_course_far_down_has_its_socket_in_a_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made(tmp_path / ("deep" * 20))
    monkeypatch.setenv("TMPDIR", "/tmp")
    answer = asked(score(root))
    assert points(answer.out) == 8
    folder = Path(door(root)).parent
    assert folder.name == f"autograder-{os.geteuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert warm_client.stop(str(root))


def test_without_unix_sockets_or_switched_off_there_is_none(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as windows:
        windows.delattr(socket, "AF_UNIX")
        assert warm_client.ask(score(own)) is None
    monkeypatch.setenv(SWITCH, "0")
    assert warm_client.ask(score(own)) is None
    assert warm_client.running(str(own)) is None


@pytest.mark.parametrize(
    "words", [["grade", "02_coding"], ["regrade", "02_coding"], ["lessons"], []]
)
def test_no_other_command_asks_it(own: Path, words: list[str]) -> None:
    assert warm_client.ask([*words, "--course", str(own)]) is None
    assert not (own / ".autograder").exists()


def test_an_interrupt_is_an_exit_code(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(warm_client, "ask", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


# ------------------------------------------------------------------------------------------ hostile


def test_a_notebook_that_kills_what_it_can_reach_harms_nobody(course: Path) -> None:
    pid = asked(score(course)).pid
    killing = (
        "import os, signal\nfor it in (os.getppid(), -1):\n    try: os.kill(it, signal.SIGKILL)\n"
    )
    killing += "    except OSError: pass\nos._exit(0)\n"
    (course / "hostile.py").write_text(killing + RIGHT)
    assert points(asked(score(course, "hostile.py")).out) == 0
    answer = asked(score(course))
    assert points(answer.out) == 8
    assert answer.pid == pid


def talk(root: Path, *messages: bytes) -> bytes:
    """Say something to the warm grader, go away, and return what came."""
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(ConnectionError):
        connection.settimeout(PATIENCE)
        connection.connect(door(root))
        receive(connection)
        for message in messages:
            connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(100)
    return b""


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"GET /",
        b"\xff\xff\xff\xff",
        b"\0\0\0\2[]",
        b"\0\0\0\2{}",
        b'\0\0\0\x11{"arguments": [1]}',
    ],
)
def test_nonsense_is_not_answered_and_changes_nothing(course: Path, message: bytes) -> None:
    pid = asked(score(course)).pid
    assert talk(course, message) == b""
    assert asked(score(course)).pid == pid


@pytest.mark.parametrize("words", [["build"], ["reset", KEY], ["stop"], ["--help"]])
def test_it_runs_no_other_command(course: Path, words: list[str]) -> None:
    pid = asked(score(course)).pid
    request = json.dumps({"arguments": words, "folder": str(course), "terminal": {}}).encode()
    assert talk(course, len(request).to_bytes(4, "big") + request) == b""
    assert asked(score(course)).pid == pid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_else_is_not_answered(own: Path) -> None:
    pid = asked(score(own)).pid
    place = Path(door(own))
    code = "import os, socket, sys\nos.setgid(65534); os.setuid(65534)\n"
    code += "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(9))"
    closed = subprocess.run(
        [sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=False
    )
    assert "PermissionError" in closed.stderr
    place.parent.chmod(0o777)
    place.chmod(0o777)
    opened = subprocess.run(
        [sys.executable, "-c", code, place.name],
        cwd=place.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    place.parent.chmod(0o700)
    assert opened.stdout == "b''\n", opened.stderr
    assert asked(score(own)).pid == pid


# ------------------------------------------------------------------------------------------ its end


def test_it_ends_when_it_is_idle(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0.0001")
    assert points(asked(score(own)).out) == 8
    assert eventually(lambda: warm_client.running(str(own)) is None)
    assert not Path(door(own)).exists()


def test_it_ends_when_the_course_is_gone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = asked(score(own)).pid
    os.rename(own, own.with_name("elsewhere"))
    place = own.with_name("elsewhere") / Path(door(own.with_name("elsewhere"))).relative_to(
        own.with_name("elsewhere")
    )
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError, Gone):
        connection.connect(str(place))  # whoever comes makes it look, if it has not yet
        connection.settimeout(PATIENCE)
        receive(connection)
    assert eventually(lambda: not _lives(pid))
    os.rename(own.with_name("elsewhere"), own)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return True
    except OSError:
        return False


def test_it_ends_when_whoever_asked_goes_away(own: Path) -> None:
    pid = asked(score(own)).pid
    (own / "endless.py").write_text("while True: pass\n")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(door(own))
        receive(connection)
        send(
            connection, {"arguments": score(own, "endless.py"), "folder": str(own), "terminal": {}}
        )
    assert eventually(lambda: not _lives(pid))
    assert points(asked(score(own)).out) == 8


def test_it_ends_when_it_is_told_to(own: Path) -> None:
    pid = asked(score(own)).pid
    words = ["-m", "autograder", "stop", "--course", str(own)]
    assert terminal(words, own).stdout == "The warm grader has ended.\n"
    assert eventually(lambda: not _lives(pid))
    assert terminal(words, own).stdout == "No warm grader is running.\n"


def test_nobody_is_its_parent_and_it_holds_nothing_open(own: Path) -> None:
    """Its starter gets the end of its output, and the system's first process is who inherits it."""
    # would wait if the server had its stdout
    done = terminal(["-m", "autograder", *score(own)], own)
    assert points(done.stdout) == 8
    pid = warm_client.running(str(own))
    assert pid is not None
    assert os.getsid(pid) not in (os.getsid(0), pid)
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_only_one_serves_a_course(own: Path) -> None:
    pid = asked(score(own)).pid
    ours, theirs = socket.socketpair()
    with ours:
        code = "import sys; from autograder.cli import warm_server as s; s.LOCK_SECONDS = 0; s.main(*sys.argv[1:])"
        command = [sys.executable, "-c", code, str(own), door(own), str(theirs.fileno()), "3"]
        subprocess.run(command, pass_fds=[theirs.fileno()], check=True)
        theirs.close()
        ours.settimeout(PATIENCE)
        assert ours.recv(1) == b""
    assert asked(score(own)).pid == pid


def test_changed_code_is_served_by_a_new_one(own: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for name in ("autograder", "coursekit"):
        shutil.copytree(HERE / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    ask = f"from autograder import warm_client as w; a = w.ask({score(own)!r}); print(a.pid, a.out)"
    stop = f"from autograder import warm_client as w; w.stop({str(own)!r})"
    try:
        pids = []
        for change in ("", "", "\n# one more line\n"):
            judge = code / "autograder" / "grade" / "judge.py"
            judge.write_text(judge.read_text("utf-8") + change, "utf-8") if change else None
            done = terminal(["-c", ask], code)
            pid, out = done.stdout.split(" ", 1)
            assert points(out) == 8
            pids.append(pid)
        assert pids[0] == pids[1] != pids[2]
        assert asked(score(own)).pid not in map(int, pids)  # other code is another's
    finally:
        terminal(["-c", stop], code)


def test_what_is_seen_of_the_code_is_every_file_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "autograder/grade/judge.py",
        "coursekit/coding/data/x.json",
        "coursekit/checks.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(warm_client, "CODE", str(tmp_path))
    seen = {warm_server.code_now()}
    (tmp_path / "coursekit/coding/data/x.json").write_text("12")
    seen.add(warm_server.code_now())
    (tmp_path / "coursekit/new.py").write_text("1")
    seen.add(warm_server.code_now())
    assert len(seen) == 3
