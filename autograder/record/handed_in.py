"""What `nbgrader submit` puts beside the notebooks: when they were handed in, and the secret by
which feedback finds its way back through the exchange.

Both lie in a learner's folder, so they may be anything. A time is read where its meaning is clear;
what was odd about it is told as a repair, what was not understood is told with the next step.
"""

from __future__ import annotations

import os
import re
import secrets
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.files import Unreadable, decode, read_bounded

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"
MAX_BYTES = 1_000_000
MAX_TEXT = 200  # characters of a time
SHOWN = 40  # characters of it in a sentence
MILLISECONDS = 100_000_000_000  # a number of seconds from here on is one of milliseconds
MAX_OFFSET = timedelta(hours=15)
STEP = "Write the time into it, as 2026-01-31 23:59:59 UTC, and grade again."

EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{13}")
TIME = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
    r" ?(?P<zone>(?![ap]\.?m\b)\S.*)?",
    re.IGNORECASE,
)
OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", re.IGNORECASE)
ZONE = re.compile(r"[A-Za-z][\w+-]*(?:/[\w+-]+)*", re.ASCII)
YEAR = re.compile(r"(?:19|20)\d\d")
PATH = re.compile(r"(?:^|\s)[/~]|\.\.")  # nbgrader's reader opens what a zone names
UTC_NAMES = ("", "Z", "UTC", "UT", "GMT")
# hours from UTC of names that the database of zones lacks and everybody takes for the same
ABBREVIATIONS = {
    "EDT": -4, "CDT": -5, "MDT": -6, "PST": -8, "PDT": -7, "WEST": 1, "CEST": 2, "EEST": 3,
    "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
HEX = re.compile(rb"[0-9A-Za-z_=-]{16,1000}\s*")


@dataclass(frozen=True)
class HandIn:
    """What is known of a folder that was handed in.

    Attributes:
        when: in UTC and without a zone, as nbgrader keeps it; None where nobody knows.
        repairs: sentences about what was odd.
        timestamp, secret: the two files as nbgrader can read them; empty where there is none.
    """

    when: datetime | None = None
    repairs: tuple[str, ...] = ()
    timestamp: bytes = b""
    secret: bytes = b""


def read(folder: Path) -> HandIn:
    """Read both files. Never raises for what a student did."""
    if os.path.islink(folder) or os.path.islink(folder.parent):
        return HandIn()
    repairs: list[str] = []
    when, timestamp = _timestamp(folder / TIMESTAMP, repairs)
    secret = _bytes(folder / SECRET, repairs, "The student's feedback waits for another hand-in.")
    if secret and not HEX.fullmatch(secret):
        lost = "feedback cannot be fetched. Let the student submit once more."
        repairs.append(f"{SECRET} is not what `nbgrader submit` writes: {lost}")
        secret = b""
    return HandIn(when, tuple(repairs), timestamp, secret or b"")


def carry(handed: HandIn, *rooms: Path) -> tuple[str, ...]:
    """Put both files into folders of the same student: `release_feedback` reads them there, and
    ends in a traceback, for the whole class, where one is missing.

    Who handed in without the exchange gets an empty time, and a secret that nobody can ask for.

    Returns:
        Sentences about what could not be written.
    """
    try:
        made = [room for room in rooms if room.is_dir()]
        secret = handed.secret or next(filter(None, (_kept(room / SECRET) for room in made)), b"")
        secret = secret or secrets.token_hex(64).encode()
        for room in made:
            _put(room / TIMESTAMP, handed.timestamp)
            _put(room / SECRET, secret)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
        return (f"{TIMESTAMP} and {SECRET} could not be written for `release_feedback`: {why}",)
    return ()


def _put(file: Path, data: bytes) -> None:
    """Write a small file unless it holds just that. Whoever is stopped here does it next time."""
    if _kept(file) != data:
        file.unlink(missing_ok=True)  # it may be read-only
        file.write_bytes(data)


def _kept(file: Path) -> bytes | None:
    with suppress(Unreadable):
        return read_bounded(file, MAX_BYTES)
    return None


def _bytes(file: Path, repairs: list[str], step: str) -> bytes | None:
    """None when there is no such file, or none that is read."""
    if os.path.lexists(file):
        try:
            return read_bounded(file, MAX_BYTES)
        except (Unreadable, OSError) as error:
            repairs.append(f"{file.name} was not read: {error}. {step}")
    return None


def _timestamp(file: Path, repairs: list[str]) -> tuple[datetime | None, bytes]:
    """The time, and a file that says the same to nbgrader."""
    data = _bytes(file, repairs, STEP)
    if data is None:
        return None, b""
    odd: list[str] = []
    text = decode(data, odd)
    if "\0" in text:
        odd.append("the file holds null characters: left out")
    text = " ".join(text.replace("\0", "").split())
    when = _time(text, odd) if len(text) <= MAX_TEXT else None
    if when is None:
        what = f"was not understood: {text[:SHOWN]!r}" if text else "is empty"
        repairs.append(f"{TIMESTAMP} {what}. Nobody knows whether this was late. {STEP}")
        return None, b""
    plain = f"{when:%Y-%m-%d %H:%M:%S.%f} UTC\n"
    if not odd and _as_nbgrader(data.decode()) != when:
        odd.append(f"read as {when} UTC, while nbgrader's own commands read another time. {STEP}")
    repairs += [f"{TIMESTAMP}: {sentence}" for sentence in odd]
    return when, plain.encode() if odd else data


def _time(text: str, odd: list[str]) -> datetime | None:
    """What a text means, in UTC; `odd` gets a sentence for what is not plain."""
    with suppress(ValueError, OverflowError):
        if EPOCH.fullmatch(text):
            seconds = float(text) / (1000 if float(text) >= MILLISECONDS else 1)
            when = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
            odd.append(f"{text} was taken for seconds since 1970, {when} UTC")
            return when
        if found := TIME.fullmatch(text):
            *whole, fraction = found.groups()[:7]
            parts = [int(part or 0) for part in (*whole, (fraction or "")[:6].ljust(6, "0"))]
            when = datetime(*parts)  # type: ignore[arg-type]  # no zone among them
            return when - _offset(found["zone"] or "", when, odd)
        if YEAR.search(text) and not PATH.search(text):
            known = _as_nbgrader(text)
            if known is not None:
                odd.append(f"{text!r} was read as {known} UTC, as nbgrader does. {STEP}")
            return known
    return None


def _as_nbgrader(text: str) -> datetime | None:
    """What nbgrader's own reader makes of a text. It forgives little."""
    from nbgrader.utils import parse_utc

    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        when = parse_utc(text.strip())
        return when if isinstance(when, datetime) else None
    return None


def _offset(zone: str, when: datetime, odd: list[str]) -> timedelta:
    """How far a zone is ahead of UTC. Nothing for one that nobody knows, as nbgrader has it."""
    name = zone.split("(")[0].strip()
    if name.upper() in UTC_NAMES:
        return timedelta()
    if found := OFFSET.fullmatch(name.split(" ")[0]):
        sign, hours, minutes = found.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if ahead < MAX_OFFSET:
            return -ahead if sign == "-" else ahead
    elif ZONE.fullmatch(name):
        with suppress(KeyError, ValueError, OSError):
            return when.replace(tzinfo=ZoneInfo(name)).utcoffset() or timedelta()
        if name.upper() in ABBREVIATIONS:
            return timedelta(hours=ABBREVIATIONS[name.upper()])
    odd.append(f"the zone {name[:SHOWN]!r} is not known: taken for UTC. {STEP}")
    return timedelta()
