# %% [markdown]
"""# Extract features without looking ahead

You'll build the function that turns a log of activities into features of each user, as they were known at one moment:
for the row that trains a model and for the request that it answers, the same code.

**Time** 30 min · **Level** medium · **Needs** dictionaries, `datetime`

**Skills** keep the future out of the past · decide ties so that two machines agree · count in windows of time
"""

# %% nbgrader={"grade_id": "features-setup", "locked": true}
import copy
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from coursekit import REFERENCE, check, explore, scoreboard, slider, try_it
from coursekit.clocks import ZONES, time_zone
from coursekit.coding.activities import draw_skew, skew

User = Hashable  # "harbour/7": the tenant is part of it
Features = dict[str, Any]  # {"total_actions": 3, "most_common_action": "edit", …}

# %% [markdown]
"""## The situation

A model tells which users are about to leave, so that somebody calls them in time. Offline its AUC is 0.93. In
production it is 0.61, a little better than dice: in six weeks the success team made 2,400 calls, three in four of them
to people who had no thought of leaving. The tenants' contracts renew on Monday, and you are asked why.

The training job ran a week after the day it described, over the whole log. Of everybody who left in that week it saw
the silence. The model learned: who is silent has left. At the moment of prediction nobody is silent yet.

![Activities later than the reference are not known yet and left out. The others make each user's past, in time order,
and from it five features, which go into the training row and into the prediction
alike.](diagrams/09_extract_features.mmd)
"""

# %%
log = [
    {"user_id": "harbour/7", "action": "edit", "timestamp": "2026-11-21T09:30:00Z"},
    {"user_id": "orchard/2", "action": "login", "timestamp": "2026-11-21T10:00:00+02:00"},
    {"user_id": "harbour/7", "action": "login", "timestamp": "2026-11-21T07:45:00"},
    {"user_id": "harbour/7", "action": "cancel", "timestamp": "2026-11-21T16:20:00Z"},
]
print([entry["action"] for entry in log if entry["timestamp"] <= "2026-11-21T12:00:00Z"])

# %% [markdown]
"""At noon nobody knew of the `cancel`. (Texts happen to compare rightly here; next to another offset they do not.)

## 1 · Describe each user

One function for all three tasks: write what a task asks for, run its checks, come back.

`extract_features(activities)` returns `{user: features}` with a row for each user. An activity is a dictionary with
`user_id`, `action` and `timestamp`; they come in any order. A row has five features:

- `total_actions`, `unique_action_types`: how many, and of how many kinds;
- `most_common_action`. Of equally frequent ones the one that was **first seen in time**; of equal times, the one that
  stands first in the input;
- `actions_last_hour`, `actions_last_24h`: task 2.

Timestamps are `datetime`s or ISO 8601 strings, with `Z`, an offset or neither, which is UTC (more in task 3). Users and
actions are hashable, no more: `7` is not `"7"`. Numbers are plain `int`s, activities stay as they were, and each call
starts from nothing.

<details><summary>Hint 1 · time order once</summary>

`sorted(..., key=time)` is stable: equal times keep their order. Once each user's actions are in time order, the first
one is the one first seen.

</details>
<details><summary>Hint 2 · the tie</summary>

`Counter(actions).most_common(1)` answers, of equally frequent actions, the one that it met first.

</details>
"""


# %% nbgrader={"grade_id": "features", "solution": true}
def extract_features(
    activities: Sequence[Mapping[str, Any]], reference_time: str | datetime | None = None
) -> dict[User, Features]:
    """Each user's features as they were known at `reference_time`, by default the newest timestamp."""
    ### BEGIN SOLUTION
    # Why: the future is cut off once, before anything is counted, so no feature can forget to. One
    # stable sort puts each user's past in time order, equal times as they came; Counter keeps the
    # order of first meeting, so ties decide themselves. The sort looks at times alone: users and
    # actions need not have an order.
    timed = sorted(((moment(a["timestamp"]), a) for a in activities), key=lambda pair: pair[0])
    if not timed:
        return {}
    reference = timed[-1][0] if reference_time is None else moment(reference_time)
    # by user, in time order: how long ago, and what
    known: dict[User, list[tuple[timedelta, Any]]] = {}
    for time, activity in timed:
        if time <= reference:
            known.setdefault(activity["user_id"], []).append((reference - time, activity["action"]))
    return {user: describe(past) for user, past in known.items()}


