"""Draws docs/screenshot.png: a solved lesson in JupyterLab, scoreboard above and pay-off plot
below.

`make screenshot`; needs Chromium.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.browser.lab import LESSON, ROOT, Notebook, chromium, copy_course, new_page, serve, solve

PICTURE = ROOT / "docs" / "screenshot.png"
ARRANGE = """() => {
  const {shell} = window.jupyterapp;
  shell.collapseLeft();
  shell.collapseRight();
  for (const cell of shell.currentWidget.content.widgets)
    if (cell.model.sharedModel.getSource().includes("explore(")) cell.inputHidden = true;
}"""
ABOVE = 32  # pixels above the table: the sentence that sums it up
SHOW = """above => {
  const table = [...document.querySelectorAll(".jp-OutputArea-output table")].at(-2);
  const sheet = table.closest(".jp-WindowedPanel-outer");
  const away = table.getBoundingClientRect().top - sheet.getBoundingClientRect().top - above;
  sheet.scrollTop += away;
  // cells get their height when they come into view
  window.still = Math.abs(away) < 1 ? (window.still ?? 0) + 1 : 0;
  return window.still > 60;
}"""


def main() -> None:
    """Serve a copy of the course, run the solved lesson, and photograph its last scoreboard and its
    plot.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = copy_course(Path(folder) / "course")
        solve(course, LESSON)
        with serve(course, Path(folder) / "home") as lab, chromium() as browser:
            page = new_page(browser)
            notebook = Notebook.open(page, lab, f"{LESSON}.ipynb")
            page.evaluate(ARRANGE)
            notebook.run_all()
            page.mouse.move(0, 0)
            page.wait_for_function(SHOW, arg=ABOVE)
            page.screenshot(path=PICTURE)
    print(
        f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} kB. "
        "Look at it before you commit it."
    )


if __name__ == "__main__":
    main()
