"""A small lesson to begin with: text, world, answer bank and test. It builds and proves as it is.

The files are made from `template/`, where `$noun` and the other words of `Plan.words` stand for
what the lesson's name says.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from autograder.errors import CourseError, nearest
from autograder.lessons.course import Course

TEMPLATE = Path(__file__).with_name("template")
ENDING = ".tmpl"
MODULE = re.compile(r"\d\d_[a-z][a-z0-9_]*")
LESSON = re.compile(r"(?P<number>\d\d)_(?P<verb>[a-z]+)_(?P<rest>[a-z0-9]+(_[a-z0-9]+)*)")
ARTICLES = ("a", "an", "the")
LONGEST = 40  # characters of a lesson's name: grade ids and imports grow with it


@dataclass(frozen=True)
class Plan:
    """What a new lesson's name says.

    Attributes:
        key: `module/NN_verb_noun`.
        room: the folder of `coursekit/` where the module's worlds lie.
        noun: the world's name: the lesson's without number, verb and article.
    """

    key: str
    room: str
    noun: str

    @property
    def words(self) -> dict[str, str]:
        """What stands for the `$` words of a template; `$slug` is for grade ids."""
        module, name = self.key.split("/")
        title = name[3:].replace("_", " ").capitalize()
        slug = self.noun.replace("_", "-")
        return {
            "module": module,
            "room": self.room,
            "noun": self.noun,
            "slug": slug,
            "title": title,
        }


def make(course: Course, name: str) -> list[Path]:
    """Write a lesson called `MODULE/NN_verb_noun` with all that belongs to it.

    Returns:
        The files, by their path in the course.

    Raises:
        CourseError: the name will not do, or a file is there already. Then nothing is written.
    """
    plan = planned(course, name)
    files = dict(texts(plan))
    for path in files:
        if (course.root / path).exists():
            raise CourseError(
                f"{path.as_posix()} is there already. Choose another noun: nothing is overwritten."
            )
    missing = {path: text for path, text in _packages(plan) if not (course.root / path).exists()}
    files = missing | files
    for path, text in files.items():
        file = course.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as out:  # x: never over another file
            out.write(text)
    return list(files)


def planned(course: Course, name: str) -> Plan:
    """What the name of a new lesson says.

    Raises:
        CourseError: it is no name of a lesson, or is taken; the message says what would do.
    """
    module, _, stem = name.partition("/")
    known = course.outline.modules
    if not MODULE.fullmatch(module) or "/" in stem:
        such = "Say MODULE/NN_verb_noun, such as 03_devops/01_fix_a_pod."
        raise CourseError(f"{name!r} names no lesson. {such}")
    if module not in known:
        needed = "A new one needs title, day and room in lessons/course.toml."
        raise CourseError(f"there is no module {module!r}.{nearest(module, known)} {needed}")
    noun = noun_of(stem)
    _refuse_taken(course, module, stem)
    if not all((course.root / folder).is_dir() for folder in ("coursekit", "tests")):
        lacking = f"{course.root} lacks coursekit/ or tests/."
        raise CourseError(f"{lacking} Add lessons in a clone of the course.")
    return Plan(f"{module}/{stem}", known[module].room, noun)


def noun_of(stem: str) -> str:
    """The noun in a lesson's name, without its article: its world is called so.

    Raises:
        CourseError: the name lacks a number, a verb or a noun, or is too long.
    """
    parts = LESSON.fullmatch(stem)
    noun = _without_article(parts["rest"]) if parts else ""
    if not noun or len(stem) > LONGEST:
        such = f"Say two digits, a verb and a noun in lower case, {LONGEST} characters at most"
        raise CourseError(f"{stem!r} names no lesson. {such}, such as 01_fix_a_pod.")
    if not noun.isidentifier() or keyword.iskeyword(noun) or noun == "data":
        what = "name the lesson's world, a Python module"
        raise CourseError(f"{noun!r} cannot {what}. Choose another noun.")
    return noun


def _refuse_taken(course: Course, module: str, stem: str) -> None:
    taken = course.lessons_of(module) if module in course.modules else []
    numbers = {key.split("/")[1][:2]: key for key in taken}
    if f"{module}/{stem}" in taken:
        raise CourseError(f"the lesson {module}/{stem} is there already. Nothing was written.")
    if stem[:2] in numbers:
        free = next(f"{n:02}" for n in range(1, 101) if f"{n:02}" not in numbers)
        holder = numbers[stem[:2]]
        raise CourseError(f"number {stem[:2]} is taken by {holder}. The first free one is {free}.")


def _without_article(words: str) -> str:
    first, _, rest = words.partition("_")
    return rest if first in ARTICLES else words


def texts(plan: Plan) -> Iterator[tuple[Path, str]]:
    """The files that are the lesson's own, by their path in the course."""
    bank = Path("tests", "answers", plan.key)
    places = {
        Path("lesson.py"): Path("lessons", f"{plan.key}.py"),
        Path("world.py"): Path("coursekit", plan.room, f"{plan.noun}.py"),
        Path("test_world.py"): Path("tests", "coursekit", plan.room, f"test_{plan.noun}.py"),
        Path("equivalent.toml"): bank / "equivalent.toml",
    }
    for folder in ("right", "wrong", "held_out"):
        for file in sorted((TEMPLATE / folder).glob(f"*{ENDING}")):
            places[Path(folder, file.stem)] = bank / folder / file.stem
    for name, path in places.items():
        yield path, _filled(name, plan)


def _packages(plan: Plan) -> Iterator[tuple[Path, str]]:
    """The files that make a room of worlds, and its tests, a package."""
    yield Path("coursekit", plan.room, "__init__.py"), _filled(Path("room.py"), plan)
    yield Path("tests", "coursekit", plan.room, "__init__.py"), ""


def _filled(name: Path, plan: Plan) -> str:
    text = (TEMPLATE / f"{name}{ENDING}").read_text("utf-8")
    return Template(text).substitute(plan.words)


def next_steps(key: str) -> str:
    """What to do with a lesson that was just made: the rest of the five steps in docs/author.md."""
    return f"""\
It builds and proves as it is. Next (docs/author.md):
  2. Write its text, solution and checks in lessons/{key}.py, and run it:
     .venv/bin/python lessons/{key}.py
  3. make build
  4. Fill its bank, tests/answers/{key}/, and look at each answer:
     .venv/bin/autograder score {key} FILE --reveal
  5. make proof LESSON={key}"""