def describe(past: list[tuple[timedelta, Any]]) -> Features:
    """The features of one user; its past in time order, as (how long ago, action)."""
    counts = Counter(action for _, action in past)
    return {
        "total_actions": len(past),
        "unique_action_types": len(counts),
        "actions_last_hour": sum(age <= timedelta(hours=1) for age, _ in past),
        "actions_last_24h": sum(age <= timedelta(hours=24) for age, _ in past),
        "most_common_action": counts.most_common(1)[0][0],
    }


def moment(time: str | datetime) -> datetime:
    """A time of any form as a datetime in UTC."""
    when = datetime.fromisoformat(time) if isinstance(time, str) else time
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    ### END SOLUTION


# %%
@try_it
def everybody_in_the_log() -> dict[User, Features]:
    return extract_features(log)


# %% nbgrader={"grade_id": "features-describe-checks", "grade": true}
def act(user, action, at="2026-11-21T10:00:00Z"):
    return {"user_id": user, "action": action, "timestamp": at}


def pick(names, activities, *reference, **named):
    # the features of these names, of each user
    rows = extract_features(activities, *reference, **named)
    return {user: [row[name] for name in names.split()] for user, row in rows.items()}


@check(expect={"ann": [3, 2], "bob": [1, 1]}, points=1, stage="core")
def actions_and_their_kinds_are_counted():
    """Ann: two edits and a login; Bob: a login."""
    log = [act("ann", "edit"), act("bob", "login"), act("ann", "login"), act("ann", "edit")]
    return pick("total_actions unique_action_types", log)


@check(expect={"ann": ["edit"], "bob": ["login"]}, points=1, stage="core")
def of_equally_frequent_actions_the_first_in_time_is_named():
    """One edit and one login each; Ann's edit was first, although her login stands first in the log."""
    log = [act("ann", "login"), act("ann", "edit", "2026-11-21T09:00:00Z"), act("bob", "login")]
    return pick("most_common_action", [*log, act("bob", "edit", "2026-11-21T11:00:00Z")])


### BEGIN HIDDEN TESTS
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WORDS = ["login", "comment", "create", "archive", "edit", "Edit", "edit "]


def ago(minutes):
    """So many minutes before noon, as a text; after it if negative."""
    return (NOON - timedelta(minutes=minutes)).isoformat()


def shuffled(rng, log):
    return rng.sample(log, len(log))


def written(rng, at):
    """A moment as somebody might write it: with any offset, Z or none, as text or datetime."""
    zone = timezone(timedelta(minutes=rng.choice([0, 120, 330, 765, -300, -570])))
    there, bare = at.astimezone(zone), at.replace(tzinfo=None)
    return rng.choice(
        [
            at.isoformat().replace("+00:00", "Z"),
            there.isoformat(),
            bare.isoformat(),
            at,
            there,
            bare,
        ]
    )


# Kills: counts of all users together, kinds without case, a set of the whole log.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def any_log_is_counted_for_each_user(rng):
    """In any order; case and spaces make other kinds."""
    users = [f"{tenant}/{n}" for tenant in ("harbour", "orchard") for n in range(3)]
    log = [act(rng.choice(users), rng.choice(WORDS), ago(rng.randint(1, 9000))) for _ in range(60)]
    return [
        pick("total_actions unique_action_types", some, NOON) for some in (log, tuple(log[:20]))
    ]


