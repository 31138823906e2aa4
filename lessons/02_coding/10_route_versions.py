# %% [markdown]
"""# Route users to model versions

You'll build a `ModelRouter` that shares users among model versions by weight, keeps each user on one version in every
server of the fleet, and moves nobody who need not move.

**Time** 45 min · **Level** medium · **Needs** dictionaries, hashing, a little probability

**Skills** split traffic without storing who went where · bound what a failure moves · pin a few users by flag
"""

# %% nbgrader={"grade_id": "router-setup", "locked": true}
import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from itertools import permutations

from coursekit import REFERENCE, check, explore, is_true_of, scoreboard, slider, try_it
from coursekit.coding.routing import (
    HandOver,
    ModuloRouter,
    Router,
    another_process,
    draw_hand_over,
    hand_over,
)

UserId = str  # "harbour/user-7": the tenant is part of it
VersionId = str  # "v7"

# %% [markdown]
"""## The situation

Three versions of a writing assistant serve 30,000 conversations. At 10:02 one health probe of `v8` times out. The
router takes `v8` out, which is right, and computes `hash(user) % 2` instead of `% 3`, which moves two of every three
conversations: 10,000 had to leave `v8`, another 10,000 change version for nothing. Each arrives at a server that has
none of its context cached. First tokens take 7 s instead of 0.4 s, the A/B test of the week is worthless, and the
platform engineer is paged. At 10:03 the probe succeeds, and all of them move back.

![A request brings a user and flags. If a flag pins a healthy version, that version answers. Else, if a healthy version
has weight, a hash of the user decides by weight. Else NoHealthyVersionError.](diagrams/10_route_versions.mmd)

Six users are enough to see it:
"""

# %%
versions, healthy = ["v7", "v8", "v9"], ["v7", "v9"]
for number in range(6):
    before, since = versions[number % 3], healthy[number % 2]
    print(
        f"user {number}: {before} → {since}",
        "" if before in (since, "v8") else "  moved for nothing",
    )

# %% [markdown]
"""## 1 · Give each user a version

One class for all three stages: write what a stage asks for, run its checks, come back.

- `add_version(version_id, weight, health=True)`; a new router has none. `route(user_id)` returns a version's id.
- **Sticky:** the answer depends on the user's text and the versions as they are now, on nothing else: not on who asked
  before, on which router object, or in which process.
- **Shares** follow the weights, within one point over 100,000 users, for each tenant's users too. Weights need not sum
  to one, and may be tiny or huge; weight zero gets nobody. An unhealthy version gets nobody either: the others share
  its users by their weights.
- `ValueError`: a negative weight, a version that is there already. What is refused changes nothing.

User ids are texts in any language and of any length.

<details><summary>Hint 1 · a number from a text</summary>

Python salts `hash()` of texts anew in every process. `hashlib.sha256(text.encode()).digest()` is the same everywhere;
`int.from_bytes(digest[:8], "big") / 2**64` is a number from 0 to 1.

</details>
<details><summary>Hint 2 · think of stage 2 now</summary>

Cut a line from 0 to 1 into a piece for each version, and a piece that goes shifts its neighbours. Let each version draw
a number of its own for each user instead, from a hash of both. The best draw wins. Who loses can leave unnoticed.

</details>
<details><summary>Hint 3 · weights</summary>

The draws run a race. If u is uniform between 0 and 1, −ln(u) / weight is an exponential time with that rate, and of
several such times version v's is the first with probability weight of v / sum of weights. Multiplying u by the weight
does not give that.

</details>
"""


# %% nbgrader={"grade_id": "router", "solution": true}
class NoHealthyVersionError(Exception):
    """No healthy version has any weight, and no flag pins one."""


