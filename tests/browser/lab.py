"""JupyterLab on a copy of the course, and a browser that works in it as a learner does."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from autograder.study import copies, start_page
from autograder.study.study import Study

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("lessons", "source", "release", "notebooks")
LESSON = "02_coding/04_cache_features"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30  # seconds for anything to appear, on a busy machine
RUN_SECONDS = 120  # for all cells of a lesson, the last of which grades it
SUMMARY = """() => {
  const panel = window.jupyterapp.shell.currentWidget, cells = [...panel.content.model.cells];
  const code = cells.filter(c => c.type === "code" && c.sharedModel.getSource().trim());
  const status = panel.sessionContext.session?.kernel?.status;
  return {status, cells: code.length, ran: code.filter(c => c.executionCount !== null).length,
    outputs: cells.map(c => c.type === "code" ? c.outputs.toJSON() : [])};
}"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token and the course folder it serves."""

    url: str
    token: str
    root: Path

    def address(self, path: str) -> str:
        """The full address of `path`, with the token."""
        return f"{self.url}{path}?token={self.token}"


def copy_course(folder: Path) -> Path:
    """The rooms that JupyterLab shows, copied, for it saves what it opens; and `study/`, as `make
    lab` makes it.
    """
    for room in ROOMS:
        shutil.copytree(
            ROOT / room,
            folder / room,
            ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"),
        )
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    copies.update(Study(folder))
    start_page.lay_out(Study(folder))
    return folder


def solve(course: Path, key: str) -> None:
    """Put the solutions of the instructor's edition into the learner's notebook of lesson `key`."""
    path = course / "study" / f"{key}.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    source = json.loads((course / "source" / f"{key}.ipynb").read_text("utf-8"))
    known = {
        cell["id"]: cell["source"]
        for cell in source["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = known.get(cell["id"], cell["source"])
    path.write_text(json.dumps(notebook), "utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(course: Path, home: Path) -> Iterator[Lab]:
    """JupyterLab on `course`, with settings of its own in `home`, on a free port of this machine."""
    port, token = _free_port(), secrets.token_hex(16)
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST", "COVERAGE"))
    }
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
    }
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
    ]
    command += [
        f"--ServerApp.root_dir={course}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
    ]
    home.mkdir(parents=True, exist_ok=True)
    log = home / "lab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=course,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            lab = Lab(f"http://127.0.0.1:{port}", token, course)
            _wait_until_it_answers(lab, process, log)
            yield lab
        finally:
            process.terminate()  # it shuts its kernels down
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_answers(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(lab.address("/api/status"), timeout=PATIENCE):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(
        f"JupyterLab did not start; its last words:\n{log.read_text('utf-8', 'replace')[-3000:]}"
    )


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser: Browser) -> Page:
    """A page with no memory of another."""
    page = browser.new_context(
        viewport={"width": 1400, "height": 900}, reduced_motion="reduce"
    ).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    return page


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open in JupyterLab."""

    page: Page

    @classmethod
    def open(cls, page: Page, lab: Lab, path: str) -> Notebook:
        """Open `study/path` and wait until its kernel is ready."""
        # not the tabs of the last visit
        page.goto(lab.address(f"/lab/tree/study/{path}") + "&reset")
        expect(page.locator(".jp-Notebook h1").first).to_be_visible()
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext")
        notebook = cls(page)
        notebook.idle()
        return notebook

    def run_all(self) -> list[list[dict[str, Any]]]:
        """Choose Run › Run All Cells, wait for the end, and return the outputs of each cell."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        ended = (
            f"() => {{ const s = ({SUMMARY})(); return s.status === 'idle' && s.ran === s.cells; }}"
        )
        self.page.wait_for_function(ended, timeout=RUN_SECONDS * 1000)
        outputs: list[list[dict[str, Any]]] = self.page.evaluate(SUMMARY)["outputs"]
        return outputs

    def idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(f"() => ({SUMMARY})().status === 'idle'")
