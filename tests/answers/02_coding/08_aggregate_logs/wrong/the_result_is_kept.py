"""One dictionary for all calls: the next log is added to the last."""

FAILS = {
    "a_call_knows_nothing_of_the_one_before",
    "a_log_without_good_entries_is_no_error",
    "a_missing_or_empty_field_is_malformed",
    "any_iterable_in_any_order_is_read_once",
    "any_log_is_counted_like_the_reference",
    "bad_entries_are_skipped_and_counted",
    "bad_entries_change_nothing_for_other_tenants",
    "both_ends_of_the_window_are_included",
    "fractions_of_a_minute_and_of_a_second_count",
    "iso_strings_and_datetimes_of_any_zone_are_times",
    "malformed_entries_count_as_skipped_whatever_their_time",
    "mappings_of_any_kind_are_entries",
    "now_is_a_text_or_a_datetime_of_any_zone",
    "the_result_is_a_dictionary_of_plain_numbers",
    "the_window_ends_at_the_newest_entry_by_default",
    "times_are_compared_as_moments",
    "times_without_an_offset_are_utc_wherever_the_computer_stands",
    "users_and_events_are_taken_as_they_are",
    "what_cannot_be_hashed_is_malformed",
    "what_comes_in_stays_as_it_was",
    "what_is_no_mapping_is_malformed",
    "what_is_no_time_is_malformed",
    "what_lies_outside_the_window_is_left_out_not_skipped",
    "without_a_window_now_is_ignored",
}

# %% logs
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone


def parse(moment):
    """An aware datetime; ValueError if it is no time."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if not isinstance(moment, datetime):
        raise ValueError(f"no time: {moment!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment


def read(entry):
    """Time, user and event; ValueError if the entry is malformed."""
    if not isinstance(entry, Mapping):
        raise ValueError("not a mapping")
    user, event = entry.get("user_id"), entry.get("event")
    if user is None or event is None:
        raise ValueError("no user or no event")
    try:
        hash((user, event))
    except TypeError:
        raise ValueError("not hashable")
    return parse(entry.get("timestamp")), user, event


def aggregate_logs(logs, window_minutes=None, now=None, result=Counts()):
    if window_minutes is not None:
        if window_minutes < 0:
            raise ValueError("window_minutes must not be negative")
        if now is not None:
            now = parse(now)
    rows = []
    for entry in logs:
        try:
            rows.append(read(entry))
        except ValueError:
            result.skipped += 1
    if window_minutes is not None and rows:
        end = now if now is not None else max(row[0] for row in rows)
        start = end - timedelta(minutes=window_minutes)
        rows = [row for row in rows if start <= row[0] <= end]
    for _, user, event in rows:
        events = result.setdefault(user, {})
        events[event] = events.get(event, 0) + 1
    return result
