# %% [markdown]
"""# Aggregate logs that you cannot trust

You'll build the function that counts what each user did in the last minutes, from a log that arrives in any order, from
any time zone, and in pieces.

**Time** 30 min · **Level** medium · **Needs** dictionaries, `datetime`

**Skills** draw a line between malformed and merely old · compare times, not texts · keep one tenant's bad data from
another's numbers
"""

# %% nbgrader={"grade_id": "logs-setup", "locked": true}
import copy
from collections import OrderedDict, UserDict
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from coursekit import REFERENCE, check, explore, scoreboard, slider, try_it
from coursekit.clocks import ZONES, time_zone
from coursekit.coding.logs import REPORT, by_minute, draw_report, log_stream

User = Hashable  # "harbour/user-7"
Event = Hashable  # "draft"

# %% [markdown]
"""## The situation

Every quarter of an hour a job reads the usage log of all tenants, counts events per user, and throttles who went wild.
At 02:14 one tenant's new integration writes its first line: `"user_id": null`. The job stops with a `TypeError` at line
41,207 of 3.1 million, and so does each run after it.

By 08:30 nobody has been throttled for **six hours**: a loop at another tenant has drafted 190,000 replies, at a price
of $5,700, and the queue that all share is 40 minutes long. You get the call.

One bad line is not an emergency; a job that cannot step over it is. But a job that steps over lines *in silence* is the
next one, so yours counts what it leaves out.

![A log entry that is not well-formed adds one to skipped. A well-formed entry outside the window is left out. One
inside adds one to the count of its user and event.](diagrams/08_aggregate_logs.mmd)
"""

# %%
night: list[dict[str, Any]] = [
    {"timestamp": "2026-11-21T02:13:00Z", "user_id": "orchard/7", "event": "draft"},
    {"timestamp": "2026-11-21T03:12:30+01:00", "user_id": "orchard/7", "event": "draft"},
    {"timestamp": "2026-11-21T02:14:00Z", "user_id": None, "event": "draft"},
    {"timestamp": "2026-11-21T02:01:00", "user_id": "harbour/2", "event": "search"},
]
max(night, key=lambda entry: entry["timestamp"])

# %% [markdown]
"""The greatest *text* is not the latest time: 03:12 in Paris is 02:12:30 in UTC.

## 1 · Count events

One function for all three tasks: write what a task asks for, run its checks, come back.

`aggregate_logs(logs)` returns `{user: {event: count}}`. Each entry is a mapping with `timestamp`, `user_id` and
`event`; other fields do not matter. `logs` is any iterable, in any order, and can be read only once.

Users and events are hashable, no more: `0`, `""` and `("harbour", 7)` are users like any other, and `7` is not `"7"`.
Only users who did something are keys. Entries stay as they were; each call starts from nothing; counts are plain `int`.

The result is a `Counts`, a dictionary with one number more, which is task 2's.

<details><summary>Hint · counting</summary>

`events = result.setdefault(user, {})`, then `events[event] = events.get(event, 0) + 1`.

</details>
"""


# %% nbgrader={"grade_id": "log-counts"}
class Counts(dict[User, dict[Event, int]]):
    """{user: {event: count}}, and how many entries were `skipped`."""

    skipped = 0


# %% nbgrader={"grade_id": "logs", "solution": true}
def aggregate_logs(
    logs: Iterable[Any], window_minutes: float | None = None, now: str | datetime | None = None
) -> Counts:
    """How often each user caused each event in the `window_minutes` before `now`; malformed entries are skipped."""
    ### BEGIN SOLUTION
    # Why: bad arguments are refused before the first entry is taken, so a generator is not used up
    # for nothing. Without `now` the window's end is known only after the last entry, and an
    # iterator passes once: what is well-formed has to be kept. Lengths of time since 1970, not
    # dates, because a datetime near the year 1 or 9999 has no date in UTC.
    if window_minutes is not None and window_minutes < 0:
        raise ValueError(f"window_minutes must be at least 0, not {window_minutes}")
    end = None
    if window_minutes is not None and now is not None:
        end = since_epoch(now)
        if end is None:
            raise ValueError(f"now is an ISO string or a datetime, not {now!r}")
    result, found = Counts(), []
    for entry in logs:
        if parts := well_formed(entry):
            found.append(parts)
        else:
            result.skipped += 1
    if window_minutes is not None and found:
        end = max(time for time, _, _ in found) if end is None else end
        window = timedelta(minutes=window_minutes)
        found = [parts for parts in found if timedelta(0) <= end - parts[0] <= window]
    for _, user, event in found:
        events = result.setdefault(user, {})
        events[event] = events.get(event, 0) + 1
    return result


