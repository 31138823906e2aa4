"""A real Dask scheduler with real workers on this machine: what is lost is run again, what does not
fit is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from dask import config
from typer.testing import CliRunner

from autograder.build.builder import build
from autograder.cli.app import app
from autograder.errors import CourseError
from autograder.grade import batch
from autograder.jobs import Result, Trace
from autograder.lessons.course import Course
from autograder.record import results
from autograder.runner import cluster
from autograder.runner.box import choose
from autograder.runner.cluster import Cluster
from autograder.runner.pool import Local, Runner
from tests.sample import only_whole, some
from tests.small import KEY, RIGHT, course_with

MODULE, SALT = KEY.split("/")[0], "the same worlds everywhere"
A_WHILE = (
    "import time\nuntil = time.process_time() + 0.3\nwhile time.process_time() < until: pass\n"
)
ANSWERS = (
    RIGHT,
    "def count(text): return 4\n",
    "def count(text): return len(text.split(' '))\n",
    "raise SystemExit\n",
)

# What a worker loads before it starts. Each changes one thing about it.
BEFORE_EACH = """
import os, signal, time
from autograder.runner import cluster

def watched(run):
    def run_on_worker(parcel, *terms):
        before(parcel)
        return run(parcel, *terms)
    return run_on_worker

if cluster.run_on_worker.__module__ == cluster.__name__:
    cluster.run_on_worker = watched(cluster.run_on_worker)
"""
TELLS = f"""{BEFORE_EACH}
def before(parcel):
    with open("starts", "a") as starts:
        print(os.getpid(), file=starts)
"""
DIES_OF_POISON = f"""{BEFORE_EACH}
def before(parcel):
    if b"poison" in parcel:
        time.sleep(0.5)  # the others arrive, and are blamed as well
        os.kill(os.getpid(), signal.SIGKILL)
