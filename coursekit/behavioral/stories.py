"""Stories as data: what may be judged about one, what may only be pointed at, and material to begin
with.

A machine can see whether fields are filled, how long a text takes to say, and whether a number
moved. It cannot see whether a story is true, yours, or worth hearing. So claims look at fields
alone, and words give hints (`hints`), which cost nothing.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.played import AnswerError
from coursekit.plots import label_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Story = Mapping[str, Any]  # {"situation": "…", …, "decision": {…}, "numbers": […], "people": […]}
Index = Mapping[str, list[str]]  # {"slow-after-deploy": ["The Friday when p99 rose"], …}
Claim = Callable[[Any], tuple[bool, str]]

TEXTS = ("situation", "task", "action", "result", "lesson")
PARTS: Mapping[str, tuple[str, ...]] = {
    "opening": ("situation", "task"),
    "action": ("action",),
    "result": ("result",),
    "lesson": ("lesson",),
}
PACE = 140.0  # words a minute, in the middle of the usual 130 to 150
TOLERANCE = 0.2
# seconds; the last window is ours: with it the four add up to two to three minutes
WINDOWS: Mapping[str, tuple[float, float]] = {
    "opening": (20.0, 30.0),
    "action": (60.0, 90.0),
    "result": (20.0, 30.0),
    "lesson": (20.0, 30.0),
}
LIMITS: Mapping[str, tuple[float, float]] = {
    part: (low * (1 - TOLERANCE), high * (1 + TOLERANCE)) for part, (low, high) in WINDOWS.items()
}

CATEGORIES = ("incidents", "collaboration", "cost", "leadership", "failure", "initiative")
QUESTIONS: Mapping[str, str] = {  # id to category
    "slow-after-deploy": "incidents",
    "crashing-pods": "incidents",
    "notebook-to-service": "collaboration",
    "two-priorities": "collaboration",
    "with-data-scientists": "collaboration",
    "handed-over": "collaboration",
    "gpu-bill": "cost",
    "training-bill": "cost",
    "platform-from-nothing": "leadership",
    "trade-off": "leadership",
    "everything-urgent": "leadership",
    "worse-online": "failure",
    "slow-decline": "initiative",
}
WORDING: Mapping[str, str] = {
    "slow-after-deploy": "Tell me about an incident that you resolved against the clock.",
    "crashing-pods": "What was the hardest bug that you chased in production?",
    "notebook-to-service": "When did you turn an experiment into a service?",
    "two-priorities": "Two things could not wait. What did you do?",
    "with-data-scientists": "How do you and data scientists share the work on one model?",
    "handed-over": "Somebody hands you a model that is not ready. What happens next?",
    "gpu-bill": "When did you make something much cheaper, and what did it cost you?",
    "training-bill": "Where did you find waste that nobody was looking for?",
    "platform-from-nothing": "What have you built that others now build on?",
    "trade-off": "Tell me about a trade-off that you had to defend.",
    "everything-urgent": "Everything is urgent. How do you choose?",
    "worse-online": "What is a decision of yours that went wrong?",
    "slow-decline": "What did you start without being asked?",
}
REQUIREMENTS: Mapping[str, str] = {  # what the job asks for
    "years": "five years or more with machine learning or DevOps",
    "models-at-scale": "models in production at scale",
    "ml-infrastructure": "infrastructure for machine learning, in your own care",
    "delivery": "CI/CD, observability and rollbacks",
    "cloud": "AWS, GPUs and containers",
    "cost": "watching and lowering cost",
    "teams": "working across teams",
    "fine-tuning": "fine-tuning and the care of training data",
}

MIN_WORDS, MIN_DIFFERENT, MIN_REASON = 8, 6, 4
RUN = 5  # words
MAX_ROWS = 20
WIDTH = 88
ONESELF = {"i", "me", "myself"}


@functools.cache
def _drafts() -> dict[str, Any]:
    import yaml

    text = (Path(__file__).parent / "data" / "drafts.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


DRAFTS: tuple[str, ...] = tuple(QUESTIONS)


def draft(name: str) -> dict[str, Any]:
    """One of the thirteen weak stories: `title`, `faults`, `draft` (five texts) and `sheet`, the
    numbers that a better telling may use.

    Raises:
        ValueError: there is none of this name; the message names the nearest.
    """
    if name not in DRAFTS:
        raise ValueError(f"there is no draft {name!r}.{_nearest(name, DRAFTS)}")
    one = _drafts()[name]
    return {**one, "draft": dict(one["draft"]), "sheet": [dict(row) for row in one["sheet"]]}


def show_draft(name: str) -> None:
    """Print one of the drafts with its faults and its sheet."""
    one = draft(name)
    print(f"{one['title']} ({QUESTIONS[name]})\n{WORDING[name]}\n")
    for part, text in one["draft"].items():
        head, told = f"{part:>10}  ", " ".join(text.split())
        print(textwrap.fill(told, WIDTH, initial_indent=head, subsequent_indent=" " * 12))
    print("\nwhat is wrong with it:", "; ".join(one["faults"]))
    print("numbers that are known:")
    for row in one["sheet"]:
        print(f"    {row['what']}: {row['before']} to {row['after']} {row['unit']}")


def _nearest(word: object, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


# ------------------------------------------------------------------------------------ one's story


@dataclass(frozen=True)
class Told:
    """A story as it is judged: its texts, and everything else as it came.

    Attributes:
        texts: by name; empty where there is none.
        strange: keys that are no key of a story, each with the nearest one that is.
    """

    texts: Mapping[str, str]
    decision: Mapping[str, Any]
    numbers: tuple[Any, ...]
    people: tuple[Any, ...]
    draft: str
    strange: str

    def seconds(self, part: str) -> float:
        """How long a part takes at the usual pace."""
        return sum(60.0 * len(self.texts[name].split()) / PACE for name in PARTS[part])


def heard(story: object, seed: str = "0") -> Told:
    """The story as claims look at it. Nothing here is drawn, whatever the seed.

    Raises:
        AnswerError: it is no dict, or `numbers` has more rows than anybody can tell.
    """
    if not isinstance(story, Mapping):
        raise AnswerError(
            f"this is a {type(story).__name__}, not a story. "
            "Return a dict with the keys situation, task, action, result, lesson, decision, "
            "numbers, people."
        )
    numbers, people = story.get("numbers"), story.get("people")
    rows = tuple(numbers) if isinstance(numbers, list | tuple) else ()
    if len(rows) > MAX_ROWS:
        raise AnswerError(
            f"numbers has {len(rows)} rows. Keep the {MAX_ROWS} that matter, or fewer."
        )
    decision = story.get("decision")
    known = (*TEXTS, "decision", "numbers", "people")
    strange = [_nearest(key, known) for key in story if isinstance(key, str) and key not in known]
    return Told(
        {name: text if isinstance(text := story.get(name), str) else "" for name in TEXTS},
        decision if isinstance(decision, Mapping) else {},
        rows,
        tuple(people)[:MAX_ROWS] if isinstance(people, list | tuple) else (),
        str(story.get("draft", "")),
        next(filter(None, strange), ""),
    )


def each_text_says_something(told: Told) -> tuple[bool, str]:
    """five texts, each of at least eight words, six of them different"""
    for name, text in told.texts.items():
        words = text.lower().split()
        if not words:
            return False, f"{name} is empty.{told.strange}"
        if len(words) < MIN_WORDS or len(set(words)) < MIN_DIFFERENT:
            return False, f"{name} has {len(words)} words, {len(set(words))} of them different"
    return True, "five texts, none of them empty"


def no_text_repeats_another(told: Told) -> tuple[bool, str]:
    """no text shares more than half of its runs of five words with another"""
    runs = {name: _runs(text) for name, text in told.texts.items()}
    if not any(runs.values()):
        return False, "there is no text to compare"
    for one, other in itertools.combinations(TEXTS, 2):
        shorter = min(len(runs[one]), len(runs[other]))
        if shorter and len(runs[one] & runs[other]) > shorter / 2:
            return False, f"{one} and {other} say the same"
    return True, "every text says something of its own"


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def _keeps_its_time(told: Told, part: str) -> tuple[bool, str]:
    took, (low, high) = told.seconds(part), LIMITS[part]
    what = " and ".join(PARTS[part])
    words = sum(len(told.texts[name].split()) for name in PARTS[part])
    said = f"{what}: {words} words, {took:.0f} s; {low:.0f} to {high:.0f} s fit"
    return low <= took <= high, said


def the_opening_keeps_its_time(told: Told) -> tuple[bool, str]:
    """situation and task take 16 to 36 seconds at 140 words a minute"""
    return _keeps_its_time(told, "opening")


def the_action_keeps_its_time(told: Told) -> tuple[bool, str]:
    """the action takes 48 to 108 seconds at 140 words a minute"""
    return _keeps_its_time(told, "action")


def the_result_keeps_its_time(told: Told) -> tuple[bool, str]:
    """the result takes 16 to 36 seconds at 140 words a minute"""
    return _keeps_its_time(told, "result")


def the_lesson_keeps_its_time(told: Told) -> tuple[bool, str]:
    """the lesson takes 16 to 36 seconds at 140 words a minute"""
    return _keeps_its_time(told, "lesson")


def every_part_keeps_its_time(told: Told) -> tuple[bool, str]:
    """opening, result and lesson take 16 to 36 seconds, the action 48 to 108"""
    went = [_keeps_its_time(told, part) for part in PARTS]
    return all(fits for fits, _ in went), "; ".join(
        said for fits, said in went if not fits
    ) or "all four parts fit"


def _option(told: Told, name: str) -> str:
    text = told.decision.get(name)
    return " ".join(text.lower().split()) if isinstance(text, str) else ""


def another_option_was_rejected(told: Told) -> tuple[bool, str]:
    """decision names what was chosen and another option that was rejected"""
    chosen, rejected = _option(told, "chosen"), _option(told, "rejected")
    if not chosen or not rejected:
        missing = [name for name in ("chosen", "rejected") if not _option(told, name)]
        return False, f"decision has no {' and no '.join(missing)}"
    if chosen == rejected:
        return False, "chosen and rejected are the same"
    return True, "a choice and what it was chosen over"


def the_choice_has_a_reason(told: Told) -> tuple[bool, str]:
    """because has at least four words and repeats neither option"""
    because = _option(told, "because")
    if not because:
        return False, "decision has no because"
    if len(because.split()) < MIN_REASON:
        return False, f"because has {len(because.split())} words"
    if because in (_option(told, "chosen"), _option(told, "rejected")):
        return False, "because repeats an option"
    return True, "a reason"


def each_number_is_whole(told: Told) -> tuple[bool, str]:
    """at least one number, each with what, before, after and unit"""
    if not told.numbers:
        return False, "there is no number"
    for place, row in enumerate(told.numbers, 1):
        if not isinstance(row, Mapping):
            return False, f"number {place} is no dict with what, before, after, unit"
        for name in ("what", "unit"):
            if not (isinstance(row.get(name), str) and row[name].strip()):
                return False, f"number {place} has no {name}"
        for name in ("before", "after"):
            if not _is_number(row.get(name)):
                return False, f"number {place}: {name} is no number"
    return True, f"{len(told.numbers)} with names and units"


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def every_number_moved(told: Told) -> tuple[bool, str]:
    """before and after differ in every number"""
    both = [
        row
        for row in told.numbers
        if isinstance(row, Mapping) and all(_is_number(row.get(k)) for k in ("before", "after"))
    ]
    if not both:
        return False, "no number has a before and an after"
    for row in both:
        if row["before"] == row["after"]:
            what = " ".join(str(row.get("what", "a number")).split())[:60]
            return False, f"{what}: {row['before']} before and after"
    return True, "each is another one afterwards"


def somebody_else_has_a_role(told: Told) -> tuple[bool, str]:
    """people names the role of at least one other"""
    roles = [p.strip() for p in told.people if isinstance(p, str) and p.strip()]
    others = [role for role in roles if role.lower() not in ONESELF]
    if not others:
        return False, "people names nobody but you" if roles else "people names nobody"
    return True, f"{len(others)} with a role"


def numbers_come_from_the_sheet(told: Told) -> tuple[bool, str]:
    """every number stands on the draft's sheet; none is invented"""
    if told.draft not in DRAFTS:
        return False, f'"draft" must name one of the drafts, not {told.draft!r}.' + _nearest(
            told.draft, DRAFTS
        )
    if not told.numbers:
        return False, "there is no number"
    sheet = [(row["before"], row["after"], row["unit"]) for row in _drafts()[told.draft]["sheet"]]
    for place, row in enumerate(told.numbers, 1):
        mine = (
            (row.get("before"), row.get("after"), row.get("unit"))
            if isinstance(row, Mapping)
            else ()
        )
        if mine not in sheet:
            return False, f"number {place} stands nowhere on the sheet of {told.draft}"
    return True, "each stands on the sheet"


