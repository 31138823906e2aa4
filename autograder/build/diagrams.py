"""Diagrams: mermaid text beside the lessons, rendered to SVG by a command, and committed.

Each SVG begins with the hash of the text it was drawn from, so a stale one is noticed without the
renderer.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from pathlib import Path

from autograder.errors import CourseError
from autograder.lessons.course import Course

STAMP = "<!-- drawn from mermaid text with sha256 {} -->\n"
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(diagrams/(?P<name>[\w-]+)\.mmd\)")
MERMAID = "11.12.0"
PAGE = (
    '<!doctype html><meta charset="utf-8"><body style="background:#fff">'
    '<script src="mermaid.min.js"></script>'
)
DRAW = """async ([name, text]) => {
  mermaid.initialize({
    startOnLoad: false, deterministicIds: true, deterministicIDSeed: name, securityLevel: "strict",
    theme: "neutral", fontFamily: "Helvetica, Arial, sans-serif", htmlLabels: false,
    flowchart: {htmlLabels: false, useMaxWidth: false}, sequence: {useMaxWidth: false},
    state: {useMaxWidth: false},
  });
  const {svg} = await mermaid.render("d" + name, text);
  const holder = document.createElement("div");
  holder.innerHTML = svg;
  const node = holder.firstElementChild;
  const [x, y, w, h] = node.getAttribute("viewBox").split(/\\s+/).map(Number);
  node.setAttribute("width", Math.ceil(w));
  node.setAttribute("height", Math.ceil(h));
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [k, v] of Object.entries({x, y, width: w, height: h, fill: "#ffffff"})) {
    paper.setAttribute(k, v);
  }
  node.insertBefore(paper, node.firstChild);
  return new XMLSerializer().serializeToString(node);
}"""


def sources(course: Course) -> list[Path]:
    """The mermaid texts of the course."""
    return sorted((course.room("lessons") / "diagrams").glob("*.mmd"))


def stamp(text: str) -> str:
    """The first line of the SVG drawn from `text`."""
    return STAMP.format(hashlib.sha256(text.encode()).hexdigest())


def is_fresh(source: Path) -> bool:
    """Whether the SVG beside `source` was drawn from it as it is now."""
    picture = source.with_suffix(".svg")
    return picture.is_file() and picture.read_text("utf-8").startswith(
        stamp(source.read_text("utf-8"))
    )


def embed(markdown: str, folder: Path, where: str) -> str:
    """`![words](diagrams/x.mmd)` with the picture itself in place of the path, so it travels with
    the cell.

    Raises:
        CourseError: no such diagram, one that is stale, or one without words.
    """

    def picture(found: re.Match[str]) -> str:
        source = folder / f"{found['name']}.mmd"
        if not source.is_file():
            raise CourseError(f"{where}: there is no diagram {source}.")
        if not is_fresh(source):
            raise CourseError(
                f"{where}: {source.with_suffix('.svg')} is stale. Run `make diagrams`."
            )
        if len(found["alt"].split()) < 3:
            raise CourseError(
                f"{where}: say in words what {source.name} shows: ![words](diagrams/{source.name})."
            )
        data = base64.b64encode(source.with_suffix(".svg").read_bytes()).decode()
        return f"![{found['alt']}](data:image/svg+xml;base64,{data})"

    return PICTURE.sub(picture, markdown)


def draw(course: Course, chromium: str) -> list[Path]:
    """Draw every stale diagram with mermaid in a browser, and return what was written.

    Raises:
        CourseError: mermaid or the browser is missing, or a text is not mermaid.
    """
    stale = [s for s in sources(course) if not is_fresh(s)]
    if not stale:
        return []
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise CourseError("drawing needs playwright: pip install -e '.[dev]'") from None
    page_file = _mermaid(course.root / ".cache" / "mermaid")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        for source in stale:
            text = source.read_text("utf-8")
            try:
                svg = page.evaluate(DRAW, [source.stem.replace("_", ""), text])
            except Error as error:
                raise CourseError(f"{source}: mermaid says: {str(error).splitlines()[0]}") from None
            source.with_suffix(".svg").write_text(stamp(text) + svg + "\n", "utf-8")
        browser.close()
    return [s.with_suffix(".svg") for s in stale]


def _mermaid(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    if not script.is_file():
        command = [
            "npm",
            "install",
            "--silent",
            "--no-save",
            "--prefix",
            str(folder),
            f"mermaid@{MERMAID}",
        ]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            raise CourseError(
                "drawing needs npm and the package mermaid from its registry."
            ) from None
    page = script.parent / "page.html"
    page.write_text(PAGE, "utf-8")
    return page
