# %% [markdown]
"""# Cache features close to the model

You'll build a `FeatureCache` that keeps a model server from asking the feature store the same thing twice: bounded,
with expiry, honest about its numbers, and safe among threads.

**Time** 45 min · **Level** medium · **Needs** dictionaries, heaps, locks

**Skills** combine two orders (recency and expiry) in one structure · say what a counter counts · place the lock
"""

# %% nbgrader={"grade_id": "cache-setup", "locked": true}
import contextlib
import heapq
import inspect
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from coursekit import ManualClock, Tally, check, explore, scoreboard, slider, try_it
from coursekit.coding.traces import HitRates, hit_rates, plot_hit_rates, replay, zipf_trace
from coursekit.expect import REFERENCE, approx, is_true_of
from coursekit.threads import YieldingKey, race, yield_processor

Key = Hashable  # ("harbour", "user-7"): the tenant is part of it
Seconds = float  # since the clock's zero

# %% [markdown]
"""## The situation

Monday, 09:00. Every model server asks the online store for the same users' features again and again: 14,000 reads a
second, and 8 of 10 bring back what that very server read within the last five minutes. The store saturates, p99 of a
prediction goes from 40 ms to 900 ms, and the platform engineer on call is paged.

A cache in each server answers most of those reads. Kept too long, its features are stale. Kept without a bound, it
takes the server's memory. Keyed carelessly, it hands one tenant's features to another.

![A request asks the cache. On a hit the features go to the model. On a miss they are read from the store and set: a
full cache drops an expired entry if there is one, else evicts the least recently used; then the features go to the
model.](diagrams/04_cache_features.mmd)
"""

# %%
for read in zipf_trace(reads=6):
    print(f"{read.at:5.2f} s  {read.key}")

# %% [markdown]
"""## 1 · Keep the recent ones

One class for all four stages: write what a stage asks for, run its checks, come back.

`get(key, default=None)` returns what was `set`, else `default`. `None`, `0`, `False` and `""` are values like any
other. Reading a key makes it recent, and so does setting it. A new key in a full cache evicts the least recently used
entry; setting a key that is there replaces its value and evicts nothing. One entry is a legal capacity.

Keys are hashable, no more: they need not be strings or have an order, and keys that differ stay apart, whatever their
text looks like: `("a", "bc")` is not `("ab", "c")`, nor `1` the same as `"1"`. Values can be anything, lists too.

<details><summary>Hint 1 · which structure</summary>

`OrderedDict` finds a key, moves it to one end (`move_to_end`) and drops the other (`popitem(last=False)`), all in O(1).

</details>
<details><summary>Hint 2 · telling "absent" from a stored None</summary>

Store a tuple or small object for each key. Then `entries.get(key)` is `None` only if nothing is there.

</details>
"""


