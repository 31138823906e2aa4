"""The window is cut to whole minutes."""

FAILS = {
    "any_log_is_counted_like_the_reference",
    "fractions_of_a_minute_and_of_a_second_count",
    "the_window_ends_at_the_newest_entry_by_default",
}

# %% logs
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone


def parse(moment):
    """An aware datetime; ValueError if it is no time."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if not isinstance(moment, datetime):
        raise ValueError(f"no time: {moment!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment


def read(entry):
    """Time, user and event; ValueError if the entry is malformed."""
    if not isinstance(entry, Mapping):
        raise ValueError("not a mapping")
    user, event = entry.get("user_id"), entry.get("event")
    if user is None or event is None:
        raise ValueError("no user or no event")
    try:
        hash((user, event))
    except TypeError:
        raise ValueError("not hashable")
    return parse(entry.get("timestamp")), user, event


def aggregate_logs(logs, window_minutes=None, now=None):
    result = Counts()
    if window_minutes is not None:
        if window_minutes < 0:
            raise ValueError("window_minutes must not be negative")
        if now is not None:
            now = parse(now)
    rows = []
    for entry in logs:
        try:
            rows.append(read(entry))
        except ValueError:
            result.skipped += 1
    if window_minutes is not None and rows:
        end = now if now is not None else max(row[0] for row in rows)
        start = end - timedelta(minutes=int(window_minutes))
        rows = [row for row in rows if start <= row[0] <= end]
    for _, user, event in rows:
        events = result.setdefault(user, {})
        events[event] = events.get(event, 0) + 1
    return result
