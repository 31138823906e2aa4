"""Times of handing in as they come, and the secret by which feedback finds its way back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from autograder.grade import batch
from autograder.record import handed_in
from tests.hostile import graders
from tests.hostile.graders import MODULE, new_class
from tests.small import RIGHT

NOON = datetime(2024, 2, 29, 12)
PLAIN = b"2024-02-29 12:00:00.000000 UTC\n"
# what nobody has to be told of
CLEAR = {
    "nbgrader's own": PLAIN,
    "CRLF": b"2024-02-29 12:00:00 UTC\r\n",
    "no zone": b"2024-02-29 12:00:00",
    "ISO": b"2024-02-29T12:00:00Z",
    "ISO, an offset": b"2024-02-29T13:30:00+01:30",
    "a zone by its place": b"2024-02-29 07:00:00 America/New_York",
    "a zone by its letters": b"2024-02-29 13:00:00 CET",
}
# what was odd, and how it was read
MENDED = {
    "a mark": (b"\xef\xbb\xbf" + PLAIN, "byte-order mark"),
    "UTF-16": (PLAIN.decode().encode("utf-16"), "UTF-16"),
    "UTF-16, no mark": (PLAIN.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-32": (PLAIN.decode().encode("utf-32"), "UTF-32"),
    "null characters": (PLAIN.replace(b" ", b"\0 "), "null characters"),
    "seconds": (b"1709208000", "seconds since 1970"),
    "parts of seconds": (b"1709208000.0\n", "seconds since 1970"),
    "milliseconds": (b"1709208000000", "seconds since 1970"),
    "an offset that nbgrader takes for seconds": (b"2024-02-29 14:00:00 +0200", "another time"),
    "summer in letters": (b"2024-02-29 14:00:00 CEST", "another time"),
    "an unknown zone": (b"2024-02-29 12:00:00 XYZT", "'XYZT' is not known: taken for UTC"),
    "a zone that is a file": (b"2024-02-29 12:00:00 /etc/passwd", "not known: taken for UTC"),
    "words": (b"Thu Feb 29 12:00:00 2024", "was read as 2024-02-29 12:00:00 UTC"),
}


def _giant(path: Path) -> None:
    with open(path, "wb") as sparse:
        sparse.truncate(1 << 40)


# what nobody can read: what lies there, and what is told
LOST: dict[str, tuple[Callable[[Path], object], str]] = {
    "words": (lambda path: path.write_bytes(b"yesterday, I think"), "not understood: 'yesterday"),
    "a day of this month": (lambda path: path.write_bytes(b"5"), "not understood: '5'"),
    "nothing": (lambda path: path.write_bytes(b" \n"), "is empty"),
    "bytes": (lambda path: path.write_bytes(b"\xff\xfe\x00\x80" * 9), "not understood"),
    "a text": (lambda path: path.write_bytes(b"2024 " * 999), "not understood"),
    "no such day": (lambda path: path.write_bytes(b"2023-02-29 12:00:00 UTC"), "not understood"),
    "before all time": (
        lambda path: path.write_bytes(b"0001-01-01 00:00:00 +1400"),
        "not understood",
    ),
    "a fifo": (os.mkfifo, "not a regular file"),
    "a folder": (os.mkdir, "not a regular file"),
    "a link": (lambda path: path.symlink_to("/etc/passwd"), "not a regular file"),
    "a giant": (_giant, "larger than 1 MB"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kim" / MODULE
    made.mkdir(parents=True)
    return made


@pytest.mark.parametrize("name", CLEAR)
def test_a_clear_time_is_read_without_a_word(name: str, folder: Path) -> None:
    (folder / "timestamp.txt").write_bytes(CLEAR[name])
    found = handed_in.read(folder)
    assert (found.when, found.repairs, found.timestamp) == (NOON, (), CLEAR[name])


@pytest.mark.parametrize("name", MENDED)
def test_an_odd_time_is_read_and_told_and_passed_on_plain(name: str, folder: Path) -> None:
    data, told = MENDED[name]
    (folder / "timestamp.txt").write_bytes(data)
    found = handed_in.read(folder)
    assert (found.when, found.timestamp) == (NOON, PLAIN)
    assert len(found.repairs) == 1
    assert told in found.repairs[0]
    assert found.repairs[0].startswith("timestamp.txt: ")


@pytest.mark.parametrize("name", LOST)
def test_a_time_that_nobody_understands_is_told_with_the_next_step(name: str, folder: Path) -> None:
    put, told = LOST[name]
    put(folder / "timestamp.txt")
    found = handed_in.read(folder)
    assert (found.when, found.timestamp, len(found.repairs)) == (None, b"", 1)
    assert told in found.repairs[0]
    assert "2026-01-31 23:59:59 UTC, and grade again" in found.repairs[0]


def test_no_time_and_a_folder_that_is_a_link_say_nothing(folder: Path) -> None:
    assert handed_in.read(folder) == handed_in.HandIn()
    (folder / "timestamp.txt").write_bytes(PLAIN)
    (folder.parent / "linked").symlink_to(folder)
    assert handed_in.read(folder.parent / "linked") == handed_in.HandIn()


def test_a_secret_that_is_none_is_told(folder: Path) -> None:
    (folder / "submission_secret.txt").write_bytes(b"<script>")
    found = handed_in.read(folder)
    assert (found.secret, len(found.repairs)) == (b"", 1)
    assert "Let the student submit once more" in found.repairs[0]


def test_the_class_is_told_in_result_table_and_page_and_it_goes_when_mended(tmp_path: Path) -> None:
    course = new_class(tmp_path, dict.fromkeys(("kim", "lee"), RIGHT))
    stamp = course.root / "submitted" / "kim" / MODULE / "timestamp.txt"
    stamp.write_bytes(b"yesterday")
    page = course.root / "feedback" / "kim" / MODULE / "01_count_words.html"
    for _ in range(2):  # the second run runs nothing
        (kim, lee) = batch.grade(course, MODULE)
        assert (kim.as_json()["repairs"], lee.as_json()["repairs"]) == ([*kim.handed_in], [])
        assert "not understood" in kim.handed_in[0]
        assert "not understood: &#39;yesterday&#39;" in page.read_text()
    _, out, _ = graders.graded(course)
    assert "not understood" in re.sub(r"[\s│]+", " ", out)
    assert graders.stored(course)["kim"][1]["repairs"] == [*kim.handed_in]
    stamp.write_bytes(PLAIN)
    assert batch.grade(course, MODULE)[0].as_json()["repairs"] == []
    assert "not understood" not in page.read_text()
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        assert {s.student.id: s.timestamp for s in book.assignment_submissions(MODULE)} == {
            "kim": NOON,
            "lee": None,
        }
