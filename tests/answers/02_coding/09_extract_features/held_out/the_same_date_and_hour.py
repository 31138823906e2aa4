"""An activity is of the last hour if date and hour of the day are the reference's."""

SLIP = "the_clock_hour"

# %% features
from datetime import UTC, datetime, timedelta


def extract_features(activities, reference_time=None):
    def when(value):
        if not isinstance(value, datetime):
            value = datetime.fromisoformat(value)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    timeline = sorted(((when(a["timestamp"]), n) for n, a in enumerate(activities)))
    if not timeline:
        return {}
    reference = timeline[-1][0] if reference_time is None else when(reference_time)
    known = [(time, activities[n]) for time, n in timeline if time <= reference]
    features = {}
    for user in dict.fromkeys(a["user_id"] for _, a in known):
        mine = [(time, a["action"]) for time, a in known if a["user_id"] == user]
        actions = [action for _, action in mine]
        hour = [t for t, _ in mine if (t.date(), t.hour) == (reference.date(), reference.hour)]
        day = [t for t, _ in mine if t + timedelta(days=1) >= reference]
        features[user] = {
            "total_actions": len(mine),
            "unique_action_types": len(set(actions)),
            "actions_last_hour": len(hour),
            "actions_last_24h": len(day),
            "most_common_action": sorted(dict.fromkeys(actions), key=actions.count, reverse=True)[0],
        }
    return features
