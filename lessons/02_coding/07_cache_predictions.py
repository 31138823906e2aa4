# %% [markdown]
"""# Cache predictions without mixing tenants

You'll build a key that tells apart what the model tells apart, and the small cache behind it.

**Time** 30 min · **Level** medium · **Needs** dictionaries, JSON

**Skills** put everything that an answer depends on into its key · keep recency and age in two orders · read a hit rate
with suspicion

A warm-up for lesson 04, which adds a ttl for each entry, deletion, threads and cost.
"""

# %% nbgrader={"grade_id": "prediction-setup", "locked": true}
import inspect
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from coursekit import ManualClock, check, explore, scoreboard, slider, try_it
from coursekit.coding.predictions import draw_key_designs, replay, request_trace
from coursekit.expect import REFERENCE, approx

Json = Any  # None, True, 3, 0.5, "text", [Json, ...] or {"name": Json, ...}
Seconds = float  # since the clock's zero

# %% [markdown]
"""## The situation

A model drafts replies for support teams: 0.4 s of GPU time each, and every second question was asked before. Somebody
puts a cache in front, keyed by the question, with a ttl of an hour. The bill falls by 40 %, everybody is pleased.

Thursday, 15:20: a draft at the tenant *orchard* greets the reader with the name of a customer of *harbour*. Model v8,
released at 15:00 because v7 quoted an old refund rule, still quotes it at 15:50. By then **212 drafts** have gone to
the wrong tenant, and you, on call for the platform, are paged by the legal team.

Nothing failed. The key forgot two of the three things on which an answer depends.

![A request becomes a key made of tenant, version and payload. If the cache has an answer for that key it is given;
else the model is asked and its answer is put into the cache.](diagrams/07_cache_predictions.mmd)
"""

# %%
requests = [
    ("harbour", "v7", {"text": "Where is my refund?", "top_k": 3}),
    ("harbour", "v7", {"top_k": 3.0, "text": "Where is my refund?"}),
    ("orchard", "v7", {"text": "Where is my refund?", "top_k": 3}),
]
[json.dumps(payload) for _, _, payload in requests]

# %% [markdown]
"""Two keys where one would do, and one where two tenants need two.

## 1 · Name the answer

`cache_key(tenant_id, model_version, payload)` returns a string.

- **Equal requests, equal keys.** Tenant and version are strings, equal as they are spelt: case, spaces and accents
  count. Payloads are JSON-like: dictionaries (their keys are strings), lists, strings, numbers, booleans, `None`,
  nested at will. They are equal if Python's `==` says so: the order in a dictionary does not matter, that in a list
  does, and `1`, `1.0` and `True` are equal, anywhere in the payload.
- **Different requests, different keys**, however their parts are spelt: whatever separators, quotes or digits a name
  or a text contains, however long it is or large its numbers are.
- The payload stays as it was.

<details><summary>Hint 1 · separators</summary>

With `f"{tenant_id}:{model_version}"` the pairs `"a:b"`, `"c"` and `"a"`, `"b:c"` meet. `json.dumps` of a *list* of all
three parts quotes and escapes each, so none can pose as two.

</details>
<details><summary>Hint 2 · order and numbers</summary>

`sort_keys=True` sorts nested dictionaries too. For numbers, walk over the payload first and build an equal one in which
every boolean and every whole float is an `int`.

</details>
<details><summary>Hint 3 · large numbers</summary>

Not the other way round: `float(2**53 + 1) == 2**53`, and ids are often that large.

</details>
"""


# %% nbgrader={"grade_id": "prediction-key", "solution": true}
def cache_key(tenant_id: str, model_version: str, payload: Json) -> str:
    """Equal for equal requests, different for different ones."""
    ### BEGIN SOLUTION
    # Why: JSON marks where each part ends, so no spelling of a tenant can run into the version;
    # parts joined by a separator can. And whole floats become ints, not ints floats: a float is
    # exact only up to 2**53, so two different large ids would share a key.
    return json.dumps([tenant_id, model_version, canonical(payload)], sort_keys=True)


def canonical(value: Json) -> Json:
    """An equal value, in which equal numbers look alike."""
    if isinstance(value, dict):
        return {name: canonical(part) for name, part in value.items()}
    if isinstance(value, list):
        return [canonical(part) for part in value]
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return value
    ### END SOLUTION


# %%
@try_it
def keys_of_the_three_requests() -> list[str]:
    return [cache_key(*request) for request in requests]


