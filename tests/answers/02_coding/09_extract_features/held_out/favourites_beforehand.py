"""Finds everybody's favourite in a first pass, before the reference is known."""

SLIP = "the_most_common_action_looks_ahead"

# %% features
from collections import Counter
from datetime import UTC, datetime, timedelta


def at(value):
    value = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def extract_features(activities, reference_time=None):
    ordered = sorted(activities, key=lambda a: at(a["timestamp"]))
    favourites = {}
    for a in ordered:
        favourites.setdefault(a["user_id"], Counter())[a["action"]] += 1
    if reference_time is None and ordered:
        reference_time = ordered[-1]["timestamp"]
    table = {}
    for a in ordered:
        if at(a["timestamp"]) > at(reference_time):
            break
        row = table.setdefault(a["user_id"], {"actions": [], "hour": 0, "day": 0})
        row["actions"].append(a["action"])
        row["hour"] += at(reference_time) - at(a["timestamp"]) <= timedelta(hours=1)
        row["day"] += at(reference_time) - at(a["timestamp"]) <= timedelta(hours=24)
    return {
        user: {
            "total_actions": len(row["actions"]),
            "unique_action_types": len(set(row["actions"])),
            "actions_last_hour": int(row["hour"]),
            "actions_last_24h": int(row["day"]),
            "most_common_action": favourites[user].most_common(1)[0][0],
        }
        for user, row in table.items()
    }
