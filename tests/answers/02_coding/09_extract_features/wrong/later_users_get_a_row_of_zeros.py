"""Gives users with only later activities a row of zeros."""

FAILS = {
    "what_comes_after_the_reference_is_not_known",
    "who_has_only_later_activities_is_absent",
    "the_moment_itself_is_known",
}

# %% features
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone


def parse(value):
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return when.astimezone(timezone.utc)


def extract_features(activities, reference_time=None):
    rows = [(parse(a["timestamp"]), a["user_id"], a["action"]) for a in activities]
    if not rows:
        return {}
    if reference_time is None:
        reference = max(at for at, _, _ in rows)
    else:
        reference = parse(reference_time)
    users = dict.fromkeys(user for _, user, _ in rows)
    rows = [row for row in rows if row[0] <= reference]
    rows.sort(key=lambda row: row[0])
    by_user = defaultdict(list)
    for at, user, action in rows:
        by_user[user].append((at, action))
    features = {}
    for user, history in by_user.items():
        actions = [action for _, action in history]
        counts = Counter(actions)
        features[user] = {
            "total_actions": len(actions),
            "unique_action_types": len(counts),
            "actions_last_hour": sum(1 for at, _ in history if at >= reference - timedelta(hours=1)),
            "actions_last_24h": sum(1 for at, _ in history if at >= reference - timedelta(hours=24)),
            "most_common_action": max(counts, key=counts.get),
        }
    for user in users:
        if user not in features:
            names = "total_actions", "unique_action_types", "actions_last_hour", "actions_last_24h"
            features[user] = {**dict.fromkeys(names, 0), "most_common_action": None}
    return features
