"""The rehearsal: its file, its clock, its draw, its pages, and the questions themselves."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from coursekit.behavioral.mock import coding, pages, sheet
from coursekit.behavioral.mock.questions import (
    CRITERIA,
    DAY,
    SPOKEN,
    TITLES,
    WEIGHTS,
    Question,
    from_cards,
)
from coursekit.behavioral.mock.room import CODE, FILE, Room, open_room
from coursekit.behavioral.mock.rounds import MAX_BYTES, VERSION, Store

ROOT = Path(__file__).resolve().parents[3]
EVERYTHING: tuple[Question, ...] = (*SPOKEN, *coding.CODING)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def passes(lesson: str, file: Path, stage: str) -> coding.Verdict:
    return coding.Verdict(9, 9)


def fails(lesson: str, file: Path, stage: str) -> coding.Verdict:
    return coding.Verdict(3, 9)


def room_in(folder: Path, clock: Clock | None = None, judge: coding.Judge = passes) -> Room:
    return open_room(folder, judge=judge, clock=clock or Clock())


def mark_all(room: Room, mark: int) -> None:
    one = room.now
    assert one is not None
    for key in room.question(one.now).criteria:
        room.mark(key, mark)


# ------------------------------------------------------------------------------------ the questions


def test_ids_are_different_and_every_part_has_enough_questions() -> None:
    assert len({q.id for q in EVERYTHING}) == len(EVERYTHING)
    for part in TITLES:
        assert sum(q.part == part for q in EVERYTHING) >= 2 * DAY[part], part


@pytest.mark.parametrize("question", EVERYTHING, ids=lambda q: q.id)
def test_a_question_can_be_asked_and_marked(question: Question) -> None:
    assert len(question.points) >= 2
    assert question.criteria.keys() <= CRITERIA.keys()
    assert len(question.criteria) >= 4
    assert question.follow_ups
    if question.part == "design":
        assert len(question.facts) == 7


def test_the_weights_of_parts_and_of_the_five_questions_are_the_briefs() -> None:
    assert list(WEIGHTS.values()) == [40, 30, 15, 10, 5]
    known = {
        q.id: sorted(q.criteria.values())
        for q in EVERYTHING
        if q.weights_from != "all the same, our own choice"
    }
    assert known == {
        "design-serving": [15, 15, 20, 20, 30],
        "design-features": [10, 20, 20, 25, 25],
        "deep-drift": [20, 25, 25, 30],
        "deep-cicd": [15, 15, 20, 25, 25],
        "deep-cost": [25, 25, 25, 25],
        "deep-spot": [25, 25, 25, 25],
    }


@pytest.mark.parametrize("question", coding.CODING, ids=lambda q: q.id)
def test_a_problem_asks_for_every_stage_of_its_lesson(question: Question) -> None:
    tree = ast.parse((ROOT / "lessons" / f"{question.lesson}.py").read_text("utf-8"))
    stages = {
        keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
        for keyword in node.keywords
        if keyword.arg == "stage" and isinstance(keyword.value, ast.Constant)
    }
    assert question.stages[0] == "core"
    assert set(question.stages) == stages


def test_cards_of_the_bank_become_deep_questions_and_broken_ones_are_left_out() -> None:
    cards = [
        {"id": "spot", "question": "Why?", "points_to_hit": ["a", "b"], "part": "cost"},
        {"id": "none", "question": "Why?"},
        {"question": 3, "id": "odd", "points_to_hit": []},
    ]
    [made] = from_cards(cards)
    assert (made.id, made.part, made.points) == ("card-spot", "cost", ("a", "b"))


# ----------------------------------------------------------------------------------------- the round


def test_a_round_goes_on_in_another_room_as_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    room = room_in(tmp_path, clock)
    assert "has begun" in room.start(["design", "cost"], seed=4)
    room.note("keys carry the tenant")
    clock.now += 600
    again = room_in(tmp_path, clock)  # nothing of the first room is known to it
    assert again.now == room.now
    assert again.timer() == "10:00 of 45:00 · running"
    assert again.now is not None
    assert again.now.now.notes == "keys carry the tenant"


def test_a_pause_stops_the_clock_and_a_clock_set_back_takes_nothing_away(tmp_path: Path) -> None:
    clock = Clock()
    room = room_in(tmp_path, clock)
    room.start(["cost"], seed=1)
    clock.now += 60
    room.pause()
    room.pause()
    clock.now += 500
    assert room.timer() == "1:00 of 8:00 · paused"
    room.resume()
    clock.now -= 5000
    assert room.timer() == "1:00 of 8:00 · running"


def test_when_the_time_is_up_nothing_is_blocked(tmp_path: Path) -> None:
    clock = Clock()
    room = room_in(tmp_path, clock)
    room.start(["cost", "behavioural"], seed=1)
    clock.now += 8 * 60 + 42
    assert "time is up, 0:42 over" in room.timer()
    assert room.note("still writing") == "Noted."
    assert room.next() == "Question 2 of 4."
    assert room.timer() == "0:00 of 10:00 · running"


def test_no_question_comes_again_before_all_others_were_asked(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    pool = [q for q in EVERYTHING if q.part == "design"]
    for _ in pool:
        room.start(["design"])
        room.finish()
    asked = [a.id for one in room.rounds for a in one.asked]
    assert sorted(asked) == sorted(q.id for q in pool)


def test_the_same_seed_draws_the_same_round_and_weak_topics_come_first() -> None:
    one = sheet.draw(EVERYTHING, ["design", "behavioural"], [], {}, 7)
    assert one == sheet.draw(EVERYTHING, ["design", "behavioural"], [], {}, 7)
    scores = {q.topic: 1.0 for q in EVERYTHING} | {"anomaly": 0.25}
    assert sheet.draw(EVERYTHING, ["design"], [], scores, 7)[0].id == "design-anomaly"


def test_a_follow_up_of_a_coding_problem_opens_when_its_stage_passes(tmp_path: Path) -> None:
    room = room_in(tmp_path, judge=fails)
    room.start(["coding"], seed=2)
    assert (tmp_path / CODE).exists()
    assert "It opens when stage “core” passes" in room.follow_up()
    assert "3 of 9 points" in room.judge()
    assert "It opens when stage “core” passes" in room.follow_up()
    room.judge_stage = passes
    assert "The next follow-up is open" in room.judge()
    assert room.follow_up().startswith("Now ")
    assert room.now is not None
    assert room.now.now.opened == 1


def test_a_judge_that_cannot_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    room = room_in(tmp_path, judge=lambda *_: coding.Verdict(0, 0, "It is not there."))
    room.start(["coding"], seed=2)
    assert room.judge() == "Stage “core”: It is not there."


def test_what_makes_no_sense_is_refused_with_what_does(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    assert room.next() == "No round is on. Begin one."
    assert room.two_pages().startswith("Begin a round first")
    assert "not ['style']" in room.start(["style"])
    room.start(["cost"], seed=1)
    assert room.start() == "A round is on. Finish it first."
    assert "This question is marked on" in room.mark("style", 3)
    assert "not 7" in room.mark("numbers", 7)
    assert "not True" in room.mark("numbers", True)
    assert room.next().startswith("That was the last question")
    assert "No machine judges" in room.judge()
    assert not any(word in str(room) for word in ("Traceback", "Error"))


def test_an_older_code_file_is_kept_when_a_new_problem_is_laid_out(tmp_path: Path) -> None:
    (tmp_path / CODE).write_text("mine", "utf-8")
    room_in(tmp_path).start(["coding"], seed=3)
    assert (tmp_path / "mock-coding-1.py").read_text("utf-8") == "mine"


def test_a_stub_holds_the_lessons_own_cells() -> None:
    text = coding.stub("02_coding/06_limit_a_rate", ROOT)
    assert text.startswith("# %% limit\n")
    assert "BEGIN SOLUTION" not in text
    assert "could not be read" in coding.stub("02_coding/no_such", ROOT)


# ------------------------------------------------------------------------------------------ the file


def a_file(folder: Path) -> Path:
    room = room_in(folder)
    room.start(["cost"], seed=1)
    room.mark("numbers", 4)
    room.finish()
    return folder / FILE


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"version": 2}',
        b'{"version": true, "rounds": []}',
        b'{"version": 0, "rounds": []}',
        b'{"version": 2, "rounds": [{}]}',
        b'{"version": 2, "rounds": 5}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"version": 2, "rounds": [{"begun": 1e999, "seed": 1, "asked": []}]}',
    ],
)
def test_a_damaged_file_is_kept_and_said(tmp_path: Path, damage: bytes) -> None:
    path = a_file(tmp_path)
    path.write_bytes(damage)
    said = room_in(tmp_path).start(["cost"], seed=1)
    assert "mock-interview.damaged-1.json" in said
    assert "has begun" in said
    assert (tmp_path / "mock-interview.damaged-1.json").read_bytes() == damage


@pytest.mark.parametrize(
    "change",
    [
        {"at": 4},
        {"asked": []},
        {"asked": [{"id": "x", "part": "style"}]},
        {"asked": [{"id": "x", "part": "cost", "marks": {"numbers": 9}}]},
        {"asked": [{"id": "x", "part": "cost", "events": [["jump", 3.0]]}]},
        {"asked": [{"id": "x", "part": "cost", "events": [["start", "noon"]]}]},
        {"asked": [{"id": "x", "part": "cost", "opened": -1}]},
    ],
)
def test_a_file_that_says_what_cannot_be_is_kept_and_said(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = a_file(tmp_path)
    data = json.loads(path.read_text("utf-8"))
    data["rounds"][0] |= change
    path.write_text(json.dumps(data), "utf-8")
    store = Store(path)
    assert store.load() == ()
    assert "damaged" in store.said
    assert not path.exists()


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    store = Store(path)
    assert store.load() == ()
    assert "larger than" in store.said


def test_a_file_from_the_future_is_kept_and_said(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    text = path.read_text("utf-8").replace(f'"version": {VERSION}', '"version": 9')
    path.write_text(text, "utf-8")
    shown = str(room_in(tmp_path))
    assert "newer course (version 9)" in shown
    assert (tmp_path / "mock-interview.from-version-9-1.json").read_text("utf-8") == text


def test_a_file_of_an_older_version_is_brought_up_to_date_and_kept(tmp_path: Path) -> None:
    old = {
        "version": 1,
        "rounds": [
            {
                "begun": 5.0,
                "seed": 3,
                "finished": 99.0,
                "asked": [{"id": "deep-cost", "part": "cost", "marks": {"numbers": 4}}],
            }
        ],
    }
    path = tmp_path / FILE
    path.write_text(json.dumps(old), "utf-8")
    store = Store(path)
    [one] = store.load()
    assert one.asked[0].marks == {"numbers": 4}
    assert "older course" in store.said
    kept = tmp_path / "mock-interview.from-version-1-1.json"
    assert json.loads(kept.read_text("utf-8")) == old
    assert Store(path).load() == (one,)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert "cannot be written" in room_in(tmp_path / "nowhere").start(["cost"], seed=1)


# ------------------------------------------------------------------------------------- what it gives


def play(room: Room, mark: int, *parts: str) -> None:
    room.start(parts, seed=1)
    while True:
        mark_all(room, mark)
        if not room.next().startswith("Question"):
            break
    room.finish()


def test_the_sheet_weighs_what_was_played_and_keeps_coding_beside(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    play(room, 4, "design", "coding", "behavioural")
    got = sheet.sheet_of(room.rounds[0], room.questions)
    assert (got.total, got.played, got.coding) == (75.0, 45, 0.75)


def test_the_three_next_things_go_by_weight_times_gap(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    play(room, 5, "design")
    play(room, 2, "cost")
    steps = sheet.steps(room.rounds, room.questions)
    assert [step.part for step in steps] == ["scale", "delivery", "cost"]
    assert "not rehearsed yet" in steps[0].what
    assert "got 2 of 5" in steps[2].what


def test_the_debrief_compares_rounds_and_escapes_what_was_written(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    play(room, 3, "cost")
    room.start(["cost"], seed=5)
    room.note('<script>alert("x")</script>')
    mark_all(room, 4)
    room.finish()
    assert room.export() == "Written: mock-round-2.html."
    text = (tmp_path / "mock-round-2.html").read_text("utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "round 1: " in text
    assert "Total: 75 of 100, standing on 10 of 100 points." in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_interviewers_page_holds_everything_and_the_candidates_gives_nothing_away(
    tmp_path: Path,
) -> None:
    room = room_in(tmp_path)
    room.start(["design", "scale"], seed=1)
    room.two_pages()
    asks = (tmp_path / "mock-interviewer.html").read_text("utf-8")
    answers = (tmp_path / "mock-candidate.html").read_text("utf-8")
    one = room.now
    assert one is not None
    for a in one.asked:
        q = room.question(a)
        for text in (*q.points, *q.follow_ups, *q.facts.values()):
            assert str(pages.Markup.escape(text)) in asks
            assert str(pages.Markup.escape(text)) not in answers
    for text in (asks, answers):
        assert "src=" not in text
        assert "href=" not in text


def test_without_buttons_the_room_says_what_can_be_done(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    assert "`room.start()` begins one" in str(room)
    room.start(["design"], seed=1)
    assert "`room.next()`" in str(room)
    assert "0:00 of 45:00" in str(room)