# Kills: the first action, the latest, the rarest, what all users together do most, a pair with its
# count.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def the_most_common_action_is_named_for_each_user(rng):
    """The most frequent one of that user, whatever others do most, and whatever it did first or last."""
    log = []
    for user in ("ann", "bob", "cem", "dea"):
        common, second, first, last = rng.sample(WORDS, 4)
        actions = [first, *shuffled(rng, [common] * rng.randint(3, 6) + [second] * 2), last]
        log += [act(user, action, ago(900 - 10 * n)) for n, action in enumerate(actions)]
    return pick("most_common_action", shuffled(rng, log), NOON)


# Kills: input order, alphabetical order, the last seen, the most recent, max() over a set.
@check(expect=REFERENCE, points=3, seeds=3, stage="core")
def ties_go_to_the_action_first_seen_in_time(rng):
    """Not to the one first in the input, nor by name, nor to the one seen last."""
    log = []
    for user in ("ann", "bob", "cem", "dea"):
        *tied, once = rng.sample(WORDS, 4)
        times = sorted(rng.sample(range(1200), 7), reverse=True)
        log += [
            act(user, a, ago(m))
            for a, m in zip([*shuffled(rng, tied * 2), once], times, strict=True)
        ]
    # two users, one tie, seen the other way round
    log += [act("eve", WORDS[0], ago(9)), act("eve", WORDS[1], ago(8))]
    log += [act("fay", WORDS[1], ago(9)), act("fay", WORDS[0], ago(8))]
    return pick("most_common_action", shuffled(rng, log), NOON)


# Kills: whole rows that are sorted, unstable or reversed order, moments compared as texts.
@check(expect=REFERENCE, points=2, seeds=3, stage="zones")
def equal_times_keep_the_order_of_the_input(rng):
    """However they are written: 10:00Z and 12:00+02:00 are one moment."""
    log = []
    for user in ("ann", "bob", "cem", "dea", "eve"):
        at = NOON - timedelta(minutes=rng.randint(70, 900))
        log += [act(user, action, written(rng, at)) for action in shuffled(rng, WORDS)]
    return pick("most_common_action", log, NOON)


# Kills: first seen by anybody, one counter for all.
@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def ties_are_decided_by_each_users_own_past(rng):
    """What somebody else did first does not matter."""
    log = [
        act("early bird", action, ago(1000 + n)) for n, action in enumerate(shuffled(rng, WORDS))
    ]
    for user in ("ann", "bob", "cem", "dea"):
        log += [act(user, action, ago(900 - n)) for n, action in enumerate(shuffled(rng, WORDS))]
    return pick("most_common_action", shuffled(rng, log), NOON)


# Kills: str(user), str(action), ids that are "empty", sorting by user.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def users_and_actions_are_taken_as_they_are(rng):
    """0, "" and tuples are users and actions too; 7 is not "7"; nothing asks them for an order."""
    names = [0, "", "0", 7, "7", "Ann", "ann", ("harbour", 7), ("harbour", "7"), "None"]
    log = []
    for user in names:
        actions = shuffled(rng, [3, "3", ("item", "edit"), "edit", "", 0])
        log += [act(user, action, ago(90 - n)) for n, action in enumerate(actions)]
    return pick("total_actions unique_action_types most_common_action", shuffled(rng, log), NOON)


# Kills: NumPy numbers, a column more, shares in place of counts, a list of rows.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def a_row_has_five_features_of_plain_values(rng):
    """Four plain ints and the action; a dictionary of dictionaries."""
    log = [
        act(rng.choice(["ann", "bob"]), "edit", ago(rng.randint(1, 900)))
        for _ in range(rng.randint(9, 20))
    ]
    rows = extract_features(log, NOON)
    kinds = {
        user: {name: type(row[name]).__name__ for name in sorted(row)} for user, row in rows.items()
    }
    return [kinds, sum(row["total_actions"] for row in rows.values()), isinstance(rows, dict)]


# Kills: sort() in place, times parsed into the input.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def what_comes_in_stays_as_it_was(rng):
    """No activity gains, loses or changes a field; the list keeps its order."""
    log = [
        act(rng.choice(["ann", "bob"]), "edit", ago(minutes))
        for minutes in shuffled(rng, range(0, 120, 9))
    ]
    before = copy.deepcopy(log)
    return [pick("total_actions", log, NOON), "as it was" if log == before else "changed"]