def well_formed(entry: Any) -> tuple[timedelta, User, Event] | None:
    """Time, user and event of an entry; None if it is malformed."""
    if not isinstance(entry, Mapping):
        return None
    time, user, event = (
        since_epoch(entry.get("timestamp")),
        entry.get("user_id"),
        entry.get("event"),
    )
    try:
        hash((user, event))
    except TypeError:
        return None
    return None if time is None or user is None or event is None else (time, user, event)


def since_epoch(moment: Any) -> timedelta | None:
    """The time from 1970 in UTC to an ISO string or datetime; None if it is neither."""
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return None
    if not isinstance(moment, datetime):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment - datetime(1970, 1, 1, tzinfo=UTC)
    ### END SOLUTION


# %%
@try_it
def the_night_in_numbers() -> dict[User, dict[Event, int]]:
    return aggregate_logs(night)


# %% nbgrader={"grade_id": "logs-count-checks", "grade": true}
def entry(user, event, at="2026-11-21T10:00:00Z", **more):
    return {"timestamp": at, "user_id": user, "event": event, **more}


def counted(logs, *window, **named):
    return {user: dict(events) for user, events in aggregate_logs(logs, *window, **named).items()}


@check(expect={"ann": {"draft": 2, "search": 1}, "bob": {"search": 1}}, points=1, stage="core")
def events_are_counted_for_each_user():
    """Four entries, two users; the same event of two users is counted apart."""
    return counted(
        [
            entry("ann", "draft"),
            entry("bob", "search"),
            entry("ann", "search"),
            entry("ann", "draft"),
        ]
    )