# ------------------------------------------------------------------------------------------ hints


@dataclass(frozen=True)
class Hint:
    """A word to think about. It costs nothing: the same word may be right."""

    part: str
    word: str
    why: str

    def __str__(self) -> str:
        return f"{self.part}, {self.word!r}: {self.why}"


BLAME = re.compile(
    r"\b(?:fault|blamed?|careless|incompetent|should have known|their mistake|not my job)\b", re.I
)
VAGUE = re.compile(r"\b(?:somehow|stuff|a lot|much better|best practice|various|several)\b", re.I)
WE, MYSELF = re.compile(r"\b(?:we|our|us)\b", re.I), re.compile(r"\bI\b")


def hints(story: object) -> list[Hint]:
    """Words that an interviewer may stop at. They are guesses about words, so none costs a point.

    Raises:
        AnswerError: it is no dict.
    """
    told = heard(story)
    found: list[Hint] = []
    action = told.texts["action"]
    ours, mine = WE.findall(action), MYSELF.findall(action)
    if action.strip() and not mine:
        found.append(Hint("action", "I", "it never occurs; what did you do yourself?"))
    elif len(ours) > len(mine):
        why = f"{len(ours)} times, and I {len(mine)}; who did what?"
        found.append(Hint("action", ours[0], why))
    for part, text in told.texts.items():
        for pattern, why in (
            (BLAME, "may sound like blame; say what the system allowed"),
            (VAGUE, "how much, or which?"),
        ):
            found += [Hint(part, match, why) for match in dict.fromkeys(pattern.findall(text))]
    if told.texts["result"].strip() and not re.search(r"\d", told.texts["result"]):
        found.append(Hint("result", "0-9", "no figure is said aloud; does a number word carry it?"))
    return found