class ModelRouter:
    """Users to versions: by flag, else by weight; the same for the same user in every process."""

    def __init__(self) -> None:
        """A router without versions and flags."""
        ### BEGIN SOLUTION
        # Why: nothing is stored for a user. What is not stored cannot differ between servers, and
        # needs no clean-up when a version goes.
        self._weights: dict[VersionId, float] = {}
        self._unhealthy: set[VersionId] = set()
        self._pins: dict[str, VersionId] = {}
        ### END SOLUTION

    def add_version(self, version_id: VersionId, weight: float, health: bool = True) -> None:
        """A new version. ValueError: it is there already, or the weight is negative."""
        ### BEGIN SOLUTION
        if version_id in self._weights:
            raise ValueError(f"{version_id!r} is there already")
        _refuse_negative(weight)
        self._weights[version_id] = weight
        self.set_health(version_id, health)
        ### END SOLUTION

    def set_health(self, version_id: VersionId, is_healthy: bool) -> None:
        """Take the version out, or back in. ValueError: there is no such version."""
        ### BEGIN SOLUTION
        self._refuse_unknown(version_id)
        if is_healthy:
            self._unhealthy.discard(version_id)
        else:
            self._unhealthy.add(version_id)
        ### END SOLUTION

    def set_weight(self, version_id: VersionId, weight: float) -> None:
        """Change its weight. ValueError: there is no such version, or the weight is negative."""
        ### BEGIN SOLUTION
        self._refuse_unknown(version_id)
        _refuse_negative(weight)
        self._weights[version_id] = weight
        ### END SOLUTION

    def set_flag(self, flag: str, version_id: VersionId) -> None:
        """From now on the flag pins this version. ValueError: there is no such version."""
        ### BEGIN SOLUTION
        self._refuse_unknown(version_id)
        self._pins[flag] = version_id
        ### END SOLUTION

    def route(self, user_id: UserId, flags: Iterable[str] = ()) -> VersionId:
        """The version that serves this user. NoHealthyVersionError: none can."""
        ### BEGIN SOLUTION
        # Why: each version draws for itself, from user, version and its own weight. Nothing in a
        # draw depends on the others, so a version that goes or changes its weight leaves the order
        # of the others as it was. -ln(u) / weight makes the chance to win proportional to the
        # weight; u times weight does not. The half keeps u above 0, which has no logarithm.
        for flag in flags:
            pinned = self._pins.get(flag)
            if pinned is not None and pinned not in self._unhealthy:
                return pinned
        runners = [
            v for v, weight in self._weights.items() if weight > 0 and v not in self._unhealthy
        ]
        if not runners:
            raise NoHealthyVersionError(f"nobody can serve {user_id!r}")
        return min(runners, key=lambda version_id: self._time(user_id, version_id))

    def _time(self, user_id: UserId, version_id: VersionId) -> float:
        """When this version crosses the line in the user's race: exponential, its weight is the rate."""
        digest = hashlib.sha256(f"{version_id}\n{user_id}".encode()).digest()
        uniform = (int.from_bytes(digest[:8], "big") + 0.5) / 2**64
        return -math.log(uniform) / self._weights[version_id]

    def _refuse_unknown(self, version_id: VersionId) -> None:
        if version_id not in self._weights:
            raise ValueError(f"there is no version {version_id!r}")


def _refuse_negative(weight: float) -> None:
    if weight < 0:
        raise ValueError(f"a weight is 0 or more, not {weight}")
    ### END SOLUTION


# %%
@try_it
def twelve_users_and_three_versions() -> dict[VersionId, int]:
    router = ModelRouter()
    for version, weight in {"v7": 6, "v8": 3, "v9": 3}.items():
        router.add_version(version, weight)
    return dict(Counter(router.route(f"harbour/user-{n}") for n in range(12)))


# %% nbgrader={"grade_id": "router-share-checks", "grade": true}
def build(weights):
    router = ModelRouter()
    for version, weight in weights.items():
        router.add_version(version, weight)
    return router


def answers(router, people, flags=()):
    return [router.route(user, flags) for user in people]


@check(expect=["v8"] * 4, points=1, stage="core")
def weight_zero_gets_nobody():
    """The only version with weight gets everybody, whatever its weight is."""
    return answers(build({"v7": 0, "v8": 0.25, "v9": 0}), ["ann", "ben", "cem", "dea"])


def is_mostly_v8(seen):
    """from 400 to 490 of 500 users on v8, the others on v9"""
    return set(seen) == {"v8", "v9"} and sum(seen.values()) == 500 and 400 <= seen["v8"] <= 490


@check(expect=is_true_of(is_mostly_v8), points=1, stage="core")
def nine_in_ten_go_where_nine_tenths_of_the_weight_is():
    """Weights of 0.9 and 0.1."""
    return dict(
        Counter(answers(build({"v8": 0.9, "v9": 0.1}), [f"lantern/{n}" for n in range(500)]))
    )


### BEGIN HIDDEN TESTS
def some_versions(rng, count):
    return [f"v{n}" for n in rng.sample(range(10, 100), count)]


def some_users(rng, count, tenant=""):
    first = rng.randrange(10**6)
    return [
        f"{tenant or rng.choice(['harbour', 'orchard'])}/user-{first + n}" for n in range(count)
    ]


