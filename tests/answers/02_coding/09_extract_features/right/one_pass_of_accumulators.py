"""One pass in input order; an accumulator for each user keeps counts and the first time of each action."""

# %% features
import datetime as dt


class Past:
    def __init__(self):
        self.hour = self.day = 0
        self.actions = {}  # action -> [count, first time, place in the input]

    def add(self, place, time, age, action):
        self.hour += age <= 3600 * 10**6
        self.day += age <= 24 * 3600 * 10**6
        entry = self.actions.setdefault(action, [0, time, place])
        entry[0] += 1
        entry[1:] = min(entry[1:], [time, place])

    def features(self):
        common = min(self.actions.items(), key=lambda item: (-item[1][0], item[1][1], item[1][2]))
        return {
            "most_common_action": common[0],
            "total_actions": sum(entry[0] for entry in self.actions.values()),
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
    for place, (time, activity) in enumerate(zip(times, activities)):
        if time <= now:
            users.setdefault(activity["user_id"], Past()).add(place, time, now - time, activity["action"])
    return {user: past.features() for user, past in users.items()}
