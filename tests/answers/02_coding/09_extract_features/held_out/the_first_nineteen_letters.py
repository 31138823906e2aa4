"""Reads date and time of day from the text, in a fixed format, and leaves the rest of it alone."""

SLIP = "offsets_are_dropped"

# %% features
import re
from datetime import datetime, timedelta

import numpy as np

SHAPE = re.compile(r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?")


def micros(time):
    text = time if isinstance(time, str) else time.isoformat()
    *parts, fraction = SHAPE.match(text).groups(default="0")
    since = datetime(*map(int, parts)) - datetime(1970, 1, 1)
    return since // timedelta(microseconds=1) + int(fraction.ljust(6, "0"))


def extract_features(activities, reference_time=None):
    times = np.array([micros(a["timestamp"]) for a in activities], dtype=np.int64)
    if not times.size:
        return {}
    reference = int(times.max()) if reference_time is None else micros(reference_time)
    pasts = {}
    for i in np.argsort(times, kind="stable"):
        if times[i] <= reference:
            pasts.setdefault(activities[i]["user_id"], []).append(int(i))
    out = {}
    for user, past in pasts.items():
        ages, kinds = reference - times[past], {}
        for i in past:
            kinds[activities[i]["action"]] = kinds.get(activities[i]["action"], 0) + 1
        out[user] = {
            "total_actions": len(past),
            "unique_action_types": len(kinds),
            "actions_last_hour": int((ages <= 3_600_000_000).sum()),
            "actions_last_24h": int((ages <= 86_400_000_000).sum()),
            "most_common_action": max(kinds, key=kinds.__getitem__),
        }
    return out
