"""The mock interview: its questions, its clock, its state on disk, its room and its pages."""

from coursekit.behavioral.mock.pictures import draw_rounds, sheet_and_next
from coursekit.behavioral.mock.room import Room, open_room

__all__ = ["Room", "draw_rounds", "open_room", "sheet_and_next"]
