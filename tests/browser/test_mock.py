"""A whole mock interview in a real browser: begun, interrupted by a kernel restart, ended, and
debriefed. And the interviewer's page, filled in by somebody who has nothing else.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from coursekit.behavioral.mock import open_room
from coursekit.behavioral.mock.coding import CODING
from coursekit.behavioral.mock.questions import DAY
from coursekit.behavioral.mock.room import CODE
from tests.browser.conftest import PICTURES
from tests.browser.lab import Lab, Notebook, solve

LESSON = "05_behavioral/04_run_a_mock_interview"
FILE = "mock-interview.json"


def photograph(page: Page, name: str) -> None:
    """The window at 1400 and at 800 pixels."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width in (1400, 800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"() => window.innerWidth === {width}")
        page.screenshot(path=PICTURES / f"mock-{name}-{width}.png")
    page.set_viewport_size({"width": 1400, "height": 900})


def press(room: Locator, words: str) -> None:
    """A button, with the keyboard."""
    button = room.get_by_role("button", name=words, exact=True)
    button.focus()
    button.press("Enter")


def mark_everything(room: Locator, mark: str) -> None:
    for choice in room.get_by_role("combobox").all():
        option = choice.locator("option", has_text=re.compile(rf"^{mark}(\s|$)")).first
        choice.select_option(index=option.evaluate("option => option.index"))


def kept(lab: Lab) -> dict[str, object]:
    """The newest round on disk."""
    path = lab.root / "study" / "05_behavioral" / FILE
    return dict(json.loads(path.read_text("utf-8"))["rounds"][-1])