# Kills: counters in a default argument or in the module, a newest timestamp that is remembered.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def a_call_knows_nothing_of_the_one_before(rng):
    """Each starts from nothing: users, counts and the newest timestamp of an earlier log do not come back."""
    seen = []
    for days in sorted(rng.sample(range(1, 60), 3)):
        log = [
            act(f"user {days}", "edit", ago(1440 * days + m))
            for m in [30, *shuffled(rng, [0, 2000]), 600]
        ]
        seen.append(pick("total_actions actions_last_hour actions_last_24h", log))
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Count in windows

`actions_last_hour` and `actions_last_24h` look back from the **reference**, for every user the same: the
`reference_time`, by default the newest timestamp of all activities.

Both ends are included: an activity exactly one hour before the reference is in the hour, one a microsecond older is
not. A day is 24 hours, whatever the calendar says. Somebody whose activities are all older has a row too, with zeros;
the other three features look at the whole past.

<details><summary>Hint · one subtraction</summary>

Two datetimes give a `timedelta`. `reference - time <= timedelta(hours=24)` is the window; `.seconds` and `.days` are
parts of a timedelta, not its length.

</details>
"""


# %%
@try_it
def the_last_hour_of_the_log() -> dict[User, int]:
    return {user: row["actions_last_hour"] for user, row in extract_features(log).items()}


# %% nbgrader={"grade_id": "features-window-checks", "grade": true}
@check(expect={"ann": [2, 3], "bob": [1, 1]}, points=1, stage="core")
def both_ends_of_a_window_are_included():
    """Ann: at noon, an hour before and a second more; Bob: an hour before noon, and a day and a second."""
    times = {"ann": ("12:00:00", "11:00:00", "10:59:59"), "bob": ("11:00:00",)}
    log = [act(user, "edit", f"2026-11-21T{at}Z") for user in times for at in times[user]]
    log.append(act("bob", "edit", "2026-11-20T11:59:59Z"))
    return pick("actions_last_hour actions_last_24h", log, "2026-11-21T12:00:00Z")


### BEGIN HIDDEN TESTS
def at_these(rng, users, spans):
    """For each user an activity five minutes before noon; the others at these spans, whoever did them."""
    log = [act(user, "edit", ago(5)) for user in users]
    return shuffled(rng, log + [act(rng.choice(users), "edit", ago(minutes)) for minutes in spans])


# Kills: an open beginning, the hour of the clock, .seconds.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def the_last_hour_is_sixty_minutes_before_the_reference(rng):
    """Around both ends, and at the same minute of other days."""
    spans = [0, 60, 60, 59, 61, 1440, 1441, 1500, 2880, *rng.sample(range(130), 12)]
    return pick("actions_last_hour", at_these(rng, ["ann", "bob", "cem"], spans), NOON)


# Kills: an open beginning, today's date, two dates, .days.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def the_last_day_is_twenty_four_hours_before_the_reference(rng):
    """Around both ends, before and after midnight, and days earlier."""
    spans = [
        0,
        719,
        720,
        721,
        1440,
        1440,
        1439,
        1441,
        2159,
        2161,
        2881,
        *rng.sample(range(3000), 9),
    ]
    return pick("actions_last_24h", at_these(rng, ["ann", "bob", "cem"], spans), NOON)


# Kills: ages in whole seconds or minutes, microseconds that are dropped.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def a_microsecond_decides(rng):
    """Inside a window, on its edge and outside of it."""
    log = []
    for hours in (1, 24):
        for user, step in zip(("ann", "bob", "cem"), rng.sample([-1, 0, 1], 3), strict=True):
            log.append(
                act(user, "edit", NOON - timedelta(hours=hours) + timedelta(microseconds=step))
            )
    return pick("actions_last_hour actions_last_24h", shuffled(rng, log), NOON)


# Kills: each user's own newest, the last or first one of the input, the computer's clock, the
# newest as text.
@check(expect=REFERENCE, points=2, seeds=2, stage="zones")
def the_reference_is_the_newest_timestamp_of_all(rng):
    """Wherever it stands, however it is written, whoever it belongs to."""
    seen = []
    for newest in rng.sample(
        ["2026-11-21T04:00:00-08:00", "2026-11-21T17:30:00+05:30", "2026-11-21T12:00:00Z"], 3
    ):
        log = [act("ann", "edit", ago(m)) for m in (30, 130, 900)] + [
            act("bob", "edit", ago(m)) for m in (70, 1400)
        ]
        log += [act("cem", "edit", ago(2000)), act("dea", "edit", "2026-11-21T13:40:00+05:30")]
        log = shuffled(rng, log)
        log.insert(rng.randint(2, 5), act("eve", "edit", newest))
        seen += [
            pick("actions_last_hour actions_last_24h", log),
            pick("total_actions", log, reference_time=None),
        ]
    return seen


# Kills: features of the last day only, users without recent activities left out.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def windows_leave_the_other_features_alone(rng):
    """Totals, kinds and the most common action look at the whole past; a quiet user has zeros."""
    log = [act("ann", "old", ago(1440 * n)) for n in range(2, 7)] + [
        act("ann", "new", ago(5 + n)) for n in range(3)
    ]
    log += [
        act("bob", rng.choice("xy") + "z", ago(1440 * rng.randint(2, 99)))
        for _ in range(rng.randint(4, 9))
    ]
    log += [act("bob", "most", ago(1440 * 100 + n)) for n in range(10)]
    names = (
        "total_actions unique_action_types most_common_action actions_last_hour actions_last_24h"
    )
    return pick(names, shuffled(rng, log), NOON)


# Kills: dates and hours that are compared in place of a length of time.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def the_calendar_does_not_matter(rng):
    """New Year, the end of February, midnight: a day back is 24 hours."""
    seen = []
    ends = [
        "2027-01-01T00:20:00Z",
        "2028-03-01T00:00:00Z",
        "2026-03-01T12:00:00Z",
        "2026-10-25T01:30:00Z",
    ]
    for end in shuffled(rng, ends):
        now = datetime.fromisoformat(end)
        back = shuffled(
            rng,
            [0, 29, 31, 59, 61, 1380, 1439, 1441, 1470, 44_640, 525_600, rng.randint(100, 1300)],
        )
        log = [
            act("ann", "edit", (now - timedelta(minutes=minutes)).isoformat()) for minutes in back
        ]
        seen.append([end, pick("actions_last_hour actions_last_24h", log, now)])
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Stand at the reference

With a `reference_time` the answer is what somebody knew **at that moment**:

- An activity at the reference counts in every feature; one after it in none. Take the later ones out of the log, and
  nothing may change.
- Who has only later activities is unknown: no row. Nobody known, or no activities at all: an empty dictionary.
- Times are compared as moments: `12:00+02:00` is `10:00Z`.
- Timestamps and references without an offset are UTC, wherever the computer stands. A reference is written like a
  timestamp.
- Given the reference, one tenant's activities change nothing in the rows of another's users.

<details><summary>Hint 1 · where to cut</summary>

First, before anything is counted or sorted out by user. A cut in each feature is a cut that one of them forgets.

</details>
<details><summary>Hint 2 · one zone</summary>

Python refuses to compare a time with a zone and one without. `time.replace(tzinfo=UTC)` gives it one; `astimezone`
would take it for local time.

</details>
"""


