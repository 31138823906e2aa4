"""Only the older end of the table is cut."""

SLIP = "the_future_counts"

# %% logs
from collections.abc import Mapping
from datetime import datetime

import pandas as pd


class Frequencies(dict):
    skipped = 0


def to_utc(values):
    """A series of moments; NaT where there is none. Only texts that begin like a date, and datetimes, are looked at."""
    kept = [
        v if isinstance(v, datetime) or (isinstance(v, str) and v[:4].isdigit() and v[4:5] == "-") else None
        for v in values
    ]
    texts = [v.isoformat() if isinstance(v, datetime) else v for v in kept]
    return pd.Series(pd.to_datetime(pd.Series(texts, dtype=object), format="ISO8601", utc=True, errors="coerce"))


def hashable(value):
    try:
        hash(value)
    except TypeError:
        return False
    return value is not None


def aggregate_logs(logs, window_minutes=None, now=None):
    if window_minutes is not None:
        if window_minutes < 0:
            raise ValueError("a window cannot be negative")
        if now is not None:
            now = to_utc([now])[0]
            if pd.isna(now):
                raise ValueError("now is no time")
    logs = list(logs)
    entries = [e for e in logs if isinstance(e, Mapping) and hashable(e.get("user_id")) and hashable(e.get("event"))]
    table = pd.DataFrame(
        {
            "time": to_utc([e.get("timestamp") for e in entries]),
            "user": pd.Series([e["user_id"] for e in entries], dtype=object),
            "event": pd.Series([e["event"] for e in entries], dtype=object),
        }
    ).dropna(subset=["time"])
    result = Frequencies()
    result.skipped = len(logs) - len(table)
    if window_minutes is not None and len(table):
        end = table["time"].max() if now is None else now
        table = table[table["time"] >= end - pd.Timedelta(minutes=window_minutes)]
    pairs = pd.Series(list(zip(table["user"], table["event"])), dtype=object)
    for (user, event), group in pairs.groupby(pairs.map(lambda pair: pair), sort=False):
        result.setdefault(user, {})[event] = len(group)
    return result