def traffic(people, seen, weights):
    # versions by traffic, most first, and those whose share is further from their weight than luck
    # allows: by Chernoff's bound a version is listed in error less than once in 10 ** 11 times,
    # whatever its share is
    total, counts, off = sum(weights.values()), Counter(seen), []
    for version, weight in weights.items():
        want, got = weight / total, counts[version] / len(people)
        pairs = [(a, b) for a, b in ((got, want), (1 - got, 1 - want)) if a > 0]
        distance = (
            sum(a * math.log(a / b) for a, b in pairs) if all(b > 0 for _, b in pairs) else math.inf
        )
        if len(people) * distance > 28:
            off.append(version)
    return {
        "most first": [version for version, _ in counts.most_common()],
        "off": off,
        "users": counts.total(),
    }


def same(rng, alike, unlike):
    # for each two whether they are equal, in random order, so that no constant is an answer
    pairs = [*alike, *unlike]
    rng.shuffle(pairs)
    return [one == other for one, other in pairs]


def how_it_ends(function, *args, **named):
    try:
        function(*args, **named)
    except Exception as error:
        return type(error).__name__
    return "no error"


# Kills: u * weight, u ** weight, round robin, modulo, weights that are not looked at.
@check(expect=REFERENCE, points=3, seeds=1, stage="core")
def shares_follow_the_weights(rng):
    """Weights of 1 : 2 : 5, each times the same factor: a share is a weight divided by the sum of weights."""
    factor, people = rng.choice([1, 2.5, 12]), some_users(rng, 1200)
    weights = {
        version: part * factor
        for version, part in zip(some_versions(rng, 3), (1, 2, 5), strict=True)
    }
    return traffic(people, answers(build(weights), people), weights)


# Kills: whole slots for hundredths, weights taken for shares of one.
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def only_the_ratio_of_weights_counts(rng):
    """Weights of 1 : 5, far below one and far above."""
    people, seen = some_users(rng, 200), []
    for factor in (0.004, 700):
        weights = dict(zip(some_versions(rng, 2), (factor, 5 * factor), strict=True))
        seen.append(traffic(people, answers(build(weights), people), weights))
    return seen


# Kills: a hash of the tenant, of the first or last letters, sums of bytes, crc32.
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def each_tenants_users_are_shared_by_weight(rng):
    """Ids that differ in one digit, or only in the tenant, are other users."""
    weights = dict(zip(some_versions(rng, 2), (3, 1), strict=True))
    router, seen = build(weights), {}
    for tenant in rng.sample(["harbour", "orchard", "lantern"], 2):
        people = some_users(rng, 400, tenant)
        seen[tenant] = traffic(people, answers(router, people), weights)
    return seen


# Kills: one fallback for all, the heaviest first, health that is not looked at.
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def an_unhealthy_versions_users_are_shared_by_weight(rng):
    """A version added with `health=False` gets nobody; the others share everybody by their weights."""
    sick, large, small = some_versions(rng, 3)
    router, people = ModelRouter(), some_users(rng, 500)
    for version, weight, health in rng.sample(
        [(sick, 20, False), (large, 3, True), (small, 1, True)], 3
    ):
        router.add_version(version, weight, health)
    return traffic(people, answers(router, people), {large: 3, small: 1})


# Kills: random choice, round robin, a salt for each router, identity of the text object, memory of
# the last user.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def a_user_gets_the_same_version_every_time(rng):
    """Asked again, after others, in another order, with an equal text, by another router with the same versions."""
    weights = dict.fromkeys(some_versions(rng, 3), 1)
    router, people, strangers = build(weights), some_users(rng, 40), some_users(rng, 40)
    first, others = answers(router, people), answers(router, strangers)
    again = answers(router, ["".join(list(user)) for user in reversed(people)])[::-1]
    elsewhere = answers(build(weights), people)
    return same(rng, [(first, again), (first, elsewhere)], [(first, others)])


# Kills: hash(user), hash((user, version)), hash(f"{user}{version}"), user.__hash__().
@check(expect=REFERENCE, points=2, seeds=1, stage="core")
def a_user_gets_the_same_version_in_every_process(rng):
    """Python's `hash` of a text is salted: it differs from process to process."""
    weights = dict.fromkeys(some_versions(rng, 3), 1)
    people, strangers, seen = some_users(rng, 40), some_users(rng, 40), []
    for salt in rng.sample(range(1000), 2):
        with another_process(ModelRouter, salt) as text:
            seen.append(answers(build(weights), [text(user) for user in people]))
    return same(rng, [seen], [(seen[0], answers(build(weights), strangers))])