# %%
@try_it
def harbour_at_noon() -> Features:
    return extract_features(log, "2026-11-21T12:00:00Z")["harbour/7"]


# %% nbgrader={"grade_id": "features-moment-checks", "grade": true}
ALL = "total_actions unique_action_types actions_last_hour actions_last_24h most_common_action"


@check(expect={"ann": [1, 1, 1, 1, "login"]}, points=1, stage="leakage")
def what_comes_after_the_reference_is_not_known():
    """At noon: Ann's two later edits do not count, and Bob has done nothing yet."""
    late = [act("ann", "edit", "2026-11-21T12:00:01Z"), act("ann", "edit", "2026-11-22T09:00:00Z")]
    log = [
        *late,
        act("ann", "login", "2026-11-21T12:00:00Z"),
        act("bob", "login", "2026-11-21T15:00:00Z"),
    ]
    return pick(ALL, log, "2026-11-21T12:00:00Z")


### BEGIN HIDDEN TESTS
# Kills: no cut at all, a cut in the windows only, in the totals only, kinds of the whole log.
@check(expect=REFERENCE, points=3, seeds=2, stage="leakage")
def later_activities_leak_into_no_feature(rng):
    """At three moments of one log: counts, kinds and windows are as if the later ones were not there."""
    log = []
    for user in ("ann", "bob", "cem"):
        past = [
            (minutes + rng.randint(0, 4), rng.choice(WORDS[:4]))
            for minutes in (10, 40, 200, 1300, 1500, 3000)
        ]
        later = [
            (minutes - rng.randint(0, 4), f"later {minutes}") for minutes in (-5, -50, -200, -2000)
        ]
        log += [act(user, action, ago(minutes)) for minutes, action in past + later]
    names = "total_actions unique_action_types actions_last_hour actions_last_24h"
    moments = [NOON - timedelta(minutes=minutes) for minutes in shuffled(rng, [0, 100, -100])]
    return [pick(names, shuffled(rng, log), moment) for moment in moments]


