"""Feature reads of several tenants: a seeded trace, its replay through a cache, and the picture of what it costs.

Popularity follows Zipf's law: within a tenant the user on rank r is read with a weight of 1 / r ** skew (Breslau et
al., "Web caching and Zipf-like distributions", INFOCOM 1999). Times are seconds since the trace began.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from coursekit.clocks import ManualClock

Seconds = float

SHARES: Mapping[str, float] = {"harbour": 0.60, "orchard": 0.28, "lantern": 0.12}  # of all ordinary reads
QUIET = "lantern"  # the smallest tenant
NOISY = "harbour"  # whose batch job walks over everybody once
CAPACITIES = (25, 50, 100, 200, 800)
TTLS: tuple[Seconds, ...] = (10, 30, 120, 300, 600)


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
        mean_age: of the values served from the cache, in seconds since they were loaded; 0.0 without a hit.
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
    reads: int = 3000,
    *,
    users: int = 400,
    skew: float = 1.0,
    scan: float = 0.0,
    per_second: float = 5.0,
    seed: int = 4,
) -> Sequence[Read]:
    """Reads in order of time; the same arguments give the same trace.

    Args:
        reads: how many by ordinary users; they are the same whatever `scan` is.
        users: of each tenant.
        skew: Zipf's exponent; 0 makes all users equally popular.
        scan: share of all reads that a batch job of `NOISY` adds; it never asks for the same user twice.
        per_second: mean rate of ordinary reads; gaps are exponential.

    Raises:
        ValueError: `scan` is not a share, or a count or rate is not positive.
    """
    if not 0 <= scan < 1 or reads < 1 or users < 1 or per_second <= 0:
        raise ValueError("a trace needs reads, users and a rate above zero, and a scan from 0 to below 1")
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
    for read in trace:
        clock.now = read.at
        loaded_at = cache.get(read.key, missing)
        counted = not read.user.startswith("scanned")
        reads[read.tenant] += counted
        if loaded_at is missing:
            cache.set(read.key, read.at)
        elif counted:
            hits[read.tenant] += 1
            age += read.at - loaded_at
    return Replay(reads, hits, age / max(1, sum(hits.values())))


def plot_hit_rates(figure: Any, run: Callable[[int, Seconds], Replay], capacity: int, ttl: Seconds) -> None:
    """Draw hit rate against capacity and against ttl, the chosen pair marked with a star.

    Args:
        figure: a `matplotlib.figure.Figure`.
        run: replays the trace through a cache of that capacity and ttl.
        capacity: the chosen one.
        ttl: the chosen one, in seconds.
    """
    chosen = run(capacity, ttl)
    by_size = {float(size): chosen if size == capacity else run(size, ttl) for size in {*CAPACITIES, capacity}}
    by_ttl = {float(life): chosen if life == ttl else run(capacity, life) for life in {*TTLS, ttl}}
    margins = {"left": 0.065, "right": 0.925, "bottom": 0.13, "top": 0.91, "wspace": 0.05}
    left, right = figure.subplots(1, 2, sharey=True, gridspec_kw=margins)
    everybody: dict[str, Any] = {"color": "#1f4e79", "marker": "o", "linestyle": "-", "label": "all tenants"}
    quiet: dict[str, Any] = {"color": "#b34700", "marker": "s", "linestyle": "--", "label": f"{QUIET}, the smallest"}
    age: dict[str, Any] = {"color": "#555555", "marker": "^", "linestyle": ":", "label": "mean age (right axis)"}
    star: dict[str, Any] = {"color": "black", "marker": "*", "markersize": 15, "linestyle": "none", "zorder": 5}
    for axes, runs, at in ((left, by_size, capacity), (right, by_ttl, ttl)):
        values = sorted(runs)
        axes.plot(values, [100 * runs[v].hit_rate for v in values], **everybody)
        axes.plot(values, [100 * runs[v].hit_rate_of(QUIET) for v in values], **quiet)
        axes.plot([at], [100 * chosen.hit_rate], **star, label="your choice")
        axes.set_xscale("log")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    for axes, ticks in ((left, CAPACITIES), (right, TTLS)):
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    left.set(xlabel=f"capacity in entries, at a ttl of {ttl:g} s", ylabel="hit rate in %", ylim=(0, 100))
    right.set(xlabel=f"ttl in seconds, at {capacity} entries")
    twin = right.twinx()
    lives = sorted(by_ttl)
    twin.plot(lives, [by_ttl[life].mean_age for life in lives], **age)
    twin.set_ylabel("mean age in seconds")
    twin.set_ylim(bottom=0)
    twin.spines["top"].set_visible(False)
    lines = [*left.get_lines(), *twin.get_lines()]
    left.legend(lines, [str(line.get_label()) for line in lines], loc="upper left", fontsize=8, frameon=False)
    figure.suptitle(
        f"{chosen.hit_rate:.0%} of users' reads never reach the store; "
        f"a served value is {chosen.mean_age:.0f} s old on average",
        fontsize=11,
    )