"""
ANOTHER_GRADER = "from autograder.runner import cluster\ncluster.whole_digest = lambda: 'older'\n"
NO_BOX = """
from autograder.runner import box
box.probe = lambda level: None if level == "trusted" else "it is not installed"
"""


@dataclass
class Dask:
    """A scheduler and its workers, each a process of its own."""

    folder: Path
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        log = open(self.folder / f"{options[0]}-{len(self.workers)}.log", "wb")  # noqa: SIM115
        command = [str(Path(sys.executable).with_name("dask")), *options]
        command += ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
        own = {
            "TMPDIR": str(self.folder),
            "DASK_TEMPORARY_DIRECTORY": str(self.folder),
            **environment,
        }
        with log:
            return subprocess.Popen(
                command, env={**os.environ, **own}, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def start_scheduler(self, *options: str, **environment: str) -> None:
        contact = self.folder / "scheduler.json"
        options = (
            "--port",
            "0",
            "--scheduler-file",
            str(contact),
            "--idle-timeout",
            "300s",
            *options,
        )
        self.scheduler = self.start("scheduler", *options, **environment)
        deadline = time.monotonic() + 60
        while not self.address and time.monotonic() < deadline:
            time.sleep(0.05)
            with contextlib.suppress(OSError, ValueError, KeyError):
                self.address = json.loads(contact.read_text())["address"]
        assert self.address, (self.folder / "scheduler-0.log").read_text()

    def signal_scheduler(self, what: signal.Signals) -> None:
        assert self.scheduler is not None
        self.scheduler.send_signal(what)

    def start_worker(
        self, preload: str = "", *options: str, nanny: bool = False
    ) -> subprocess.Popen[bytes]:
        script = self.folder / f"preload-{len(self.workers)}.py"
        script.write_text(preload)
        how = ("--nthreads", "1", "--nanny" if nanny else "--no-nanny", "--preload", str(script))
        self.workers.append(self.start("worker", self.address, *how, *options))
        return self.workers[-1]

    def worker_address(self, number: int) -> str:
        """Where a worker listens, once it works."""
        log = (self.folder / f"worker-{number}.log").read_text()
        return log.partition("Start worker at:")[2].split()[0] if "Registered to:" in log else ""

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dask]:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.5)
    (tmp_path / "dask").mkdir()
    made = Dask(tmp_path / "dask")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = course_with(tmp_path_factory.mktemp("small"))
    build(course)
    return course


@pytest.fixture
def local() -> Iterator[Local]:
    runner = Local()
    yield runner
    runner.close()


def class_of(built: Course, folder: Path, count: int) -> Course:
    """A class whose notebooks keep a processor busy for a while each."""
    shutil.copytree(built.root, folder)
    for n in range(count):
        hand_in(Course(folder), f"student-{n:02}", A_WHILE + ANSWERS[n % len(ANSWERS)])
    return Course(folder)


def hand_in(course: Course, student: str, code: str) -> None:
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    next(c for c in made["cells"] if c["id"] == "words")["source"] = code
    path = course.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(made), "utf-8")


def graded(course: Course, runner: Runner, jobs: int = 2, **options: Any) -> list[Result]:
    return batch.grade(course, MODULE, jobs=jobs, salt=SALT, runner=runner, **options)


def below(pid: int) -> set[int]:
    """Processes that a process has started, and those that they have started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new}
        found |= new
    return found


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def soon(condition: Any, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


@only_whole
def test_a_killed_worker_costs_nothing_and_leaves_nothing(
    dask: Dask, built: Course, tmp_path: Path, local: Local
) -> None:
    course = class_of(built, tmp_path / "there", 6)
    starts = dask.folder / "starts"
    starts.touch()
    dask.start_scheduler()
    first, _ = dask.start_worker(TELLS), dask.start_worker(TELLS)
    lost: list[set[int]] = []

    def kill() -> None:
        soon(lambda: starts.read_text().split().count(str(first.pid)) == 2)
        lost.append(below(first.pid))
        first.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with closing(Cluster(dask.address)) as runner:
        there = graded(course, runner, jobs=4)
    killer.join()
    assert len(lost[0]) > 1, "the worker was killed in the middle of a notebook"
    assert soon(lambda: not any(map(alive, lost[0])), 5.0), "its boxes live on"
    assert len(starts.read_text().split()) > 6, "what it had begun was run again"
    assert {r.state for r in there} == {"graded"}
    assert len({r.points for r in there}) > 2
    here = graded(class_of(built, tmp_path / "here", 6), local)
    assert [r.as_json(reveal=True) for r in here] == [r.as_json(reveal=True) for r in there]
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        points = {s.student.id: s.score for s in book.assignment_submissions(MODULE)}
    assert points == {r.student: r.points for r in there}


@only_whole
def test_a_notebook_that_kills_its_workers_is_for_a_human_and_costs_nobody(
    dask: Dask, built: Course, tmp_path: Path
) -> None:
    course = class_of(built, tmp_path / "there", 5)
    hand_in(course, "poison", "poison = 1\n" + RIGHT)
    dask.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    dask.start_worker(DIES_OF_POISON, nanny=True)
    with closing(Cluster(dask.address)) as runner:
        states = {r.student: r.state for r in graded(course, runner, jobs=6)}
    assert states.pop("poison") == "needs-human:the runner died under it"
    assert set(states.values()) == {"graded"}


def test_a_worker_unlike_the_others_is_refused_by_name(
    dask: Dask, built: Course, tmp_path: Path
) -> None:
    course = class_of(built, tmp_path / "there", 1)
    dask.start_scheduler()
    good = dask.start_worker()
    with closing(Cluster(dask.address)) as runner:
        assert runner.jobs == 2
        assert runner.level == choose().level
        dask.start_worker(ANOTHER_GRADER)
        assert soon(lambda: dask.worker_address(1))
        good.kill()
        refused = f"worker {dask.worker_address(1)}: its grader is older on Python .*same image"
        with pytest.raises(CourseError, match=refused):
            graded(course, runner)
    with pytest.raises(CourseError, match=refused):
        Cluster(dask.address)


def test_a_worker_without_a_box_refuses_unless_submissions_are_trusted(
    dask: Dask, built: Course, tmp_path: Path
) -> None:
    dask.start_scheduler()
    dask.start_worker(NO_BOX)
    with pytest.raises(
        CourseError, match=r"worker tcp://.*: no box for strangers' code works here"
    ):
        Cluster(dask.address)
    with closing(Cluster(dask.address, trust=True)) as runner:
        (result,) = graded(class_of(built, tmp_path / "there", 1), runner)
    assert (result.state, result.points, result.isolation) == ("graded", 8, "trusted")


@pytest.mark.parametrize("how", some(["killed", "frozen", "closed"], 1))
def test_a_lost_scheduler_ends_the_run_and_the_next_one_goes_on(
    how: str,
    dask: Dask,
    built: Course,
    tmp_path: Path,
    local: Local,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course = class_of(built, tmp_path / "there", 4)
    dask.start_scheduler()
    dask.start_worker()

    def done(result: Result, total: int) -> None:
        monkeypatch.setattr(cluster, "ANSWER_SECONDS", 1.0)
        if how == "closed":
            runner.close()
        else:
            dask.signal_scheduler(signal.SIGKILL if how == "killed" else signal.SIGSTOP)

    with (
        closing(Cluster(dask.address)) as runner,
        pytest.raises(CourseError, match="Finished notebooks are kept"),
    ):
        graded(course, runner, done=done)
    kept = {f: f.stat().st_mtime_ns for f in (results.folder(course) / "results").rglob("*.json")}
    assert 1 <= len(kept) < 4
    assert [r.state for r in graded(course, local, jobs=1)] == ["graded"] * 4
    assert kept == {f: f.stat().st_mtime_ns for f in kept}


def test_without_scheduler_or_worker_a_sentence_says_so(
    dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 0.5)
    for nowhere in (
        "tcp://127.0.0.1:9",
        "tcp://",
        "nonsense://127.0.0.1:9",
        "tls://127.0.0.1:9",
        "localhost",
    ):
        with pytest.raises(CourseError, match="no Dask scheduler answers at"):
            Cluster(nowhere)
    dask.start_scheduler()
    with pytest.raises(CourseError, match="has no worker"):
        Cluster(dask.address)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_the_command_reaches_a_scheduler_that_speaks_tls(
    dask: Dask, built: Course, tmp_path: Path
) -> None:
    course = class_of(built, tmp_path / "there", 1)
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=dask",
        "-days",
        "1",
    ]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    options = ["--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key]
    dask.start_scheduler(*options, "--protocol", "tls")
    dask.start_worker("", *options)
    assert dask.address.startswith("tls://")
    tls = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
    arguments = [
        "grade",
        MODULE,
        "--course",
        str(course.root),
        "--scheduler",
        dask.address,
        "--json",
    ]
    with config.set({f"distributed.comm.tls.{name}": path for name, path in tls.items()}):
        printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0
    assert [(r["state"], r["points"]) for r in json.loads(printed.stdout)["results"]] == [
        ("graded", 8)
    ]


def test_a_parcel_holds_nothing_of_what_is_right(
    built: Course, tmp_path: Path, local: Local
) -> None:
    course = class_of(built, tmp_path / "here", 1)
    parcels: list[bytes] = []

    class Listening:
        level = local.level

        def expect(self, preload: Sequence[str], jobs: int) -> None: ...

        def run(self, parcel: bytes) -> Trace:
            parcels.append(parcel)
            return local.run(parcel)

        def close(self) -> None: ...

    graded(course, Listening(), jobs=1)
    assert len(parcels) == 1
    parcel = parcels[0]
    assert b"nothing_is_no_text" in parcel
    secrets = (
        b"expect",
        b"points=",
        b"raises(",
        b"is_small",
        b"seen <",
        b"less than ten",
        b"no text",
        b"one separator",
    )
    for secret in secrets:
        assert secret not in parcel, secret
    assert str(course.root).encode() not in parcel