# %% nbgrader={"grade_id": "prediction-key-checks", "grade": true}
def groups(asked):
    """For each request the number of the first one with the same key."""
    first = {}
    return [first.setdefault(cache_key(*request), number) for number, request in enumerate(asked)]


@check(expect=[0, 1, 2, 3, 0], points=1, stage="tenants")
def tenant_version_and_payload_all_count():
    """Five requests. The first and the last are the same; each of the others differs from it in one part."""
    ask = {"text": "Where is my refund?"}
    first = ("harbour", "v7", ask)
    return groups(
        [
            first,
            ("orchard", "v7", ask),
            ("harbour", "v8", ask),
            ("harbour", "v7", {"text": ""}),
            first,
        ]
    )


@check(expect=[0, 0, 2], points=1, stage="cache-key")
def fields_may_come_in_any_order():
    """The same fields in another order are the same payload; other values are not."""
    one, other = {"text": "hello", "top_k": 3}, {"top_k": 3, "text": "hello"}
    return groups(
        ("harbour", "v7", payload) for payload in (one, other, {"text": "hello", "top_k": 4})
    )


### BEGIN HIDDEN TESTS
def mixed(rng, payloads):
    """Requests with these payloads, some of them twice, in random order."""
    drawn = [*payloads, *rng.sample(payloads, len(payloads) // 2)]
    return [("harbour", "v7", payload) for payload in rng.sample(drawn, len(drawn))]


def turned(value):
    """An equal value: all its dictionaries, inner ones too, are written in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    return [turned(part) for part in value] if isinstance(value, list) else value


@check(expect=REFERENCE, points=2, seeds=2, stage="cache-key")
def nested_fields_may_come_in_any_order(rng):
    """Dictionaries in dictionaries and in lists too."""
    # kills: sorting the outer dictionary only; str() of the payload
    payloads = []
    for number in rng.sample(range(100), 4):
        turns = [{"role": "user", "text": "hello"}, {"role": "model", "text": f"hello {number}"}]
        payload = {
            "user": {"plan": "pro", "seats": number % 3},
            "history": turns,
            "options": {"a": {"c": 1, "b": 2}},
        }
        payloads += [payload, turned(payload)]
    return groups(mixed(rng, payloads))


@check(expect=REFERENCE, points=2, seeds=2, stage="cache-key")
def equal_numbers_are_the_same_however_they_are_written(rng):
    """1, 1.0 and True, 0, -0.0 and False, 10**22 and 1e22: alone, in a list, in a dictionary, deeper."""
    # kills: json.dumps as it is; booleans or floats forgotten, in lists only
    whole = rng.randint(2, 99)
    numbers = [
        1,
        1.0,
        True,
        0,
        -0.0,
        0.0,
        False,
        whole,
        float(whole),
        -whole,
        -float(whole),
        10**22,
        1e22,
        0.5,
    ]
    payloads = [
        wrapped
        for n in numbers
        for wrapped in (n, [n], {"n": n}, {"top": [{"n": [n, "x"]}]}, {"a": 1.0, "b": n})
    ]
    return groups(mixed(rng, payloads))


@check(expect=REFERENCE, points=2, seeds=2, stage="cache-key")
def numbers_that_differ_stay_apart(rng):
    """Ids above 2**53 that differ by one, tiny fractions, -1 and -2: no rounding, no hash()."""
    # kills: float() of every number; round(); int(); hash()
    large, fraction = 2 ** rng.randint(54, 62), rng.randint(1, 9) / 10
    numbers = [
        -2,
        -1,
        0,
        1,
        2,
        2**53,
        2**53 + 1,
        large,
        large + 1,
        -large,
        -large - 1,
        2**61 - 1,
        10**30,
        10**30 + 1,
    ]
    numbers += [
        1.5,
        -1.5,
        fraction + 1e-9,
        fraction + 2e-9,
        0.1 + 0.2,
        0.3,
        1e-300,
        2e-300,
        5e300,
        6e300,
    ]
    return groups(mixed(rng, [*numbers, *([n] for n in numbers), *({"id": n} for n in numbers)]))


@check(expect=REFERENCE, points=1, seeds=2, stage="cache-key")
def a_text_is_not_the_value_that_it_spells(rng):
    """ "1" is not 1, "null" is not None, and a text of JSON is not what it says."""
    # kills: str() of values; a text payload left unquoted
    values = [
        1,
        "1",
        "1.0",
        True,
        "true",
        "True",
        None,
        "null",
        "None",
        "",
        1.5,
        "1.5",
        [],
        "[]",
        {},
        "{}",
        '""',
    ]
    values += [[1], "[1]", ["1"], {"a": 1}, '{"a": 1}', '{"a":1}', "{'a': 1}", '"a"', "a", "'a'"]
    return groups(mixed(rng, values))


@check(expect=REFERENCE, points=1, seeds=2, stage="cache-key")
def empty_and_missing_are_not_the_same(rng):
    """{}, [], None, "" and 0 differ, alone, as the value of a field and as an item; so does a missing field."""
    # kills: `payload or None`; dropping fields that are None
    nothing = [None, {}, [], "", 0]
    values = [
        *nothing,
        *({"a": n} for n in nothing),
        *([n] for n in nothing),
        {"": None},
        [[[]]],
        [{}, {}],
        [None] * 2,
    ]
    values += [{"a": 1}, {"a": 1, "b": None}, {"a": 1, "b": []}]
    return groups(mixed(rng, values))


@check(expect=REFERENCE, points=2, seeds=2, stage="cache-key")
def lists_keep_their_order_and_everything_its_place(rng):
    """A list is not sorted, and nothing nested is laid out flat."""
    # kills: sorted lists; dotted names; tenant and version written into the payload
    a, b, c = rng.sample(range(1, 40), 3)
    values = [
        [a, b, c],
        [b, a, c],
        [[a], b, c],
        [a, [b, c]],
        [[a, b], c],
        [[a, b, c]],
        [a, b],
        [a, a, b],
        [a, b, b],
    ]
    values += [
        {"a": {"b": a}},
        {"a.b": a},
        {"a": ["b", a]},
        {"a": [{"b": a}]},
        [{"a": {"b": a}}],
        {"b": {"a": a}},
    ]
    values += [
        {"a": a, "b": b},
        {"a": b, "b": a},
        [["a", a], ["b", b]],
        [{"a": a}, {"b": b}],
        {"a": a, "b": {"b": b}},
    ]
    # fields of that name are no others
    names = ("tenant", "tenant_id", "version", "model_version", "model", "payload")
    values += [a, "harbour", {}, *({name: value} for name in names for value in (a, b, "harbour"))]
    return groups(mixed(rng, values))


@check(expect=REFERENCE, points=3, seeds=2, stage="tenants")
def separators_in_names_mix_nobody_up(rng):
    """Tenant "a:b" with version "c" is not tenant "a" with version "b:c", whatever stands for the colon."""
    # kills: f-strings with any separator; quotes by hand
    one, two = rng.sample("abcdefgh", 2)
    asked = [
        ("", one + two, 1),
        (one + two, "", 1),
        (one, two, 1),
        (two, one, 1),
        (one, two, one),
        (one, "", two),
    ]
    for sep in (
        ":",
        "::",
        "|",
        "/",
        "-",
        "_",
        ".",
        ",",
        ";",
        " ",
        "#",
        "=",
        "\\",
        "\n",
        "\0",
        "\x1f",
        '", "',
        "', '",
    ):
        asked += [
            (f"{one}{sep}{two}", "c", 1),
            (one, f"{two}{sep}c", 1),
            (one, two, f"c{sep}1"),
            (one, two + sep, "1"),
        ]
        asked += [(one + sep, two, "1"), (one, sep + two, "1")]
    drawn = asked + rng.sample(asked, 9)
    return groups(rng.sample(drawn, len(drawn)))


@check(expect=REFERENCE, points=1, seeds=2, stage="tenants")
def names_and_texts_are_taken_as_they_are_spelt(rng):
    """Case, spaces and accents make another tenant, another version, another text and another field."""
    # kills: lower(), strip(), ASCII only, Unicode normal forms
    spelt = [
        "hárbour",
        "ha\u0301rbour",
        "harbour",
        "Harbour",
        "HARBOUR",
        " harbour",
        "harbour ",
        "har bour",
    ]
    spelt += [
        "harbour\n",
        "h\u00e5rbour",
        "h?rbour",
        "h\\u00e5rbour",
        "港",
        "口",
        "ſ",
        "s",
        "ß",
        "ss",
        "𝔥",
        "h",
    ]
    asked = [
        request
        for s in spelt
        for request in ((s, "v7", 1), ("t", s, 1), ("t", "v7", s), ("t", "v7", {s: 1}))
    ]
    drawn = asked + rng.sample(asked, 9)
    return groups(rng.sample(drawn, len(drawn)))


@check(expect=REFERENCE, points=1, seeds=2, stage="cache-key")
def every_part_of_a_long_payload_counts(rng):
    """Prompts of 2,000 characters that differ in one, wherever it stands; and 800 short ones."""
    # kills: cutting the text or the digest short
    prompt = "".join(rng.choices("abcdefgh ", k=2000))
    places = [0, 1999, *rng.sample(range(1, 1999), 4)]
    long = [{"text": prompt, "n": 1}] + [
        {"text": f"{prompt[:at]}#{prompt[at + 1 :]}", "n": 1} for at in places
    ]
    many = [("harbour", "v7", n) for n in range(100, 900)]
    return groups(rng.sample(mixed(rng, long), 9)), groups(rng.sample([*many, *many[:99]], 850))


@check(expect=REFERENCE, points=1, seeds=2, stage="cache-key")
def a_key_is_text_and_the_payload_stays_as_it_was(rng):
    """No field is added, removed or sorted in place: the model still has to read the payload."""
    # kills: tuples, bytes; converting in place
    payload = {
        "text": "hello",
        "scores": rng.sample(range(9), 5),
        "user": {"seats": 3.0, "beta": True, "age": None},
    }
    before = json.dumps(payload)
    keys = [
        cache_key("harbour", version, payload) for version in rng.choices(["v7", "v8", "v9"], k=6)
    ]
    kind = "text" if all(type(key) is str for key in keys) else "no text"
    return [
        kind,
        [keys.index(key) for key in keys],
        before if json.dumps(payload) == before else "changed",
    ]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Keep the recent answers

One class for tasks 2 and 3: write what a task asks for, run its checks, come back. `MLCache(capacity, ttl_seconds)`
holds at most `capacity` entries.

- `get(key)` returns what was put, else `None`. Keys are strings, values anything: `None`, `0` and `[]` too.
- Both `get` of an entry and `put` make it the most recent. A new key in a full cache evicts the least recently used
  entry; putting a key that is there replaces its value and evicts nothing.
- Each cache has entries of its own. A capacity of 1 is legal; below it: `ValueError`.

One thread at a time uses it; the lock is lesson 04's.

<details><summary>Hint · one structure</summary>

`OrderedDict` has `move_to_end(key)` and `popitem(last=False)`.

</details>
"""


# %% nbgrader={"grade_id": "prediction-cache", "solution": true}
class MLCache:
    """At most `capacity` predictions: the most recently used ones, each for `ttl_seconds`."""

    def __init__(
        self, capacity: int, ttl_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """An empty cache. ValueError: a capacity below 1, or a ttl that is not above 0."""
        ### BEGIN SOLUTION
        # Why: two questions want two orders, who was used least recently and who expires next. With
        # one ttl for all, the order of the puts is the order of the ends: no heap is needed, and no
        # call scans the cache.
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        if ttl_seconds <= 0:
            raise ValueError(f"ttl_seconds must be above 0, not {ttl_seconds}")
        self._capacity, self._ttl, self._clock = capacity, ttl_seconds, clock
        self._values: OrderedDict[str, Any] = OrderedDict()  # the least recently used first
        # the same keys, the next to expire first
        self._ends: OrderedDict[str, Seconds] = OrderedDict()
        self._hits = self._misses = 0
        ### END SOLUTION

    def get(self, key: str) -> Any:
        """The value of a live entry, which becomes the most recent; else None."""
        ### BEGIN SOLUTION
        self._drop_expired(self._clock())
        if key not in self._values:
            self._misses += 1
            return None
        self._hits += 1
        self._values.move_to_end(key)
        return self._values[key]
        ### END SOLUTION

    def put(self, key: str, value: Any) -> None:
        """Store a value for one ttl from now."""
        ### BEGIN SOLUTION
        # Why: the dead go first. Dropped after the eviction, they would have cost a live entry its
        # place.
        now = self._clock()
        self._drop_expired(now)
        if key not in self._values and len(self._values) >= self._capacity:
            oldest, _ = self._values.popitem(last=False)
            del self._ends[oldest]
        self._values[key], self._ends[key] = value, now + self._ttl
        self._values.move_to_end(key)
        self._ends.move_to_end(key)
        ### END SOLUTION

    def stats(self) -> dict[str, int | float]:
        """`size, capacity, hits, misses, hit_rate`."""
        ### BEGIN SOLUTION
        self._drop_expired(self._clock())
        return {
            "size": len(self._values),
            "capacity": self._capacity,
            "hits": self._hits,
            "misses": self._misses,
            "hit_rate": self._hits / max(1, self._hits + self._misses),
        }

    def _drop_expired(self, now: Seconds) -> None:
        """Drop all that is over, the first to end first."""
        while self._ends and next(iter(self._ends.values())) <= now:
            key, _ = self._ends.popitem(last=False)
            del self._values[key]
        ### END SOLUTION


# %%
@try_it
def the_second_tenant_asks_the_model() -> list[Any]:
    cache = MLCache(capacity=100, ttl_seconds=3600)
    cache.put(cache_key(*requests[0]), "Dear customer of harbour, …")
    return [cache.get(cache_key(*request)) for request in requests]


# %% nbgrader={"grade_id": "prediction-cache-checks", "grade": true}
@check(expect=[None, "B", None, "D", "A, anew"], points=1, stage="core")
def the_least_recently_used_answer_goes_first():
    """Room for three: when a comes back, c is the one that nobody touched for longest."""
    cache = MLCache(capacity=3, ttl_seconds=60)
    for key in "abc":
        cache.put(key, key.upper())
    cache.get("b")
    cache.put("d", "D")  # a goes
    seen = [cache.get("a"), cache.get("b")]
    cache.put("a", "A, anew")  # c goes
    return [*seen, cache.get("c"), cache.get("d"), cache.get("a")]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def gets_and_puts_both_make_an_entry_recent(rng):
    """The one that nobody read or wrote for longest goes; a single entry is a legal capacity."""
    # kills: first in, first out; recency by reads or by writes only; one entry too many
    seen = []
    for capacity in (1, 4):
        cache = MLCache(capacity, 60, clock=ManualClock())
        for step in range(60):
            key = rng.choice("abcdefg"[: capacity + 2])
            if rng.random() < 0.5:
                cache.put(key, f"draft {step}")
            else:
                seen.append(cache.get(key))
    # and in every world: read before it is the oldest, put again when full
    cache = MLCache(4, 60, clock=ManualClock())
    for step, call in enumerate(
        ["+a", "+b", "+c", "+d", "a", "+e", "+a", "c", "+f", "+g", *"abcdefg"]
    ):
        if call[0] == "+":
            cache.put(call[1], f"draft {step}")
        else:
            seen.append(cache.get(call))
    return seen


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def putting_a_key_again_evicts_nothing(rng):
    """It replaces the value; a full cache needs no more room."""
    # kills: making room before asking whether the key is there; setdefault
    keys = rng.sample("abcdef", 4)
    cache = MLCache(4, 60, clock=ManualClock())
    for number, key in enumerate([*keys, keys[1], *rng.choices(keys[1:], k=5)]):
        cache.put(key, [key, number])
    return [cache.get(key) for key in "abcdef"]


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def any_value_comes_back_as_it_was_put(rng):
    """Empty and zero answers are answers."""
    # kills: `if value`
    values = rng.sample(
        [0, False, "", 0.0, [], {}, None, [1, {"label": "refund"}], rng.randint(1, 99), "draft"], 10
    )
    cache = MLCache(10, 60, clock=ManualClock())
    for number, value in enumerate(values):
        cache.put(f"key {number}", value)
    return [cache.get(f"key {number}") for number in range(11)]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Let them expire, and count

- An entry put at time `t` lives until `t + ttl_seconds` and is gone at exactly that time. Reading does not lengthen a
  life, putting again starts a new one. A ttl of 0 or less: `ValueError`.
- In a full cache an expired entry goes before any live one, wherever it stands in the order of recency.
- `stats()` returns `size` (live entries only), `capacity`, `hits`, `misses` and `hit_rate`. Every `get` is a hit or a
  miss, a stored `None` a hit, an expired entry a miss; `put` is neither. `hit_rate` is hits per `get`, unrounded, and
  `0.0` before the first.

<details><summary>Hint · one ttl makes it easy</summary>

All entries live equally long, so they end in the order in which they were put. A second `OrderedDict` in that order has
the next one to expire always in front.

</details>
"""


# %%
@try_it
def a_moment_before_the_end_and_at_it() -> list[Any]:
    clock = ManualClock()
    cache = MLCache(capacity=2, ttl_seconds=5, clock=clock)
    cache.put("a", "draft")
    clock.advance(4.5)
    before = cache.get("a")
    clock.advance(0.5)
    return [before, cache.get("a"), cache.stats()]


# %% nbgrader={"grade_id": "prediction-ttl-checks", "grade": true}
def figures(cache, *names):
    stats = cache.stats()
    return {name: stats[name] for name in names}


@check(
    expect=["A", None, {"size": 1, "capacity": 7, "hits": 1, "misses": 1, "hit_rate": 0.5}],
    points=1,
    stage="core",
)
def an_answer_is_gone_at_exactly_its_ttl():
    """At 19.5 s a is alive, at 20 s it is gone; b was put later."""
    clock = ManualClock(10.0)
    cache = MLCache(7, 10, clock=clock)
    cache.put("a", "A")
    clock.advance(9.5)
    cache.put("b", "B")
    before = cache.get("a")
    clock.advance(0.5)
    return [
        before,
        cache.get("a"),
        figures(cache, "size", "capacity", "hits", "misses", "hit_rate"),
    ]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def an_answer_lives_for_one_ttl_from_its_last_put(rng):
    """However often it was read; putting it again starts a new life. Fractions of a second count."""
    # kills: reads that renew; the old end kept; > for >=; whole seconds
    seen = []
    for turn, ttl in enumerate([0.75, 6, 90.5] * 3):
        clock = ManualClock(rng.choice([0.0, 512.0]))
        cache = MLCache(50, ttl, clock=clock)
        cache.put("a", turn)
        clock.advance(ttl - 0.25)
        seen.append(cache.get("a"))
        if rng.random() < 0.5:
            cache.put("a", -turn)
        for wait in (rng.choice([0.125, 0.25]), ttl - 0.5, 0.25):
            clock.advance(wait)
            seen.append(cache.get("a"))
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="expired-first")
def an_expired_answer_goes_before_any_live_one(rng):
    """Even if it was read a moment before it ended."""
    # kills: evicting first; looking at the least recently used only
    seen = []
    for _ in range(3):
        clock, capacity = ManualClock(), rng.randint(3, 6)
        ends = rng.randint(1, capacity - 1)
        keys = [f"key {number}" for number in range(capacity)]
        cache = MLCache(capacity, 10, clock=clock)
        for number, key in enumerate(keys):
            clock.advance(6.0 if number == ends else 0.0)
            cache.put(key, f"answer {number}")
        for key in rng.sample(keys[:ends], rng.randint(1, ends)):
            cache.get(key)
        clock.advance(4.0)
        newcomers = [f"new {number}" for number in range(rng.randint(1, ends))]
        for key in newcomers:
            cache.put(key, key)
        seen.append([cache.get(key) for key in keys + newcomers])
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def every_get_is_a_hit_or_a_miss(rng):
    """A stored None is a hit, an expired entry and an unknown key are misses, a put is neither."""
    # kills: a stored None as a miss; counting expired reads as hits or not at all; counting puts
    clock = ManualClock()
    cache = MLCache(40, 4, clock=clock)
    seen = []
    for turn, wait in enumerate(rng.sample([3.5, 3.5, 3.5, 4.0, 4.0, 4.0], 6)):
        keys = [f"{turn}/{number}" for number in range(6)]
        for key in keys[: rng.randint(2, 5)] * 2:
            cache.put(key, rng.choice([None, 0, "draft"]))
        cache.put(keys[0], None)
        clock.advance(wait)
        for key in [keys[0], *rng.choices(keys, k=rng.randint(2, 8))]:
            cache.get(key)
        seen.append(figures(cache, "hits", "misses", "capacity"))
    return seen


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def size_counts_live_answers_only(rng):
    """Nobody touches the expired ones before the size is asked for."""
    # kills: len() of everything stored
    clock = ManualClock()
    cache = MLCache(30, 4, clock=clock)
    seen = []
    for number in range(24):
        cache.put(f"key {number % 17}", None)
        clock.advance(rng.choice([0.0, 0.5, 1.0, 2.5]))
        if rng.random() < 0.4:
            seen.append(cache.stats()["size"])
    seen.append(cache.stats()["size"])
    cache.put("last", None)
    clock.advance(4.0)
    seen.append(cache.stats()["size"])
    cache.put("next", None)
    return [*seen, cache.stats()["size"]]


@check(expect=approx([0.0, 0.0, 1.0, 2 / 3, 0.75, 0.6]), points=1, stage="core")
def the_hit_rate_is_zero_before_the_first_get():
    """No division by zero; then a share that is not rounded."""
    cache = MLCache(5, 60, clock=ManualClock())
    seen = [cache.stats()["hit_rate"]]
    cache.put("a", "A")
    seen.append(cache.stats()["hit_rate"])
    for keys in ("a", "xa", "a", "x"):
        for key in keys:
            cache.get(key)
        seen.append(cache.stats()["hit_rate"])
    return seen


@check(expect=REFERENCE, points=1, seeds=3, stage="tenants")
def no_tenant_is_given_what_another_was_answered(rng):
    """One payload, asked again and again by all tenants while the model changes; and two caches share nothing."""
    # kills: forgetting the tenant or the version; entries kept on the class
    clock = ManualClock()
    cache, other = MLCache(12, 8, clock=clock), MLCache(12, 8, clock=clock)
    seen = []
    for number in range(40):
        tenant, version = (
            rng.choice(["harbour", "orchard", "lantern"]),
            "v7" if number < 20 else "v8",
        )
        key = cache_key(
            tenant, version, {"text": "Where is my refund?", "top_k": rng.choice([3, 3.0])}
        )
        draft = cache.get(key)
        if draft is None:
            cache.put(key, f"draft {number} of {version} for {tenant}")
        seen.append([draft, other.get(key)])
        clock.advance(rng.choice([0.375, 1.125]))
    return seen


@check(expect=REFERENCE, points=1, seeds=2, stage="settings")
def a_capacity_or_ttl_out_of_range_is_refused(rng):
    """Capacity from 1, ttl above 0; one entry and a thousandth of a second are fine."""
    seen = []
    for capacity, ttl in rng.sample(
        [(0, 5), (-3, 5), (5, 0), (5, -0.5), (1, 5), (5, 0.001), (1, 0.25)], 7
    ):
        try:
            cache = MLCache(capacity=capacity, ttl_seconds=ttl)
        except ValueError:
            seen.append("refused")
        else:
            seen.append(cache.stats()["capacity"])
    return seen


@check(expect=REFERENCE, points=1, seeds=2, stage="settings")
def the_default_clock_is_monotonic(rng):
    """time.monotonic, which nobody sets back at night; it counts seconds."""
    ttl, wait = rng.randint(20, 90), rng.randint(5, 15)
    cache = MLCache(2, ttl)
    cache.put("a", ttl)
    time.sleep(ttl - wait)
    cache.put("b", wait)
    seen = [cache.get("a"), cache.get("b")]
    time.sleep(wait)
    defaults = [parameter.default for parameter in inspect.signature(MLCache).parameters.values()]
    return [
        *seen,
        cache.get("a"),
        cache.get("b"),
        any(default is time.time for default in defaults),
    ]


@check(expect=REFERENCE, points=2, seeds=4, stage="expired-first")
def any_sequence_of_calls_answers_like_the_reference(rng):
    """All rules together: play the calls one by one on paper."""
    # kills: two slips that hide each other
    clock, capacity = ManualClock(), rng.randint(2, 5)
    cache = MLCache(capacity, 4, clock=clock)
    seen = [cache.get("newcomer")]
    for step in range(240):
        call, key = rng.choice("gggppppt"), f"key {rng.randrange(capacity + 2)}"
        if call == "g":
            seen.append(cache.get(key))
        elif call == "p":
            cache.put(key, f"draft {step}")
        else:
            clock.advance(rng.choice([0.5, 1.0, 2.0]))
    # and what chance brings seldom: one put twice, and one that ends first and was read last
    clock.advance(9.0)
    for wait in (3.0, 3.0, 9.0):
        cache.put("twice", wait)
        clock.advance(wait)
        seen.append(cache.get("twice"))
    for number in range(capacity):
        cache.put(f"at last {number}", number)
        clock.advance(0.0 if number else 3.0)
    seen.append(cache.get("at last 0"))
    clock.advance(1.0)
    cache.put("newcomer", "draft")
    return [*seen, *(cache.get(f"at last {number}") for number in range(capacity))]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## What does a forgetful key cost?

Two hours of requests, a release in the middle, and your cache under five keys; an empty string stands for what a key
forgets. Which one has the highest hit rate? Move the ttl and watch what it can mend, then the number of tenants.
"""


# %%
def served(repeat_percent: int, tenants: int, ttl_minutes: int) -> dict[str, Any]:
    designs: dict[str, Callable[[Any], str]] = {
        "all three": lambda r: cache_key(r.tenant, r.version, r.payload),
        "tenant, payload": lambda r: cache_key(r.tenant, "", r.payload),
        "version, payload": lambda r: cache_key("", r.version, r.payload),
        "payload": lambda r: cache_key("", "", r.payload),
        "payload as text": lambda r: json.dumps(r.payload),
    }
    trace, clocks = request_trace(repeat_percent / 100, tenants), [ManualClock() for _ in designs]
    return {
        name: replay(trace, MLCache(200, 60 * ttl_minutes, clock), key, clock)
        for clock, (name, key) in zip(clocks, designs.items(), strict=True)
    }


explore(draw_key_designs, data=served, caption="Left: who answered, by key. Right: when wrong answers went out.",
        size=(11.0, 4.2), repeat_percent=slider(0, 100, 10, 60, label="repeated questions, %"),
        tenants=slider(1, 8, 1, 3), ttl_minutes=slider(5, 60, 5, 30))  # fmt: skip

# %% [markdown]
"""## What would you trade?

Without the tenant in its key the cache answers 55 % of these requests instead of 43 %. The interviewer: "A hit costs
nothing, a call 0.4 s of GPU time, and half of the questions are about our own public help pages. **When may two tenants
share an answer, and how would you let them?**" Say what must hold, how the key expresses it, what could still leak, and
the number you would watch. 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "prediction-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** Two requests may share an answer if everything the model read for it is the same: weights and
adapters, prompt template, decoding settings, retrieved documents, and whatever personal data the payload carries. So
the tenant is not what matters; it stands for the documents and settings that come with it. I would keep it in the key
by default and replace it only on a route that declares its inputs: for the help pages the first part of the key becomes
a *scope*, `"public:" + version of the help index`, set by the service that retrieved the documents, never by the
caller. Answers that were filtered for personal data go in; all others stay under their tenant.

What still leaks: time. A tenant that gets an answer in 5 ms learns that somebody asked the same before, so unusual
questions stay private, for instance by sharing a text only after three tenants have asked it. Price: an index version
to raise on each edit, a filter to maintain, and a mistake that hits all tenants at once.

I would watch mismatches: for one hit in a thousand ask the model under the tenant's full key as well and compare. Above
zero on a tenant's own facts, the shared scope is switched off by a flag. The hit rate alone goes *up* when this breaks.

**Rubric.** 1 point: shares only if all inputs of the answer agree, with two examples beyond the payload. 1 point:
isolation stays the default; sharing is declared per route by the service, in the key. 1 point: names a remaining leak
or price (timing, personal data, invalidation). 1 point: a number that shows wrong answers, not the hit rate, and a way
back.

*Weak* (1): "share if documents and settings agree too": says when, but not how the key shows it, what could leak, or
which number finds a mistake. *Good* (2–3): shares only where all inputs of the answer agree, with examples such as
documents and settings, and lets the service, not the caller, put a scope into the key. What still leaks, or a number
that shows wrong answers, is missing. *Strong* (4): on top of that names a leak or a price that is left, such as the
time of a hit or an index version to raise. It compares some hits with fresh answers, knows that the hit rate alone
goes up when this breaks, and has a switch back.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

A key is a claim: whoever shares it may share the answer. A ttl bounds how long a wrong claim lasts; it does not make it
right. With one ttl the order of putting is the order of expiry, so two `OrderedDict`s are the whole cache.

**In practice** Keys are hashed (`hashlib.sha256`, not `hash()`, which differs between processes) to be short and to
keep customers' texts out of Redis logs. Temperature, prompt template and locale belong to the payload. A release
empties the cache in effect; warm it before the traffic arrives.

**Asked next** (weights as in multi-tenant design rounds)

- How do you prove that no tenant reads another's answer? (isolation, 30 %)
<details><summary>An answer</summary>

The tenant is a field of the key, written so that ("a", "bc") and ("ab", "c") stay two keys. A property test with
look-alike names searches for a hit across tenants, and in production the count of hits on the key of another owner
must stay at zero.

</details>

- Every key changes with a release. What happens to the GPUs? (operations, 25 %)
<details><summary>An answer</summary>

The new version has no hits, so where the cache answered 40 % the load on the GPUs grows by two thirds. A canary fills
it step by step, and before the last step I warm the most asked keys or keep room to spare.

</details>

- What would a cache by *similar* question need? (correctness, 25 %)
<details><summary>An answer</summary>

It needs an index of embeddings inside each tenant, equal rights and version, and a threshold tested on pairs that
differ in one word, such as "with" and "without". A sample of the hits is answered by the model as well, which
measures how often the stored answer was wrong.

</details>

- Where does the lock go? (lesson 04, 20 %)
<details><summary>An answer</summary>

Around the map and never around the call of the model, or all requests queue behind one inference. Reads need it too,
because in an LRU a read moves its entry; to compute each key only once takes a future in the map.

</details>
"""