# Kills: encode("ascii"), ids read as numbers, ids cut at a separator.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def any_text_is_a_user(rng):
    """Umlauts, other scripts, spaces, slashes, digits only, a thousand letters."""
    version, idle = some_versions(rng, 2)
    strange = [
        "zoë",
        "用户 7",
        "Ünal/Ayşe",
        "a/b/c",
        "/",
        "7",
        " ",
        "🙂",
        "x" * 1000,
        "a\nb",
        "%s{}",
    ]
    return answers(build({idle: 0, version: 0.5}), rng.sample(strange, len(strange)))


# Kills: no refusal, a refusal after the change, weight zero refused.
@check(
    expect={
        "negative": "ValueError",
        "again": "ValueError",
        "zero": "no error",
        "whole": "no error",
        "same": [True],
    },
    points=1,
    stage="settings",
)
def a_negative_weight_or_a_second_version_of_that_name_is_refused():
    """And what is refused leaves everything as it was."""
    router, people = build({"v7": 1, "v8": 2}), [f"orchard/{n}" for n in range(60)]
    first = answers(router, people)
    seen = {
        "negative": how_it_ends(router.add_version, "v9", -0.001),
        "again": how_it_ends(router.add_version, "v7", 50, False),
    }
    seen["same"] = [len(set(first)) == 2 and answers(router, people) == first]
    seen["zero"] = how_it_ends(router.add_version, "v9", 0)
    seen["whole"] = how_it_ends(router.add_version, "v10", 3, health=True)
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Move as few as possible

`set_health(version_id, is_healthy)` and `set_weight(version_id, weight)` act at once, however often they are called.

- A version turns unhealthy: only its users move. It recovers: they come back, and nobody else moves.
- A weight rises, or a version is added: users move only **to** it. A weight falls, to zero too: users move only **away
  from** it.
- The order in which versions were added does not matter.
- Nobody left to take traffic (no version, none healthy, none with weight): `NoHealthyVersionError`, until there is.
- `ValueError`: an unknown version, a negative weight. What is refused changes nothing.
- Every tenant may have a router of its own: what one is told, another does not know.

<details><summary>Hint 1 · who moves</summary>

If a user's best draw stays and stays the best, the user stays. So a draw may depend on the user, its version and that
version's weight, and on nothing about the others: no sum of weights, no position in a list.

</details>
<details><summary>Hint 2 · a rising weight</summary>

It should only improve its own version's draws: −ln(u) / weight falls when the weight rises.