### BEGIN HIDDEN TESTS
def some_entries(rng, number=40):
    minutes = (rng.randrange(300) for _ in range(number))
    times = [f"2026-11-21T{10 + m // 60}:{m % 60:02}:00Z" for m in minutes]
    return [
        entry(f"user {rng.randrange(5)}", rng.choice(["draft", "search", "login"]), at)
        for at in times
    ]


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def any_iterable_in_any_order_is_read_once(rng):
    """Lists, tuples, generators; no len(), no second look, no sorting needed."""
    # kills: two loops over logs; len(logs)
    logs = some_entries(rng)
    return [
        counted(logs),
        counted(tuple(logs[5:])),
        counted(e for e in logs[9:]),
        counted(iter(logs[:7])),
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def users_and_events_are_taken_as_they_are(rng):
    """0 and "" are users and events; 7 is not "7"; case and spaces count; tuples are fine."""
    # kills: `if not user`; str(user); lower()
    names = [
        0,
        "",
        "0",
        7,
        "7",
        "Ann",
        "ann",
        "ann ",
        ("harbour", 7),
        ("harbour", "7"),
        "None",
        2.5,
        frozenset("ab"),
    ]
    users = rng.sample(names * 3, 30)
    return counted([entry(user, rng.choice(["draft", "Draft", "", 0, ("a", 1)])) for user in users])


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def mappings_of_any_kind_are_entries(rng):
    """Not only dict: read-only views, ordered ones, wrappers. Further fields do not matter."""
    # kills: isinstance(entry, dict); taking exactly three fields
    kinds = [dict, OrderedDict, MappingProxyType, UserDict]
    logs = [
        rng.choice(kinds)(entry(f"user {n % 3}", "draft", level=None, tags=[n])) for n in range(9)
    ]
    return counted(logs + [kind(entry(kind.__name__, "draft")) for kind in kinds])


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def what_comes_in_stays_as_it_was(rng):
    """No entry gains, loses or changes a field; the list keeps its order."""
    # kills: pop(); parsing in place
    logs = [
        *some_entries(rng, 12),
        None,
        {"user_id": "ann"},
        *[entry("ann", "draft", datetime(2026, 11, 21, 10))] * 2,
    ]
    before = copy.deepcopy(logs)
    counts = counted(logs, 301, "2026-11-21T15:00:30Z")
    return [counts, "as it was" if logs == before else "changed"]


@check(expect=REFERENCE, points=1, seeds=2, stage="bad-lines")
def the_result_is_a_dictionary_of_plain_numbers(rng):
    """A dict (a subclass is fine) of dicts of int, with a plain int as `skipped`."""
    # kills: NumPy counts; a wrapper that is no dict
    logs = [*some_entries(rng, rng.randint(9, 30)), *[None] * rng.randint(2, 9)]
    result = aggregate_logs(logs)
    inner = [
        count for events in result.values() if isinstance(events, dict) for count in events.values()
    ]
    kinds = {type(count).__name__ for count in [*inner, result.skipped]}
    return [isinstance(result, dict), sorted(kinds), sum(inner), result.skipped]


@check(expect=REFERENCE, points=2, seeds=2, stage="bad-lines")
def a_call_knows_nothing_of_the_one_before(rng):
    """Each starts from nothing: neither counts nor skipped entries of an earlier log come back."""
    # kills: a mutable default; counting skipped on the class
    seen = []
    for tenant in rng.sample(["harbour", "orchard", "lantern"], 3):
        logs = [entry(f"{tenant}/{rng.randrange(3)}", "draft") for _ in range(6)] + [
            None
        ] * rng.randint(2, 5)
        result = aggregate_logs(logs)
        seen.append([{user: dict(events) for user, events in result.items()}, result.skipped])
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Step over bad entries, and say so

An entry is **malformed** if

- it is not a mapping;
- one of its three fields is missing or `None`;
- its user or event cannot be hashed: a list, a dictionary, a tuple with a list in it;
- its timestamp is neither a `datetime` nor a string in ISO 8601 form, as `datetime.fromisoformat` reads it: with `Z`,
  with an offset or with neither. Numbers, bytes and plain dates are not.

A malformed entry changes no count. It adds one, however much is wrong with it, to the result's attribute `skipped`,
which is 0 if there was none. Nothing that an entry contains stops the others from being counted.

<details><summary>Hint 1 · is it hashable?</summary>

`isinstance(user, Hashable)` says yes to `(["a"],)`. Ask `hash(user)` itself, and catch the `TypeError`.

</details>
<details><summary>Hint 2 · no net too wide</summary>

`except Exception` around everything hides your own slips as "malformed". Ask four questions, one for each line above.

</details>
"""


# %%
@try_it
def how_many_lines_were_stepped_over() -> int:
    return aggregate_logs(night).skipped


# %% nbgrader={"grade_id": "logs-skip-checks", "grade": true}
def both(logs, *window, **named):
    result = aggregate_logs(logs, *window, **named)
    return [{user: dict(events) for user, events in result.items()}, result.skipped]


@check(expect=[{"ann": {"draft": 1}, "bob": {"draft": 1}}, 3], points=1, stage="bad-lines")
def bad_entries_are_skipped_and_counted():
    """Between two good ones: a line that is no mapping, one without an event, one that has no time."""
    bad = [
        "a line",
        {"timestamp": "2026-11-21T10:00:00Z", "user_id": "ann"},
        entry("ann", "draft", "soon"),
    ]
    return both([entry("ann", "draft"), *bad, entry("bob", "draft")])


### BEGIN HIDDEN TESTS
def among_good_ones(rng, bad):
    """Some of the bad entries, each of them at least once, among good ones."""
    good = [*some_entries(rng, rng.randint(3, 9)), entry("ann", "draft"), entry("ann", "draft")]
    logs = [*bad, *rng.choices(bad, k=rng.randint(0, 9)), *good]
    return rng.sample(logs, len(logs))


@check(expect=REFERENCE, points=1, seeds=2, stage="bad-lines")
def what_is_no_mapping_is_malformed(rng):
    """None, numbers, texts (even of JSON), lists of pairs, sets and tuples of the right names."""
    # kills: stopping at the first; skipping the next one too
    text = '{"timestamp": "2026-11-21T10:00:00Z", "user_id": "ann", "event": "draft"}'
    pairs = [("timestamp", "2026-11-21T10:00:00Z"), ("user_id", "ann"), ("event", "draft")]
    names = {"timestamp", "user_id", "event"}
    return both(
        among_good_ones(
            rng, [None, 7, 0.5, "", text, text.encode(), pairs, [], names, tuple(names), True]
        )
    )


@check(expect=REFERENCE, points=2, seeds=2, stage="bad-lines")
def a_missing_or_empty_field_is_malformed(rng):
    """Each of the three, absent or None; more than one fault still counts once."""
    # kills: None as a user; 'unknown'; one for each fault
    whole = entry("ann", "draft")
    bad = [{}, dict.fromkeys(whole), {"timestamp": None, "user_id": None}]
    for name in whole:
        bad += [
            {n: v for n, v in whole.items() if n != name},
            whole | {name: None},
            {name: whole[name]},
        ]
    return both(among_good_ones(rng, bad))


@check(expect=REFERENCE, points=2, seeds=2, stage="bad-lines")
def what_cannot_be_hashed_is_malformed(rng):
    """Lists, dictionaries, sets, and tuples that contain one, as user or as event."""
    # kills: isinstance(user, Hashable); asking for the user only; str() of lists
    values = [["ann"], {"id": 7}, {"ann"}, ("harbour", ["ann"]), [], {}, bytearray(b"ann")]
    bad = [entry(value, "draft") for value in values] + [entry("ann", value) for value in values]
    return both(among_good_ones(rng, bad))


@check(expect=REFERENCE, points=2, seeds=2, stage="bad-lines")
def what_is_no_time_is_malformed(rng):
    """Numbers, plain dates, bytes, lists, and texts that are not ISO 8601."""
    # kills: epoch seconds; dates; bytes; parsers that guess
    times = [
        1795255200,
        1795255200.5,
        True,
        0,
        date(2026, 11, 21),
        b"2026-11-21T10:00:00Z",
        ["2026-11-21T10:00:00Z"],
    ]
    times += [
        "",
        "soon",
        "now",
        "21.11.2026 10:00",
        "11/21/2026 10:00",
        "Sat Nov 21 10:00:00 2026",
        "1795255200.5",
    ]
    times += [
        "2026-13-01T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T10:61:00Z",
        "10:00",
    ]
    return both(among_good_ones(rng, [entry("ann", "draft", at) for at in times]))


@check(expect=REFERENCE, points=2, seeds=2, stage="zones")
def iso_strings_and_datetimes_of_any_zone_are_times(rng):
    """Z, offsets east and west, none; fractions of a second; datetimes with and without a zone."""
    # kills: one strptime format; texts only; offsets required
    times = [
        "2026-11-21T10:00:00Z",
        "2026-11-21T10:00:00+00:00",
        "2026-11-21T15:30:00+05:30",
        "2026-11-21T10:00:00",
    ]
    times += ["2026-11-21T02:00:00-08:00", "2026-11-21T10:00", "2026-11-21T10:00:00.250Z"]
    times += [
        "2026-11-21T10:00:00.123456+02:00",
        datetime(2026, 11, 21, 10),
        datetime(2026, 11, 21, 10, tzinfo=UTC),
    ]
    times += [datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=-3)))]
    return both(
        [entry(f"user {rng.randrange(4)}", str(at), at) for at in rng.sample(times, len(times))]
    )


@check(expect=REFERENCE, points=2, seeds=2, stage="bad-lines")
def bad_entries_change_nothing_for_other_tenants(rng):
    """With and without one tenant's bad entries, wherever they stand, the others' numbers are the same."""
    # kills: any net that catches a good entry too
    good = [
        entry(f"harbour/{m % 3}", rng.choice("ab"), f"2026-11-21T10:{m:02}:00Z") for m in range(20)
    ]
    bad = [
        entry("orchard/1", ["a"]),
        entry(None, "a", "2026-11-21T12:00:00Z"),
        {"user_id": "harbour/1", "event": "a"},
    ]
    bad += [
        "harbour/1",
        None,
        entry("harbour/2", "b", 1795255200),
        entry({}, [], "never"),
        entry("harbour/0", None),
    ]
    places = rng.sample(range(20), len(bad))
    mixed = [
        one
        for n, line in enumerate(good)
        for one in ([bad[places.index(n)]] if n in places else []) + [line]
    ]
    return [
        both(good),
        both(bad + good),
        both(good + bad),
        both(mixed),
        both(mixed, 17.25, "2026-11-21T10:30:30Z"),
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="bad-lines")
def a_log_without_good_entries_is_no_error(rng):
    """Empty, or nothing but malformed: no users, with and without a window."""
    bad = [None] * rng.randint(2, 9)
    return [
        both([]),
        both(bad),
        both([], 15),
        both([*bad, {}], 15),
        both([], 15, "2026-11-21T10:00:00Z"),
    ]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Look at the last minutes

With `window_minutes` only entries from `now - window_minutes` to `now` count, both ends included.

- `now` is a `datetime` or an ISO string; by default the newest timestamp of a well-formed entry.
- What lies outside, before or after, is left out: it is not malformed, so not skipped. Malformed entries are counted as
  before, whatever their time.
- Times are compared as moments: `12:00+02:00` is `10:00Z`. Timestamps and a `now` without offset are UTC, wherever the
  computer stands.
- Fractions of a minute count; a window of 0 minutes is that one moment. Below 0, or a `now` that is no time:
  `ValueError` or `TypeError`.
- Without a window every entry counts, and `now` is ignored, whatever it is.

<details><summary>Hint 1 · one zone</summary>

Python refuses to compare a time with a zone and one without. `moment.replace(tzinfo=UTC)` gives it one;
`astimezone` would take it for local time.

</details>
<details><summary>Hint 2 · one pass</summary>

The newest timestamp is known at the end. Keep time, user and event of what is well-formed, count afterwards.

</details>
"""


# %%
@try_it
def the_last_minute_of_the_night() -> dict[User, dict[Event, int]]:
    return aggregate_logs(night, window_minutes=1)


# %% nbgrader={"grade_id": "logs-window-checks", "grade": true}
@check(expect={"ann": {"at the end": 1, "at the beginning": 1}}, points=1, stage="core")
def both_ends_of_the_window_are_included():
    """Ten minutes before 10:30: 10:20:00 and 10:30:00 count, a second before and after do not."""
    times = {
        "too early": "10:19:59",
        "at the beginning": "10:20:00",
        "at the end": "10:30:00",
        "too late": "10:30:01",
    }
    logs = [entry("ann", name, f"2026-11-21T{at}Z") for name, at in times.items()]
    return counted(logs, window_minutes=10, now="2026-11-21T10:30:00Z")


### BEGIN HIDDEN TESTS
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def plain(rng, at):
    return at.isoformat().replace("+00:00", "Z")


def bare(rng, at):
    """Without an offset, as text or datetime."""
    return rng.choice([at.replace(tzinfo=None).isoformat(), at.replace(tzinfo=None)])


def written(rng, at):
    """A moment as somebody might write it: with any offset, Z or none, as text or datetime."""
    there = at.astimezone(timezone(timedelta(minutes=rng.choice([0, 120, 330, 765, -300, -570]))))
    return rng.choice([plain(rng, at), there.isoformat(), at, there, bare(rng, at)])


def around_noon(rng, seconds, write=plain):
    """An entry so many seconds after noon, for each of them; the event says when."""
    return [
        entry(f"user {n % 3}", f"{s:+g} s", write(rng, NOON + timedelta(seconds=s)))
        for n, s in enumerate(seconds)
    ]


def between_minutes(rng, first, last, number):
    """Seconds after noon, none of them a quarter of a minute: no entry stands on the edge of a window."""
    return rng.sample([s for s in range(60 * first, 60 * last) if s % 15], number)


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def what_lies_outside_the_window_is_left_out_not_skipped(rng):
    """Before it and after it, however far; a user with nothing inside is absent."""
    # kills: no upper end; timedelta.seconds; empty dictionaries
    seconds = [*between_minutes(rng, -60, 10, 30), -86_405, 86_405, 40_000_005]
    logs = [*around_noon(rng, seconds), entry("early bird", "draft", "2026-11-20T12:00:05Z")]
    return [
        both(logs, minutes, "2026-11-21T12:00:00Z") for minutes in (5, rng.randint(20, 50), 1441)
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def the_window_ends_at_the_newest_entry_by_default(rng):
    """Wherever it stands in the log, and also in a log that can be read only once; None is the default."""
    # kills: the last entry; the computer's time; two loops
    logs = around_noon(rng, [1800, 1193, *between_minutes(rng, -30, 30, 30)])
    place = rng.randint(2, 30)
    logs = [*logs[place:], *logs[:place], entry("early bird", "draft", "2026-11-20T12:25:00Z")]
    return [
        counted(logs, 10.25),
        counted(iter(logs), rng.randint(11, 40)),
        counted(logs, window_minutes=5, now=None),
    ]


@check(expect=REFERENCE, points=2, seeds=3, stage="zones")
def times_are_compared_as_moments(rng):
    """12:00+02:00 is 10:00Z. The order of the texts says nothing, nor do the hours alone."""
    # kills: comparing texts; replace(tzinfo=UTC); cutting the offset off
    logs = []
    for number, offset in enumerate(
        rng.sample([-14, -9.5, -8, -5, -3.5, 0, 1, 2, 5.75, 9, 12.75, 14], 12)
    ):
        first, last = (-30, 0) if number < 6 else (-62, -30) if number < 11 else (0, 2)
        at = NOON + timedelta(seconds=between_minutes(rng, first, last, 1)[0])
        logs.append(
            entry(
                f"user {number % 3}",
                "draft",
                at.astimezone(timezone(timedelta(hours=offset))).isoformat(),
            )
        )
    return [
        counted(logs, 30, "2026-11-21T17:30:00+05:30"),
        counted(logs, 60, "2026-11-21T04:00:00-08:00"),
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="zones")
def times_without_an_offset_are_utc_wherever_the_computer_stands(rng):
    """In three time zones the same answer, for entries and for now, as text and as datetime."""
    # kills: astimezone() of naive times, for entries or for now
    seen = []
    for zone in rng.sample(ZONES, 3):
        seconds = between_minutes(rng, -30, 5, 16)
        logs = around_noon(rng, [-60, -75, -90, *seconds[:8]]) + around_noon(rng, seconds[8:], bare)
        logs.append(entry("ann", "bare", datetime(2026, 11, 21, 11, 59)))
        with time_zone(zone):
            seen += [
                counted(logs, 15, now)
                for now in ("2026-11-21T12:00:00", datetime(2026, 11, 21, 12), NOON)
            ]
    return seen


@check(expect=REFERENCE, points=1, seeds=2, stage="zones")
def now_is_a_text_or_a_datetime_of_any_zone(rng):
    """With Z, an offset or none; not the computer's own time."""
    logs = around_noon(rng, between_minutes(rng, -15, 15, 20))
    logs += [
        entry("here", "login", "2026-11-21T11:59:00Z"),
        entry("gone", "login", "2026-11-21T09:00:00Z"),
    ]
    east = timezone(timedelta(hours=9))
    nows = [
        "2026-11-21T12:00:00Z",
        "2026-11-21T13:00:00+01:00",
        NOON,
        NOON.astimezone(east),
        bare(rng, NOON),
    ]
    return [counted(logs, window_minutes=rng.randint(2, 9), now=now) for now in rng.sample(nows, 5)]


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def fractions_of_a_minute_and_of_a_second_count(rng):
    """A window of half a minute is 30 seconds; one of 0 minutes is a single moment, not no window."""
    # kills: `if window_minutes`; int(); whole seconds
    tiny = 2.0**-10  # seconds
    logs = around_noon(
        rng, rng.sample([-45 - tiny, -45, -30 - tiny, -30, -0.5, -tiny, 0, tiny, 15], 9)
    )
    return [counted(logs, minutes, "2026-11-21T12:00:00Z") for minutes in (0, 0.5, 0.75, 0.0, 1)]


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def without_a_window_now_is_ignored(rng):
    """Every entry counts, also those after now; and a now that is no time does no harm."""
    logs = around_noon(rng, rng.sample(range(-9000, 9000), 9))
    return [counted(logs, now=now) for now in (None, "2026-11-21T12:00:00Z", NOON, "soon", 7)]


@check(expect=REFERENCE, points=2, seeds=2, stage="bad-lines")
def malformed_entries_count_as_skipped_whatever_their_time(rng):
    """Skipped says how many lines were bad, not how many were bad lately; and none of them ends the window."""
    # kills: a malformed newest entry; skipped inside the window only
    when = [
        "2026-11-21T11:59:05Z",
        "2020-01-01T00:00:00Z",
        "2031-01-01T00:00:00Z",
        "2026-11-21T12:00:05Z",
    ]
    bad = [entry(None, "draft", at) for at in when] + [entry("ann", None, at) for at in when]
    bad = rng.sample([*bad, *rng.choices(bad, k=rng.randint(1, 6))], 9)
    place = rng.randint(1, 8)
    logs = [*bad[:place], *around_noon(rng, [70, -7205, -65, -5]), *bad[place:]]
    return [both(logs, 5, "2026-11-21T12:00:00Z"), both(logs, 5.5), both(logs, 100_000)]


@check(expect=REFERENCE, points=1, seeds=2, stage="settings")
def a_window_or_now_that_makes_no_sense_is_refused(rng):
    """Below 0 minutes; a now that is neither an ISO string nor a datetime."""
    end = "2026-11-21T12:00:00Z"
    tries = [
        (-1, end),
        (-0.5, None),
        (5, "soon"),
        (5, 1795255200),
        (5, date(2026, 11, 21)),
        (0, end),
        (5, None),
    ]
    seen = []
    for minutes, now in rng.sample(tries, len(tries)):
        try:
            aggregate_logs(around_noon(rng, [-5, 5]), minutes, now)
        except (ValueError, TypeError):
            seen.append("refused")
        else:
            seen.append("taken")
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="bad-lines")
def any_log_is_counted_like_the_reference(rng):
    """All rules together: good and bad entries, all ways to write a time, any window."""
    # kills: the greatest text as the newest; slips that hide each other
    bad = [
        None,
        "line",
        {},
        entry(None, "a"),
        entry([], "a"),
        entry("ann", {}),
        entry("ann", "a", 5),
    ]
    logs = (
        around_noon(rng, [-1815, -300, 0, *between_minutes(rng, -45, 5, 30)], written)
        + bad
        + rng.choices(bad, k=9)
    )
    logs += [entry("ann", "newest", "2026-11-20T22:05:07-14:00")]
    old = entry("ann", "old", "2026-11-22T01:00:07+14:00")
    logs = [*rng.sample(logs, len(logs)), old]
    nows = None, NOON, NOON.isoformat()
    return [both(iter(logs), minutes, now) for minutes in (None, 5, 30.25) for now in nows]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## What does the report miss?

Your function makes the report at 11:00: three tenants, whose names stand for users, one of them with a burst at 10:46.
Some entries are damaged, and some arrive late: they happened before eleven and are read after it. Move the window over
the burst, then let more and more entries be late. Which numbers would you still throttle somebody by?
"""


# %%
def reports(window_minutes: int, late_percent: int, malformed_percent: int) -> dict[str, Any]:
    arrived, in_the_end = log_stream(late_percent / 100, malformed_percent / 100)
    report = aggregate_logs(arrived, window_minutes, REPORT)
    return {
        "report": report,
        "skipped": report.skipped,
        "true": aggregate_logs(in_the_end, window_minutes, REPORT),
        "known": aggregate_logs(by_minute(arrived)),
        "final": aggregate_logs(by_minute(in_the_end)),
    }


explore(draw_report, data=reports, caption="Events per minute and tenant; the window is shaded, thin lines came later.",
        size=(10.0, 4.6), window_minutes=slider(5, 60, 5, 15), late_percent=slider(0, 60, 5, 20, label="late, %"),
        malformed_percent=slider(0, 40, 5, 5, label="malformed, %"))  # fmt: skip

# %% [markdown]
"""## What would you trade?

A tablet whose clock says 2031 sends one well-formed entry. The next report, made without `now`, holds one event of one
user and nothing of 4,000 tenants. The interviewer: "Your function kept its contract. **Whose clock should end the
window, and what becomes of entries that come late or from the future?**" Say what you pass as `now`, what you give up
for it, and which numbers you watch. 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "logs-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** The newest timestamp is data, written by whoever sends it; letting it end the window lets one tenant
empty everybody's report. The job passes its own clock, less a lag: `now = start of the run - 2 minutes`. Most late
entries are in by then; the price is that a runaway loop is throttled two minutes later. A longer lag misses less and
reacts later, so throttling gets the short one and billing another run a day later over the same window: counting is a
pure function of log, window and `now`, so it can be repeated, and the second result replaces the first.

An entry more than five minutes ahead of the job's clock goes to quarantine, counted per tenant like a malformed one; it
may be a time zone sent as `Z`, and the tenant should hear of it. Entries that arrive after their window was billed are
kept and billed as a correction, never dropped in silence. Duplicates need an event id: a sender that retries would
otherwise be throttled for it.

I would watch, per tenant, the share of skipped and of future entries, and the p99 of arrival minus timestamp: when it
grows past the lag, the report is wrong although no line is.

**Rubric.** 1 point: the end comes from the job's clock (or a bounded watermark), because the newest entry is a tenant's
input. 1 point: a lag or a second run for late entries, with its price in reaction time or cost. 1 point: future entries
are set aside and counted, not dropped or believed. 1 point: lateness and skipped share *per tenant* are watched.

*Weak* (1): "The clock of the job": ends the window at the right place, but gives late and future entries no place to
go and watches nothing. *Good* (2–3): explains that the newest entry is what a tenant sent, passes the own clock less
a lag, and says what a longer lag costs. Future entries are thrown away or believed, or no number shows how late each
tenant is. *Strong* (4): on top of that sets future entries aside and counts them, and has a second run or a
correction for what comes after the lag. It watches lateness and skipped lines for each tenant, not in one mean.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

Malformed, late and outside are three things, and only the first is the sender's mistake. Times are moments; a text that
looks like one has to be read first. A loop over other people's data asks before it trusts, and says what it left out.

**In practice** Flink and Beam call the lag *allowed lateness* and the end of the window a *watermark*. Skipped lines go
to a dead-letter queue, not only into a counter. One pass with an explicit `now` needs no memory for the log: count
while you read.

**Asked next** (weights as in data-pipeline rounds)

- The log is 1 TB a day. What changes? (scale, 30 %)
<details><summary>An answer</summary>

One process becomes many: the log is split by hour and tenant, and each part gives counts that can be added up.
Percentiles come from sketches that merge, and a part that runs again replaces its old result instead of counting
twice.

</details>

- An upstream retry sends everything twice. (correctness, 25 %)
<details><summary>An answer</summary>

Each event gets an id from whoever makes it, and the job counts an id once in a window. It remembers ids for as long
as retries go on; equal time and text prove nothing, as two real events may agree in both.

</details>

- How do you learn that one tenant's lines are all malformed? (observability, 25 %)
<details><summary>An answer</summary>

The tenant comes from the path of the file or the topic, not from the line, so a line that cannot be read still counts
for somebody. An alert looks at the share of skipped lines by tenant, and at tenants that send nothing at all.

</details>

- Would you fail the job at 50 % skipped? (judgement, 20 %)
<details><summary>An answer</summary>

Yes: it writes what it has, marked as incomplete, and fails loudly, because readers would take half a day for a quiet
one. The limit is agreed beforehand, the skipped lines wait in quarantine, and the job runs again after the repair.

</details>
"""
