# %% [markdown]
"""# Limit a rate in a sliding window

You'll build a `RateLimiter` that holds its promise in *every* window, not only in those of the calendar, forgets users
who have left, and counts right among threads.

**Time** 30 min · **Level** easy · **Needs** dictionaries, deques, locks

**Skills** place a half-open window's two ends · bound memory by those who are active · let a check and its consequence
be one step
"""

# %% nbgrader={"grade_id": "limit-setup", "locked": true}
import gc
import inspect
import sys
import threading
import time
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any

from coursekit import ManualClock, Tally, check, explore, scoreboard, slider, try_it
from coursekit.coding.traffic import FixedWindow, compare, draw_limits
from coursekit.expect import REFERENCE, is_true_of
from coursekit.threads import YieldingKey, race

UserId = Hashable  # ("harbour", "user-7"): the tenant is part of it
Seconds = float  # since the clock's zero

# %% [markdown]
"""## The situation

Wednesday, 11:00:00. The gateway promises the GPU pool at most 100 requests a minute from each user. It counts by the
calendar: a fresh hundred with every full minute. An import script sends 100 requests at 10:59:59 and 100 more at
11:00:01. Nobody broke a rule, yet **200** requests hit the pool within two seconds, twice what it was sized for; p99 of
all tenants triples, and you are paged.

A *sliding window* has no full minutes. At each request it looks back exactly 60 seconds and asks: how many did I let
through since then?

![A request comes. Idle users are forgotten, requests that have aged are dropped. If there is room in the window, its
time is written down and it is allowed; else it is refused and nothing is written
down.](diagrams/06_limit_a_rate.mmd)

Here is the gateway's rule at its full minute, with three requests instead of a hundred.
"""


# %%
@try_it
def three_a_minute_by_the_calendar() -> list[bool]:
    clock = ManualClock(59.0)
    gateway = FixedWindow(max_requests=3, window_seconds=60, clock=clock)
    before = [gateway.is_allowed("import script") for _ in range(4)]
    clock.advance(2.0)
    return before + [gateway.is_allowed("import script") for _ in range(4)]


# %% [markdown]
"""## 1 · Look back one window

`is_allowed(user_id)` is `True` if fewer than `max_requests` requests of this user were allowed within the last
`window_seconds`, and then this one counts too; else `False`.

- A request at time `t` is in the window before `t + window_seconds` and has aged out at exactly that time. So any
  half-open window of that length holds at most `max_requests` allowed ones.
- A refused request costs nothing later: it is as if it had never come.
- Time is what `clock` says; fractions of a second count, and its zero is a time like any other.
- `max_requests` below 1, or `window_seconds` of 0 or less: `ValueError`.

One class for all four stages: write what a stage asks for, run its checks, come back.

<details><summary>Hint 1 · what to keep</summary>

The times of the allowed requests, oldest first. A `deque` gives the oldest away in one step.

</details>
<details><summary>Hint 2 · which comparison</summary>

Aged out is `time + window <= now`. With `<` the request stays an instant too long.

</details>
"""


