"""bool() of user and event decides whether they are there."""

SLIP = "falsy_users_are_missing"

# %% logs
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from dateutil.parser import isoparse


class Report(dict):
    def __init__(self, counts, skipped):
        super().__init__(counts)
        self.skipped = skipped


def read(when):
    if isinstance(when, str):
        when = isoparse(when)
    elif not isinstance(when, datetime):
        raise TypeError(f"no time: {when!r}")
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def aggregate_logs(logs, window_minutes=None, now=None):
    if window_minutes is not None:
        if window_minutes < 0:
            raise ValueError("window_minutes is negative")
        now = None if now is None else read(now)
    skipped, rows = 0, []
    for line in logs:
        try:
            if not isinstance(line, Mapping) or not (line["user_id"] and line["event"]):
                raise TypeError
            rows.append((read(line["timestamp"]), line["user_id"], line["event"], hash(line["user_id"]), hash(line["event"])))
        except (KeyError, TypeError, ValueError):
            skipped += 1
    rows.sort(key=lambda row: row[0])
    if window_minutes is not None and rows:
        last = rows[-1][0] if now is None else now
        first = last - timedelta(minutes=window_minutes)
        rows = [row for row in rows if first <= row[0] <= last]
    counts = defaultdict(Counter)
    for _, user, event, *_ in rows:
        counts[user][event] += 1
    return Report({user: dict(events) for user, events in counts.items()}, skipped)
