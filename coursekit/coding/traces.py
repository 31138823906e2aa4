"""Feature reads of several tenants: a seeded trace, its replay through a cache, and the picture of
what it costs.

Popularity follows Zipf's law: within a tenant the user on rank r is read with a weight of 1 / r **
skew (Breslau et al., "Web caching and Zipf-like distributions", INFOCOM 1999). Times are seconds
since the trace began.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from coursekit.clocks import ManualClock
from coursekit.plots import label_axes, legend, round_ticks

Seconds = float

# of all ordinary reads
SHARES: Mapping[str, float] = {"harbour": 0.60, "orchard": 0.28, "lantern": 0.12}
QUIET = "lantern"  # the smallest tenant
NOISY = "harbour"  # whose batch job walks over everybody once
CAPACITIES = (10, 40, 320)
TTLS: tuple[Seconds, ...] = (10, 60, 600)
MARGINS = {"left": 0.042, "right": 0.96, "bottom": 0.135, "top": 0.81}  # of the figure


class Read(NamedTuple):
    """A model server asks for one user's features."""

    at: Seconds
    tenant: str
    user: str

    @property
    def key(self) -> tuple[str, str]:
        """What the cache is asked for: never a user without its tenant."""
        return (self.tenant, self.user)


class Cache(Protocol):
    """What a replay needs of a cache."""

    def get(self, key: Hashable, default: Any = None) -> Any: ...

    def set(self, key: Hashable, value: Any) -> None: ...


@dataclass(frozen=True)
class Replay:
    """What a trace met in a cache.

    Attributes:
        reads: by tenant.
        hits: by tenant.
        mean_age: of the values served from the cache, in seconds since they were loaded; 0.0
            without a hit.
    """

    reads: Mapping[str, int]
    hits: Mapping[str, int]
    mean_age: Seconds

    @property
    def hit_rate(self) -> float:
        """Hits per read, all tenants together; 0.0 without reads."""
        return sum(self.hits.values()) / max(1, sum(self.reads.values()))

    def hit_rate_of(self, tenant: str) -> float:
        """Hits per read of one tenant; 0.0 without reads."""
        return self.hits.get(tenant, 0) / max(1, self.reads.get(tenant, 0))


@lru_cache(maxsize=8)
def zipf_trace(
    reads: int = 600,
    *,
    users: int = 160,
    skew: float = 1.0,
    scan: float = 0.0,
    per_second: float = 1.0,
    seed: int = 4,
) -> Sequence[Read]:
    """Reads in order of time; the same arguments give the same trace.

    Args:
        reads: how many by ordinary users; they are the same whatever `scan` is.
        users: of each tenant.
        skew: Zipf's exponent; 0 makes all users equally popular.
        scan: share of all reads that a batch job of `NOISY` adds; it never asks for the same user
            twice.
        per_second: mean rate of ordinary reads; gaps are exponential.

    Raises:
        ValueError: `scan` is not a share, or a count or rate is not positive.
    """
    if not 0 <= scan < 1 or reads < 1 or users < 1 or per_second <= 0:
        raise ValueError(
            "a trace needs reads, users and a rate above zero, and a scan from 0 to below 1"
        )
    rng = random.Random(seed)
    ranks = range(1, users + 1)
    weights = [rank**-skew for rank in ranks]
    tenants = rng.choices(list(SHARES), list(SHARES.values()), k=reads)
    popular = rng.choices(ranks, weights, k=reads)
    at, trace = 0.0, []
    for tenant, rank in zip(tenants, popular, strict=True):
        at += rng.expovariate(per_second)
        trace.append(Read(at, tenant, f"user-{rank}"))
    scanned = round(reads * scan / (1 - scan))
    trace += [Read(rng.uniform(0.0, at), NOISY, f"scanned-{n}") for n in range(scanned)]
    trace.sort(key=lambda read: read.at)
    return tuple(trace)


def replay(trace: Sequence[Read], cache: Cache, clock: ManualClock) -> Replay:
    """Read through the cache: what is missing is loaded and set. Moves `clock` along the trace.

    Only the reads of ordinary users are counted: nobody waits for a batch job.
    """
    missing = object()
    reads = dict.fromkeys(SHARES, 0)
    hits = dict.fromkeys(SHARES, 0)
    age = 0.0
    for at, tenant, user in trace:
        clock.now = at
        loaded_at = cache.get((tenant, user), missing)
        counted = not user.startswith("scanned")
        reads[tenant] += counted
        if loaded_at is missing:
            cache.set((tenant, user), at)
        elif counted:
            hits[tenant] += 1
            age += at - loaded_at
    return Replay(reads, hits, age / max(1, sum(hits.values())))


