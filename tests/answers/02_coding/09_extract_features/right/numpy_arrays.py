"""Microseconds since 1970 in NumPy arrays; users and actions become numbers in order of their first appearance."""

# %% features
from datetime import UTC, datetime, timedelta

import numpy as np

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(time):
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    if time.utcoffset() is None:
        time = time.replace(tzinfo=UTC)
    return (time - EPOCH) // timedelta(microseconds=1)


def numbered(values):
    numbers = {}
    codes = np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=int)
    return list(numbers), codes


def extract_features(activities, reference_time=None):
    times = np.array([micros(a["timestamp"]) for a in activities], dtype=np.int64)
    if not times.size:
        return {}
    reference = int(times.max()) if reference_time is None else micros(reference_time)
    order = np.argsort(times, kind="stable")
    order = order[times[order] <= reference]
    ages = reference - times[order]
    users, user = numbered([activities[i]["user_id"] for i in order])
    actions, action = numbered([activities[i]["action"] for i in order])
    out = {}
    for code, name in enumerate(users):
        mine = user == code
        kinds, first, counts = np.unique(action[mine], return_index=True, return_counts=True)
        best = min(range(len(kinds)), key=lambda k: (-counts[k], first[k]))
        out[name] = {
            "total_actions": int(mine.sum()),
            "unique_action_types": len(kinds),
            "actions_last_hour": int((ages[mine] <= 3_600_000_000).sum()),
            "actions_last_24h": int((ages[mine] <= 86_400_000_000).sum()),
            "most_common_action": actions[kinds[best]],
        }
    return out
