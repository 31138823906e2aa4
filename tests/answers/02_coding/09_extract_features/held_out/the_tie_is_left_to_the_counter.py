"""Counters are fed as the log comes; the time of an action serves for the windows alone."""

SLIP = "ties_in_input_order"

# %% features
import datetime as dt
from collections import Counter


class Past:
    def __init__(self):
        self.hour = self.day = 0
        self.actions = Counter()

    def add(self, age, action):
        self.hour += age <= 3600 * 10**6
        self.day += age <= 24 * 3600 * 10**6
        self.actions[action] += 1

    def features(self):
        return {
            "most_common_action": self.actions.most_common(1)[0][0],
            "total_actions": self.actions.total(),
            "unique_action_types": len(self.actions),
            "actions_last_hour": int(self.hour),
            "actions_last_24h": int(self.day),
        }


def number(time):
    if isinstance(time, str):
        time = dt.datetime.fromisoformat(time.replace("Z", "+00:00"))
    offset = time.utcoffset() or dt.timedelta()
    since = time.replace(tzinfo=None) - offset - dt.datetime(1970, 1, 1)
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds


def extract_features(activities, reference_time=None):
    times = [number(a["timestamp"]) for a in activities]
    now = max(times, default=0) if reference_time is None else number(reference_time)
    users = {}
    for time, activity in zip(times, activities):
        if time <= now:
            users.setdefault(activity["user_id"], Past()).add(now - time, activity["action"])
    return {user: past.features() for user, past in users.items()}