</details>
"""


# %%
@try_it
def forty_users_and_a_sick_version() -> list[tuple[VersionId, VersionId]]:
    router = ModelRouter()
    for version in ("v7", "v8", "v9"):
        router.add_version(version, 1)
    users = [f"harbour/user-{n}" for n in range(40)]
    before = [router.route(user) for user in users]
    router.set_health("v8", False)
    return sorted(
        {
            (old, new)
            for old, new in zip(before, map(router.route, users), strict=True)
            if old != new
        }
    )


# %% nbgrader={"grade_id": "router-move-checks", "grade": true}
def moves(before, after):
    gone = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    return {"from": sorted({one for one, _ in gone}), "to": sorted({other for _, other in gone})}


@check(expect={"v7 sick": ["v7"], "v7 well again": []}, points=2, stage="minimal-movement")
def only_the_sick_versions_users_move():
    """Which versions lost users, compared with the beginning."""
    router, people = build({"v7": 1, "v8": 1, "v9": 1}), [f"harbour/user-{n}" for n in range(90)]
    before, seen = answers(router, people), {}
    for name, health in (("v7 sick", False), ("v7 well again", True)):
        router.set_health("v7", health)
        seen[name] = moves(before, answers(router, people))["from"]
    return seen


### BEGIN HIDDEN TESTS
def three_versions(rng):
    # of 100 users less than one world in 10 ** 11 leaves a version without any
    return dict(zip(some_versions(rng, 3), (2, 2, 3), strict=True))


# Kills: modulo and intervals over the healthy versions, recovery to another place.
@check(expect=REFERENCE, points=3, seeds=2, stage="minimal-movement")
def whichever_is_sick_only_its_own_users_move(rng):
    """Each version in turn is unhealthy and recovers; in the end two are at once, and recover."""
    router, people, seen = build(weights := three_versions(rng)), some_users(rng, 80), []
    one, two, three = rng.sample(list(weights), 3)
    now = start = answers(router, people)
    script = [(v, health) for v in (one, two, three) for health in (False, True)]
    for version, health in [*script, (one, False), (two, False), (one, True), (two, True)]:
        router.set_health(version, health)
        last, now = now, answers(router, people)
        seen.append([version, health, moves(last, now)["to" if health else "from"]])
    return [seen, same(rng, [(start, now)], [(start, last)])]


# Kills: a count of set_health calls, recovery that needs two calls, recovery to another place.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def health_may_flap(rng):
    """Said twice or ten times: it is healthy or not, and its users are where they were."""
    router, people = build(weights := three_versions(rng)), some_users(rng, 80)
    start, sick = answers(router, people), rng.choice(list(weights))
    pairs = []
    for health in (False, False, True, True, True, False, False):
        router.set_health(sick, health)
        pairs.append((health, answers(router, people)))
    well = [(start, seen) for health, seen in pairs if health]
    ill = [(pairs[0][1], seen) for health, seen in pairs if not health]
    return same(rng, well + ill, [(well[0][1], ill[0][1]), (start, pairs[-1][1])])


# Kills: intervals, slots out of a fixed number, a weight that is hashed, weights that are set only
# once.
@check(expect=REFERENCE, points=3, seeds=2, stage="minimal-movement")
def a_rising_weight_draws_users_only_to_it(rng):
    """Two versions rise, one after the other; the others exchange nobody."""
    router, people, seen = build(weights := three_versions(rng)), some_users(rng, 120), []
    now = answers(router, people)
    for version, weight in zip(rng.sample(list(weights), 2), (6.5, 40), strict=True):
        router.set_weight(version, weight)
        last, now = now, answers(router, people)
        seen.append([version, weight, moves(last, now)["to"]])
    return seen


# Kills: intervals, weights that only rise, weight zero that is no weight.
@check(expect=REFERENCE, points=2, seeds=2, stage="minimal-movement")
def a_falling_weight_sends_away_only_its_own_users(rng):
    """One falls, another falls to zero; back at their old weights, everybody is where they were."""
    router, people, seen = build(weights := three_versions(rng)), some_users(rng, 120), []
    light, drained, heavy = weights
    start = now = answers(router, people)
    for version, weight in ((heavy, 1.25), (drained, 0)):
        router.set_weight(version, weight)
        last, now = now, answers(router, people)
        seen.append([version, weight, moves(last, now)["from"], sorted(set(now))])
    for version in (drained, heavy):
        router.set_weight(version, weights[version])
    return [seen, light, same(rng, [(start, answers(router, people))], [(start, now)])]


# Kills: set_weight that is forgotten, that swaps versions, or that counts only for new users.
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def new_weights_make_new_shares(rng):
    """Weights of 9 and 1 become 1 and 5."""
    one, other = some_versions(rng, 2)
    router, people = build({one: 9, other: 1}), some_users(rng, 200)
    answers(router, people)
    router.set_weight(one, 1)
    router.set_weight(other, 5)
    return traffic(people, answers(router, people), {one: 1, other: 5})


# Kills: intervals, modulo, a new version that waits for its first set_weight.
@check(expect=REFERENCE, points=2, seeds=2, stage="minimal-movement")
def a_new_version_draws_users_only_to_it(rng):
    """Whatever its name is, it takes its share from all and moves nobody between them."""
    *old, one, other = some_versions(rng, 5)
    router, people, seen = build(dict(zip(old, (2, 1, 2), strict=True))), some_users(rng, 100), []
    now = answers(router, people)
    for version, weight in ((one, 2.5), (other, 4)):
        router.add_version(version, weight)
        last, now = now, answers(router, people)
        seen.append(moves(last, now)["to"])
    return seen


# Kills: intervals and modulo in order of insertion; draws by position in a list.
@check(expect=REFERENCE, points=2, seeds=2, stage="minimal-movement")
def the_order_of_adding_does_not_matter(rng):
    """Three routers with the same versions, added in three orders; one with other weights."""
    weights, people = three_versions(rng), some_users(rng, 60)
    one, *others = [build(dict(items)) for items in (weights.items(), [*weights.items()][::-1])]
    first, second, third = weights.items()
    others.append(build(dict((second, third, first))))
    seen = answers(one, people)
    turned = build(dict(zip(weights, (40, 1, 1), strict=True)))
    return same(
        rng, [(seen, answers(other, people)) for other in others], [(seen, answers(turned, people))]
    )


# Kills: None or IndexError in place of the error, a sick or idle version as the last resort, no way
# back.
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def nobody_left_is_an_error(rng):
    """No version; none healthy; none with weight; the healthy one without weight. Then one recovers."""
    sick, idle, well = some_versions(rng, 3)
    router, user = ModelRouter(), some_users(rng, 1)[0]
    seen = [how_it_ends(router.route, user)]
    router.add_version(idle, 0)
    seen.append(how_it_ends(router.route, user))
    router.add_version(sick, 5, health=False)
    seen.append(how_it_ends(router.route, user))
    router.add_version(well, 1)
    seen.append(router.route(user))
    router.set_health(well, False)
    seen.append(how_it_ends(router.route, user))
    router.set_health(sick, True)
    return [*seen, router.route(user)]


# Kills: unknown versions that are created, KeyError, a change before the refusal.
@check(
    expect={
        "health of nobody": "ValueError",
        "weight of nobody": "ValueError",
        "negative": "ValueError",
        "zero": "no error",
        "same": [True, True],
    },
    points=1,
    stage="settings",
)
def unknown_versions_and_negative_weights_are_refused():
    """By set_health and set_weight; nothing changes, and nobody is added by mistake."""
    router, people = build({"v7": 1, "v8": 2}), [f"orchard/{n}" for n in range(60)]
    first = answers(router, people)
    seen = {
        "health of nobody": how_it_ends(router.set_health, "v9", True),
        "weight of nobody": how_it_ends(router.set_weight, "v9", 30),
        "negative": how_it_ends(router.set_weight, "v7", -1),
    }
    seen["same"] = [len(set(first)) == 2 and answers(router, people) == first]
    seen["zero"] = how_it_ends(router.set_weight, "v7", 0)
    seen["same"].append(answers(router, people) == ["v8"] * 60)
    return seen


# Kills: weights, health or flags kept by the class.
@check(expect=REFERENCE, points=1, seeds=2, stage="core")
def one_tenants_router_knows_nothing_of_anothers(rng):
    """Health, weights and new versions of one router leave the other's users where they are."""
    weights, people = three_versions(rng), some_users(rng, 60, "orchard")
    orchard, harbour = build(weights), build(weights)
    start = answers(orchard, people)
    first, second, third = rng.sample(list(weights), 3)
    harbour.set_health(first, False)
    harbour.set_weight(second, 0)
    told = answers(harbour, people)
    unmoved = [(start, answers(orchard, people))]
    harbour.set_weight(third, 90)
    harbour.add_version("v5", 80)
    return same(
        rng,
        [*unmoved, (start, answers(orchard, people))],
        [(start, told), (told, answers(harbour, people))],
    )


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Pin by flag