# Kills: the most common action of the whole log, ties that later activities decide.
@check(expect=REFERENCE, points=2, seeds=2, stage="leakage")
def later_activities_do_not_choose_the_most_common_action(rng):
    """Neither by their number nor in a tie."""
    log = []
    for user, many in (("ann", 0), ("bob", 9), ("cem", 0), ("dea", 9)):
        one, other, third = (f"{letter}{rng.randrange(1000)} of {user}" for letter in "zax")
        past = [one, *shuffled(rng, [one, other]), other]
        log += [act(user, action, ago(20 - n)) for n, action in enumerate(past)]
        log += [act(user, action, ago(-1 - n)) for n, action in enumerate([other] + [third] * many)]
    last = log.pop(3)  # the first user's last one before the moment stands first in the input
    return pick("most_common_action", [last, *shuffled(rng, log)], NOON)


# Kills: rows of zeros, None as most common action, errors for an empty log.
@check(expect=REFERENCE, points=2, seeds=2, stage="leakage")
def who_has_only_later_activities_is_absent(rng):
    """Some users are, or all, or there is no log at all."""
    users = shuffled(rng, ["ann", "bob", "cem", "dea", "eve"])
    log = [act(user, "edit", ago(rng.randint(100, 900))) for user in users[:2]]
    log += [act(user, "edit", ago(-rng.randint(1, 999))) for user in users[1:]]
    before = NOON - timedelta(days=20)
    nobody = [pick("total_actions", some, before) for some in (log, [], log[:1])]
    return [pick("total_actions", shuffled(rng, log), NOON), *nobody, pick("total_actions", [])]


# Kills: < in place of <=, a cut in whole seconds.
@check(expect=REFERENCE, points=1, seeds=2, stage="leakage")
def the_moment_itself_is_known(rng):
    """At the reference yes, a microsecond later no."""
    tick, people = timedelta(microseconds=1), rng.sample(["ann", "bob", "cem", "dea"], 4)
    log = [act(user, "edit", NOON + n * tick) for n, user in enumerate(people)]
    return [pick("total_actions", shuffled(rng, log), NOON + n * tick) for n in (0, 2)]


# Kills: times compared as texts, offsets that are dropped.
@check(expect=REFERENCE, points=2, seeds=2, stage="zones")
def times_are_compared_as_moments(rng):
    """12:00+02:00 is 10:00Z, for activities and for the reference; the order of the texts says nothing."""
    offsets = shuffled(rng, [-14, -9.5, -8, -5, -3.5, 0, 1, 2, 5.75, 9, 12.75, 14])
    log = []
    for offset, minutes in zip(
        offsets, (75, 75, 75, 45, 45, 15, 15, 15, -15, -15, -45, -45), strict=True
    ):
        at = (NOON - timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=offset)))
        log.append(act(("ann", "bob")[len(log) % 2], "edit", at.isoformat()))
    references = "2026-11-21T17:30:00+05:30", "2026-11-21T04:00:00-08:00"
    return [pick("total_actions actions_last_hour", log, reference) for reference in references]


