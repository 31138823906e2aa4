"""Nought and None are the same to `or`."""

SLIP = "a_window_of_zero_is_no_window"

# %% log-counts
class Counts(dict):
    def __init__(self):
        super().__init__()
        self.skipped = 0

    def add(self, user, event, step):
        mine = self.setdefault(user, {})
        mine[event] = mine.get(event, 0) + step
        if not mine[event]:
            del mine[event]
        if not mine:
            del self[user]


# %% logs
import collections.abc
import datetime as dt
import heapq
import itertools

EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc)


def microseconds(when):
    if type(when) is str:
        when = dt.datetime.fromisoformat(when.replace("Z", "+00:00"))
    if not isinstance(when, dt.datetime):
        raise ValueError(f"{when!r} is neither an ISO string nor a datetime")
    if when.utcoffset() is None:
        when = when.replace(tzinfo=dt.timezone.utc)
    return (when - EPOCH) // dt.timedelta(microseconds=1)


def aggregate_logs(logs, window_minutes=None, now=None):
    if not (window_minutes or 0):
        length, end = float("inf"), None
    else:
        length = window_minutes * 60_000_000
        end = None if now is None else microseconds(now)
        if length < 0:
            raise ValueError(f"a window of {window_minutes} minutes")
    counts, heap, newest, ticket = Counts(), [], float("-inf"), itertools.count()
    for entry in logs:
        try:
            assert isinstance(entry, collections.abc.Mapping)
            user, event = entry["user_id"], entry["event"]
            assert user is not None and event is not None
            {user: event, event: user}
            time = microseconds(entry["timestamp"])
        except (AssertionError, KeyError, TypeError, ValueError):
            counts.skipped += 1
            continue
        if end is not None and time > end:
            continue
        newest = max(newest, time)
        heapq.heappush(heap, (time, next(ticket), user, event))
        counts.add(user, event, 1)
        limit = (newest if end is None else end) - length
        while heap and heap[0][0] < limit:
            _, _, *pair = heapq.heappop(heap)
            counts.add(*pair, -1)
    return counts