# %% nbgrader={"grade_id": "limit", "solution": true}
class RateLimiter:
    """At most `max_requests` of each user in any window of `window_seconds`."""

    def __init__(
        self,
        max_requests: int,
        window_seconds: Seconds,
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        """Nobody has sent anything yet. ValueError: a limit below 1, or a window that is not above 0."""
        ### BEGIN SOLUTION
        # Why: every user's times stand in order, and users stand in the order of their last allowed
        # request. Whatever has aged out is therefore in front, and whoever drops it stops at the
        # first that is still young: no call scans all users.
        if max_requests < 1:
            raise ValueError(f"max_requests must be at least 1, not {max_requests}")
        if window_seconds <= 0:
            raise ValueError(f"window_seconds must be above 0, not {window_seconds}")
        self._max, self._window, self._clock = max_requests, window_seconds, clock
        # who was allowed last stands last
        self._users: OrderedDict[UserId, deque[Seconds]] = OrderedDict()
        self._lock = threading.Lock()
        ### END SOLUTION

    def is_allowed(self, user_id: UserId) -> bool:
        """Whether this request may go. If so, it counts."""
        ### BEGIN SOLUTION
        # Why: the clock is read with the lock held. Two threads that read it before could append
        # their times in the wrong order, and the front would no longer be the oldest. A refused
        # request is written nowhere, or a user who keeps knocking would lock itself out.
        with self._lock:
            now = self._clock()
            self._forget_idle(now)
            times = self._users.setdefault(user_id, deque())
            while times and times[0] + self._window <= now:
                times.popleft()
            if len(times) >= self._max:
                return False
            times.append(now)
            self._users.move_to_end(user_id)
            return True
        ### END SOLUTION

    def reset(self, user_id: UserId) -> None:
        """Forget what this user has sent. Harmless for a user nobody has seen."""
        ### BEGIN SOLUTION
        with self._lock:
            self._users.pop(user_id, None)
        ### END SOLUTION

    @property
    def tracked_users(self) -> int:
        """How many users have an allowed request in the window."""
        ### BEGIN SOLUTION
        with self._lock:
            self._forget_idle(self._clock())
            return len(self._users)

    def _forget_idle(self, now: Seconds) -> None:
        """Drop users whose last allowed request has aged out: they stand first. Call it with the lock held."""
        while self._users:
            user_id, times = next(iter(self._users.items()))
            if times[-1] + self._window > now:
                break
            del self._users[user_id]
        ### END SOLUTION


# %%
@try_it
def three_a_minute_across_the_full_minute() -> list[bool]:
    clock = ManualClock(59.0)
    limiter = RateLimiter(max_requests=3, window_seconds=60, clock=clock)
    before = [limiter.is_allowed("import script") for _ in range(4)]
    clock.advance(2.0)
    return before + [limiter.is_allowed("import script") for _ in range(4)]


# %% nbgrader={"grade_id": "limit-window-checks", "grade": true}
def ask(limiter, clock, moments, user="harbour"):
    """Whether each request was allowed."""
    seen = []
    for clock.now in moments:
        seen.append(limiter.is_allowed(user))
    return seen


@check(expect=[True, True, True, False, False], points=1, stage="core")
def a_full_window_refuses():
    """Three are allowed; the fourth and the fifth are not."""
    clock = ManualClock(100.0)
    return ask(RateLimiter(3, 60, clock=clock), clock, [100.0, 100.0, 101.5, 101.5, 159.0])


@check(expect=[True, True, False, True, False, True], points=1, stage="core")
def a_request_ages_out_at_exactly_the_window():
    """Not at 69.75 s, but at 70 s: sixty seconds after the first. The second one leaves ten seconds later."""
    clock = ManualClock()
    return ask(RateLimiter(2, 60, clock=clock), clock, [10.0, 20.0, 69.75, 70.0, 79.75, 80.0])


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def every_window_holds_at_most_max_requests(rng):
    """Look back from each request; no moment is special."""
    # kills: windows of the calendar, windows that begin with a first request, token buckets,
    # weighted counters
    clock, limit, window = ManualClock(), rng.randint(2, 5), rng.choice([4, 10, 2.5])
    limiter, now, moments = RateLimiter(limit, window, clock=clock), rng.choice([64.0, 1000.0]), []
    for _ in range(60):
        now += window * rng.choice([0.0, 0.0625, 0.125, 0.25, 0.5])
        moments.append(now)
    # and once more, with refusals before the first has aged out
    begin = now // 1 + 2 * window // 1 + 0.75
    moments += [
        begin,
        *[begin + window / 4] * (limit - 1),
        begin + window - 0.25,
        begin + window,
        begin + window,
    ]
    return ask(limiter, clock, moments + [begin + window * 1.25] * limit)


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def a_burst_across_a_boundary_is_no_way_round(rng):
    """At the end of a window and at the beginning of the next one: together they are one burst."""
    # kills: windows of the calendar, wherever they begin
    clock, limit, seen = ManualClock(), rng.randint(3, 8), []
    for shift in rng.sample([0.0, rng.choice([7.5, 15.0]), 45.0], 3):
        limiter = RateLimiter(limit, 60, clock=clock)
        seen += ask(
            limiter,
            clock,
            [shift + 59.0] * limit + [shift + 61.0] * limit + [shift + 119.0] * limit,
        )
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def a_refused_request_costs_nothing_later(rng):
    """Whoever knocks all the time gets in as soon as the first allowed request has aged out."""
    # kills: refused requests are written down, each refusal starts the window anew, a penalty for
    # knocking
    clock, limit = ManualClock(), rng.randint(2, 4)
    limiter = RateLimiter(limit, 30, clock=clock)
    first = [rng.randint(1, 8) / 4 for _ in range(limit)]
    knocks = sorted(rng.randint(9, 119) / 4 for _ in range(20))
    return ask(
        limiter,
        clock,
        [*sorted(first), *knocks, *([30.0 + at for at in sorted(first)]), 32.5, 45.0],
    )


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def allowed_requests_age_one_by_one(rng):
    """Room comes back as it was taken, not all at once and not bit by bit."""
    # kills: clears everybody when the oldest has aged, a bucket that refills evenly
    clock, limit = ManualClock(), rng.randint(3, 6)
    gaps = [0.5, *(rng.choice([0.5, 1.0, 3.0]) for _ in range(limit))]
    moments = [sum(gaps[:n]) for n in range(limit)]
    later = [20.0 + at + shift for at in moments for shift in (-0.125, 0.0, 0.125)]
    return ask(RateLimiter(limit, 20, clock=clock), clock, moments + later)


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def only_the_clock_that_was_handed_in_counts(rng):
    """Its zero may lie anywhere, and it may stand still for a while."""
    # kills: another clock, a first time of 0.0 taken for "never", times cut to whole seconds
    seen = []
    for begin in rng.sample([0.0, -90.0, 1e6, -0.5, 12.75], 5):
        clock = ManualClock(begin)
        limiter, step = RateLimiter(2, 1.5, clock=clock), rng.choice([0.25, 0.5])
        seen += ask(limiter, clock, [begin, begin + step])
        time.sleep(1000)
        seen += ask(limiter, clock, [begin + step, begin + 1.25, begin + 1.5, begin + 1.5 + step])
    return seen


@check(
    expect={"allowed": 3, "after 59.5 s": 0, "after 60.5 s": 3, "wall clock": False},
    points=1,
    stage="settings",
)
def without_a_clock_it_takes_time_monotonic():
    """Which nobody sets back at night."""

    def allowed():
        return sum(limiter.is_allowed("harbour") for _ in range(5))

    limiter = RateLimiter(max_requests=3, window_seconds=60)
    seen = {"allowed": allowed()}
    time.sleep(59.5)
    seen["after 59.5 s"] = allowed()
    time.sleep(1.0)
    seen["after 60.5 s"] = allowed()
    parameters = inspect.signature(RateLimiter).parameters.values()
    return {**seen, "wall clock": any(parameter.default is time.time for parameter in parameters)}


@check(expect=REFERENCE, points=1, seeds=2, stage="settings")
def bad_arguments_are_refused(rng):
    """One request and a thousandth of a second are the least; what is legal must work."""
    arguments = [(0, 60), (-2, 60), (3, 0), (3, -1), (5, -0.5), (1, 60), (2, 0.001), (3, 60.5)]
    seen = []
    for limit, window in rng.sample(arguments, 8):
        try:
            limiter = RateLimiter(limit, window, clock=ManualClock())
            seen.append([limit, window, [limiter.is_allowed("harbour") for _ in range(limit + 1)]])
        except ValueError:
            seen.append([limit, window, "ValueError"])
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Keep users apart

Each user has a limit of their own; nothing that one does changes what another is told. Ids are hashable, no more: they
need not be strings or have an order, and ids that differ stay apart, whatever their text looks like: `("a", "bc")` is
not `("ab", "c")`, nor `1` the same as `"1"`.

`reset(user_id)` forgets what this user has sent: the next request finds an empty window, and nothing of the time before
has any effect later. For a user nobody has seen it does nothing, and it raises nothing.

<details><summary>Hint · one call does it</summary>

`dict.pop(key, None)` removes a key if it is there.

</details>
"""


# %%
@try_it
def a_user_is_reset() -> list[bool]:
    limiter = RateLimiter(max_requests=1, window_seconds=60, clock=ManualClock())
    seen = [
        limiter.is_allowed(("harbour", 1)),
        limiter.is_allowed(("harbour", 1)),
        limiter.is_allowed(("orchard", 1)),
    ]
    limiter.reset(("harbour", 1))
    return [*seen, limiter.is_allowed(("harbour", 1)), limiter.is_allowed(("orchard", 1))]


# %% nbgrader={"grade_id": "limit-users-checks", "grade": true}
@check(expect=[True, True, False, True, True, False], points=1, stage="core")
def each_user_has_a_limit_of_their_own():
    """The first one's three requests leave the second one's limit whole."""
    limiter = RateLimiter(2, 60, clock=ManualClock())
    return [
        limiter.is_allowed(user)
        for user in ("harbour", "harbour", "harbour", "orchard", "orchard", "orchard")
    ]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def a_noisy_tenant_takes_nothing_from_the_others(rng):
    """However much one sends: the others are told what they would be told without it."""
    # kills: one count for all, times of all users in one list, a ban for everybody
    clock = ManualClock(7.0)
    limiter, seen = RateLimiter(3, 10, clock=clock), []
    tenants = ["harbour", "orchard", "lantern"]
    noisy = rng.choice(tenants)
    for _ in range(90):
        clock.advance(rng.choice([0.0, 0.25, 1.0]))
        for _ in range(rng.randint(0, 4)):
            limiter.is_allowed((noisy, "import script"))
        user = (rng.choice(tenants), rng.randrange(2))
        seen.append([*user, limiter.is_allowed(user)])
    quiet = next(tenant for tenant in tenants if tenant != noisy)
    clock.now = clock.now // 1 + 20.75
    # the last three as the first one ages out
    for wait, requests in ((0.0, 1), (6.0, 2), (3.75, 1), (0.25, 3)):
        clock.advance(wait)
        for _ in range(requests):
            seen.append([quiet, limiter.is_allowed((quiet, "late"))])
            limiter.is_allowed((noisy, "import script"))
    return seen


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def look_alike_ids_stay_apart(rng):
    """Use the id itself, not its text, and do not ask ids for an order."""
    users = [
        ("a", "bc"),
        ("ab", "c"),
        ("a", "b:c"),
        ("a:b", "c"),
        ("harbour", "7"),
        ("orchard", "7"),
        ("harbour", 7),
    ]
    users += [
        ("harbour", None),
        ("harbour", ("7",)),
        None,
        "None",
        "('a', 'bc')",
        7,
        "7",
        "",
        frozenset({7}),
    ]
    limiter, limit = RateLimiter(2, 60, clock=ManualClock()), 2
    rng.shuffle(users)
    return [[limiter.is_allowed(user) for _ in range(limit + 1)] for user in users] + [
        [str(user) for user in users]
    ]


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def reset_empties_the_window_of_one_user(rng):
    """Of this one only, be the window full or not."""
    # kills: resets everybody, gives one request back, resets only those who were refused
    clock = ManualClock()
    limiter, seen = RateLimiter(3, 60, clock=clock), []
    users = [("harbour", 1), ("harbour", 2), ("orchard", 1)]
    for _ in range(12):
        clock.advance(rng.choice([0.25, 2.0]))
        for user in rng.sample(users, 3):
            seen.append([limiter.is_allowed(user) for _ in range(rng.randint(1, 3))])
        if rng.random() < 0.6:
            limiter.reset(rng.choice(users))
    return [*seen, [limiter.is_allowed(users[0]) for _ in range(5)]]


@check(expect=REFERENCE, points=1, seeds=3, stage="forgetting")
def nothing_of_the_time_before_a_reset_remains(rng):
    """Old requests must not age out of the new window, nor take the user along when they do."""
    # kills: entries in a second structure that outlive the reset
    clock, limit = ManualClock(), rng.randint(3, 5)
    limiter, wait = RateLimiter(limit, 20, clock=clock), rng.choice([4.0, 7.0])
    seen = ask(limiter, clock, [1.0] * limit)
    clock.now = wait
    limiter.reset("harbour")
    seen += ask(limiter, clock, [wait] * limit)
    clock.now = 21.0 + rng.choice([0.0, 1.0])
    seen.append(limiter.tracked_users)
    return seen + ask(limiter, clock, [clock.now, wait + 19.75, wait + 20.0])


@check(expect=REFERENCE, points=1, seeds=2, stage="forgetting")
def resetting_an_unknown_user_is_harmless(rng):
    """It raises nothing and changes nothing for the others."""
    clock, limit = ManualClock(), rng.randint(2, 5)
    limiter = RateLimiter(limit, 60, clock=clock)
    limiter.reset("nobody")
    seen = ask(limiter, clock, [1.0] * (limit + 1))
    for user in ("nobody", None, ("harbour",)):
        limiter.reset(user)
    tracked = limiter.tracked_users
    clock.now = 90.0
    limiter.reset("harbour")  # long forgotten
    limiter.reset("harbour")
    return [seen, tracked, ask(limiter, clock, [91.0] * (limit + 1))]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Forget who has left

A million users a day, each seen once, must not stay in memory for ever. `tracked_users` is the number of users with an
allowed request in the window. It falls by itself once windows pass, without any further request: reading it is enough.
A user whose last allowed request has aged out, or who was reset, is forgotten altogether, the id included; at the
latest when `tracked_users` is read. A refused request keeps nobody.

A call may take k steps to drop k idle users, but it never scans all of them.

<details><summary>Hint 1 · who is first</summary>

Whoever was allowed longest ago is forgotten first. Keep users in that order: `OrderedDict.move_to_end` whenever one is
allowed.

</details>
<details><summary>Hint 2 · when</summary>

In the beginning of each call: look at the first user, drop it if idle, look again, stop at the first who is not.

</details>
"""


# %%
@try_it
def ten_users_come_and_go() -> list[int]:
    clock = ManualClock()
    limiter = RateLimiter(max_requests=5, window_seconds=60, clock=clock)
    for user in range(10):
        limiter.is_allowed(("harbour", user))
        clock.advance(1.0)
    seen = [limiter.tracked_users]
    clock.advance(54.0)
    return [*seen, limiter.tracked_users]


# %% nbgrader={"grade_id": "limit-idle-checks", "grade": true}
@check(expect=[0, 2, 2, 1, 1, 0], points=1, stage="forgetting")
def reading_tracked_users_alone_shows_the_fall():
    """The first user is forgotten at exactly 60 s, the second one at 65 s."""
    clock = ManualClock()
    limiter = RateLimiter(3, 60, clock=clock)
    seen = [limiter.tracked_users]
    limiter.is_allowed("harbour")
    clock.now = 5.0
    limiter.is_allowed("orchard")
    for clock.now in (5.0, 59.75, 60.0, 64.75, 65.0):
        seen.append(limiter.tracked_users)
    return seen


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=4, stage="forgetting")
def tracked_users_counts_who_has_a_request_in_the_window(rng):
    """Allowed ones only: a refused request keeps nobody, a reset ends it."""
    # kills: counts all users ever seen, forgets by the first request, refusals renew, resets leave
    # a shell
    clock = ManualClock()
    limiter, seen = RateLimiter(2, 8, clock=clock), []
    ask(limiter, clock, [0.0, 1.0], "refused later")
    ask(limiter, clock, [2.0, 3.0], "reset")
    ask(limiter, clock, [4.0], "in between")
    ask(limiter, clock, [4.0], "back again")
    limiter.reset("reset")
    limiter.reset("back again")
    ask(limiter, clock, [4.5], "back again")
    ask(limiter, clock, [rng.choice([5.0, 7.5])], "refused later")
    for clock.now in (8.75, 9.0, 11.75, 12.0, 12.25, 12.5):
        seen.append(limiter.tracked_users)
    for _ in range(60):
        clock.advance(rng.choice([0.0, 0.5, 1.0, 2.5]))
        user, call = ("harbour", rng.randrange(6)), rng.random()
        if call < 0.6:
            limiter.is_allowed(user)
        elif call < 0.75:
            limiter.reset(user)
        else:
            seen.append(limiter.tracked_users)
    turn = 8.0 * (clock.now // 8 + 3)
    ask(limiter, clock, [turn - 2.0], "refused as the calendar turns")
    ask(limiter, clock, [turn - 1.5], "came later, left first")
    ask(limiter, clock, [turn - 1.0, turn + 0.5], "refused as the calendar turns")
    for clock.now in (turn + 6.75, turn + 7.25):
        seen.append(limiter.tracked_users)
    end = clock.now + 20.0
    ask(limiter, clock, [end + 1.0, end + 6.0, end + 9.5, end + 10.0], "refused last")
    for clock.now in (end + 17.25, end + 17.5):
        seen.append(limiter.tracked_users)
    return seen


@check(expect=REFERENCE, points=1, seeds=3, stage="forgetting")
def a_user_who_keeps_coming_does_not_shield_the_others(rng):
    """The order is that of the last allowed request, not of the first."""
    # kills: stops at the oldest user although others behind it are idle, drops who is active
    clock, limit = ManualClock(), rng.randint(8, 12)
    limiter, seen = RateLimiter(limit, 10, clock=clock), []
    loyal = rng.randrange(2)
    for user in range(6):
        limiter.is_allowed(("once", user))
        limiter.is_allowed("loyal" if user >= loyal else "early")
        clock.advance(1.0)
    for _ in range(8):
        clock.advance(1.5)
        limiter.is_allowed("loyal")
        seen.append(limiter.tracked_users)
    return [*seen, limit, [limiter.is_allowed("loyal") for _ in range(limit)]]


class Visitor:
    """An id that is equal to itself only, and can be watched from outside."""


def coming_and_going(call):
    """How many visitors are still in memory, of those who came, after `call` on the limiter."""
    clock = ManualClock()
    limiter, alive = RateLimiter(2, 10, clock=clock), []
    for _ in range(12):
        visitor = Visitor()
        alive.append(weakref.ref(visitor))
        seen = [limiter.is_allowed(visitor) for _ in range(3)]
        clock.advance(1.0)
        del visitor
    counts = [sum(ref() is not None for ref in alive[-5:]), limiter.tracked_users]
    clock.advance(30.0)
    call(limiter)
    gc.collect(0)
    return [seen, counts, sum(ref() is not None for ref in alive), limiter.tracked_users]


@check(expect=[[True, True, False], [5, 9], 0, 0], points=1, stage="forgetting")
def nothing_is_kept_of_idle_users():
    """Not even the id, and not for the sake of a count."""
    # kills: tracked_users that leaves out idle users without dropping them
    return coming_and_going(lambda limiter: limiter.tracked_users)


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Make it cheap and safe

The limiter stands in front of every request, so the cost of a call must not grow with the number of users, for
`is_allowed`, `reset` and `tracked_users` alike. The checks count hashes and comparisons of ids, comparisons of times,
and executed lines, with 40 and with 200 users; no stopwatch. A heap's O(log n) is fine.

Threads share it. However many ask at once, a user gets no more than `max_requests` through, and exactly that many if
enough ask; no call raises or hangs, and `tracked_users` is right when they are done.

<details><summary>Hint 1 · one step</summary>

"Is there room?" and "take it" must be one step. One lock around each whole public method does it.

</details>
<details><summary>Hint 2 · a lock that waits for itself</summary>

A public method that calls another one takes the lock twice. Keep shared work in a private helper that expects the lock
to be held.

</details>
"""


# %%
@try_it
def eight_threads_ask_for_three_places() -> list[bool]:
    limiter = RateLimiter(max_requests=3, window_seconds=60, clock=ManualClock())
    return race(*[lambda: limiter.is_allowed("harbour")] * 8)


# %% nbgrader={"grade_id": "limit-threads-checks", "grade": true}
def effort(tally, work, *args):
    """Hashes and comparisons that `tally` counts, and lines executed, while `work(*args)` runs."""
    lines = 0

    def trace(_frame, event, _arg):
        nonlocal lines
        lines += event == "line"
        return trace

    before, tracer = tally.total, sys.gettrace()
    sys.settrace(trace)
    try:
        work(*args)
    finally:
        sys.settrace(tracer)
    return tally.total - before + lines


def ask_all(limiter, clock, users):
    for user in users:
        clock.now += 0.5
        limiter.is_allowed(user)


def busy(size, tally, clock):
    """A limiter that tracks so many users, none of whom is about to leave."""
    limiter = RateLimiter(2, 4000, clock=tally.clock(clock))
    ask_all(limiter, clock, [tally.key(n) for n in range(size)])
    return limiter


def hardly_grows(seen):
    """with 200 users at most twice what it takes with 40, and all of them are tracked"""
    return seen["tracked"] == [40, 200] and 0 < seen["200 users"] <= 2 * seen["40 users"]


@check(expect=is_true_of(hardly_grows), points=1, stage="constant-time")
def asking_costs_the_same_among_many_users():
    """is_allowed never walks over the users."""
    seen = {"tracked": []}
    for size in (40, 200):
        tally, clock = Tally(), ManualClock()
        limiter = busy(size, tally, clock)
        users = [tally.key(n * 37 % size) for n in range(40)]
        seen[f"{size} users"] = round(effort(tally, ask_all, limiter, clock, users) / 40, 1)
        seen["tracked"].append(limiter.tracked_users)
    return seen


### BEGIN HIDDEN TESTS
def none_grows(seen):
    """with 200 users at most twice what it takes with 40, whatever is called, and the numbers are right"""
    return len(seen) == 3 and all(hardly_grows(costs) for costs in seen.values())


def read_all(limiter, times):
    for _ in range(times):
        limiter.tracked_users  # noqa: B018


def reset_all(limiter, users):
    for user in users:
        limiter.reset(user)


def one_leaves_each_time(limiter, clock, users):
    for user in users:
        clock.now += 0.5
        limiter.is_allowed(user)
        limiter.tracked_users  # noqa: B018


@check(expect=is_true_of(none_grows), points=2, stage="forgetting")
def forgetting_never_scans_all_users():
    """Neither when tracked_users is read, nor on a reset, nor when users leave one by one."""
    seen = {"reading": {}, "resetting": {}, "one leaves each time": {}}
    for size in (40, 200):
        tally, clock = Tally(), ManualClock()
        limiter = busy(size, tally, clock)
        spent = [effort(tally, read_all, limiter, 20)]
        tracked = [limiter.tracked_users]
        users = [tally.key(n) for n in range(0, 40, 2)]
        spent.append(effort(tally, reset_all, limiter, users))
        tracked.append(limiter.tracked_users + 20)
        limiter = RateLimiter(2, size / 2, clock=tally.clock(clock))
        # from now on one user leaves at each step
        ask_all(limiter, clock, [tally.key(n) for n in range(size)])
        spent.append(
            effort(
                tally,
                one_leaves_each_time,
                limiter,
                clock,
                [tally.key(size + n) for n in range(20)],
            )
        )
        tracked.append(limiter.tracked_users)
        for costs, counted, users_left in zip(seen.values(), spent, tracked, strict=True):
            costs[f"{size} users"] = round(counted / 20, 1)
            costs.setdefault("tracked", []).append(users_left)
    return seen


def trouble(results):
    return sorted(
        {type(result).__name__ for result in results if isinstance(result, BaseException)}
    )


def hesitant(kind):
    """Numbers of this kind that let other threads run whenever they are compared."""

    def late(compare):
        def hesitates(self, other):
            time.sleep(0)
            return compare(self, other)

        return hesitates

    compared = {
        name: late(getattr(kind, name))
        for name in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__")
    }
    return type("Hesitant", (kind,), {**compared, "__hash__": kind.__hash__})


@check(
    expect=[{"allowed": [1] * 4, "trouble": []}, {"allowed": [2] * 4, "trouble": []}],
    points=2,
    stage="threads",
)
def threads_never_get_more_than_max_requests_through():
    """Three threads ask once for each of four users; of each user as many get through as the limit says."""
    seen = []
    for limit in (1, 2):
        limiter = RateLimiter(hesitant(int)(limit), 60, clock=ManualClock())

        def knock(limiter=limiter):
            return [limiter.is_allowed(YieldingKey(user)) for user in range(4)]

        results = race(knock, knock, knock, seed=limit)
        told = [result for result in results if isinstance(result, list)]
        seen.append(
            {
                "allowed": [sum(answers) for answers in zip(*told, strict=True)],
                "trouble": trouble(results),
            }
        )
    return seen


@check(
    expect=[{"allowed": [2, 2, 2], "tracked": 0, "late": [True, True, False], "trouble": []}] * 2,
    points=1,
    stage="threads",
)
def threads_that_forget_at_the_same_time_do_not_trip():
    """Several notice at once that users are idle, while others ask, read and reset the same user."""
    seen = []
    for seed in range(2):
        clock, late = ManualClock(), hesitant(float)
        limiter = RateLimiter(2, 10, clock=lambda clock=clock, late=late: late(clock()))

        def come_and_go(tenant, clock=clock, limiter=limiter):
            allowed = 0
            for user in range(2):
                allowed += limiter.is_allowed((tenant, user))
                limiter.is_allowed("shared")
                clock.advance(6.5)
                limiter.reset("shared")
                limiter.tracked_users  # noqa: B018
            return allowed

        told = race(
            *[lambda t=t: come_and_go(t) for t in ("harbour", "orchard", "lantern")], seed=seed
        )
        clock.advance(11.0)
        allowed = [one for one in told if isinstance(one, int)]
        seen.append(
            {"allowed": allowed, "tracked": limiter.tracked_users, "trouble": trouble(told)}
        )
        seen[-1]["late"] = [limiter.is_allowed("late") for _ in range(3)]
    return seen


@check(expect=REFERENCE, points=2, seeds=4, stage="forgetting")
def any_sequence_of_calls_answers_like_the_reference(rng):
    """All rules together: play the calls one by one on paper."""
    clock, limit, window = ManualClock(500.0), rng.randint(2, 4), rng.choice([3, 5.5])
    limiter, seen = RateLimiter(limit, window, clock=clock), []
    for _ in range(300):
        call, user = rng.choice("aaaaaaarttttnnn"), ("orchard", rng.randrange(5))
        if call == "a":
            seen.append(limiter.is_allowed(user))
        elif call == "r":
            limiter.reset(user)
        elif call == "n":
            seen.append(limiter.tracked_users)
        else:
            clock.advance(rng.choice([0.25, 0.5, 1.0]))
    # 0 is refused after 1 was allowed
    late = [2, *[0] * limit], [1, 0, *[2] * (limit - 1)], [2] * limit
    for wait, users in zip((20.0, 0.5, window - 0.5), late, strict=True):
        clock.advance(wait)
        seen.append(
            [limiter.tracked_users, *(limiter.is_allowed(("orchard", user)) for user in users)]
        )
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Burst on the boundary

One user sends two fifths of the limit, evenly, and on the second boundary a burst. Three limiters see the same
requests: the calendar's windows, a *sliding counter* that weighs the last two of them, and yours. Move the burst first.
"""


# %%
def three_limiters(limit: int, window_seconds: Seconds, burst: int) -> dict[str, Any]:
    return compare(RateLimiter, limit, window_seconds, burst)


explore(draw_limits, data=three_limiters, size=(9.0, 4.4),
        caption="Allowed requests in sight of three limiters, and what became of each request.",
        limit=slider(5, 50, 5, 20), window_seconds=slider(2, 60, 2, 10), burst=slider(2, 100, 2, 40))  # fmt: skip

# %% [markdown]
"""## What would you keep?

Where the sliders start, the fixed window lets 39 requests into 10 seconds, the counter 22, yours 20. The interviewer:
"**We have a million active users, a limit of 1,000 a minute, and five gateway replicas. Which of the three do you
take, where does its state live, and what do you tell a user who is refused?**" Give the price of each choice. 150 words
are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "limit-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** The log is exact, but it keeps every allowed request: up to 1,000 times for each of a million users, a
billion numbers of 8 bytes at the very least. The counter keeps two numbers for each user and is off by a tenth in this
burst (22 for 20), because it takes the last window's requests for evenly spread. At 1,000 a minute that is good enough.
I would keep the log where the limit is small and each request dear, say five batch jobs an hour. The fixed window is
cheapest and lets nearly twice the limit through at the worst moment, so the pool behind it must be sized for that.

Five replicas with a limiter each let up to five times the limit through. Either one user always goes to the same
replica (and a replica that dies resets its users), or the counts live in one store such as Redis, in one atomic script:
exact, but a round trip for each request, and a decision what happens when the store is down. I would let requests pass
then, with a coarse local limit, and alert. A refused user gets status 429 with `Retry-After`, so well-behaved clients
do not knock. I watch refusals by tenant, and how many users are above 80 % of their limit.

**Rubric.** 1 point: memory of the log against the counter's error, with numbers. 1 point: a choice that fits the
limit's size or the cost of a request. 1 point: several replicas multiply the limit, and a remedy with its price. 1
point: what the client is told, and what happens or is watched when the limiter or its store fails.

*Weak* (1): "the counter, as the limit is large": a choice that fits, but no numbers for memory or error, one replica
only, and no word to the user. *Good* (2–3): sets the memory of the log against the error of the counter with numbers
and chooses by the size of the limit. It may see that five replicas let five times as much through, but leaves out the
price of the remedy or the refused user. *Strong* (4): on top of that has a remedy for the replicas with its price,
such as a round trip or a lost count. It also says what the client gets (429 and when to try again), and what happens
or is watched when the limiter fails.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

A limit is a promise about every window, so look back from each request. What is refused leaves no trace; who leaves is
forgotten in the order of the last visit. Checking and taking are one step.

**In practice** nginx drains a leaky bucket; Envoy asks a shared service. The library `limits` has all three ways of the
picture; its moving window keeps a request up to *and including* the window's end, and reads the wall clock.

**Asked next** (weights as in multi-tenant design rounds)

- One user of a tenant eats the tenant's limit. Which limits do you stack? (isolation, 20 %)
<details><summary>An answer</summary>

A limit for the user stands below the one for the tenant, and both have to agree. A request that one of them refuses
costs nothing in the other.

</details>

- The store behind the limiter is down: open or closed? (trade-offs, 20 %)
<details><summary>An answer</summary>

Neither fully: each gateway falls back to a lower limit of its own, the limit divided by the number of gateways. Open
would send a pool that is sized by the limiter more than it bears, and closed makes the fault of the limiter an outage
for everybody.

</details>

- Limit requests, tokens or GPU seconds? (scalability, 15 %)
<details><summary>An answer</summary>

GPU seconds are what runs out, but a client cannot foresee them, so I take tokens as their price, with a limit on
requests as a guard. An estimate is reserved at the start and settled by what was really used.

</details>
"""