# ------------------------------------------------------------------------------------------- index


def categories_hold_two_stories(index: object) -> tuple[bool, str]:
    """at least two different stories in each of the six categories"""
    rows = index if isinstance(index, Mapping) else {}
    lacking = []
    for category in CATEGORIES:
        titles = {
            title
            for question, of in QUESTIONS.items()
            if of == category
            for title in _titles(rows.get(question))
        }
        if len(titles) < 2:
            lacking.append(f"{category} has {len(titles)}")
    return not lacking, ", ".join(lacking) or "two or more everywhere"


def _titles(value: object) -> list[str]:
    some = value if isinstance(value, list | tuple) else []
    return [one.strip() for one in some if isinstance(one, str) and one.strip()]


def every_question_has_a_row(index: object) -> tuple[bool, str]:
    """the thirteen questions as keys, a list of titles below each"""
    if not isinstance(index, Mapping):
        return False, f"this is a {type(index).__name__}; return a dict"
    for key in index:
        if key not in QUESTIONS:
            return False, f"{key!r} is no question.{_nearest(key, QUESTIONS)}"
    missing = [key for key in QUESTIONS if key not in index]
    if missing:
        return False, f"{len(missing)} questions have no row, the first is {missing[0]}"
    for key, titles in index.items():
        if not isinstance(titles, list) or not all(isinstance(one, str) for one in titles):
            return False, f"{key}: write a list of titles, which may be empty"
    return True, "thirteen rows"


