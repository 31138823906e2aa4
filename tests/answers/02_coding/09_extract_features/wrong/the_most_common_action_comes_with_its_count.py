"""Gives the pair of action and count."""

FAILS = {
    "of_equally_frequent_actions_the_first_in_time_is_named",
    "the_most_common_action_is_named_for_each_user",
    "ties_go_to_the_action_first_seen_in_time",
    "equal_times_keep_the_order_of_the_input",
    "ties_are_decided_by_each_users_own_past",
    "users_and_actions_are_taken_as_they_are",
    "a_row_has_five_features_of_plain_values",
    "windows_leave_the_other_features_alone",
    "what_comes_after_the_reference_is_not_known",
    "later_activities_do_not_choose_the_most_common_action",
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
            "most_common_action": counts.most_common(1)[0],
        }
    return features
