"""Who handed in what: folders below `submitted/`, and each notebook as far as it can be read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import CourseError, nearest
from autograder.files import Forbidden, NeedsHuman, TooLarge, Unreadable, read_bounded
from autograder.grade import beside, lookalikes, notebooks, recognition, submission
from autograder.jobs import Job, Result, Source
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import results
from autograder.record.gradebook import MAX_NAME

NO_CELL = "no cell of this lesson is in it"
PEEK = 100_000  # bytes of a file that is too large


@dataclass(frozen=True)
class Submission:
    """One student's notebook of one lesson, as far as it could be read."""

    student: str
    lesson: Lesson
    cells: tuple[Source, ...] = ()
    job: Job | None = None
    state: str = ""  # why there is no job
    repairs: tuple[str, ...] = field(default=())
    data: bytes | None = field(default=None, repr=False)  # all that the result depends on


def students(course: Course, module: str, wanted: list[str] | None = None) -> list[str]:
    """Who handed something in, in order of name.

    Raises:
        CourseError: nobody did, or one of those `wanted` did not.
    """
    room = course.room("submitted")
    folders = sorted(room.iterdir()) if room.is_dir() else []
    names = {module, *(key.split("/")[1] for key in course.lessons_of(module))}
    found = [p.name for p in folders if _holds(p, module, names)]
    for student in wanted or ():
        if student not in found:
            near = nearest(printable(student), map(printable, found))
            raise CourseError(f"submitted/{printable(student)}/{module} does not exist.{near}")
    if not found:
        raise CourseError(
            f"nobody handed in {module}: "
            f"there is no folder submitted/<student>/{module}. Collect first."
        )
    return sorted(set(wanted)) if wanted else found


def size(course: Course, module: str, wanted: list[str] | None = None) -> int:
    """How many results there will be.

    Raises:
        CourseError: as `students`, or there is no such module.
    """
    return len(course.lessons_of(module)) * len(students(course, module, wanted))


def _holds(folder: Path, module: str, names: set[str]) -> bool:
    """Whether anything of that name lies in a student's folder, whatever it is, or something that
    is like it.
    """
    try:
        os.lstat(folder / module)
    except (FileNotFoundError, NotADirectoryError):
        return lookalikes.is_like(folder, names)
    except OSError:  # nobody may look: that has to be said
        return True
    return True


def printable(text: str) -> str:
    """A folder's name as it may be printed and stored. One that is escaped holds a backslash, no
    other one does.
    """
    return "".join(
        c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text
    )


def name_problem(student: str) -> str | None:
    """Why a student cannot be graded under the name of the folder, or None."""
    if printable(student) != student:
        return "the folder's name holds what cannot be printed: rename it"
    return (
        f"the folder's name is longer than {MAX_NAME} characters: rename it"
        if len(student) > MAX_NAME
        else None
    )


@dataclass(frozen=True)
class Chosen:
    """What is graded: a file, and those beside it that its cells name."""

    data: bytes = field(repr=False)
    cells: list[Source] = field(repr=False)
    beside: tuple[beside.File, ...] = ()

    @property
    def everything(self) -> bytes:
        """All of it, for a hash."""
        return self.data + b"".join(f"\n{f.name}\n{f.text}".encode() for f in self.beside)


def choose(course: Course, lesson: Lesson, student: str, repairs: list[str]) -> Chosen:
    """What is graded: the notebook under its name, else a single look-alike, with its helpers.

    Args:
        repairs: gets a sentence when it is a look-alike, and one for each file beside it.

    Raises:
        Unreadable: there is none; `NeedsHuman` when somebody has to say which.
    """
    data, cells = _file(course, lesson, student, repairs)
    helpers = beside.named_in(_path(course, lesson, student).parent, data)
    for helper in helpers:
        repairs.append(f"{helper.name!r} lay beside the notebook: it was put into its folder")
    return Chosen(data, cells, helpers)


def fitting(course: Course, lesson: Lesson, student: str, level: str) -> Result | None:
    """The stored result, if it is of exactly what lies there now; None in doubt.

    For most it is enough to look at the bytes under the notebook's name. A notebook without points
    may only have been untouched, and a look-alike may have come since.
    """
    if not results.path(course, lesson.module, student, lesson.key).exists():
        return None
    try:
        data = _own(course, lesson, student)
        helpers = beside.named_in(_path(course, lesson, student).parent, data)
        stored = _stored(course, lesson, student, Chosen(data, [], helpers), level)
        if stored is None or not (stored.earned or _is_untouched(course, lesson, student, stored)):
            chosen = choose(course, lesson, student, [])
            stored = _stored(course, lesson, student, chosen, level)
    except (Unreadable, OSError):
        return None
    return stored if stored is not None and stored.answered is not None else None


def _is_untouched(course: Course, lesson: Lesson, student: str, stored: Result) -> bool:
    """Whether a graded notebook without points can be nothing else: the student handed in no file
    but notebooks under their names.
    """
    home = _path(course, lesson, student).parent.parent
    return stored.state == "graded" and lookalikes.only_holds(
        home, {f"{key}.ipynb" for key in course.lessons}
    )


def _stored(
    course: Course, lesson: Lesson, student: str, chosen: Chosen, level: str
) -> Result | None:
    key = results.key(chosen.everything, lesson, level)
    return results.load(course, lesson, student, key)