`set_flag(flag, version_id)` says that requests with this flag go to that version, at weight zero too. Setting a flag
again replaces its version; several flags may pin one. `ValueError`: an unknown version, and the flag stays as it was.

`route(user_id, flags)` looks at the request's flags in the order given. The first that pins a healthy version wins.
Flags that were never set, or whose version is unhealthy now, are passed over; if none is left, the weights decide as if
there were no flags. A flag works for this one request: it is not remembered, and requests without it do not notice.

<details><summary>Hint 1 · where it stands</summary>

Before the race, in a loop over the request's flags, not over those that were set.

</details>
<details><summary>Hint 2 · two questions</summary>

Is the flag set, and is its version healthy? Only if both hold, return. Weight does not matter here.

</details>
"""


# %%
@try_it
def a_tester_and_a_user() -> list[VersionId]:
    router = ModelRouter()
    router.add_version("v7", 1)
    router.add_version("v9", 0)
    router.set_flag("early-access", "v9")
    return [router.route("harbour/ann", ["early-access"]), router.route("harbour/ann")]


# %% nbgrader={"grade_id": "router-flag-checks", "grade": true}
@check(expect=["v9", "v7", "v9", "v7"], points=1, stage="flags")
def a_flag_pins_a_version_at_weight_zero():
    """With the flag v9, without it v7."""
    router = build({"v7": 1, "v9": 0})
    router.set_flag("early-access", "v9")
    return [
        router.route(user, flags) for user in ("ann", "ben") for flags in (["early-access"], [])
    ]


### BEGIN HIDDEN TESTS
def flagged(rng):
    # a router, its versions, and three flags, each of which pins one version; the last version has
    # no weight
    weights = dict(zip(some_versions(rng, 3), (2, 2, 0), strict=True))
    router, pins = (
        build(weights),
        dict(zip(rng.sample(["beta", "staff", "night", "eu"], 3), weights, strict=True)),
    )
    for flag in list(pins)[::-1]:
        router.set_flag(flag, pins[flag])
    return router, pins


# Kills: the last flag, the flag set first, the heaviest version; unknown flags that end the search.
@check(expect=REFERENCE, points=2, seeds=2, stage="flags")
def the_first_matching_flag_wins(rng):
    """In the request's order, lists and tuples alike; flags that were never set are passed over."""
    router, pins = flagged(rng)
    seen = []
    for user in some_users(rng, 12):
        flags = rng.sample([*pins, "unheard-of", "v7"], rng.randint(3, 5))
        seen.append([router.route(user, flags), router.route(user, flags=tuple(flags[::-1]))])
    return seen


