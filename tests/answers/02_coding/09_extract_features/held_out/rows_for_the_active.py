"""SQL groups by user and keeps those whose day is not empty (HAVING day > 0)."""

SLIP = "quiet_users_are_left_out"

# %% features
import sqlite3
from datetime import datetime, timedelta, timezone

ZERO = datetime(1970, 1, 1, tzinfo=timezone.utc)
SUMMARY = """
select user, count(*), count(distinct action), sum(time >= :now - 3600000000), sum(time >= :now - 86400000000) as day
from log where time <= :now group by user having day > 0
"""
COMMON = """
select action from log where user = ? and time <= ?
group by action order by count(*) desc, min(time), min(case when time = first then place end) limit 1
"""


def micros(time):
    time = datetime.fromisoformat(time) if isinstance(time, str) else time
    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return (time - ZERO) // timedelta(microseconds=1)


def extract_features(activities, reference_time=None):
    users, actions = {}, {}
    rows, firsts = [], {}
    for place, a in enumerate(activities):
        user = users.setdefault(a["user_id"], len(users))
        action = actions.setdefault(a["action"], len(actions))
        time = micros(a["timestamp"])
        firsts[user, action] = min(firsts.get((user, action), time), time)
        rows.append((place, user, action, time))
    db = sqlite3.connect(":memory:")
    db.execute("create table log (place integer, user integer, action integer, time integer, first integer)")
    db.executemany("insert into log values (?, ?, ?, ?, ?)", [(*row, firsts[row[1], row[2]]) for row in rows])
    now = micros(reference_time) if reference_time is not None else max((row[3] for row in rows), default=0)
    names, kinds, features = list(users), list(actions), {}
    for user, total, unique, hour, day in db.execute(SUMMARY, {"now": now}).fetchall():
        (common,) = db.execute(COMMON, (user, now)).fetchone()
        features[names[user]] = {
            "total_actions": total,
            "unique_action_types": unique,
            "actions_last_hour": hour,
            "actions_last_24h": day,
            "most_common_action": kinds[common],
        }
    db.close()
    return features
