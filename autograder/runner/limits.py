"""How long a submission may take: the defaults of all of it stand here.

CPU seconds decide, and the time in which a process neither runs nor waits for a processor. Real
time is a backstop for what cannot be interrupted, generous enough for a busy machine.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds. A lesson's own cells and checks take a tenth of one together.

    Attributes:
        cell: of CPU for a cell.
        cell_again: of CPU for a cell behind one that never ended, or behind all that is graded.
        cell_idle: in which a cell may do nothing.
        check_idle: in which a check may do nothing.
        carefree: of CPU for all cells; a notebook that takes longer is run once, carefully from the
            start.
        cell_wall: of real time for a cell.
        cells_wall: of real time for all cells of a notebook together.
        snapshot_wall: of real time for the visible, or the hidden, checks of one graded cell.
        checks_wall: of real time for all checks together.
        patience: of real time for an answer, beyond what a check may take.
    """

    cell: float = 5.0
    cell_again: float = 1.0
    cell_idle: float = 4.0
    check_idle: float = 2.0
    carefree: float = 3.0
    cell_wall: float = 60.0
    cells_wall: float = 90.0
    snapshot_wall: float = 120.0
    checks_wall: float = 240.0
    patience: float = 15.0
