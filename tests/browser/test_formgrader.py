"""A person who grades by hand, in formgrader, in a real browser. Nothing from the web is to be had."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.lab import ROOT, Lab

KEY = "04_mlops/01_detect_drift"  # its diagram is the widest
MODULE, STEM = KEY.split("/")
ANSWER = "I would count the missing rows, too."
COLUMNS = """() => [...document.querySelectorAll("table")].flatMap(table =>
  [...table.rows].flatMap(row => [...row.cells].slice(0, -1).map(cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return cell.nextElementSibling.getBoundingClientRect().left - text.getBoundingClientRect().right;
  })))"""


def ask(lab: Lab, path: str, method: str = "GET") -> Any:
    """What formgrader's API answers."""
    request = urllib.request.Request(
        f"{lab.url}/formgrader/api/{path}",
        method=method,
        headers={"Authorization": f"token {lab.token}"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.loads(answer.read())


BETWEEN = (
    "([above, below]) => below.getBoundingClientRect().top - above.getBoundingClientRect().bottom"
)


def hand_in(lab: Lab, student: str) -> None:
    notebook = json.loads((ROOT / "source" / f"{KEY}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = ANSWER
    path = lab.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), "utf-8")


def test_the_page_shows_what_grading_by_hand_needs_and_keeps_the_points(
    page: Page, lab: Lab
) -> None:
    hand_in(lab, "kim")
    said = ask(lab, f"submission/{MODULE}/kim/autograde", "POST")
    assert said["success"], said
    listed = ask(lab, f"student_notebook_submissions/kim/{MODULE}")
    (number,) = [notebook["id"] for notebook in listed if notebook["name"] == STEM]
    page.route(
        re.compile("^https:"), lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    page.goto(lab.address("/formgrader"))  # which gives the browser its cookie
    expect(page.locator("table td", has_text=MODULE).first).to_be_visible()
    page.goto(f"{lab.url}/formgrader/submissions/{number}/")

    answer = page.locator(".nbgrader_cell", has_text=ANSWER)
    rubric = page.locator(".alert", has_text="Rubric")
    rubric.scroll_into_view_if_needed()
    expect(rubric).to_contain_text("students do not see this")
    both = [rubric.element_handle(), answer.element_handle()]
    assert 0 <= page.evaluate(BETWEEN, both) < 60  # measured at once: the page may still scroll
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    gaps = page.evaluate(COLUMNS)
    assert len(gaps) > 20
    assert min(gaps) >= 8

    score = answer.locator("input.score")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        score.fill("3")
        score.press("Tab")
    expect(answer.locator(".score-saved")).to_be_visible()
    grades = {grade["name"]: grade for grade in ask(lab, f"grades?submission_id={number}")}
    assert grades["drift-tradeoff"]["manual_score"] == 3
    assert grades["psi-checks"]["auto_score"] == 17
