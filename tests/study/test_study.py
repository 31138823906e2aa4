"""The learner's notebooks: copies in study/, updates and resets that lose nothing, gradings,
reference solutions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.build.builder import build
from autograder.files import write_atomically
from autograder.lessons.course import Course
from autograder.selfstudy import INSIDE
from autograder.study import copies, study as studies
from tests.learner import Clock, Terminal, cell, course, lesson, read, source, write, write_in
from tests.small import KEY, RIGHT, course_with

COPY = Path("study", f"{KEY}.ipynb")
ROOT = Path(__file__).resolve().parents[2]
STEM = KEY.split("/")[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = course_with(tmp_path_factory.mktemp("built"))
    build(made)
    return made.root


@pytest.fixture
def at(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in a built course, whose notebooks were brought to study/."""
    shutil.copytree(built, tmp_path / "course")
    terminal = Terminal(tmp_path / "course", capsys)
    terminal.run("update")
    return terminal


def renew(
    root: Path, old: str = "how many words are in it", new: str = "how many words it has"
) -> None:
    """A new version of the lesson, as git pull would bring it."""
    for room in ("release", "notebooks"):
        path = root / room / f"{KEY}.ipynb"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")


def files(root: Path) -> list[str]:
    return sorted(p.name for p in (root / COPY).parent.iterdir())


# ------------------------------------------------------------------------------------------- copies


def test_every_lesson_is_copied_once_and_the_copy_is_the_learners(at: Terminal) -> None:
    assert (at.root / COPY).read_bytes() == (at.root / "notebooks" / f"{KEY}.ipynb").read_bytes()
    write_in(at.root / COPY, "words", "def count(text): return 1")
    before = (at.root / COPY).read_bytes()
    assert at.run("update") == ""
    assert (at.root / COPY).read_bytes() == before
    assert files(at.root) == [COPY.name]


def test_a_copy_that_was_only_run_and_saved_is_replaced_by_a_newer_version(at: Terminal) -> None:
    notebook = read(at.root / COPY)
    for number, one in enumerate(notebook["cells"]):
        if one["cell_type"] == "code":
            one["execution_count"], one["outputs"] = (
                number,
                [{"output_type": "stream", "name": "stdout", "text": "x"}],
            )
    notebook["cells"].append(
        {"cell_type": "code", "metadata": {}, "source": [], "id": "x", "outputs": []}
    )
    (at.root / COPY).write_text(json.dumps(notebook), "utf-8")
    renew(at.root)
    assert "nothing was written in it" in at.run("update")
    assert (at.root / COPY).read_bytes() == (at.root / "notebooks" / f"{KEY}.ipynb").read_bytes()


def test_a_newer_version_comes_beside_what_was_written_in_and_is_explained(at: Terminal) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    before = (at.root / COPY).read_bytes()
    renew(at.root)
    assert "`autograder update` puts it beside yours" in at.run("progress")
    told = at.run("update")
    assert (at.root / COPY).read_bytes() == before
    beside = at.root / COPY.with_name(f"{STEM}.new.ipynb")
    assert beside.read_bytes() == (at.root / "notebooks" / f"{KEY}.ipynb").read_bytes()
    assert "Changed: 1 cell of text." in told
    assert f"study/02_coding/{STEM}.new.ipynb" in told
    assert f"`autograder reset {STEM} --keep-answers`" in told
    assert told.splitlines()[-1] in at.run("progress")
    html = read(at.root / "study" / "start.ipynb")["cells"][1]["outputs"][0]["data"]["text/html"]
    assert "Changed: 1 cell of text." in "".join(html)

    at.run("update")
    assert files(at.root) == [COPY.name, beside.name]
    beside.unlink()  # the learner goes on in the old one
    assert at.run("update") == ""
    assert "newer version" not in at.run("progress")
    renew(at.root, "Split it.", "Split the text.")
    assert "Changed: 1 cell of text." in at.run("update")
    assert beside.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Split at white space.", "Split where white space is.", "Changed: checks words-checks."),
        ("How many words there are.", "The number of words.", "Changed: task words."),
        ('SEPARATOR = \\" \\"', 'SEPARATOR = \\"  \\"', "Changed: given code words-setup."),
        ("return count(\\\"to be or not\\\")", "return count(\\\"to be\\\")", "Changed: 1 cell of examples."),
    ],
)  # fmt: skip
def test_what_the_course_changed_is_named(at: Terminal, old: str, new: str, told: str) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    renew(at.root, old, new)
    assert told in at.run("update")