def every_requirement_has_a_row(cv: object) -> tuple[bool, str]:
    """one row for each of the eight requirements, and no other"""
    rows = _rows(cv, "cv")
    names = [row.get("requirement") for row in rows]
    for name in names:
        if name not in REQUIREMENTS:
            return False, f"{name!r} is no requirement.{_nearest(name, REQUIREMENTS)}"
        if names.count(name) > 1:
            return False, f"{name} has {names.count(name)} rows"
    missing = [name for name in REQUIREMENTS if name not in names]
    return not missing, f"no row for {', '.join(missing)}" if missing else "eight rows"


def every_row_has_a_story_or_a_plan(cv: object) -> tuple[bool, str]:
    """each requirement has a story, or a gap with what you do about it in four words or more"""
    rows = _rows(cv, "cv")
    if not rows:
        return False, "there is no row"
    for row in rows:
        story, gap = (str(row.get(name) or "").strip() for name in ("story", "gap"))
        if not story and len(gap.split()) < MIN_REASON:
            return False, f"{row.get('requirement')}: neither a story nor a plan for the gap"
    return True, "a story or a plan everywhere"


def stories_of_the_cv_are_in_the_index(cv: object) -> tuple[bool, str]:
    """each story of the table is a title of your index"""
    named = {str(row.get("story") or "").strip() for row in _rows(cv, "cv")} - {""}
    index = cv.get("index") if isinstance(cv, Mapping) else None
    rows = index.values() if isinstance(index, Mapping) else ()
    titles = {title for some in rows for title in _titles(some)}
    if not named:
        return False, "no requirement has a story"
    lost = sorted(named - titles)
    if lost:
        return False, f"{lost[0]!r} is no title of the index.{_nearest(lost[0], titles)}"
    return True, "every title is in the index"