# %% nbgrader={"grade_id": "cache", "solution": true}
class FeatureCache:
    """At most `max_size` entries: the most recently used ones, each for its time to live."""

    def __init__(
        self,
        max_size: int = 1000,
        default_ttl_seconds: float = 300,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """An empty cache. ValueError: `max_size` below 1, or a ttl that is not above 0."""
        ### BEGIN SOLUTION
        if max_size < 1:
            raise ValueError(f"max_size must be at least 1, not {max_size}")
        if default_ttl_seconds <= 0:
            raise ValueError(f"default_ttl_seconds must be above 0, not {default_ttl_seconds}")
        self._max_size, self._default_ttl, self._clock = max_size, default_ttl_seconds, clock
        # (value, end, number)
        self._entries: OrderedDict[Key, tuple[Any, float, int]] = OrderedDict()
        self._ends: list[tuple[float, int, Key]] = []  # a heap; records of dead entries stay in it
        self._sets = self._hits = self._misses = self._evictions = self._expirations = 0
        self._lock = threading.Lock()
        ### END SOLUTION

    def get(self, key: Key, default: Any = None) -> Any:
        """The value of a live entry, which becomes the most recent; else `default`."""
        ### BEGIN SOLUTION
        with self._lock:
            if not self._is_live(key, self._clock()):
                self._misses += 1
                return default
            self._hits += 1
            self._entries.move_to_end(key)
            return self._entries[key][0]
        ### END SOLUTION

    def set(self, key: Key, value: Any, ttl_seconds: float | None = None) -> None:
        """Store a value for `ttl_seconds` (None: the default). ValueError: the ttl is not above 0."""
        ### BEGIN SOLUTION
        ttl = self._default_ttl if ttl_seconds is None else ttl_seconds
        if ttl <= 0:
            raise ValueError(f"ttl_seconds must be above 0, not {ttl}")
        with self._lock:
            now = self._clock()
            if not self._is_live(key, now) and len(self._entries) >= self._max_size:
                self._drop_expired(now)
                if len(self._entries) >= self._max_size:
                    self._entries.popitem(last=False)
                    self._evictions += 1
            self._sets += 1
            self._entries[key] = (value, now + ttl, self._sets)
            self._entries.move_to_end(key)
            heapq.heappush(self._ends, (now + ttl, self._sets, key))
            # forget dead records: O(1) per set in the long run
            if len(self._ends) > 2 * self._max_size:
                self._ends = [(end, number, key) for key, (_, end, number) in self._entries.items()]
                heapq.heapify(self._ends)
        ### END SOLUTION

    def delete(self, key: Key) -> bool:
        """Remove the entry. True if a live one went."""
        ### BEGIN SOLUTION
        with self._lock:
            live = self._is_live(key, self._clock())
            if live:
                del self._entries[key]
            return live
        ### END SOLUTION

    def clear_expired(self) -> int:
        """Remove all expired entries; how many went."""
        ### BEGIN SOLUTION
        with self._lock:
            return self._drop_expired(self._clock())
        ### END SOLUTION

    def get_stats(self) -> dict[str, int | float]:
        """`size, capacity, hits, misses, hit_rate, evictions, expirations`."""
        ### BEGIN SOLUTION
        with self._lock:
            self._drop_expired(self._clock())
            return {
                "size": len(self._entries),
                "capacity": self._max_size,
                "hits": self._hits,
                "misses": self._misses,
                "hit_rate": self._hits / max(1, self._hits + self._misses),
                "evictions": self._evictions,
                "expirations": self._expirations,
            }

    def _is_live(self, key: Key, now: float) -> bool:
        """Whether the key has a live entry. An expired one is dropped. Call it with the lock held."""
        entry = self._entries.get(key)
        if entry is None:
            return False
        if now < entry[1]:
            return True
        del self._entries[key]
        self._expirations += 1
        return False

    def _drop_expired(self, now: float) -> int:
        """Drop what has expired, soonest end first; how many. Call it with the lock held."""
        before = self._expirations
        while self._ends and self._ends[0][0] <= now:
            _, number, key = heapq.heappop(self._ends)
            entry = self._entries.get(key)
            # not the record of a renewed entry's former life
            if entry is not None and entry[2] == number:
                del self._entries[key]
                self._expirations += 1
        return self._expirations - before
        ### END SOLUTION


# %%
@try_it
def the_entry_read_last_survives() -> list[Any]:
    cache = FeatureCache(max_size=2)
    cache.set(("harbour", "user-1"), [0.2, 3])
    cache.set(("harbour", "user-2"), [0.9, 1])
    cache.get(("harbour", "user-1"))
    cache.set(("orchard", "user-1"), [0.5, 7])
    return [
        cache.get((tenant, user))
        for tenant in ("harbour", "orchard")
        for user in ("user-1", "user-2")
    ]


# %% nbgrader={"grade_id": "cache-lru-checks", "grade": true}
def put(cache, *keys, ttl=None):
    for key in keys:
        cache.set(key, f"features of {key}", ttl)


@check(expect=["features of a", None, "features of c"], points=1, stage="core")
def the_least_recently_used_entry_goes_first():
    """Reading a key makes it recent."""
    cache = FeatureCache(max_size=2)
    put(cache, "a", "b")
    cache.get("a")
    put(cache, "c")
    return [cache.get("a"), cache.get("b"), cache.get("c")]


@check(expect=["renewed", "features of b", "features of c"], points=1, stage="core")
def setting_a_key_that_is_there_evicts_nothing():
    """A full cache needs no room for a key that it holds already."""
    cache = FeatureCache(max_size=3)
    put(cache, "a", "b", "c")
    cache.set("c", "old")
    cache.set("a", "renewed")
    put(cache, "c")
    return [cache.get("a"), cache.get("b"), cache.get("c")]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def any_mix_of_reads_and_writes_keeps_the_most_recent(rng):
    """Both get and set make a key the most recent; the one untouched for longest goes."""
    seen = []
    for capacity in (1, 2, 5):
        cache = FeatureCache(max_size=capacity)
        for step in range(120):
            key = ("harbour", rng.randrange(capacity + 3))
            if rng.random() < 0.45:
                cache.set(key, step)
            else:
                seen.append(cache.get(key))
    return seen


@check(
    expect=[None, 0, False, "", [], {"clicks": [1, 2]}, "nothing", 0.0, None],
    points=1,
    stage="core",
)
def only_a_missing_key_gives_the_default():
    """A stored None, zero or empty text is a value; the default is for keys that are not there."""
    cache = FeatureCache()
    for key, value in enumerate([None, 0, False, "", [], {"clicks": [1, 2]}]):
        cache.set(key, value)
    found = [cache.get(key, "nothing") for key in range(6)]
    return [*found, cache.get(6, "nothing"), cache.get(7, default=0.0), cache.get(8)]


@check(expect=list(range(1, 13)), points=1, stage="tenants")
def look_alike_keys_of_two_tenants_stay_apart():
    """Use the key itself, not its text, and do not ask keys for an order."""
    keys = [
        ("a", "bc"),
        ("ab", "c"),
        ("a", "b:c"),
        ("a:b", "c"),
        ("harbour", "7"),
        ("orchard", "7"),
    ]
    keys += [("harbour", 7), ("harbour", None), ("harbour", ("7",)), None, "None", "('a', 'bc')"]
    cache = FeatureCache(max_size=len(keys))
    for number, key in enumerate(keys, 1):
        cache.set(key, number)
    return [cache.get(key, "lost") for key in keys]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Let entries expire

An entry set at time `t` with a ttl of `s` seconds is alive before `t + s` and gone at exactly that time. `ttl_seconds`
of one `set` beats `default_ttl_seconds`, shorter or longer; fractions count. An expired key answers like one never set.
Reading does not lengthen a life. Setting a key again starts a new one: value, ttl (the default if none is given) and
recency.

In a full cache an expired entry, wherever it stands, goes before any live one.

`clear_expired()` drops every expired entry and returns how many. `delete(key)` is `True` if a live entry went, `False`
for one that is missing or expired; a deleted key can be set anew. `max_size` below 1 or any ttl of 0 or less:
`ValueError`, and a refused `set` leaves the old entry and all others as they were.

The default clock is `time.monotonic`, which nobody sets back at night.

<details><summary>Hint 1 · a second order</summary>

Recency says who is evicted, time of expiry says who is dead. Keep a heap of `(end, number, key)` beside the dictionary;
the running number decides between equal ends, so keys are never compared.

</details>
<details><summary>Hint 2 · a key that is set again</summary>

Its former record is still somewhere in the heap. Leave it there, and when it surfaces compare its number with the
entry's: a different one belongs to an earlier life and means nothing.

</details>
<details><summary>Hint 3 · refuse first</summary>

Check the ttl before you touch anything, and test `is None`: with `ttl_seconds or default` a zero slips through.

</details>
"""


# %%
@try_it
def half_a_second_before_the_end_and_at_it() -> list[Any]:
    clock = ManualClock()
    cache = FeatureCache(default_ttl_seconds=300, clock=clock)
    cache.set(("harbour", "user-1"), [0.2, 3], ttl_seconds=5)
    clock.advance(4.5)
    before = cache.get(("harbour", "user-1"))
    clock.advance(0.5)
    return [before, cache.get(("harbour", "user-1"))]


# %% nbgrader={"grade_id": "cache-ttl-checks", "grade": true}
def at(clock, now):
    clock.now = now


@check(expect=["features of a", None], points=1, stage="core")
def an_entry_is_gone_at_exactly_its_ttl():
    """Alive before `t + ttl`, gone at it."""
    clock = ManualClock(100.0)
    cache = FeatureCache(default_ttl_seconds=8, clock=clock)
    put(cache, "a", "b")
    at(clock, 107.75)
    before = cache.get("a")
    at(clock, 108.0)
    return [before, cache.get("b")]


@check(
    expect=[None, "features of b", "features of c", "features of d"],
    points=1,
    stage="expired-first",
)
def an_expired_entry_makes_room():
    """Entry a is dead when d needs its place, so nobody else has to go."""
    clock = ManualClock()
    cache = FeatureCache(max_size=3, clock=clock)
    put(cache, "b")
    put(cache, "a", ttl=2)
    put(cache, "c")
    at(clock, 3.0)
    put(cache, "d")
    return [cache.get(key) for key in "abcd"]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def every_entry_lives_for_its_own_ttl(rng):
    """The ttl of one set beats the default; fractions of a second count."""
    clock = ManualClock(rng.choice([0.0, 1000.0]))
    default = rng.choice([0.75, 4, 60])
    cache = FeatureCache(max_size=100, default_ttl_seconds=default, clock=clock)
    now, events = clock.now, []
    for user in range(40):
        ttl = rng.choice([None, 0.25, 1, 2.5, 7, 30.5])
        now += rng.choice([0.0, 0.25, 1.0])
        events.append((now, user, ttl, "set"))
        events.append((now + (ttl or default) + rng.choice([-0.125, 0.125]), user, None, "get"))
    seen = []
    for when, user, ttl, call in sorted(events, key=lambda event: event[0]):
        at(clock, when)
        if call == "set":
            cache.set(user, f"user {user}", ttl)
        else:
            seen.append([user, cache.get(user)])
    return seen


@check(expect=["features of a", "features of a", "features of a", None], points=1, stage="core")
def reading_does_not_lengthen_a_life():
    """A life is counted from set, however often the entry is read."""
    clock = ManualClock()
    cache = FeatureCache(default_ttl_seconds=10, clock=clock)
    put(cache, "a")
    seen = []
    for now in (4.0, 8.0, 9.0, 11.0):
        at(clock, now)
        seen.append(cache.get("a"))
    return seen


@check(expect=["features of a", "gone", 0], points=1, stage="core")
def an_expired_key_gives_the_default():
    """As if it had never been set."""
    clock = ManualClock()
    cache = FeatureCache(default_ttl_seconds=10, clock=clock)
    put(cache, "a", "b")
    before = cache.get("a", "gone")
    at(clock, 12.0)
    return [before, cache.get("a", "gone"), cache.get("b", default=0)]


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def a_key_set_again_lives_for_its_new_ttl(rng):
    """Shorter or longer than before, the last set counts; nothing is left of the former life."""
    seen = []
    for first, second in [(4, 16), (16, 4), (4, None), (None, 4), (6, 6)]:
        wait = rng.choice([0.5, 1.0, 2.0])
        end, new_end = first or 9, wait + (second or 9)
        for moment in (min(end, new_end) + 0.25, new_end - 0.25, new_end + 0.25):
            clock = ManualClock()
            cache = FeatureCache(max_size=3, default_ttl_seconds=9, clock=clock)
            cache.set("first", 1, 100)
            cache.set("again", "old", first)
            cache.set("last", 3, 100)
            at(clock, wait)
            cache.set("again", "new", second)
            at(clock, moment)
            cache.set("newcomer", 4, 100)  # an expired entry goes for it, else "first"
            seen.append(cache.get("again"))
    return seen


@check(expect=REFERENCE, points=2, seeds=6, stage="expired-first")
def an_expired_entry_goes_before_any_live_one(rng):
    """Wherever it stands in the order of recency."""
    seen = []
    for first in (0, 1):  # with 1 the oldest entry is alive
        clock, capacity = ManualClock(), rng.randint(2, 8)
        cache = FeatureCache(max_size=capacity, default_ttl_seconds=100, clock=clock)
        lives = [50] * first + [rng.choice([5, 50, None]) for _ in range(first, capacity)]
        lives[rng.randrange(first, capacity)] = 5
        for user, ttl in enumerate(lives):
            cache.set(user, f"user {user}", ttl)
        for user in rng.sample(range(first, capacity), rng.randint(0, capacity - first)):
            cache.get(user)
        at(clock, 6.0)
        newcomers = range(100, 100 + rng.randint(1, lives.count(5)))
        for user in newcomers:
            cache.set(user, f"user {user}")
        seen += [cache.get(user) for user in [*range(capacity), *newcomers]]
    return seen


@check(expect=REFERENCE, points=2, seeds=6, stage="core")
def clear_expired_returns_how_many_went(rng):
    """Each expired entry counts once, at exactly its ttl too; the living stay."""
    clock = ManualClock()
    cache = FeatureCache(max_size=200, default_ttl_seconds=6, clock=clock)
    went = [cache.clear_expired()]
    for sweep in range(8):
        for user in range(rng.randint(0, 5)):
            for _ in range(rng.choice([1, 1, 2])):
                cache.set(f"{sweep}/{user}", 1, rng.choice([None, 2, 4.5, 20]))
        for first, last in ((2, 20), (20, 2)):
            cache.set(f"{sweep}/{last}", 1, first)
            cache.set(f"{sweep}/{last}", 1, last)
        clock.advance(rng.choice([1.0, 2.0, 4.5]))
        went.append(cache.clear_expired())
    at(clock, clock.now // 1 + 20.0)
    went.append(cache.clear_expired())
    cache.set("half a second", 1, 4.5)
    clock.advance(4.75)
    return [went, cache.clear_expired(), cache.clear_expired()]


@check(
    expect=[True, False, False, True, True, False, "kept", "anew", "anew"], points=1, stage="core"
)
def delete_says_whether_a_live_entry_went():
    """True for a live entry only; a deleted key starts from nothing when it is set again."""
    clock = ManualClock()
    cache = FeatureCache(max_size=4, default_ttl_seconds=5, clock=clock)
    for key, value in (("live", None), ("ends", "before"), ("again", "before"), ("zero", 0)):
        cache.set(key, value)
    seen = [cache.delete(key) for key in ("live", "live", "never", "again", "zero")]
    at(clock, 3.0)
    cache.set("other", "kept")
    cache.set("again", "anew")
    at(clock, 6.0)
    seen += [cache.delete("ends"), cache.get("other"), cache.get("again")]
    put(cache, "x", "y", "z")  # "other" goes, nothing is left of the first "again"
    return [*seen, cache.get("again")]


def outcome(call):
    try:
        call()
    except ValueError:
        return "ValueError"
    return "accepted"


@check(expect=["ValueError"] * 4 + ["accepted"] * 2, points=1, stage="settings")
def a_size_or_ttl_out_of_range_is_refused():
    """max_size from 1, ttl above 0; one entry and a thousandth of a second are fine."""
    refused = [
        {"max_size": 0},
        {"max_size": -5},
        {"default_ttl_seconds": 0},
        {"default_ttl_seconds": -0.5},
    ]
    fine = [{"max_size": 1}, {"default_ttl_seconds": 0.001}]
    return [
        outcome(lambda options=options: FeatureCache(**options)) for options in [*refused, *fine]
    ]


@check(
    expect=[["ValueError"] * 4, "harbour's", "orchard's", "lantern's", None],
    points=1,
    stage="settings",
)
def a_refused_set_changes_nothing():
    """Neither the entry of that key nor another tenant's; and the lock is free again."""
    clock = ManualClock()
    cache = FeatureCache(max_size=4, default_ttl_seconds=10, clock=clock)
    for tenant, user in [("harbour", 1), ("orchard", 2), ("lantern", 3), ("lantern", 4)]:
        cache.set((tenant, user), f"{tenant}'s")
    at(clock, 2.0)
    bad = [(("orchard", 2), 0), (("lantern", 4), -1), (("harbour", 5), 0.0), (("harbour", 6), -0.5)]
    refused = [outcome(lambda key=key, ttl=ttl: cache.set(key, "refused", ttl)) for key, ttl in bad]
    at(clock, 9.0)
    (first,) = race(lambda: cache.get(("harbour", 1)))  # from another thread: the lock must be free
    other = FeatureCache(max_size=4)
    with contextlib.suppress(TypeError):
        other.set([], "a list is no key")
    first = race(lambda: other.get("free", first))[0]
    values = [first, *(cache.get(key) for key in [("orchard", 2), ("lantern", 3)])]
    at(clock, 11.0)
    return [refused, *values, cache.get(("lantern", 4))]


@check(
    expect={"at 299.5 s": 7, "at 300.5 s": None, "of 1,001 keys": 1000, "wall clock": False},
    points=1,
    stage="settings",
)
def the_defaults_are_as_promised():
    """1,000 entries, 300 seconds, time.monotonic."""
    cache = FeatureCache()
    cache.set("a", 7)
    cache.set("b", 7)
    time.sleep(299.5)
    before = cache.get("a")
    time.sleep(1.0)
    after = cache.get("b")
    full = FeatureCache()
    for key in range(1001):
        full.set(key, key)
    parameters = inspect.signature(FeatureCache).parameters.values()
    return {
        "at 299.5 s": before,
        "at 300.5 s": after,
        "of 1,001 keys": sum(full.get(key, "gone") == key for key in range(1001)),
        "wall clock": any(parameter.default is time.time for parameter in parameters),
    }


@check(expect=REFERENCE, points=1, seeds=3, stage="expired-first")
def any_sequence_of_calls_answers_like_the_reference(rng):
    """All rules together: play the calls one by one on paper."""
    clock = ManualClock()
    size, seen = rng.randint(2, 6), []
    cache = FeatureCache(max_size=size, default_ttl_seconds=4, clock=clock)
    for step in range(500):
        call, key = rng.choice("ggggssssddtttc"), ("orchard", rng.randrange(7))
        if call == "g":
            seen.append(cache.get(key))
        elif call == "s":
            cache.set(key, step, rng.choice([None, 1, 2.5, 10]))
        elif call == "d":
            seen.append(cache.delete(key))
        elif call == "c":
            cache.clear_expired()
        else:
            clock.advance(rng.choice([0.5, 1.0, 2.0]))
    # and what chance brings seldom: deleted and set again, read last and expired first
    clock.advance(20.0)
    cache.clear_expired()
    cache.set(("orchard", 9), "before", 1)
    cache.delete(("orchard", 9))
    cache.set(("orchard", 9), "again", 10)
    clock.advance(2.0)
    cache.clear_expired()
    seen += [cache.get(("orchard", 9)), cache.delete(("orchard", 9))]
    for user in range(size):
        cache.set(("orchard", user), "at last", 10 if user else 2.5)
    clock.advance(2.0)
    seen.append(cache.get(("orchard", 0)))
    clock.advance(0.5)
    cache.set(("orchard", 9), "newcomer")
    seen += [cache.get(("orchard", user)) for user in range(size)]
    for user in range(size):
        cache.set(("orchard", user), "full", 10)
    cache.get(("orchard", 0))
    for user in (7, 2 if size > 2 else 0, 8):  # the second one is there, and the oldest
        cache.set(("orchard", user), "newer", 10)
    return [*seen, *(cache.get(("orchard", user)) for user in range(9))]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Count what happened

`get_stats()` returns a dictionary of plain numbers:

- `size`: live entries only, even if dead ones still lie around; `capacity`: `max_size`.
- `hits` and `misses`: every `get` is one or the other. A stored `None` is a hit, an expired entry a miss; no other
  method counts. `hit_rate` is hits per `get`, unrounded, and `0.0` before the first.
- `evictions`: *live* entries dropped for room; not renewed, deleted or expired ones.
- `expirations`: entries dropped because their time was over, however that was noticed (a `get`, a `set` that needs
  room, `clear_expired`), each once. An entry renewed, deleted or evicted before its time was over never counts.

*When* an expired entry is dropped is yours to choose, so the checks read `expirations` after `clear_expired()` only.

<details><summary>Hint 1 · one place for each counter</summary>

Let a single helper drop expired entries and count them. If `expirations += 1` stands in three methods, one will be
forgotten.

</details>
<details><summary>Hint 2 · size without a scan</summary>

Drop the expired ones first; then `len` of the dictionary is the size.

</details>
"""


# %%
@try_it
def two_hits_and_a_miss() -> dict[str, int | float]:
    cache = FeatureCache(max_size=2)
    cache.set(("lantern", "user-1"), None)
    for user in ("user-1", "user-1", "user-2"):
        cache.get(("lantern", user))
    return cache.get_stats()


# %% nbgrader={"grade_id": "cache-stats-checks", "grade": true}
def figures(cache, *names):
    stats = cache.get_stats()
    return {name: stats[name] for name in names}


@check(
    expect={"size": 2, "capacity": 5, "hits": 3, "misses": 1, "hit_rate": 0.75},
    points=1,
    stage="core",
)
def stats_say_how_many_reads_were_hits():
    """hit_rate is hits / (hits + misses)."""
    cache = FeatureCache(max_size=5)
    put(cache, "a", "b")
    for key in "abax":
        cache.get(key)
    return figures(cache, "size", "capacity", "hits", "misses", "hit_rate")


### BEGIN HIDDEN TESTS
@check(
    expect=approx({"before any read": 0.0, "after one": 1.0, "after three": 2 / 3}),
    points=1,
    stage="core",
)
def the_hit_rate_is_zero_before_any_read():
    """No division by zero; then a share that is not rounded."""
    cache = FeatureCache()
    put(cache, "a")
    seen = {"before any read": cache.get_stats()["hit_rate"]}
    cache.get("a")
    seen["after one"] = cache.get_stats()["hit_rate"]
    cache.get("b")
    cache.get("a")
    seen["after three"] = cache.get_stats()["hit_rate"]
    return seen


@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def every_read_is_a_hit_or_a_miss(rng):
    """A stored None is a hit, an expired entry a miss; set, delete and clear_expired count as neither."""
    clock = ManualClock()
    cache = FeatureCache(max_size=100, default_ttl_seconds=3, clock=clock)
    seen = []
    for turn, wait in enumerate(rng.sample([0.75, 4.0] * 4, 8)):
        keys = [f"{turn}/{user}" for user in range(6)]
        for key in keys[: rng.randint(2, 5)]:
            cache.set(key, rng.choice([None, 0, "x"]))
        cache.set(keys[0], None)
        clock.advance(wait)
        for key in [keys[0], *rng.choices(keys, k=rng.randint(2, 8))]:
            cache.get(key, rng.choice([None, "absent"]))
        cache.set("gone", 1)
        cache.delete("never there")
        rng.choice([cache.clear_expired, lambda: cache.delete("gone")])()
        seen.append(figures(cache, "hits", "misses"))
    return seen


@check(expect=REFERENCE, points=1, seeds=4, stage="core")
def size_counts_live_entries_only(rng):
    """Nobody touches the expired ones before the size is asked for."""
    seen = []
    for seconds in rng.sample([0.75, 2.25, 4.0, 6.75], 4):
        clock = ManualClock()
        cache = FeatureCache(max_size=9, default_ttl_seconds=4, clock=clock)
        cache.get("nobody")
        for key in range(rng.randint(2, 8)):
            cache.set(key, None)
            clock.advance(rng.choice([0.0, 0.75]) if seconds > 1 else 0.0)
        cache.set("last", None)
        seen.append(figures(cache, "size"))
        clock.advance(seconds)
        seen.append(figures(cache, "size", "capacity"))
    return seen


@check(expect=REFERENCE, points=2, seeds=8, stage="expired-first")
def evictions_count_live_entries_dropped_for_room(rng):
    """Expired, deleted and renewed entries are no evictions."""
    clock = ManualClock()
    cache = FeatureCache(max_size=rng.randint(2, 5), default_ttl_seconds=4, clock=clock)
    cache.get("nobody")
    seen = []
    for user in range(60):
        cache.set(user, user)
        if rng.random() < 0.2:
            cache.set(user, "renewed")
        elif rng.random() < 0.2:
            cache.delete(user)
        if rng.random() < 0.1:
            seen.append(figures(cache, "evictions"))
        clock.advance(rng.choice([0.0, 0.75, 1.125]))
    seen.append(figures(cache, "evictions"))
    clock.advance(9.0)
    for _ in range(2):  # all are over: there is room for them again
        for user in range(58, 60):
            cache.set(user, "anew")
    return [*seen, figures(cache, "evictions")]


@check(expect=REFERENCE, points=2, seeds=10, stage="expired-first")
def every_expired_entry_is_counted_once(rng):
    """However it was noticed; never for entries that were renewed, deleted or evicted in time."""
    clock = ManualClock()
    cache = FeatureCache(max_size=4, default_ttl_seconds=3, clock=clock)
    cache.get("nobody")
    seen = []
    for turn in range(10):
        for user in range(rng.randint(1, 6)):
            cache.set(f"{turn}/{user}", 1, rng.choice([None, 1, 2]))
            if rng.random() < 0.3:
                cache.set(f"{turn}/{user}", 2, rng.choice([None, 1, 2]))
            elif rng.random() < 0.2:
                cache.delete(f"{turn}/{user}")
        clock.advance(4.0)
        for user in rng.sample(range(6), rng.randint(0, 3)):
            cache.get(f"{turn}/{user}")
        if rng.random() < 0.4:
            cache.clear_expired()
            seen.append(figures(cache, "expirations"))
    cache.clear_expired()
    return [*seen, figures(cache, "expirations")]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Make it cheap and safe

A request has some 10 ms for all its features, so cost must not grow with capacity: `get` is O(1), and `set` never scans
all entries, neither for the least recently used nor for an expired one. A heap's O(log n) is fine, and so is dropping k
expired entries in k steps. `clear_expired` and `get_stats` may take longer. The checks count hashes and comparisons of
keys, comparisons of times, and executed lines, at 24 and at 120 entries; no stopwatch.

Threads share the cache: whatever they call at once, no call raises or hangs, `size` never exceeds capacity, every `get`
returns its own key's value or the default and counts once, and an entry goes once: deleted by one caller, or counted
once as expired.

<details><summary>Hint 1 · what the lock holds together</summary>

"Is there room?" and "put it in" are one step. One lock around each whole public method does it.

</details>
<details><summary>Hint 2 · a lock that waits for itself</summary>

A public method that calls another one takes the lock twice. Keep the work in private helpers that expect the lock to be
held, or use `threading.RLock`.

</details>
"""


# %%
@try_it
def eight_threads_meet_in_a_cache_for_three() -> list[Any]:
    cache = FeatureCache(max_size=3)
    race(*(lambda n=n: cache.set(YieldingKey(n), n) for n in range(8)))
    return [cache.get_stats()["size"], cache.get_stats()["evictions"]]


# %% nbgrader={"grade_id": "cache-threads-checks", "grade": true}
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


def read_all(cache, keys):
    for key in keys:
        cache.get(key)


def full_cache(size, tally, clock):
    cache = FeatureCache(max_size=size, clock=tally.clock(clock))
    for n in range(size):
        clock.advance(1.0)
        cache.set(tally.key(n), n, (4e6 + 0.25, 5e6 + 0.5, 6e6 + 0.75)[n % 3])
    return cache


def hardly_grows(seen):
    """a call among 120 entries takes at most twice what it takes among 24, and finds what was set"""
    return seen["found"] and 0 < seen["120 entries"] <= 2 * seen["24 entries"]


@check(expect=is_true_of(hardly_grows), points=1, stage="constant-time")
def reading_costs_the_same_in_a_larger_cache():
    """get never walks over the entries; `list.remove` would."""
    seen = {"found": True}
    for size in (24, 120):
        tally, clock = Tally(), ManualClock()
        cache = full_cache(size, tally, clock)
        keys = [tally.key(n * 37 % (size + 9)) for n in range(size)]  # some are not there
        seen[f"{size} entries"] = round(effort(tally, read_all, cache, keys) / len(keys), 1)
        seen["found"] &= len({cache.get(key) for key in keys}) > size // 2
    return seen


### BEGIN HIDDEN TESTS
def none_grows(seen):
    """among 120 entries at most twice what it takes among 24, each way, and what was set is found"""
    return len(seen) == 3 and all(hardly_grows(costs) for costs in seen.values())


def write_all(cache, clock, keys, ttl):
    for key in keys:
        clock.advance(1.0)
        cache.set(key, "features", ttl)


@check(expect=is_true_of(none_grows), points=2, stage="constant-time")
def writing_never_scans_the_cache():
    """Neither for the least recently used entry nor for an expired one."""
    seen = {"new keys": {}, "keys set again": {}, "one expired each time": {}}
    for size in (24, 120):
        tally, clock, half, calls = Tally(), ManualClock(), size // 2, min(size, 48)
        cache = full_cache(size, tally, clock)
        fresh = [tally.key(n) for n in range(size, size + calls)]
        again = [tally.key(size + n * 37 % calls) for n in range(calls)]
        spent = [effort(tally, write_all, cache, clock, fresh, 4e6 + 0.25)]
        spent.append(effort(tally, write_all, cache, clock, again, 5e6 + 0.5))
        found = cache.get(again[-1]) == "features"

        cache = FeatureCache(max_size=size, clock=tally.clock(clock))
        write_all(cache, clock, [tally.key(("stays", n)) for n in range(half)], 4e6 + 0.25)
        write_all(cache, clock, [tally.key(("goes", n)) for n in range(half)], half + 0.5)
        clock.advance(0.5)  # from now on one entry ends with each step of the clock
        later = [tally.key(("goes", n)) for n in range(half, half + calls)]
        spent.append(effort(tally, write_all, cache, clock, later, half - 0.25))
        for costs, counted in zip(seen.values(), spent, strict=True):
            costs[f"{size} entries"] = round(counted / calls, 1)
            costs["found"] = (
                costs.get("found", True) and found and cache.get(later[-1]) == "features"
            )
    return seen


class Yielding(Tally):
    """Whoever compares times that its clock gave lets another thread run first."""

    @property
    def time_comparisons(self):
        yield_processor()
        return 0

    @time_comparisons.setter
    def time_comparisons(self, value):
        pass


def hesitating(clock):
    """The same clock, a trifle later each time; who reads it lets another thread run first."""
    ticks = iter(range(1, 1_000_000))

    def read():
        yield_processor()
        return clock() + next(ticks) * 2.0**-20

    return Yielding().clock(read)


def trouble(results):
    return sorted(
        {type(result).__name__ for result in results if isinstance(result, BaseException)}
    )


@check(expect=[{"largest size": 4, "trouble": []}] * 2, points=2, stage="threads")
def threads_never_push_size_above_capacity():
    """Making room and taking it are one step under one lock."""
    seen = []
    for seed in range(2):
        cache = FeatureCache(max_size=4, clock=hesitating(ManualClock()))
        cache.get("nobody")

        def write(tenant, cache=cache):
            for user in range(8):
                cache.set(YieldingKey((tenant, user)), user)

        def watch(cache=cache):
            return max(cache.get_stats()["size"] for _ in range(10))

        results = race(
            lambda: write("harbour"),
            lambda: write("orchard"),
            lambda: write("lantern"),
            watch,
            seed=seed,
        )
        watched = results[-1] if isinstance(results[-1], int) else 0
        largest = max(watched, cache.get_stats()["size"])
        seen.append({"largest size": largest, "trouble": trouble(results)})
    return seen


@check(expect=[{"reads": 24, "foreign values": 0, "trouble": []}] * 3, points=2, stage="threads")
def threads_lose_no_read_and_see_no_foreign_value():
    """hits + misses is the number of reads, while others write."""
    seen, read_ones = [], [("harbour", 1), ("orchard", 1)]
    for seed in range(3):
        cache = FeatureCache(max_size=2, clock=hesitating(ManualClock()))

        def read(key, cache=cache):
            return sum(cache.get(YieldingKey(key)) not in (None, key) for _ in range(12))

        def write(cache=cache):
            for key in [*read_ones, ("lantern", 1), ("harbour", 2)] * 2:
                cache.set(YieldingKey(key), key)

        results = race(*(lambda key=key: read(key) for key in read_ones), write, write, seed=seed)
        stats = cache.get_stats()
        foreign = sum(result for result in results if isinstance(result, int))
        reads = stats["hits"] + stats["misses"]
        seen.append({"reads": reads, "foreign values": foreign, "trouble": trouble(results)})
    return seen


@check(
    expect=[{"deleted": 6, "seen by reads": 6, "by reads and sweeps": 6, "trouble": []}] * 2,
    points=1,
    stage="threads",
)
def threads_drop_an_entry_only_once():
    """Of several callers one deletes it; of several that notice its end one counts it."""
    seen = []
    for seed in range(2):
        clock = ManualClock()
        cache = FeatureCache(max_size=30, default_ttl_seconds=5, clock=hesitating(clock))

        def keys(tenant):
            return [YieldingKey((tenant, n)) for n in range(6)]

        def fill(tenant, cache=cache):
            for key in keys(tenant):
                cache.set(key, tenant)

        def delete(cache=cache):
            return sum(cache.delete(key) for key in keys("harbour"))

        def notice(cache=cache):
            for key in keys("orchard"):
                cache.get(key)

        fill("harbour")
        deleted = race(delete, delete, delete, seed=seed)
        counts, results = [0], [*deleted]
        for helpers in ([], [cache.clear_expired, cache.clear_expired]):
            fill("orchard")
            clock.advance(6.0)
            results += race(notice, notice, notice, *helpers, seed=seed)
            cache.clear_expired()
            counts.append(cache.get_stats()["expirations"])
        total = sum(result for result in deleted if isinstance(result, int))
        by_reads, by_all = counts[1] - counts[0], counts[2] - counts[1]
        seen.append({"deleted": total, "seen by reads": by_reads, "by reads and sweeps": by_all})
        seen[-1]["trouble"] = trouble(results)
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## What does a bigger cache buy?

Ten minutes of reads from three tenants, replayed through your cache: few users are asked for often, most hardly ever.
Move capacity and ttl first. Then let a batch job of the largest tenant walk over everybody once; watch the smallest.
"""


# %%
def replays(capacity: int, ttl_seconds: float, scan_percent: int) -> HitRates:
    trace = zipf_trace(scan=scan_percent / 100)

    def run(size: int, ttl: Seconds):
        clock = ManualClock()
        return replay(trace, FeatureCache(size, ttl, clock), clock)

    return hit_rates(run, capacity, ttl_seconds)


explore(plot_hit_rates, data=replays,
        caption="Hit rate against capacity (left) and ttl (right); longer ttls serve older values.",
        size=(10.0, 4.0), capacity=slider(10, 320, 10, 80), ttl_seconds=slider(10, 600, 10, 120),
        scan_percent=slider(0, 60, 10, 0, label="reads by a batch job, %"))  # fmt: skip

# %% [markdown]
"""## What would you trade?

With a batch job behind 60 % of all reads, none of which asks for a user twice, the smallest tenant's hit rate falls by
half (41 % to 20 % where the sliders start), although it did nothing. The interviewer: "Your cache is correct. **How
would you protect the small tenant, and what does that cost?**" Give two remedies, the price of each, and the number you
would watch. 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "cache-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** One LRU order is shared, so recency is a currency that the scan prints. Remedy one: a quota, that is
one `FeatureCache` per tenant (or a cap on its share). The scan then evicts only its own tenant's entries. Price: quotas
that lie idle are wasted memory and somebody has to set them (in this trace three equal ones hold the small tenant at
42 % under the scan, but cost 4 points overall on a day without one); a soft quota lends idle room out and takes it
back. Remedy two: admission. The job reads past the cache, or an entry
enters only on its second read within a while (TinyLFU, segmented LRU). Price: every first read of a popular user is a
miss more, and another structure to keep and explain. More capacity helps only until the scan is longer. I would watch
hit rate and evictions *per tenant* beside the store's p99: the mean hid the small tenant. I would start with the job
bypassing the cache, the cheapest reversible step, and add soft quotas once a second tenant does it.

**Rubric.** 1 point: names the cause, one shared recency order that one-time reads flush. 1 point: two workable
remedies (quota or partition; admission or bypass). 1 point: says what each costs (idle memory, extra misses,
complexity). 1 point: a per-tenant number to watch, and a choice between the remedies with a reason.

*Weak* (1): says that the scan pushes the others out of a shared order, and answers with a bigger cache or with the
name of one remedy. *Good* (2–3): explains that reads which come once flush the one LRU order, and gives two remedies
that work, such as a quota and a way past the cache. The price of one, or a hit rate for each tenant, is missing.
*Strong* (4): on top of that both remedies carry their price (idle memory, more misses, one more structure), and a
number by tenant shows whether they work. It chooses one to start with and says why.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

Two orders, recency and expiry, live side by side if the second may hold outdated records that you recognise when they
surface. A counter is worth what its definition is worth. A lock covers a decision and its consequence.

**In practice** Redis expires lazily on access plus by sampling; `cachetools.TTLCache` has one ttl; neither protects a
tenant from its neighbour. Spread ttls by some per cent, or entries loaded together expire together and stampede.

**Asked next** (weights as in feature-store and multi-tenant design rounds)

- Why may a served feature be older than in training, and when does it matter? (training/serving consistency, 25 %)
<details><summary>An answer</summary>

Training joins the value as of the moment, while serving reads through a stream and a cache that lag by seconds or
minutes. A mean over thirty days does not mind, clicks of this session do, so such features are trained with the lag
that serving has.

</details>

- What happens to p99 when the cache restarts cold? (performance, 20 %)
<details><summary>An answer</summary>

Every read misses, the store gets many times its usual load, and p99 becomes what the store does at its worst. I warm
the cache from a snapshot before the pod is ready, fetch each key once for all who wait, and let traffic in by steps.

</details>

- How do you prove that no tenant reads another's features? (isolation, 20 %)
<details><summary>An answer</summary>

The key is a type that cannot be made without a tenant, and the tenant comes from the token. A test runs two tenants
with the same ids through every operation, and in production the values of a marked tenant must turn up nowhere else.

</details>

- LRU or LFU here, and what would change your mind? (trade-offs, 20 %)
<details><summary>An answer</summary>

LRU while the set of active users changes by the hour, because LFU would hold on to the favourites of yesterday. A
nightly export that reads every user once would change my mind, and I would replay a real trace through both before I
decide.

</details>
"""