def test_a_new_version_that_was_written_in_is_not_overwritten_by_the_next(at: Terminal) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    renew(at.root)
    at.run("update")
    first = at.root / COPY.with_name(f"{STEM}.new.ipynb")
    write_in(first, "words", "def count(text): return 2")
    renew(at.root, "Split it.", "Split the text.")
    at.run("update")
    assert source(first, "words") == "def count(text): return 2"
    assert source(at.root / COPY, "words") == "def count(text): return 1"
    second = at.root / COPY.with_name(f"{STEM}.new-2.ipynb")
    assert second.read_bytes() == (at.root / "notebooks" / f"{KEY}.ipynb").read_bytes()


def test_without_its_memory_an_update_overwrites_nothing(at: Terminal) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    before = (at.root / COPY).read_bytes()
    shutil.rmtree(at.root / ".autograder")
    assert at.run("update") == ""
    renew(at.root)
    at.run("update")
    shutil.rmtree(at.root / ".autograder")
    at.run("update")
    assert (at.root / COPY).read_bytes() == before


def test_a_broken_memory_is_explained_and_set_aside(at: Terminal) -> None:
    memory = at.root / ".autograder" / "study" / "copies.json"
    memory.write_text("{", "utf-8")
    write_in(at.root / COPY, "words", "def count(text): return 1")
    assert "copies.json is not as it was written: it is not JSON" in at.run("progress")
    at.run("update")
    assert source(at.root / COPY, "words") == "def count(text): return 1"
    assert memory.with_name("copies.json.broken").read_text("utf-8") == "{"
    assert "copies.json" not in at.run("progress")


