"""Divides the seconds of a timedelta by sixty, in pandas."""

SLIP = "seconds_of_a_timedelta"

# %% features
import pandas as pd


def utc(time):
    stamp = pd.Timestamp(time)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def extract_features(activities, reference_time=None):
    times = pd.Series([utc(a["timestamp"]) for a in activities], dtype="datetime64[us, UTC]")
    users, names = pd.factorize(pd.Series([a["user_id"] for a in activities], dtype=object))
    actions, kinds = pd.factorize(pd.Series([a["action"] for a in activities], dtype=object))
    frame = pd.DataFrame({"time": times, "user": users, "action": actions})
    if frame.empty:
        return {}
    reference = times.max() if reference_time is None else utc(reference_time)
    frame = frame[frame["time"] <= reference].sort_values("time", kind="stable")
    age = reference - frame["time"]
    minutes = age.dt.seconds + age.dt.microseconds / 1e6
    frame = frame.assign(hour=minutes / 60 <= 60, day=age <= pd.Timedelta(days=1))
    features = {}
    for number, rows in frame.groupby("user", sort=False):
        sizes = rows.groupby("action", sort=False).size()
        features[names[number]] = {
            "total_actions": len(rows),
            "unique_action_types": len(sizes),
            "actions_last_hour": int(rows["hour"].sum()),
            "actions_last_24h": int(rows["day"].sum()),
            "most_common_action": kinds[sizes.index[sizes.to_numpy().argmax()]],
        }
    return features