def _file(
    course: Course, lesson: Lesson, student: str, repairs: list[str]
) -> tuple[bytes, list[Source]]:
    """The notebook under its name, else a single look-alike, with its cells.

    Args:
        repairs: gets a sentence when it is a look-alike.

    Raises:
        Unreadable: there is none; `NeedsHuman` when somebody has to say which.
    """
    data: bytes | None = None
    try:
        data = _unpacked(lesson, _own(course, lesson, student), repairs)
        mends: list[str] = []
        cells = notebooks.parse_notebook(data, mends)
        if recognition.has_work(lesson, cells):
            repairs += mends
            return data, cells
        reason = "" if recognition.holds(lesson, cells) else NO_CELL
    except Unreadable as error:
        reason = str(error)
        found, closed = _look(course, lesson, student, swapped=True)
        if isinstance(error, Forbidden) or (isinstance(error, NeedsHuman) and not found):
            raise
        if isinstance(error, NeedsHuman):
            raise NeedsHuman(f"{reason}. Beside it {_lie(found)}: put one in its place") from None
    else:
        found, closed = _look(course, lesson, student, swapped=bool(reason))
        if data is not None and not reason:  # it was never written in
            found, closed = [f for f in found if _written(lesson, f)], []
            if not found:
                repairs += mends
                return data, cells
            reason = "it was not written in"
    if len(found) > 1:
        raise NeedsHuman(f"{reason}; {_lie(found)}: put one under the notebook's name")
    if found:
        repairs.append(f"{lesson.name}.ipynb: {reason}; {found[0].name!r} was graded")
        return found[0].data, notebooks.parse_notebook(found[0].data, repairs)
    if data is not None and lookalikes.mentions(lesson, data):
        raise NeedsHuman(f"{reason}, though it names parts of this lesson: look into it")
    if closed:
        names = ", ".join(map(repr, map(printable, closed[: lookalikes.MAX_NAMED])))
        raise NeedsHuman(f"{reason}; there is {names}, which is not read: ask for the notebook")
    raise Unreadable(reason)


def _unpacked(lesson: Lesson, data: bytes, repairs: list[str]) -> bytes:
    """The file, or the one notebook of this lesson in it where it is an archive."""
    inside = [lookalikes.Found(*member) for member in lookalikes.members("", data)]
    fitting = (
        [f for f in inside if lookalikes.holds(lesson, f.data)] if inside and inside[0].name else []
    )
    if len(fitting) != 1:
        return data
    repairs.append(f"an archive, not a notebook: {printable(fitting[0].name)[2:]!r} was graded")
    return fitting[0].data


def _own(course: Course, lesson: Lesson, student: str) -> bytes:
    """What lies under the notebook's name."""
    path = _path(course, lesson, student)
    if path.parent.is_symlink() or path.parent.parent.is_symlink():
        raise Unreadable("the folder is a link")
    try:
        return read_bounded(path, notebooks.MAX_BYTES)
    except TooLarge as error:
        with open(path, "rb") as file:
            begin = file.read(PEEK).decode("utf-8", "replace")
        if notebooks.CELLS_IN_TEXT.search(begin):
            raise NeedsHuman(f"{error}: clear its outputs, and grade again") from None
        raise


def _path(course: Course, lesson: Lesson, student: str) -> Path:
    return course.room("submitted") / student / lesson.module / f"{lesson.name}.ipynb"


def _look(
    course: Course, lesson: Lesson, student: str, swapped: bool
) -> tuple[list[lookalikes.Found], list[str]]:
    own = _path(course, lesson, student)
    if own.parent.is_symlink() or own.parent.parent.is_symlink():
        return [], []
    others = {f"{key.split('/')[1]}.ipynb" for key in course.lessons_of(lesson.module)}
    return lookalikes.look(own.parent.parent, lesson, own, others, swapped)


def _written(lesson: Lesson, found: lookalikes.Found) -> bool:
    return recognition.has_work(lesson, notebooks.parse_notebook(found.data, []))


def _lie(found: list[lookalikes.Found]) -> str:
    """That these files lie there."""
    names = ", ".join(repr(printable(f.name)) for f in found[: lookalikes.MAX_NAMED])
    more = len(found) - lookalikes.MAX_NAMED
    return f"there is {names}" + (f" and {more} more" if more > 0 else "")


def read_submission(course: Course, lesson: Lesson, student: str) -> Submission:
    """Read one submission. Never raises for what a student did."""
    repairs: list[str] = []
    data: bytes | None = None
    try:
        chosen = choose(course, lesson, student, repairs)
        data = chosen.everything
        cells, job = submission.placed(lesson, student, chosen.cells, repairs, chosen.beside)
        job = replace(job, python=notebooks.python_version(chosen.data))
    except NeedsHuman as error:
        return Submission(student, lesson, (), None, f"needs-human:{error}", tuple(repairs), data)
    except Unreadable as error:
        return Submission(student, lesson, (), None, f"zero:{error}", tuple(repairs), data)
    except Exception as error:  # a reader that fails is ours to mend, and costs nobody a grade
        state = f"needs-human:not read: {type(error).__name__}"
        return Submission(student, lesson, (), None, state, tuple(repairs), data)
    return Submission(student, lesson, tuple(cells), job, "", job.repairs, data)
