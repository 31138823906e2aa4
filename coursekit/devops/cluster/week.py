"""A week of one container's memory, minute by minute, by the formula of docs/cluster.md."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.devops.cluster import memory
from coursekit.devops.cluster.world import MAX_RATE, App

MINUTE_MS = 60_000
MAX_MINUTES = 20_160
DOWN = 0  # resident memory of a container that does not run


@dataclass(frozen=True)
class Week:
    """What a week did to one container.

    Attributes:
        resident_kib: the highest of each minute; 0 while the container is down. The minute of an
            OOM kill shows what it asked for.
        ooms: minutes in which it was killed.
        recycled: how often a worker was recycled.
        sent: requests.
        failures: requests that failed, by reason: "lost", "down", "recycling", "too slow".
    """

    resident_kib: tuple[int, ...]
    ooms: tuple[int, ...]
    recycled: int
    sent: int
    failures: Mapping[str, int]

    @property
    def failed(self) -> int:
        """Requests that failed."""
        return sum(self.failures.values())

    @property
    def peak_kib(self) -> int:
        """The highest of all minutes."""
        return max(self.resident_kib, default=0)

    def percentile_kib(self, percent: int) -> int:
        """The smallest value that `percent` of the minutes it ran do not exceed."""
        values = sorted(kib for kib in self.resident_kib if kib != DOWN)
        return values[max(0, -(-len(values) * percent // 100) - 1)] if values else 0


def play_week(
    app: App,
    env: Mapping[str, Any],
    limit_kib: int,
    requests_per_minute: Sequence[int],
    *,
    big_milli: Mapping[int, int] | None = None,
    noise_kib: int = 0,
    timeout_ms: int = 2000,
    seed: int | str = 0,
) -> Week:
    """Play one container, always on one node, minute by minute.

    Args:
        app: the process; its `load_ms` is how long it is down after a kill.
        env: the container's environment.
        limit_kib: its memory limit, or the node's memory where it has none.
        requests_per_minute: one number a minute.
        big_milli: minutes with large inputs: activations of so many thousandths (1000: as usual).
        noise_kib: each minute's memory is up to so much higher, drawn from the seed.
        timeout_ms: how long a client waits.
        seed: of the noise.

    Raises:
        ValueError: more than two weeks, or more requests than the simulator takes.
    """
    if len(requests_per_minute) > MAX_MINUTES:
        raise ValueError(f"at most {MAX_MINUTES} minutes")
    if any(not 0 <= count <= MAX_RATE * 60 for count in requests_per_minute):
        raise ValueError(f"from 0 to {MAX_RATE * 60} requests a minute")
    chance = random.Random(seed)
    known = memory.settings(env, app.workers, app.batch, app.process)
    service_ms = app.service_ms + (known.batch - 1) * app.item_ms
    capacity = known.workers * known.batch * MINUTE_MS // service_ms
    workers = memory.Workers(known)
    back_off: memory.BackOff | None = None
    failures = {"lost": 0, "down": 0, "recycling": 0, "too slow": 0}
    up_ms = recycled = 0
    series, ooms = [], []
    for minute, count in enumerate(requests_per_minute):
        begin_ms = minute * MINUTE_MS
        down_ms = max(0, min(MINUTE_MS, up_ms - begin_ms))
        failures["down"] += count * down_ms // MINUTE_MS
        count -= count * down_ms // MINUTE_MS
        if down_ms == MINUTE_MS:
            series.append(DOWN)
            continue
        turned = _serve(workers, known, min(count, capacity))
        recycled += turned
        failures["too slow"] += max(0, count - capacity)
        if turned and known.workers == 1 and app.process.restart_ms > timeout_ms:
            blocked_ms = turned * (app.process.restart_ms - timeout_ms)
            failures["recycling"] += min(count, count * blocked_ms // MINUTE_MS)
        kib = _resident_kib(app, known, workers, count > 0, (big_milli or {}).get(minute, 1000))
        kib += chance.randrange(noise_kib + 1) if noise_kib else 0
        series.append(kib)
        if kib > limit_kib:
            ooms.append(minute)
            failures["lost"] += min(count, known.workers * known.batch)
            ended_s = begin_ms // 1000
            start_s = memory.next_start_s(back_off, ended_s)
            back_off = memory.backed_off(back_off, ended_s, start_s)
            up_ms = start_s * 1000 + app.load_ms
            workers = memory.Workers(known)
    return Week(tuple(series), tuple(ooms), recycled, sum(requests_per_minute), failures)


def _serve(workers: memory.Workers, known: memory.Settings, count: int) -> int:
    """Serve a minute's requests; how many workers were recycled in it."""
    if not known.max_requests:
        workers.serve(count)
        return 0
    turned = 0
    step = max(1, known.max_requests // 4, count // 64)
    while count > 0:
        part = min(step, count)
        workers.serve(part)
        count -= part
        while turned < 64 and workers.recycle():
            turned += 1
    return turned


def _resident_kib(
    app: App, known: memory.Settings, workers: memory.Workers, busy: bool, milli: int
) -> int:
    kib = memory.resident_kib(
        app.process, known, workers.served, workers.leaked, loaded=True, busy=False
    )
    if busy:
        kib += known.workers * known.batch * app.process.item_mib * memory.MIB * milli // 1000
    return kib
