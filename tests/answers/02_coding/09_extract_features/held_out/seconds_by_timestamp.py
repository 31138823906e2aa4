"""Turns everything into microseconds with `datetime.timestamp()`, which asks the computer for its zone."""

SLIP = "naive_times_are_local"

# %% features
from bisect import bisect_left, bisect_right
from datetime import datetime

HOUR = 3600 * 10**6


def micros(value):
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return round(value.replace(microsecond=0).timestamp()) * 10**6 + value.microsecond


def extract_features(activities, reference_time=None):
    pasts = {}
    for place, activity in enumerate(activities):
        pasts.setdefault(activity["user_id"], []).append((micros(activity["timestamp"]), place, activity["action"]))
    if reference_time is not None:
        end = micros(reference_time)
    else:
        end = max((time for past in pasts.values() for time, _, _ in past), default=0)
    out = {}
    for user, past in pasts.items():
        past.sort(key=lambda row: row[:2])
        times = [time for time, _, _ in past]
        known = bisect_right(times, end)
        if known:
            actions = [action for _, _, action in past[:known]]
            out[user] = dict(
                total_actions=known,
                unique_action_types=len(set(actions)),
                actions_last_hour=known - bisect_left(times, end - HOUR, 0, known),
                actions_last_24h=known - bisect_left(times, end - 24 * HOUR, 0, known),
                most_common_action=max(actions, key=actions.count),
            )
    return out