# Kills: a pin to a sick version, an error, the heaviest as fallback, another version than without
# flags.
@check(expect=REFERENCE, points=2, seeds=2, stage="flags")
def a_flag_of_a_sick_version_is_passed_over(rng):
    """The user goes where it goes without flags; when the version recovers, the flag pins again."""
    router, pins = flagged(rng)
    people = some_users(rng, 50)
    *_, (flag, version) = pins.items()
    plain = answers(router, people)
    pinned = answers(router, people, [flag])
    router.set_health(version, False)
    during = answers(router, people, ["unheard-of", flag])
    router.set_health(version, True)
    alike = [(plain, during), (pinned, answers(router, people, [flag]))]
    return [sorted(set(plain)), pinned[0], same(rng, alike, [(plain, pinned), (during, pinned)])]


# Kills: the search that ends at the first flag that is set.
@check(expect=REFERENCE, points=1, seeds=2, stage="flags")
def after_a_sick_versions_flag_the_next_one_counts(rng):
    """Three flags in each order; the first one's version is unhealthy."""
    router, pins = flagged(rng)
    seen = []
    for first, *others in permutations(pins):
        router.set_health(pins[first], False)
        seen.append(router.route(some_users(rng, 1)[0], [first, *others]))
        router.set_health(pins[first], True)
    return seen


# Kills: pins remembered for the user or kept by the class, flags that move everybody or change
# weights.
@check(expect=REFERENCE, points=2, seeds=2, stage="flags")
def requests_without_the_flag_do_not_notice(rng):
    """Neither other tenants' users, nor the same user's next request, nor another router."""
    weights = three_versions(rng)
    router, people, others = (
        build(weights),
        some_users(rng, 50, "harbour"),
        some_users(rng, 50, "orchard"),
    )
    before, theirs = answers(router, people), answers(router, others)
    for flag, version in zip(("beta", "staff"), rng.sample(list(weights), 2), strict=True):
        router.set_flag(flag, version)
    pinned = answers(router, people, ["beta"])
    alike = [(before, answers(router, people))]
    alike += [(theirs, answers(router, others, flags)) for flags in ([], ["eu"])]
    alike.append((theirs, answers(build(weights), others, ["beta", "staff"])))
    return [pinned[0], same(rng, alike, [(before, pinned), (theirs, pinned)])]


# Kills: the first pin that stays, flags that are merged.
@check(expect=REFERENCE, points=1, seeds=2, stage="flags")
def a_flag_that_is_set_again_pins_the_new_version(rng):
    """And only this flag: the others pin what they did."""
    router, pins = flagged(rng)
    flags, versions = list(pins), list(pins.values())
    router.set_flag(flags[0], versions[2])
    router.set_flag(flags[1], versions[0])
    return [router.route(user, [flag]) for user in some_users(rng, 3) for flag in flags]


# Kills: KeyError, a flag to nowhere, a pin that is lost by the refusal.
@check(expect=REFERENCE, points=1, seeds=2, stage="flags")
def a_flag_for_an_unknown_version_is_refused(rng):
    """And pins what it pinned before; a new one pins nothing."""
    router, pins = flagged(rng)
    seen = [how_it_ends(router.set_flag, flag, "v5") for flag in (*pins, "fresh")]
    *_, last = pins
    return seen + [
        router.route("ann", flags) for flags in (*([flag] for flag in pins), ["fresh", last])
    ]


# Kills: the search for runners before the flags are looked at.
@check(expect=REFERENCE, points=1, seeds=2, stage="flags")
def a_pinned_version_serves_when_nobody_else_is_left(rng):
    """A healthy version at weight zero serves those with its flag, and nobody else."""
    idle, sick = some_versions(rng, 2)
    router = build({idle: 0, sick: 3})
    router.set_flag("beta", idle)
    router.set_flag("eu", sick)
    router.set_health(sick, False)
    user = some_users(rng, 1)[0]
    seen = [router.route(user, ["eu", "beta"])]
    seen += [how_it_ends(router.route, user, flags) for flags in ([], ["eu"])]
    router.set_health(idle, False)
    return [*seen, how_it_ends(router.route, user, ["beta"])]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Who moves?

