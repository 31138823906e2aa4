"""SQL does the counting: an SQLite table in memory, users and actions as numbers."""

# %% features
import sqlite3
from datetime import datetime, timedelta, timezone

ZERO = datetime(1970, 1, 1, tzinfo=timezone.utc)


def micros(time):
    time = datetime.fromisoformat(time) if isinstance(time, str) else time
    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return (time - ZERO) // timedelta(microseconds=1)


def extract_features(activities, reference_time=None):
    users, actions = {}, {}
    rows = []
    for a in activities:
        user = users.setdefault(a["user_id"], len(users))
        rows.append((len(rows), user, actions.setdefault(a["action"], len(actions)), micros(a["timestamp"])))
    db = sqlite3.connect(":memory:")
    db.execute("create table log (place integer, user integer, action integer, time integer)")
    db.executemany("insert into log values (?, ?, ?, ?)", rows)
    now = micros(reference_time) if reference_time is not None else max((row[3] for row in rows), default=0)
    summary = db.execute(
        "select user, count(*), count(distinct action), sum(time >= :now - 3600000000), sum(time >= :now - 86400000000)"
        " from log where time <= :now group by user",
        {"now": now},
    ).fetchall()
    user_names, action_names, features = list(users), list(actions), {}
    for user, total, kinds, hour, day in summary:
        (common,) = db.execute(
            "select action from (select action, time, place, count(*) over (partition by action) as many,"
            " row_number() over (partition by action order by time, place) as nth from log"
            " where user = ? and time <= ?) where nth = 1 order by many desc, time, place limit 1",
            (user, now),
        ).fetchone()
        features[user_names[user]] = {
            "total_actions": total,
            "unique_action_types": kinds,
            "actions_last_hour": hour,
            "actions_last_24h": day,
            "most_common_action": action_names[common],
        }
    db.close()
    return features