def write_the_solution(lab: Lab) -> None:
    """Put the reference solution of the problem that was drawn into the candidate's file."""
    asked = {a["id"]: a for a in kept(lab)["asked"]}  # type: ignore[attr-defined]
    [problem] = [q for q in CODING if q.id in asked]
    source = json.loads((lab.root / "source" / f"{problem.lesson}.ipynb").read_text("utf-8"))
    parts = []
    for cell in source["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and meta.get("solution"):
            parts.append(f"# %% {meta['grade_id']}\n" + "".join(cell["source"]))
    path = lab.root / "study" / "05_behavioral" / CODE
    path.write_text("\n\n".join(parts) + "\n", "utf-8")


def restart_and_run_all(page: Page, notebook: Notebook) -> None:
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    notebook.idle()
    notebook.run_all()


def test_a_whole_round_survives_a_restarted_kernel(page: Page, lab: Lab) -> None:
    solve(lab.root, LESSON)
    notebook = Notebook.open(page, lab, f"{LESSON}.ipynb")
    notebook.run_all()
    room = page.locator(".jp-OutputArea-output").filter(
        has=page.get_by_role("button", name=re.compile("Begin the round|Finish the round"))
    )
    room.scroll_into_view_if_needed()
    for part in ("Deep dive: cost", "Deep dive: delivery"):
        room.get_by_label(re.compile(re.escape(part))).check()
    room.get_by_label("Seed").fill("7")
    photograph(page, "before")
    press(room, "Begin the round")

    parts = ("design", "delivery", "cost", "behavioural", "coding")
    number = sum(DAY[part] for part in parts)
    expect(room.get_by_role("heading", level=3)).to_contain_text(f"question 1 of {number}")
    timer = room.get_by_role("timer")
    expect(timer).to_contain_text("of 45:00 · running")
    first = timer.inner_text()
    expect(timer).not_to_have_text(first)  # it moves while nothing is pressed
    room.get_by_label("Notes").fill("the tenant travels with every request")
    room.get_by_label("Notes").press("Tab")
    expect(room.get_by_role("status")).to_have_text("Noted.")
    mark_everything(room, "3")
    expect(room.get_by_role("status")).to_contain_text(": 3.")
    press(room, "Ask the follow-up")
    photograph(page, "asking")

    before = kept(lab)
    restart_and_run_all(page, notebook)
    assert kept(lab) == before
    room.scroll_into_view_if_needed()
    expect(room.get_by_role("heading", level=3)).to_contain_text(f"question 1 of {number}")
    expect(timer).to_contain_text("· running")
    expect(room.get_by_label("Notes")).to_have_value("the tenant travels with every request")
    press(room, "Pause")
    expect(timer).to_contain_text("· paused")
    press(room, "Go on")
    expect(timer).to_contain_text("· running")

    for question in range(2, number + 1):
        press(room, "Next question")
        expect(room.get_by_role("heading", level=3)).to_contain_text(f"question {question} of")
        if "Coding" in room.get_by_role("heading", level=3).inner_text():
            press(room, "Ask the follow-up")
            expect(room.get_by_role("status")).to_contain_text("It opens when stage “core” passes")
            photograph(page, "coding")
            write_the_solution(lab)
            press(room, "Judge this stage")
            judged = room.get_by_role("status")
            expect(judged).to_contain_text(
                re.compile(r"Stage “core”: (\d+) of \1 points"), timeout=60_000
            )
            press(room, "Ask the follow-up")
            expect(room.get_by_text(re.compile("^Now ")).first).to_be_visible()
        mark_everything(room, "4" if question % 2 else "2")
    press(room, "Finish the round")

    expect(room.get_by_role("heading", level=1)).to_have_text("Debrief of round 1")
    expect(
        room.get_by_text(re.compile(r"Total: \d+ of 100, standing on 70 of 100 points"))
    ).to_be_visible()
    expect(room.locator("svg[role=img] desc")).to_contain_text("round 1: design 50 %")
    expect(room.get_by_role("heading", name="The three things to do next")).to_be_visible()
    room.get_by_role("heading", level=1).scroll_into_view_if_needed()
    photograph(page, "debrief")
    press(room, "Write the debrief as a page")
    expect(room.get_by_role("status")).to_have_text("Written: mock-round-1.html.")
    press(room, "Write both pages for two persons")
    expect(room.get_by_role("status")).to_contain_text("mock-interviewer.html")
    folder = lab.root / "study" / "05_behavioral"
    for name in ("mock-round-1.html", "mock-interviewer.html", "mock-candidate.html"):
        assert (folder / name).stat().st_size > 2000


@pytest.fixture
def interviewers(tmp_path: Path) -> Path:
    room = open_room(tmp_path)
    room.start(["design", "cost", "coding"], seed=3)
    room.two_pages()
    return tmp_path / "mock-interviewer.html"


def test_the_interviewers_page_alone_scores_a_round(page: Page, interviewers: Path) -> None:
    page.goto(interviewers.as_uri())
    expect(page.get_by_text("choose marks first")).to_be_visible()
    start = page.get_by_role("button", name="Start").first
    start.press("Enter")
    expect(page.get_by_role("timer").first).not_to_contain_text("0:00 of")
    photograph(page, "interviewer")
    sections = page.locator("section[data-part]")
    for section, mark in zip(sections.all(), ("5", "3", "4"), strict=True):
        for choice in section.get_by_role("combobox").all():
            choice.select_option(mark)
    # (40 × 100 + 10 × 50) / 50, in whatever order the parts were asked; coding stands beside
    shown = {
        part: page.locator(f"[data-score={part}]").inner_text()
        for part in ("design", "cost", "coding")
    }
    assert shown == {"design": "100", "cost": "50", "coding": "75"}
    expect(page.locator("#total")).to_have_text("90 of 100, standing on 50 of 100 points")
    page.locator("#total").scroll_into_view_if_needed()
    photograph(page, "score")


def test_the_candidates_page_reads_on_a_narrow_screen(page: Page, interviewers: Path) -> None:
    page.goto(interviewers.with_name("mock-candidate.html").as_uri())
    photograph(page, "candidate")
    page.set_viewport_size({"width": 800, "height": 900})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 800