@dataclass(frozen=True)
class HitRates:
    """Replays of one trace at each capacity with one ttl, and at each ttl with one capacity."""

    by_size: Mapping[int, Replay]
    by_ttl: Mapping[Seconds, Replay]


def hit_rates(run: Callable[[int, Seconds], Replay], capacity: int, ttl: Seconds) -> HitRates:
    """Replays around one setting. `run` replays the trace through a cache of capacity and ttl."""
    chosen = run(capacity, ttl)
    by_size = {
        size: chosen if size == capacity else run(size, ttl)
        for size in sorted({*CAPACITIES, capacity})
    }
    return HitRates(
        by_size,
        {life: chosen if life == ttl else run(capacity, life) for life in sorted({*TTLS, ttl})},
    )


def plot_hit_rates(
    figure: Any, seen: HitRates, capacity: int, ttl_seconds: Seconds, **_: float
) -> None:
    """Draw hit rate against capacity and against ttl, the chosen pair marked with a star.

    Args:
        figure: a `matplotlib.figure.Figure`.
        seen: the replays around the setting.
        capacity: the chosen one.
        ttl_seconds: the chosen one.
    """
    ttl, by_size, by_ttl = ttl_seconds, seen.by_size, seen.by_ttl
    chosen = by_size[capacity]
    everybody: dict[str, Any] = {"color": "#1f4e79", "marker": "o"}
    quiet: dict[str, Any] = {"color": "#b34700", "marker": "s", "linestyle": "--"}
    age: dict[str, Any] = {"color": "#555555", "marker": "^", "linestyle": ":"}
    star: dict[str, Any] = {
        "color": "black",
        "marker": "*",
        "markersize": 15,
        "linestyle": "none",
        "zorder": 5,
    }
    axes = figure.subplots(gridspec_kw=MARGINS)
    halves = [
        [(_at_size(n), by_size[n]) for n in sorted(by_size)],
        [(_at_ttl(n), by_ttl[n]) for n in sorted(by_ttl)],
    ]
    for half in halves:
        xs = [x for x, _ in half]
        axes.plot(xs, [100 * replayed.hit_rate for _, replayed in half], **everybody)
        axes.plot(xs, [100 * replayed.hit_rate_of(QUIET) for _, replayed in half], **quiet)
    oldest = 1.05 * max(1.0, *(replayed.mean_age for _, replayed in halves[1]))
    axes.plot(xs, [100 * replayed.mean_age / oldest for _, replayed in halves[1]], **age)
    axes.plot([_at_size(capacity), _at_ttl(ttl)], [100 * chosen.hit_rate] * 2, **star)
    axes.set(xlim=(-0.3, 12.7), ylim=(0, 100))
    marks = {_at_size(size): f"{size:g}" for size in CAPACITIES} | {
        _at_ttl(life): f"{life:g}" for life in TTLS
    }
    label_axes(axes, marks, {at: str(at) for at in range(0, 101, 25)}, ylabel="hit rate in %")
    for seconds, label in round_ticks(oldest).items():
        axes.text(12.8, 100 * seconds / oldest, label, va="center_baseline", fontsize=9)
    axes.text(2.5, -8.5, f"capacity in entries, at a ttl of {ttl:g} s", ha="center", va="top")
    axes.text(9.5, -8.5, f"ttl in seconds, at {capacity} entries", ha="center", va="top")
    legend(
        axes,
        {
            "all tenants": everybody,
            f"{QUIET}, smallest": quiet,
            "mean age, s (right)": age,
            "your choice": star,
        },
        0.18,
        0.2,
    )
    figure.text(
        0.5, 0.94, ha="center", fontsize=11,
        s=f"{chosen.hit_rate:.0%} of users' reads never reach the store; "
        f"a served value is {chosen.mean_age:.0f} s old on average",
    )  # fmt: skip


def _at_size(capacity: float) -> float:
    """Where a capacity stands: the left half, a step for each doubling."""
    return math.log2(capacity / CAPACITIES[0])


def _at_ttl(ttl: Seconds) -> float:
    """Where a ttl stands: the right half, in steps as wide."""
    return 6.5 + math.log2(ttl / TTLS[0])
