"""From a clone to JupyterLab's start page: `make lab` on a fresh machine, beside what it was with
pip, in one run.

`python -m benchmarks.setup [ROUNDS]` clones the last commit into new folders, with caches of their
own that are empty, and waits until JupyterLab answers for the start page and for its notebook. Then
it waits until all bytecode is there and starts JupyterLab once more. The ways take turns, and the
other one begins in each round. What it finds is written to its section of benchmarks/LEARNER.md.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "benchmarks" / "LEARNER.md"
SECTION = re.compile(r"(<!-- setup -->\n).*?(<!-- end setup -->)", re.DOTALL)
START = ("lab/tree/study/start.ipynb", "api/contents/study/start.ipynb?content=0")
PATIENCE = 1200  # seconds for a page, or for the bytecode
TICK = 0.05  # seconds between two looks
PIP, UV = "pip", "uv"

# What version 0.1.0 did before it opened JupyterLab.
OLD_WAY = """
set -eu
for python in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    "$python" -c 'import ensurepip, ssl, sys, venv
sys.exit(not (3, 11) <= sys.version_info < (3, 14))' && break
done
pip=".venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check"
"$python" -m venv --clear .venv
$pip -r requirements.lock
$pip --no-deps --no-build-isolation --editable .
.venv/bin/python -m compileall -q autograder coursekit
cp -R tools/jupyter/. .venv/
MPLCONFIGDIR=.venv/share/matplotlib .venv/bin/python -c "import matplotlib.font_manager"
touch .venv/.compiled
"""
COMMANDS = {
    PIP: f"{OLD_WAY}\nexec sh tools/lab.sh $LAB_ARGS",
    UV: 'exec make lab LAB_ARGS="$LAB_ARGS"',
}


@dataclass(frozen=True)
class Trip:
    """One way from a clone to the page, and to the page once more: seconds of wall clock, and of
    CPU until then.
    """

    page: float
    page_cpu: float
    again: float
    again_cpu: float


def measure(way: str, folder: Path) -> Trip:
    """The trip from a clone in `folder`, which is empty, to the page."""
    begin = time.perf_counter()
    clone = folder / "course"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    with _running(COMMANDS[way], clone, folder) as cpu:
        page, spent = time.perf_counter() - begin, cpu
        _wait_for(clone / ".venv" / ".compiled")
    begin = time.perf_counter()
    with _running("exec sh tools/lab.sh $LAB_ARGS", clone, folder) as cpu:
        return Trip(page, spent, time.perf_counter() - begin, cpu)


@contextmanager
def _running(command: str, clone: Path, folder: Path) -> Iterator[float]:
    """JupyterLab, started by `command`, from when it shows the page; the seconds of CPU that it
    took until then.
    """
    port = _free_port()
    options = f"--port={port} --ServerApp.port_retries=0 --IdentityProvider.token="
    environment = os.environ | {
        "LAB_ARGS": f"--no-browser {options}",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PIP_CACHE_DIR": str(folder / "pip"),
        "UV_CACHE_DIR": str(folder / "uv"),
        "PATH": os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not _in_venv(p)),
    }
    with (folder / "log").open("ab") as log:
        lab = subprocess.Popen(
            ["sh", "-c", command],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            for path in START:
                _wait_for_page(f"http://127.0.0.1:{port}/{path}", lab, folder / "log")
            yield _cpu_of(lab.pid)
        finally:
            os.killpg(lab.pid, signal.SIGTERM)
            lab.wait()


def _in_venv(folder: str) -> bool:
    return (Path(folder).parent / "pyvenv.cfg").exists()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _wait_for_page(url: str, lab: subprocess.Popen[bytes], log: Path) -> None:
    """Return when `url` answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while lab.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(url, timeout=PATIENCE) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(TICK)
    raise SystemExit(f"No page came:\n{log.read_text('utf-8', 'replace')[-5000:]}")


def _wait_for(file: Path) -> None:
    """Return when `file` is there."""
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"{file} never came.")
        time.sleep(TICK)


def _cpu_of(session: int) -> float:
    """Seconds of CPU that the processes of a session have taken, and those that they have waited
    for.
    """
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[3]) == session:
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def told(trips: dict[str, list[Trip]]) -> str:
    """The section of the page."""

    def median(way: str, number: str) -> float:
        return float(statistics.median(getattr(trip, number) for trip in trips[way]))

    def ratio(number: str) -> str:
        return f"{median(UV, number) / median(PIP, number):.2f}"

    rounds = len(trips[UV])
    rows = [
        ("clone to page, s", "page", ".1f"),
        ("CPU until then, s", "page_cpu", ".1f"),
        ("JupyterLab's second start, s", "again", ".1f"),
        ("CPU until then, s", "again_cpu", ".1f"),
    ]
    return "\n".join(
        [
            "## From a clone to the start page",
            "",
            "`make lab` on a machine that has Python and nothing of the course: "
            "empty caches, packages from the index.",
            "Beside it what 0.1.0 did, pip on the same lock. "
            "The page is there when JupyterLab answers for it.",
            "",
            "| | pip, as in 0.1.0 | `make lab` | ratio |",
            "|---|---|---|---|",
            *(
                f"| {name} | {median(PIP, number):{digits}} "
                f"| {median(UV, number):{digits}} | {ratio(number)} |"
                for name, number, digits in rows
            ),
            "",
            f"Medians of {rounds} round{'s' * (rounds != 1)}, {datetime.date.today()}, "
            f"{platform.system()} with {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at "
            f"the end, Python {platform.python_version()}. Bytecode is compiled behind the page; "
            "the second start comes after that. Made by `python -m benchmarks.setup`.",
            "",
        ]
    )


def write(section: str) -> None:
    """Put the section into its place in the page."""
    page = PAGE.read_text("utf-8")
    PAGE.write_text(SECTION.sub(lambda found: found[1] + section + found[2], page), "utf-8")


def main(arguments: Sequence[str]) -> None:
    """Measure and write."""
    trips: dict[str, list[Trip]] = {PIP: [], UV: []}
    for number in range(int(arguments[0]) if arguments else 1):
        for way in (PIP, UV) if number % 2 == 0 else (UV, PIP):
            with tempfile.TemporaryDirectory() as folder:
                trip = measure(way, Path(folder))
            trips[way].append(trip)
            print(
                f"{way}: page after {trip.page:.1f} s ({trip.page_cpu:.1f} s of CPU), "
                f"again after {trip.again:.1f} s ({trip.again_cpu:.1f} s)"
            )
    section = told(trips)
    write(section)
    print(section)


if __name__ == "__main__":
    main(sys.argv[1:])
