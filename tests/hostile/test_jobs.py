"""One job tells the next nothing, whatever both of them say and whoever they are."""

from __future__ import annotations

from tests.hostile.conftest import Bench

SEEK = """
import os, stat
for fd in range(3, 64):
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            print(fd, os.lseek(fd, 0, os.SEEK_CUR) == {mark})
            os.lseek(fd, {mark}, os.SEEK_SET)
    except OSError: pass
"""


def _said(bench: Bench, cell: str) -> str:
    result = bench.grade(cell)
    assert (result.state, result.problems) == ("graded", ())
    return "".join(
        o.get("text", "") for c in (result.trace.cells if result.trace else ()) for o in c.outputs
    )


def test_a_position_in_an_inherited_file_is_forgotten(bench: Bench) -> None:
    """Fonts, for example, which the warm process keeps open: forks share where in them they are."""
    cell = SEEK.format(mark=123456789)
    first, second = _said(bench, cell), _said(bench, cell)
    assert first == second
    assert "True" not in second


def test_text_is_drawn_as_before(bench: Bench) -> None:
    """With fonts that were moved in: a figure after the mischief is the one before it."""
    draw = "import matplotlib.pyplot as plt\nplt.figure(figsize=(2, 1)); plt.title('fgh QRS $\\\\alpha$'); plt.show()\n"
    pictures = []
    for cell in (draw, SEEK.format(mark=999), draw):
        result = bench.grade(cell)
        shown = [o for c in (result.trace.cells if result.trace else ()) for o in c.outputs]
        pictures.append([o["data"]["image/png"] for o in shown if "image/png" in o.get("data", {})])
    assert pictures[0] == pictures[2] != []