def around(rng, write):
    """Two users' activities: one after noon, one of today, two of yesterday, of which one is over a day ago."""
    spans = [span + rng.randint(-40, 40) for span in (-200, 200, 1340, 1540)]
    return [
        act(user, "edit", write(NOON - timedelta(minutes=m)))
        for user in ("ann", "bob")
        for m in spans
    ]


# Kills: naive times as local times, in texts or in datetimes; a mix that cannot be compared.
@check(expect=REFERENCE, points=2, seeds=1, stage="zones")
def timestamps_without_an_offset_are_utc_wherever_the_computer_stands(rng):
    """In three time zones the same answer, as text and as datetime, beside others with an offset."""
    seen = []
    texts = around(rng, lambda at: at.replace(tzinfo=None).isoformat())
    naive = around(rng, lambda at: at.replace(tzinfo=None))
    aware = [act("cem", "edit", NOON - timedelta(minutes=rng.randint(200, 900)))]
    for zone in shuffled(rng, ZONES):
        with time_zone(zone):
            seen += [
                pick("total_actions actions_last_24h", some, NOON)
                for some in (texts, naive, texts + aware)
            ]
    return seen


# Kills: a reference that must be a datetime or a text, a naive one as local time.
@check(expect=REFERENCE, points=2, seeds=1, stage="zones")
def a_reference_is_written_like_a_timestamp(rng):
    """Text or datetime, with Z, an offset or none, which is UTC in three time zones."""
    log, seen = around(rng, lambda at: at), []
    forms = [NOON, NOON.astimezone(timezone(timedelta(hours=9))), datetime(2026, 11, 21, 12)]
    forms += [
        "2026-11-21T12:00:00",
        "2026-11-21T12:00:00Z",
        "2026-11-21T07:00:00-05:00",
        "2026-11-21T12:00:00.000",
    ]
    for zone in shuffled(rng, ZONES):
        with time_zone(zone):
            seen += [pick("total_actions actions_last_24h", log, reference) for reference in forms]
    return seen


# Kills: counters for all, users without their tenant, kinds of all users.
@check(expect=REFERENCE, points=2, seeds=2, stage="leakage")
def one_tenants_activities_change_nothing_for_anothers(rng):
    """With and without the busy tenant's activities, earlier, later and at the same times: the same rows."""
    spans, seen = (
        [minutes + rng.randint(1, 5) for minutes in (10, 30, 200, 700, 1300, 1500, 2500)],
        [],
    )
    calm = [
        act(user, f"calm {m % 3}", ago(m)) for user in ("harbour/1", "harbour/2") for m in spans
    ]
    users, times = (
        ["orchard/1", "orchard/2", "1", "2"],
        [*rng.sample(range(-3000, 9000), 30), 0, 60, 1440],
    )
    busy = [act(rng.choice(users), rng.choice(WORDS), ago(m)) for m in times]
    busy += [act("1", "busy", ago(20)), act("orchard/1", "busy", ago(4000))]
    for log in (calm, busy + calm, shuffled(rng, busy + calm)):
        rows = pick(
            "total_actions unique_action_types actions_last_hour actions_last_24h", log, NOON
        )
        seen.append({user: rows[user] for user in ("harbour/1", "harbour/2")})
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## How good does a late feature look?

