"""The week before the interview: lessons and their worth, self-assessment, checklists, facts."""

from coursekit.behavioral.week.contents import COURSE, ITEMS
from coursekit.behavioral.week.pages import Week, week_page
from coursekit.behavioral.week.pictures import (
    draw_areas,
    draw_days,
    measured_here,
    sure_and_measured,
    week_of,
)

__all__ = [
    "COURSE",
    "ITEMS",
    "Week",
    "draw_areas",
    "draw_days",
    "measured_here",
    "sure_and_measured",
    "week_of",
    "week_page",
]
