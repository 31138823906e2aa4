"""Answers that are judged by what happens, in the grader: what a world does costs its own checks only."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.build import lint
from autograder.build.builder import build
from autograder.cli.app import main
from autograder.errors import CourseError
from autograder.grade import batch, playing
from autograder.grade.judge import Judge, played_tasks
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.report import summary
from autograder.runner.pool import Local
from autograder.selfstudy import Report
from coursekit.checks import Check
from tests.bank import cells_as_text, grade_text, lost
from tests.playing import ALL_CHECKS, COUNTED, KEY, PLAYED, played_course, text_that_plans
from tests.slips import losses

GOOD = "3\n3\n3\n"
TOOL = "promtool is missing (apt-get install prometheus)"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = played_course(tmp_path_factory.mktemp("played"))
    build(made)
    return made


@pytest.fixture(scope="module")
def lesson(course: Course) -> Lesson:
    return Lesson.read(course.lesson_path(KEY))


@pytest.fixture
def fresh() -> Iterator[Judge]:
    """A judge that remembers nothing."""
    runner = Local()
    yield Judge(runner, "worlds of a test")
    runner.close()


def plans(judge: Judge, lesson: Lesson, answer: str) -> Result:
    return grade_text(judge, lesson, text_that_plans(answer))


def verdicts(result: Result) -> list[str]:
    return [c.row.verdict for c in result.checks]


# ------------------------------------------------------------------------------------ right and wrong


def test_solution_and_stub(judge: Judge, lesson: Lesson) -> None:
    solved = grade_text(judge, lesson, cells_as_text(lesson, stub=False))
    assert (solved.state, solved.points, solved.max_points) == ("graded", 9, 9)
    assert lost(grade_text(judge, lesson, cells_as_text(lesson, stub=True))) == set(ALL_CHECKS)


def test_what_happened_is_told_of_visible_checks_only(judge: Judge, lesson: Lesson) -> None:
    result = plans(judge, lesson, "9\n1\n")
    shown, told = (result.as_json(reveal)["checks"] for reveal in (False, True))
    assert [c["seen"] for c in shown] == ["01:00 the last of 1 pods died", None, None]
    assert [c["seen"] for c in told][1:] == ["at most 9 pods were paid for", "the day had 2 hours"]
    assert "at most 9 pods" not in json.dumps(shown)


def test_an_answer_that_cannot_be_played_costs_every_check(judge: Judge, lesson: Lesson) -> None:
    result = plans(judge, lesson, "3\n-1\n")
    assert verdicts(result) == ["fail"] * 3
    assert result.checks[0].row.seen == "line 2: '-1' is no number of pods; write 0 or more"


# --------------------------------------------------------------------------------- what worlds may do


def test_a_world_that_never_ends_costs_its_own_checks(
    fresh: Judge, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["coursekit.played"], "CPU_SECONDS", 0.3)
    result = plans(fresh, lesson, "hang")
    assert (result.state, verdicts(result)) == ("graded", ["timeout", "timeout", "pass"])
    assert "0.3 s of CPU" in result.checks[0].row.seen
    assert plans(fresh, lesson, GOOD).points == 9


def test_a_loop_that_no_signal_interrupts_is_ended_by_the_system(
    fresh: Judge, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["coursekit.played"], "CPU_SECONDS", 100.0)
    monkeypatch.setattr(playing, "CPU_SECONDS", 0.0)
    result = plans(fresh, lesson, "hang")
    assert verdicts(result) == ["timeout", "timeout", "pass"]
    assert result.checks[1].row.seen == "the simulation was stopped after 0 s of CPU time"


def test_a_world_that_eats_memory_costs_its_own_checks(
    fresh: Judge, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "MEMORY", 100_000_000)
    result = plans(fresh, lesson, "eat")
    assert verdicts(result) == ["error", "error", "pass"]
    assert result.checks[0].row.seen == "the simulation failed: MemoryError"


def test_a_child_that_says_nothing_more_is_ended_and_asked_for_a_human(
    fresh: Judge, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "PATIENCE", 0.3)
    result = plans(fresh, lesson, "hang")
    assert result.state == "needs-human:the simulation did not answer in time: grade again"
    assert verdicts(result) == ["not judged", "not judged", "pass"]
    monkeypatch.undo()
    assert plans(fresh, lesson, "crash").state == "graded"


def test_a_world_that_fails_is_told_by_its_kind(judge: Judge, lesson: Lesson) -> None:
    result = plans(judge, lesson, "crash")
    assert verdicts(result) == ["error"] * 3
    assert result.checks[0].row.seen == "the simulation failed: KeyError: 'no such pod'"


def test_what_a_forged_process_says_is_never_played_in_the_judge(
    lesson: Lesson, fresh: Judge
) -> None:
    trace = plans(fresh, lesson, GOOD).trace
    assert trace is not None
    seen = {"returned": GOOD}
    for sent in ([seen, {"a": 1}], [{"a": 1}, seen], [seen, {"never": "x"}], [[seen]], {}, None):
        COUNTED.clear()
        tasks = [replace(task, outcomes=sent) for task in played_tasks(lesson, trace)]
        assert not any(row.verdict == "pass" for row in playing.play(tasks, "forged").rows)
        assert COUNTED == []


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_a_child_is_gone_and_no_file_is_left(fresh: Judge, lesson: Lesson) -> None:
    plans(fresh, lesson, GOOD)
    before = len(os.listdir("/proc/self/fd"))
    for answer in ("4\n4\n4", "crash", "tool", "x"):
        plans(fresh, lesson, answer)
    assert len(os.listdir("/proc/self/fd")) == before


# ------------------------------------------------------------------------------------- runs and seeds


def test_a_submission_is_played_in_one_child_and_its_like_in_none(
    fresh: Judge, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks, fork = Counter[str](), playing.forks.fork

    def counted() -> int:
        forks["fork"] += 1
        return fork()

    monkeypatch.setattr(playing.forks, "fork", counted)
    plans(fresh, lesson, GOOD)
    assert forks["fork"] == 1
    assert plans(fresh, lesson, GOOD).points == 9
    assert plans(fresh, lesson, "").points < 9
    assert forks["fork"] == 2
    grade_text(fresh, lesson, "def plan():\n    raise KeyError\n")
    assert forks["fork"] == 2


def test_each_salt_draws_worlds_of_its_own_and_the_same_ones_again(
    fresh: Judge, lesson: Lesson
) -> None:
    def told(salt: str) -> list[list[str]]:
        judge = Judge(fresh.runner, salt)
        results = [plans(judge, lesson, f"{n}\n1\n1") for n in (3, 4, 5)]
        return [[c.row.seen for c in result.checks] for result in results]

    assert told("a") == told("a")
    many = {plans(Judge(fresh.runner, str(n)), lesson, "9").checks[0].row.seen for n in range(8)}
    assert len(many) > 1


def test_many_threads_may_play(fresh: Judge, lesson: Lesson) -> None:
    found: dict[int, float] = {}

    def one(number: int) -> None:
        found[number] = plans(fresh, lesson, f"3\n3\n{3 + number}\n").points

    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(6)] == [9, 9, 6, 6, 6, 6]


def test_playing_tells_its_cpu(fresh: Judge, lesson: Lesson) -> None:
    trace = plans(fresh, lesson, GOOD).trace
    assert trace is not None
    judged = playing.play(played_tasks(lesson, trace), "salt")
    assert 0 < judged.cpu < 5
    assert [row.verdict for row in judged.rows] == ["pass"] * 3


def test_where_there_are_no_forks_the_judge_plays_itself(
    fresh: Judge, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = plans(fresh, lesson, "3\n9\n3").trace
    assert trace is not None
    tasks = played_tasks(lesson, trace)
    forked = playing.play(tasks, "salt")
    monkeypatch.delattr(os, "fork")
    assert playing.play(tasks, "salt").rows == forked.rows


# ----------------------------------------------------------------------------------------- not judged


def test_a_class_asks_a_human(judge: Judge, lesson: Lesson) -> None:
    result = plans(judge, lesson, "tool")
    assert result.state == f"needs-human:{TOOL}"
    assert (result.points, result.max_points) == (0, 9)
    assert verdicts(result) == ["not judged"] * 3
    assert result.as_json()["checks"][1]["seen"] == TOOL  # it is no secret


def test_a_learner_alone_has_the_rest_as_total(judge: Judge, lesson: Lesson) -> None:
    own = plans(judge, lesson, "tool").for_one()
    assert (own.state, own.points, own.max_points, own.left_out) == ("graded", 0, 0, 9)
    assert TOOL in own.problems[-1]
    shown = str(Report({**own.as_json(), "study": ""}))
    assert "0 of 0 points" in shown
    assert shown.startswith("not judged somebody answers\n")


@pytest.fixture
def handed_in(course: Course) -> Path:
    """A notebook that needs a tool, handed in by kim."""
    notebook = nbformat.read(course.root / "release" / f"{KEY}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.id == "plan":
            cell.source = text_that_plans("tool")
    place = course.root / "submitted" / "kim" / f"{KEY}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place)
    return place


def test_a_submission_is_stored_and_reported_as_it_is(
    course: Course, judge: Judge, handed_in: Path
) -> None:
    (result,) = batch.grade(course, "02_coding", runner=judge.runner)
    assert result.state == f"needs-human:{TOOL}"
    page = next((course.root / "feedback").rglob("*.html")).read_text("utf-8")
    assert "– not judged" in page
    assert "promtool is missing" in page
    report = summary.gather(course, "02_coding")
    assert not report.skipped
    (waiting,) = report.needs_human
    assert waiting.reason == TOOL
    assert "the next run judges it" in waiting.step


def test_the_next_run_tries_again_and_asks_nobody_twice(
    course: Course, judge: Judge, handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> tuple[str, bool, float | None]:
        """State, whether formgrader lists it, and the points that a person gave."""
        (result,) = batch.grade(course, "02_coding", runner=judge.runner)
        with opened(course) as book:
            grade = book.find_grade("plan-checks", KEY.split("/")[1], "02_coding", "kim")
            return result.state, grade.needs_manual_grade, grade.manual_score

    assert run()[:2] == (f"needs-human:{TOOL}", True)
    with opened(course) as book:
        grade = book.find_grade("plan-checks", KEY.split("/")[1], "02_coding", "kim")
        grade.manual_score, grade.needs_manual_grade = 7.0, False
        book.db.commit()
    assert run() == (f"needs-human:{TOOL}", False, 7.0)
    monkeypatch.setattr("tests.playing.TOOLS", ["promtool"])
    state, _, by_hand = run()
    assert (state, by_hand) == ("graded", 7.0)


def opened(course: Course) -> Gradebook:
    """The gradebook; it closes at the end of a with statement."""
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}")


# ---------------------------------------------------------------------------------- stages and slips


def test_a_stage_is_told_alone(judge: Judge, lesson: Lesson) -> None:
    assert lesson.stages == ("core", "whole-day")
    result = plans(judge, lesson, "3\n3\n")
    core, day = (result.for_one(stage) for stage in lesson.stages)
    assert (core.points, core.max_points) == (5, 5)
    assert (day.points, day.max_points) == (0, 4)


def test_the_command_tells_of_one_stage_and_names_the_others(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = tmp_path / "kim.py"
    answer.write_text(text_that_plans("3\n3\n"), "utf-8")
    words = ["score", KEY, str(answer), f"--course={course.root}"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--stage=core", "--json"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["points"], told["max_points"]) == ("graded", 5, 5)
    assert [c["name"] for c in told["checks"]] == list(ALL_CHECKS[:2])
    with pytest.raises(SystemExit) as ended:
        main([*words, "--stage=cores"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "its stages are core, whole-day. Did you mean 'core'?" in said


def test_a_stage_that_another_stage_could_not_be_judged_in_is_graded(
    judge: Judge, lesson: Lesson
) -> None:
    day = plans(judge, lesson, "tool").for_one("whole-day")
    assert (day.state, day.max_points, day.left_out) == ("graded", 0, 4)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('stage="whole-day"', 'stage="Whole day"', "write its stage in kebab-case"),
        (
            "### END HIDDEN",
            "for n in range(7):\n    @check(expect=played(hours, some_pod_is_left, seed=str(n)))\n"
            '    def again():\n        """H."""\n    again.__name__ = "x"\n\n\n### END HIDDEN',
            "two checks",
        ),
    ],
)
def test_what_an_author_gets_wrong_is_told(
    before: str, after: str, complaint: str, tmp_path: Path
) -> None:
    course = played_course(tmp_path)
    path = course.lesson_path(KEY)
    path.write_text(PLAYED.replace(before, after), "utf-8")
    with pytest.raises(CourseError, match=complaint):
        lint.inspect(Lesson.read(path))


def test_a_slip_is_known_by_what_happened(judge: Judge, lesson: Lesson) -> None:
    from autograder.grade.happenings import symptoms

    found = [
        [symptoms(one, [1000]) for one in losses(lesson, plans(judge, lesson, answer))]
        for answer in ("9\n9\n9\n", "8\n8\n7\n")
    ]
    assert found[0] == found[1] == [{"verdict: fail", "told: at most # pods were paid for"}]


def test_a_released_notebook_plays_by_itself(course: Course) -> None:
    """As plain nbgrader runs it: the source edition's cells, one after the other."""
    source = nbformat.read(course.root / "source" / f"{KEY}.ipynb", as_version=4)
    names: dict[str, object] = {}
    scores = []
    for cell in source.cells:
        if cell.cell_type == "code":
            text, _, last = cell.source.rpartition("scoreboard()")
            exec(compile(text or cell.source, cell.id, "exec"), names)
            if text and not last.strip():
                scores.append(eval("scoreboard()", names))
    assert [repr(score) for score in scores] == ["9.0"]


def test_what_a_check_is_keeps_its_stage_when_it_is_hidden(lesson: Lesson) -> None:
    found: list[Check] = lesson.all_checks
    assert [(c.hidden, c.stage) for c in found] == [
        (False, "core"),
        (True, "core"),
        (True, "whole-day"),
    ]
