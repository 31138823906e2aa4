"""The week as one page that can be printed. Everything in it is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from coursekit.attempt import in_a_sentence
from coursekit.behavioral.week.contents import AS_OF, ASK, BEFORE, COURSE, DURING, FACTS, ITEMS
from coursekit.behavioral.week.pictures import measured_here, week_of
from coursekit.checks import collecting
from coursekit.where import in_ipython


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("coursekit.behavioral.week"),
        autoescape=True,
        undefined=StrictUndefined,
    )


@dataclass(frozen=True)
class Week:
    """A plan with checklists, questions and facts: shown in a notebook, saved as a page."""

    plan: Mapping[str, Any]
    trouble: str = ""  # why there is no plan yet

    def show(self) -> None:
        """The page in a notebook, the plan in words elsewhere."""
        if collecting():
            return
        if in_ipython():
            from IPython.display import display

            display(self)
        else:
            print(self)

    def _html(self, template: str) -> str:
        known = {lesson["id"]: lesson for lesson in COURSE}

        def title(name: str) -> str:
            return str(known[name]["title"]) if name in known else str(name)

        days = [
            {
                "titles": [title(name) for name in day],
                "minutes": sum(known[name]["minutes"] for name in day if name in known),
            }
            for day in self.plan["days"]
        ]
        return (
            _pages()
            .get_template(template)
            .render(
                trouble=self.trouble,
                days=days,
                left_out=[title(name) for name in self.plan["left_out"]],
                before=BEFORE,
                during=DURING,
                ratings=ITEMS,
                ask=ASK,
                as_of=AS_OF,
                facts=FACTS,
            )
        )

    def _repr_html_(self) -> str:
        return self._html("week.j2")

    def __repr__(self) -> str:
        if self.trouble:
            return f"The plan appears here once your code answers. {self.trouble}"
        lines = [
            f"day {n}: {', '.join(map(str, day)) or 'review'}"
            for n, day in enumerate(self.plan["days"], start=1)
        ]
        left_out = ", ".join(map(str, self.plan["left_out"])) or "nothing"
        return "\n".join([*lines, f"left out: {left_out}"])

    def save(self, path: Path | str = "week.html") -> str:
        """Write the page; print it from the browser."""
        try:
            Path(path).write_text(self._html("week.html.j2"), "utf-8")
        except OSError as error:
            return f"{path} cannot be written: {error.strerror}."
        return f"Written: {path}."


def week_page(
    fit: Callable[..., Mapping[str, Any]],
    days: int = 6,
    hours: float = 2,
    scores: Mapping[str, float] | None = None,
) -> Week:
    """The course through the learner's `fit`, as a page. Without a plan yet, the page says why.

    Args:
        scores: by part; those of the rehearsals in this folder unless given.
    """
    known = measured_here() if scores is None else scores
    try:
        plan = week_of(fit, days, hours, known)
    except Exception as error:
        return Week({"days": [], "left_out": []}, in_a_sentence(error))
    return Week(plan)