def test_work_in_the_courses_own_notebook_moves_to_study(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who wrote in notebooks/ before there was study/ finds the work there, and is told how to
    clear the way.
    """
    shutil.copytree(built, tmp_path / "course")
    at = Terminal(tmp_path / "course", capsys)
    own = at.root / "notebooks" / f"{KEY}.ipynb"
    pristine = own.read_bytes()
    write_in(own, "words", "def count(text): return 1")
    assert f"what was written in notebooks/{KEY}.ipynb" in at.run("update")
    assert f"`git checkout notebooks/{KEY}.ipynb`" in at.run("progress")
    assert f"git checkout notebooks/{KEY}.ipynb" in at.run("reset", STEM, code=2)
    own.write_bytes(pristine)
    assert at.run("update") == ""
    assert source(at.root / COPY, "words") == "def count(text): return 1"
    assert files(at.root) == [COPY.name]


def test_a_lesson_that_is_no_notebook_any_more_is_kept_and_reset(at: Terminal) -> None:
    (at.root / COPY).write_bytes(b"half of a {")
    assert at.run("update") == ""
    renew(at.root)
    at.run("update")
    assert (at.root / COPY).read_bytes() == b"half of a {"
    at.run("reset", STEM)
    assert (
        at.root / COPY.with_name(f"{STEM}.2030-06-03-0900.ipynb")
    ).read_bytes() == b"half of a {"


def test_a_folder_that_cannot_be_written_is_named(at: Terminal) -> None:
    shutil.rmtree(at.root / "study")
    (at.root / "study").write_text("mine")
    told = at.run("update", code=2)
    assert "study" in told
    assert (at.root / "study").read_text() == "mine"


def test_git_does_not_see_what_a_learner_does() -> None:
    for name in (f"study/{KEY}.ipynb", ".autograder/study/plan.json"):
        subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=True)


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=kim", "-c", "user.email=kim@example.org")
    command = ["git", *who, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_git_pull_meets_nothing_that_a_learner_wrote(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    shutil.copytree(built, theirs)
    shutil.copy(ROOT / ".gitignore", theirs)
    git(theirs, "init", "-q", "-b", "main")
    git(theirs, "add", ".")
    git(theirs, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", str(theirs), str(mine))
    at = Terminal(mine, capsys)
    at.run("update")
    write_in(mine / COPY, "words", RIGHT)
    at.run("check", mine / COPY)
    at.run("plan")
    assert git(mine, "status", "--porcelain") == ""
    renew(theirs)
    git(theirs, "commit", "-qam", "two")
    git(mine, "pull", "-q", "--ff-only")
    assert "the course's newer version, beside yours" in at.run("update")
    assert source(mine / COPY, "words") == RIGHT
    assert git(mine, "status", "--porcelain") == ""


def test_whatever_opens_the_course_brings_the_copies_first() -> None:
    for script in ("postBuild", "tools/lab.sh"):
        assert "autograder update" in (ROOT / script).read_text("utf-8")
    for server in ("lab", "notebook"):
        settings = json.loads(
            (ROOT / f"tools/jupyter/etc/jupyter/jupyter_{server}_config.json").read_text("utf-8")
        )
        ((_, settings),) = settings.items()
        assert settings == {"default_url": f"/lab/tree/{studies.ROOM}/{studies.START}"}


# -------------------------------------------------------------------------------------------- reset


def test_reset_keeps_a_dated_copy_and_says_how_to_go_back(at: Terminal) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    work = (at.root / COPY).read_bytes()
    told = at.run("reset", STEM)
    copy = at.root / COPY.with_name(f"{STEM}.2030-06-03-0900.ipynb")
    assert copy.read_bytes() == work
    assert (at.root / COPY).read_bytes() == (at.root / "notebooks" / f"{KEY}.ipynb").read_bytes()
    assert f"study/02_coding/{copy.name}" in told
    assert "To go back" in told


def test_two_resets_in_one_second_give_two_copies(at: Terminal) -> None:
    for number in (1, 2, 3):
        write_in(at.root / COPY, "words", f"def count(text): return {number}")
        at.run("reset", f"study/{KEY}.ipynb")
    names = [f"{STEM}.2030-06-03-0900{more}.ipynb" for more in ("", "-2", "-3")]
    assert files(at.root) == sorted([COPY.name, *names])
    for number, name in enumerate(names, 1):
        assert (
            source(at.root / COPY.with_name(name), "words") == f"def count(text): return {number}"
        )


def test_copies_made_at_the_same_time_have_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.2030-06-03-0900.ipynb"
    code = "import sys; from pathlib import Path; from autograder.files import write_beside as s; "
    code += "[s(Path(sys.argv[1]), sys.argv[2].encode()) for _ in range(20)]"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), who]) for who in "xy"]
    assert [p.wait() for p in running] == [0, 0]
    assert sorted(p.read_text() for p in tmp_path.iterdir()) == ["x"] * 20 + ["y"] * 20


def test_a_reset_without_work_needs_no_copy(at: Terminal) -> None:
    assert "there is no copy" in at.run("reset", STEM)
    assert files(at.root) == [COPY.name]


def test_a_reset_to_a_new_version_takes_the_answers_along(at: Terminal) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    write_in(at.root / COPY, "words-tradeoff", "It depends on ¼ of 語.")
    renew(at.root)
    at.run("update")
    told = at.run("reset", STEM, "--keep-answers")
    assert "with what you wrote in words, words-tradeoff" in told
    assert source(at.root / COPY, "words") == "def count(text): return 1"
    assert source(at.root / COPY, "words-tradeoff") == "It depends on ¼ of 語."
    assert "how many words it has" in (at.root / COPY).read_text("utf-8")
    assert files(at.root) == [f"{STEM}.2030-06-03-0900.ipynb", COPY.name]
    assert at.run("update") == ""
    assert "newer version" not in at.run("progress")


def test_what_the_new_version_has_no_cell_for_is_said_to_be_in_the_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = Terminal(course(tmp_path, m02_coding__01_a=lesson("Old task")), capsys)
    at.run("update")
    path = tmp_path / "study" / "02_coding" / "01_a.ipynb"
    write_in(path, "old-task", "def answer(): return 1")
    write(tmp_path / "notebooks" / "02_coding" / "01_a.ipynb", lesson("New task"))
    assert "without old-task, old-task-checks" in at.run("update")
    assert "no such cell any more: old-task" in at.run("reset", "01_a", "--keep-answers")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("01_count_word", "Did you mean '02_coding/01_count_words'?"),
        ("xyz", "there is no lesson 'xyz'"),
        ("", "no lesson"),
    ],
)
def test_an_unknown_lesson_is_told_with_the_nearest(at: Terminal, said: str, told: str) -> None:
    assert told in at.run("reset", said, code=2)
    assert told in at.run("reveal", said, "words", code=2)


def test_a_path_with_backslashes_names_a_lesson_too(at: Terminal) -> None:
    assert at.study.key(rf"study\02_coding\{STEM}.ipynb") == KEY
    assert at.study.key(rf".\{KEY}".replace("/", "\\")) == KEY


def test_a_write_that_fails_leaves_the_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


# ----------------------------------------------------------------------------------------- gradings


def graded(at: Terminal, name: str | Path = COPY) -> dict[str, object]:
    made: dict[str, object] = json.loads(at.run("check", at.root / name, "--json"))
    return made


def lines(at: Terminal) -> str:
    return next(
        line
        for line in at.run("progress").splitlines()
        if "Count words" in line and "Next" not in line
    )


def test_a_grading_in_study_counts_on_the_start_page(at: Terminal) -> None:
    assert "not begun" in lines(at)
    write_in(at.root / COPY, "words", "def count(text): return len(text.split())")
    assert " begun" in lines(at)
    assert graded(at)["study"] == ""
    assert "6 of 8" in lines(at)
    write_in(at.root / COPY, "words", RIGHT)
    at.clock.go(minutes=12)
    at.run("check", at.root / COPY)
    assert "✓ done" in lines(at)
    assert "8 of 8" in lines(at)
    assert lines(at).rstrip().endswith("15 min")
    stored = json.loads(
        (at.root / ".autograder" / "study" / "gradings" / f"{KEY}.json").read_text("utf-8")
    )
    assert [g["points"] for g in stored["gradings"]] == [6, 8]
    at.run("reset", STEM)
    assert "not begun" in lines(at)


def test_other_peoples_notebooks_and_the_courses_own_do_not_count(at: Terminal) -> None:
    own = graded(at, Path("notebooks", f"{KEY}.ipynb"))
    assert (
        own["study"]
        == f"This is the course's own notebook and does not count; yours is study/{KEY}.ipynb."
    )
    handed = at.root / "submitted" / "kim" / f"{KEY}.ipynb"
    handed.parent.mkdir(parents=True)
    shutil.copy(at.root / COPY, handed)
    assert graded(at, handed)["study"] == ""
    copy = shutil.copy(at.root / COPY, at.root / COPY.with_name(f"{STEM}.2030-06-03-0900.ipynb"))
    assert graded(at, copy)["lesson"] == KEY
    assert not (at.root / ".autograder" / "study" / "gradings").exists()


def test_a_file_that_names_no_lesson_is_told_so(at: Terminal) -> None:
    for name in (".ipynb", ".x.ipynb", "count.ipynb"):
        (at.root / name).write_text("{}")
        assert "there is no lesson" in at.run("check", at.root / name, code=2)


def test_a_grading_is_shown_even_if_it_cannot_be_kept(at: Terminal) -> None:
    (at.root / ".autograder" / "study" / "gradings").write_text("in the way")
    made = graded(at)
    assert made["points"] == 0
    assert str(made["study"]).startswith("The start page could not be told: ")


# ------------------------------------------------------------------------------ reference solutions


def test_a_reference_is_shown_after_an_honest_try(at: Terminal) -> None:
    told = at.run("reveal", STEM, "words", code=1)
    assert f"study/{KEY}.ipynb, cell 'words': nothing was written in it yet" in told
    assert "raise TypeError" not in told
    at.run("check", at.root / COPY)
    at.run("reveal", STEM, "words", code=1)  # a grading of the stub is no try

    write_in(at.root / COPY, "words", source(at.root / COPY, "words") + "  # my own\n")
    at.run("check", at.root / COPY)
    at.run("reveal", STEM, "words", code=1)  # nor is a comment

    write_in(at.root / COPY, "words", "def count(text): return 1")
    assert "it was not graded yet" in at.run("reveal", STEM, "words", code=1)
    at.run("check", at.root / COPY)
    told = at.run("reveal", STEM, "words")
    assert "    return len(text.split())" in told
    assert "###" not in told
    at.run("reset", STEM)
    assert "return len(text.split())" in at.run("reveal", KEY, "words")  # a try is a try
    at.run("reveal", STEM, "words-tradeoff", code=1)


def test_the_notebook_itself_may_show_the_try(at: Terminal) -> None:
    write_in(at.root / COPY, "words", "def count(text): return 1")
    notebook = read(at.root / COPY)
    next(c for c in notebook["cells"] if c["id"] == "words-checks")["execution_count"] = 7
    (at.root / COPY).write_text(json.dumps(notebook), "utf-8")
    assert "return len(text.split())" in at.run("reveal", STEM, "words")


def test_a_reference_is_shown_on_explicit_request(at: Terminal) -> None:
    assert "return len(text.split())" in at.run("reveal", STEM, "words", "--anyway")
    assert "It depends." in at.run("reveal", STEM, "words-tradeoff", "--anyway")


def test_the_why_is_the_authors_comment_or_what_the_lesson_says_at_its_end(at: Terminal) -> None:
    path = at.root / "lessons" / f"{KEY}.py"
    text = path.read_text("utf-8")
    closing = "**What you now know** Words are\nwhat stands between spaces.\n\n**In practice** · **Asked next**"
    path.write_text(
        text.replace("**What you now know** · **In practice** · **Asked next**", closing), "utf-8"
    )
    build(Course(at.root))
    assert "Why: Words are what stands between spaces." in at.run(
        "reveal", STEM, "words", "--anyway"
    )
    mark = "    ### BEGIN SOLUTION\n    if text"
    path.write_text(
        path.read_text("utf-8").replace(
            mark,
            "    ### BEGIN SOLUTION\n    # Why: None is no text,\n    # and split knows spaces.\n    if text",
        ),
        "utf-8",
    )
    build(Course(at.root))
    told = at.run("reveal", STEM, "words", "--anyway")
    assert "Why: None is no text, and split knows spaces." in told
    assert "# Why" not in told


def test_what_cannot_be_revealed_is_said_with_the_reason(at: Terminal) -> None:
    assert "Did you mean 'words'?" in at.run("reveal", STEM, "word", code=2)
    shutil.rmtree(at.root / "source")
    told = at.run("reveal", STEM, "words", "--anyway", code=2)
    assert f"source/{KEY}.ipynb: the file is missing" in told
    assert "git clone" in told


def test_the_self_study_edition_asks_and_the_class_edition_does_not(at: Terminal) -> None:
    study = read(at.root / COPY)["cells"]
    asked = [c for c in study if c["cell_type"] == "code" and "reveal(" in "".join(c["source"])]
    assert ["".join(c["source"]).splitlines()[-1] for c in asked] == [
        'reveal("words")',
        'reveal("words-tradeoff")',
    ]
    (heading,) = [c for c in study if c["metadata"].get("jp-MarkdownHeadingCollapsed")]
    assert study.index(heading) == len(study) - 3
    for room in ("release", "source"):
        text = (at.root / room / f"{KEY}.ipynb").read_text("utf-8")
        assert "reveal" not in text
        assert "autograder" not in text
    assert "len(text.split())" not in (at.root / COPY).read_text("utf-8")


# ------------------------------------------------------------------------------------ in a notebook


def in_notebook(folder: Path, code: str, **environment: str) -> str:
    """What a kernel in `folder` would print and show."""
    shown = f"from autograder.selfstudy import *\nx = {code}\nprint(x)\nprint(x._repr_html_() if x else '')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", shown],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_cells_show_it_folded_and_tell_what_goes_wrong(at: Terminal) -> None:
    folder = (at.root / COPY).parent
    assert "nothing was written in it yet" in in_notebook(folder, 'reveal("words")')
    shown = in_notebook(folder, 'reveal("words", anyway=True)')
    assert "<details><summary><code>words</code>: a reference solution" in shown
    assert "&quot;&quot;&quot;How many words there are.&quot;&quot;&quot;" in shown
    assert "Did you mean 'words'?" in in_notebook(folder, 'reveal("wordz")')
    assert "does not lie in a course" in in_notebook(at.root.parent, 'reveal("words")')


def test_in_the_grader_the_cells_do_nothing(at: Terminal) -> None:
    for call in ("start_page()", 'reveal("words", anyway=True)', 'grade_this_notebook("x.ipynb")'):
        assert in_notebook((at.root / COPY).parent, call, **{INSIDE: "1"}).split() == ["None"]
    assert "selfstudy" in (at.root / COPY).read_text("utf-8")
    assert graded(at)["problems"] == []


def test_two_lessons_with_a_cell_of_one_name_are_told_apart_by_their_module(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = lesson("Same task")
    course(tmp_path, m02_coding__01_a=same, m02_coding__02_b=same, m04_mlops__01_c=same)
    Terminal(tmp_path, capsys).run("update")
    told = in_notebook(tmp_path / "study" / "02_coding", 'reveal("same-task")')
    assert 'reveal("same-task", lesson="02_coding/01_a")' in told
    told = in_notebook(tmp_path / "study" / "02_coding", 'reveal("same-task", lesson="02_b")')
    assert "source/02_coding/02_b.ipynb: the file is missing" in told
    told = in_notebook(tmp_path / "study" / "04_mlops", 'reveal("same-task")')
    assert "source/04_mlops/01_c.ipynb: the file is missing" in told


def test_the_learners_side_needs_neither_lessons_nor_a_posix_system(tmp_path: Path) -> None:
    """As on Windows: no module that only POSIX has."""
    course(tmp_path, m02_coding__01_a=lesson("Count words"))
    code = "import sys\nfor m in ('fcntl', 'resource', 'grp', 'termios'): sys.modules[m] = None\n"
    code += "from autograder.cli.app import main\nmain(sys.argv[1:])"
    for words in (["update"], ["plan"], ["progress"], ["reset", "01_a"]):
        command = [sys.executable, "-c", code, *words, "--course", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "study" / "02_coding" / "01_a.ipynb").exists()


def test_cells_that_are_moved_or_left_out_are_said_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [*lesson("Count words"), cell("markdown", "One."), cell("markdown", "Two.")]
    at = Terminal(course(tmp_path, m02_coding__01_a=cells), capsys, Clock())
    at.run("update")
    path = tmp_path / "study" / "02_coding" / "01_a.ipynb"
    write_in(path, "count-words", "def answer(): return 1")
    write(tmp_path / "notebooks" / "02_coding" / "01_a.ipynb", cells[:-1])
    assert "Only cells were moved or left out." in at.run("update")
    assert copies.state_of(at.study, at.study.cards["02_coding/01_a"]).edited
