"""Keeps the histories in a default argument, so an earlier log comes back."""

FAILS = {
    "a_call_knows_nothing_of_the_one_before",
    "a_microsecond_decides",
    "a_reference_is_written_like_a_timestamp",
    "a_row_has_five_features_of_plain_values",
    "any_log_is_counted_for_each_user",
    "both_ends_of_a_window_are_included",
    "equal_times_keep_the_order_of_the_input",
    "later_activities_do_not_choose_the_most_common_action",
    "later_activities_leak_into_no_feature",
    "one_tenants_activities_change_nothing_for_anothers",
    "the_calendar_does_not_matter",
    "the_last_day_is_twenty_four_hours_before_the_reference",
    "the_last_hour_is_sixty_minutes_before_the_reference",
    "the_moment_itself_is_known",
    "the_most_common_action_is_named_for_each_user",
    "the_reference_is_the_newest_timestamp_of_all",
    "ties_are_decided_by_each_users_own_past",
    "ties_go_to_the_action_first_seen_in_time",
    "times_are_compared_as_moments",
    "timestamps_without_an_offset_are_utc_wherever_the_computer_stands",
    "users_and_actions_are_taken_as_they_are",
    "what_comes_after_the_reference_is_not_known",
    "what_comes_in_stays_as_it_was",
    "who_has_only_later_activities_is_absent",
    "windows_leave_the_other_features_alone",
}

# %% features
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone


def parse(value):
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return when.astimezone(timezone.utc)


def extract_features(activities, reference_time=None, by_user=defaultdict(list)):
    rows = [(parse(a["timestamp"]), a["user_id"], a["action"]) for a in activities]
    if not rows:
        return {}
    if reference_time is None:
        reference = max(at for at, _, _ in rows)
    else:
        reference = parse(reference_time)
    rows = [row for row in rows if row[0] <= reference]
    rows.sort(key=lambda row: row[0])
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
    return features
