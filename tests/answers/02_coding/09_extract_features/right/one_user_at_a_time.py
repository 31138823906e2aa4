"""Filters the log for each user and each feature; slow and plain."""

# %% features
from datetime import UTC, datetime, timedelta


def extract_features(activities, reference_time=None):
    def when(value):
        if not isinstance(value, datetime):
            value = datetime.fromisoformat(value)
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value

    activities = sorted(activities, key=lambda activity: when(activity["timestamp"]))
    if reference_time is None:
        reference_time = max((when(activity["timestamp"]) for activity in activities), default=datetime.now())
    reference = when(reference_time)
    known = [activity for activity in activities if when(activity["timestamp"]) <= reference]
    features = {}
    for user in dict.fromkeys(activity["user_id"] for activity in known):
        mine = [activity for activity in known if activity["user_id"] == user]
        actions = [activity["action"] for activity in mine]
        hour = [a for a in mine if when(a["timestamp"]) >= reference - timedelta(hours=1)]
        day = [a for a in mine if when(a["timestamp"]) >= reference - timedelta(days=1)]
        ranked = sorted(dict.fromkeys(actions), key=actions.count, reverse=True)
        features[user] = {
            "total_actions": len(mine),
            "unique_action_types": len(set(actions)),
            "actions_last_hour": len(hour),
            "actions_last_24h": len(day),
            "most_common_action": ranked[0],
        }
    return features
