"""A learner in JupyterLab and an instructor in formgrader, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from autograder.lessons.course import Course
from tests.browser.lab import LESSON, ROOT, Lab, Notebook, solve

COURSE = Course(ROOT)
STEM = LESSON.split("/")[1]


def test_the_start_page_opens_by_itself_and_leads_to_every_lesson(page: Page, lab: Lab) -> None:
    page.goto(lab.address("/"))
    sheet = page.locator(".jp-Notebook")
    expect(sheet.locator("h1").first).to_contain_text("The course")
    table = sheet.locator("table").first  # there before anything is run
    for module in COURSE.modules:
        expect(
            table.get_by_role("rowheader", name=COURSE.outline.title(module), exact=True)
        ).to_be_visible()
    expect(table.locator("a[href*='.ipynb']")).to_have_count(len(COURSE.lessons))
    expect(sheet.get_by_text("Next:", exact=True)).to_be_visible()
    table.locator(f"a[href*='{STEM}']").click()
    expect(page.get_by_role("tab", name=f"{STEM}.ipynb")).to_be_visible()


def test_running_the_start_page_begins_the_plan(page: Page, lab: Lab) -> None:
    notebook = Notebook.open(page, lab, "start.ipynb")
    notebook.run_all()
    sheet = page.locator(".jp-OutputArea-output")
    expect(sheet.get_by_role("columnheader", name="lesson")).to_be_visible()
    expect(sheet.get_by_role("heading", name="The plan")).to_be_attached()
    expect(sheet.get_by_role("rowheader", name=re.compile("Day 1 of 6, today"))).to_be_attached()


def test_reference_solutions_are_folded_away(page: Page, lab: Lab) -> None:
    Notebook.open(page, lab, "02_coding/03_judge_a_canary.ipynb")
    page.evaluate(
        "() => { const s = window.jupyterapp.shell.currentWidget.content; s.scrollToItem(s.widgets.length - 4); }"
    )
    expect(page.get_by_text("3 cells hidden")).to_be_visible()
    for call in page.get_by_text("reveal(").all():
        expect(call).to_be_hidden()


def test_an_untouched_lesson_runs_to_its_end_and_says_in_words_what_is_missing(
    page: Page, lab: Lab
) -> None:
    notebook = Notebook.open(page, lab, f"{LESSON}.ipynb")
    outputs = notebook.run_all()
    assert [o for cell in outputs for o in cell if o["output_type"] == "error"] == []
    tables = page.locator(".jp-OutputArea-output table")
    assert (
        tables.count()
        == sum(any("text/html" in o.get("data", {}) for o in cell) for cell in outputs)
        >= 3
    )
    for table in tables.all():
        table.scroll_into_view_if_needed()
        expect(table).to_be_visible()
        expect(table).to_contain_text(re.compile("fails|raises|never ends|error"))
    expect(tables.last).to_contain_text("points")


def test_the_diagram_is_drawn_and_has_words(page: Page, lab: Lab) -> None:
    page.goto(lab.address(f"/lab/tree/study/{LESSON}.ipynb") + "&reset")
    picture = page.locator(".jp-RenderedMarkdown img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('.jp-RenderedMarkdown img').naturalWidth > 100"
    )
    assert len((picture.get_attribute("alt") or "").split()) >= 3
    expect(page.locator(".jp-RenderedMarkdown details summary").first).to_be_visible()


def test_a_solved_lesson_passes_and_its_slider_moves_the_picture(page: Page, lab: Lab) -> None:
    solve(lab.root, LESSON)
    notebook = Notebook.open(page, lab, f"{LESSON}.ipynb")
    outputs = notebook.run_all()
    assert [o for cell in outputs for o in cell if o["output_type"] == "error"] == []

    picture = page.locator(".jp-OutputArea-output img[src^='data:image/png']").last
    handle = page.locator(".jp-OutputArea-output .noUi-handle").first
    handle.scroll_into_view_if_needed()
    before = picture.get_attribute("src")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expect(picture).not_to_have_attribute("src", before or "")
    notebook.idle()
    after = picture.get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", after or "")
    assert picture.get_attribute("src") == before, "the same values must give the same picture"

    graded = page.locator(".jp-OutputArea-output table").last
    graded.scroll_into_view_if_needed()
    expect(graded).to_contain_text(re.compile(r"(\d+) of \1 points"))
    reference = page.locator(".jp-OutputArea-output details").last
    expect(reference.locator("summary")).to_contain_text("a reference solution and why")
    expect(reference.locator("pre")).to_be_hidden()

    Notebook.open(page, lab, "start.ipynb").run_all()
    row = page.locator(".jp-OutputArea-output tr", has=page.locator(f"a[href*='{STEM}']")).first
    expect(row).to_contain_text("✓ done")


def test_formgrader_lists_the_modules(page: Page, lab: Lab) -> None:
    page.goto(lab.address("/formgrader"))
    for module in COURSE.modules:
        expect(page.locator("table td", has_text=module).first).to_be_visible()