def _rows(answer: object, name: str) -> list[Mapping[str, Any]]:
    some = answer.get(name) if isinstance(answer, Mapping) else answer
    return [row for row in some if isinstance(row, Mapping)] if isinstance(some, list) else []


def as_it_is(answer: Any, seed: str = "0") -> Any:
    """A world in which nothing happens: claims look at the answer itself."""
    return answer


def coverage(index: Index) -> str:
    """The index as text: a line for each question, and what is empty."""
    lines = []
    for category in CATEGORIES:
        lines.append(category)
        for question in (q for q, of in QUESTIONS.items() if of == category):
            titles = "; ".join(_titles(index.get(question))) or "(gap)"
            lines.append(f"    {question:<24}{titles}")
    return "\n".join(lines)


# ----------------------------------------------------------------------------------------- picture

BLUE, ORANGE, GREY = "#1f5fa8", "#d9822b", "#c9ced6"


def draw_timing(figure: Figure, stories: Mapping[str, Mapping[str, float]], pace: float) -> None:
    """Seconds of each part, story by story, in front of its window.

    Args:
        stories: by title, seconds by part.
        pace: words a minute, for the headline.
    """
    axes = figure.add_axes((0.1, 0.08, 0.88, 0.84))
    longest = max((s for parts in stories.values() for s in parts.values()), default=0.0)
    right = min(max(140.0, longest * 1.3), 500.0)
    height, places = len(PARTS) * (len(stories) + 1), {}
    at = height
    for part, (low, high) in LIMITS.items():
        places[at - (len(stories) + 1) / 2] = part
        axes.broken_barh([(low, high - low)], (at - len(stories) - 0.5, len(stories)), color=GREY)
        for title, parts in stories.items():
            at -= 1
            took = float(parts.get(part, 0.0))
            fits = low <= took <= high
            axes.broken_barh(
                [(0, min(took, right))], (at - 0.2, 0.5), color=BLUE if fits else ORANGE
            )
            word = "fits" if fits else "short" if took < low else "long"
            said, away = f"{title}: {took:.0f} s, {word}", took > right
            axes.text(
                right - 2 if away else took + 1,
                at + 0.05,
                said,
                va="center",
                ha="right" if away else "left",
                color="white" if away else "black",
            )
        at -= 1
    axes.set_xlim(0, right)
    axes.set_ylim(0, height)
    label_axes(
        axes,
        {x: f"{x} s" for x in range(0, int(right) + 1, 30)},
        places,
        ylabel=f"at {pace:.0f} words a minute",
        grid=False,
    )