600 users before one version turns unhealthy and while it is: your router beside the one that nearly everybody writes
first, a stable hash modulo the healthy versions' slots, one slot for each unit of weight. Choose weights and the sick
version. Can you find weights for which the right picture has no dark band?
"""


# %%
def two_routers(v7: int, v8: int, v9: int, sick: int) -> HandOver:
    routers: dict[str, Router] = {"your router": ModelRouter(), "hash modulo slots": ModuloRouter()}
    return hand_over(routers, {"v7": v7, "v8": v8, "v9": v9}, sick=f"v{sick}")


words = "Users by version, before and while one is unhealthy. Pale bands stay, dashed ones had to move, dark ones not."
weights = {
    name: slider(1, 10, 1, start, f"weight of {name}")
    for name, start in (("v7", 5), ("v8", 3), ("v9", 2))
}
explore(
    draw_hand_over,
    data=two_routers,
    caption=words,
    size=(10, 3.8),
    **weights,
    sick=slider(7, 9, 1, 8, "sick: v"),
)

# %% [markdown]
"""## What would you do about flapping?

The interviewer: "Your router moves nobody in vain. Now `v8`, with 30 % of the users, is slow because it is overloaded.
Its probe fails, its users move, it recovers, they come back, it is overloaded: four times in ten minutes. **What do you
change, where, and what does it cost?**" Give two measures, the price of each, and a number to watch. 150 words.
"""

# %% [markdown] nbgrader={"grade_id": "router-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** The router is a pure function of health, so it passes every flap on: 30 % of the users out, 30 % back,
eight moves in ten minutes, each to a server without their context, while the other versions get 43 % more
load (30 % on top of 70 %). The loop is load → probe → routing → load, and I would break it outside the router.

First, make health slow to change: out after three failed probes, back after several minutes of success, with the hold
growing at each flap. Price: users wait longer on a version that is really broken, so hard failures (connection refused,
error rate above 50 %) still act at once. Second, return gradually: health lets it back with a tenth of its weight, and
`set_weight` raises it in steps. Minimal movement makes each step move only those who come back. Price: half an hour
with uneven shares, which the A/B analysis must know, and a controller that somebody owns. Shedding load on `v8` before
it fails its probe attacks the cause: some requests get a fast refusal or the smaller model. And the others need room:
if each runs at 75 %, no routing survives losing 30 %.

I would watch moves per user and hour beside each version's utilisation, and alert on moves. First hysteresis: it is
configuration, and takes a day.

**Rubric.** 1 point: sees the loop, and that the others must carry the load that leaves. 1 point: two workable measures
(hysteresis or hold-down; gradual return by weight; shedding; headroom; sessions that finish where they began). 1 point:
the price of each. 1 point: a number to watch (moves per user, utilisation per version) and a first step with a reason.

*Weak* (1): "`v8` gets its users back too soon, and the others carry them meanwhile": sees the loop, but has one
measure only, without its price or a number. *Good* (2–3): sees the loop from load to probe to routing, and names two
measures, such as slow health and a return by weight. The price of one, or a number to watch with a first step, is
missing. *Strong* (4): on top of that says how much more the other versions must carry, and puts a price beside each
measure. It watches moves by user or use by version, and begins with one step for a reason.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

A draw for each pair of user and version, and the best one wins: this is rendezvous hashing. It stores nobody, needs no
coordination between servers, and moves the fewest users, because no draw knows of another version.

**In practice** A race costs a hash for each version, which is nothing for ten and too much for ten thousand: then a
ring or a table. Salt the draw with the experiment's name, or the same users are the guinea pigs of every test. Write
down who saw what; a weight that rose during an A/B test has mixed its groups.

**Asked next** (weights as in rollout and experiment design rounds)

- How do you raise a version from 1 % to 100 %, and who decides at each step? (safety, 30 %)
<details><summary>An answer</summary>

By steps such as 1, 5, 25, 50 and 100 %, each for half an hour or a busy hour; a machine judges errors and latency
against the stable version. The owner of the product decides the last steps by the business metric, and users who have
the new version keep it.

</details>

- Why not store the assignment in Redis? (trade-offs, 25 %)
<details><summary>An answer</summary>

A hash gives the same answer on every server and needs no look-up, no clean-up and no plan for the day the store is
down. Only exceptions are worth storing: tenants that are pinned and users who opted out.

</details>

- Why is `hash()` wrong here, and how would you have noticed? (correctness, 25 %)
<details><summary>An answer</summary>

Python salts the hashes of text for each process, so two replicas send one user to two versions. A test in one process
never shows it; one that starts two processes does, and so do users who change version with each request.

</details>

- Users of one company must see one version. What do you hash? (multi-tenancy, 20 %)
<details><summary>An answer</summary>

The id of the account together with the name of the experiment; without the name the same accounts would be first in
every test. Large accounts make the shares uneven, so I check the real share of users and analyse by account.

</details>
"""
