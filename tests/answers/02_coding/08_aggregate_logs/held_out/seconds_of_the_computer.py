"""Seconds since the epoch of a time without an offset, as the computer's zone has it."""

SLIP = "local_times"

# %% logs
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone


def seconds(value):
    """Seconds since the epoch, or None."""
    try:
        value = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(value, datetime):
        return None
    return value.timestamp()


def readable(logs, result):
    for entry in logs:
        if isinstance(entry, Mapping):
            when = seconds(entry.get("timestamp", None))
            pair = entry.get("user_id"), entry.get("event")
            try:
                hash(pair)
            except TypeError:
                pair = None, None
            if when is not None and pair[0] is not None and pair[1] is not None:
                yield when, pair
                continue
        result.skipped += 1


def aggregate_logs(logs, window_minutes=None, now=None):
    result = Counts()
    if window_minutes is None:
        pairs = Counter(pair for _, pair in readable(logs, result))
    else:
        if window_minutes < 0:
            raise ValueError("window_minutes must not be negative")
        end = None if now is None else seconds(now)
        if end is None and now is not None:
            raise TypeError("now must be an ISO string or a datetime")
        good = list(readable(logs, result))
        if end is None:
            end = max((when for when, _ in good), default=0.0)
        pairs = Counter(pair for when, pair in good if end - window_minutes * 60 <= when <= end)
    for (user, event), count in pairs.items():
        result.setdefault(user, {})[event] = count
    return result
