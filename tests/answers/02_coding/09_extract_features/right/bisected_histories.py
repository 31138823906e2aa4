"""Each user's times in a sorted list; bisection finds where the past and the windows begin and end."""

# %% features
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta, timezone
from itertools import groupby


def to_utc(value):
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)


def extract_features(activities, reference_time=None):
    numbers = {}
    for activity in activities:
        numbers.setdefault(activity["user_id"], len(numbers))
    rows = [(numbers[a["user_id"]], to_utc(a["timestamp"]), n, a["action"]) for n, a in enumerate(activities)]
    rows.sort(key=lambda row: row[:3])
    end = to_utc(reference_time) if reference_time is not None else max((row[1] for row in rows), default=None)
    users, out = list(numbers), {}
    for number, group in groupby(rows, key=lambda row: row[0]):
        group = list(group)
        times = [row[1] for row in group]
        known = bisect_right(times, end)
        if not known:
            continue
        actions = [row[3] for row in group[:known]]
        out[users[number]] = dict(
            total_actions=known,
            unique_action_types=len(set(actions)),
            actions_last_hour=known - bisect_left(times, end - timedelta(hours=1), 0, known),
            actions_last_24h=known - bisect_left(times, end - timedelta(days=1), 0, known),
            most_common_action=max(actions, key=actions.count),
        )
    return out