Twelve days of 48 users, some of whom leave; before they do, they do less. Your function computes `actions_last_24h` at
the reference, when the model must answer, and at the moment when the training job ran, days later. The area under the
ROC curve says how often the feature ranks somebody who stays above somebody who leaves soon: 0.5 is dice. Move the
delay first. Which of the two numbers would you have put on a slide?
"""


# %%
def late_jobs(reference_day: int, delay_days: int) -> dict[str, Any]:
    return skew(extract_features, reference_day, delay_days)


words = "Left: how well the feature seems to predict who leaves, by the job's delay. Right: its means, then and later."
explore(draw_skew, data=late_jobs, caption=words, size=(10, 4), reference_day=slider(3, 6, 1, 4, "reference, day"),
        delay_days=slider(0, 5, 1, 3, "job runs later by, days"))  # fmt: skip

# %% [markdown]
"""## What would you trade?

Your function cuts by `timestamp`, when somebody did something. The interviewer: "A phone was offline: an edit of 09:55
reached us at 10:20. At 10:00 the model answered without it; the training row of 10:00, made that night, has it. **Is
that point-in-time correct, and what do you change?**" Give two remedies, what each costs, and how you would notice the
difference in production. 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "features-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** By the clock of the event yes, by what was known no: training sees activities that serving could not
have seen, so a small leak is left, and it is largest for mobile users, who are offline most.

First remedy: store a second time with each activity, its arrival, and cut by that one; windows may still count by event
time. Price: the log has two times from now on, history has none for the past, and backfilled data "arrives" on the day
of the backfill. Second remedy: log the features that were served, with the prediction's id, and train on these rows.
Nothing can differ then. Price: a new feature has no history, so one waits for weeks before one can train with it, and
the log is large. Cheaper and weaker: let both sides look back from `reference - 30 minutes`, when 99 % of the
activities are in; the model then reacts later.

I would log served features for the models that matter and compute new features by arrival time. To notice skew I would
recompute a sample of yesterday's served rows every night and watch the share that differs, per feature and tenant, next
to the p99 of arrival minus timestamp.

**Rubric.** 1 point: tells event time from arrival time, and that serving knew less than the training row. 1 point: two
workable remedies (cut by arrival; log what was served; a common lag). 1 point: says what each costs. 1 point: a
comparison of served and recomputed features, or another number that shows the skew.

*Weak* (1): "It is wrong, the edit came late": tells the time of the edit from its arrival, and has no remedy that
could be built. *Good* (2–3): says that serving knew less than the training row has, and gives two remedies, such as a
cut by arrival and a log of what was served. The price of one, or a way to notice the difference in production, is
missing. *Strong* (4): on top of that both remedies carry their price: no arrival times for the past, or weeks until a
new feature has data. A number that compares served with recomputed features, best for each feature and tenant, shows
the rest.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

One cut, made first, keeps the future out of every feature at once. A tie that is decided by time and input order has
one answer on every machine. Windows are lengths of time, not dates.

**In practice** Feature stores call this a point-in-time join: `merge_asof` in pandas, historical features in Feast. The
label needs the same care: whoever is not yet known to have left is no proof of staying.

**Asked next** (weights as in feature-store design rounds)

- How do training and serving stay consistent if one is SQL and the other Python? (consistency, 25 %)
<details><summary>An answer</summary>

Best is one definition from which both are made; if that cannot be, the same test rows, edges included, run against
both. Every day a sample of what was served is computed again offline, and the share that differs is a metric.

</details>

- Ten million users, 10 ms: which of the five do you keep up to date, and how? (performance, 20 %)
<details><summary>An answer</summary>

Recency and counts over short windows are updated by the stream with each event, means over thirty days by a nightly
job. All five lie in one row for each user, so a request costs a single read of a few milliseconds.

</details>

- An offline AUC jumps from 0.71 to 0.93. What do you look at first? (correctness, 20 %)
<details><summary>An answer</summary>

At features that know the future of the label, because so large a jump is a leak until shown otherwise. I drop the
strongest feature, look at the score again, and check the times in the join.

</details>

- Who may see a feature that was made from another tenant's data? (governance, 10 %)
<details><summary>An answer</summary>

By default nobody, since even a mean gives a tenant away when few are in it. An aggregate over many needs a least
group size, a contract that allows it, and lineage that shows which data it was made from.

</details>
"""
