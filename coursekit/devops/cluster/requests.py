"""Requests inside one pod: who waits, who is served, who is lost. Whole microseconds.

A pod starts one request each `pace_us`; a request takes `service_us` from its start. Requests that
came together are kept as one row with equal gaps, so that a second costs the same for one request
and for fifty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import MutableMapping

SECOND_US = 1_000_000
PIECES = 4  # a second's waits are told apart in so many steps

Row = tuple[int, int, int, bool]  # first end, gap, requests, whether their clients still wait


class Server:
    """The queue and the work of one pod.

    Attributes:
        pace_us: from one start to the next.
        service_us: from a start to its end.
        free_us: when the next request may start.
        queue_us: work that a full queue holds.
        inside: requests whose clients wait, in queue and in service.
        occupied: all requests, those that nobody waits for any more included.
    """

    __slots__ = (
        "_done",
        "free_us",
        "inside",
        "occupied",
        "pace_us",
        "queue_us",
        "rows",
        "service_us",
    )  # fmt: skip

    def __init__(self) -> None:
        self.pace_us = self.service_us = 1
        self.queue_us = 0
        self.free_us = 0
        self.inside = self.occupied = 0
        self.rows: deque[Row] = deque()
        self._done = 0  # of the first row

    def settle(self, now_us: int) -> int:
        """Take out what is done by now; how many of them were waited for."""
        rows, served = self.rows, 0
        while rows:
            first, gap, count, waited = rows[0]
            if first + gap * (count - 1) <= now_us:
                rows.popleft()
                done, self._done = count - self._done, 0
            elif first <= now_us:
                reached = (now_us - first) // gap + 1
                done, self._done = reached - self._done, reached
            else:
                break
            self.occupied -= done
            if waited:
                served += done
            if self._done:
                break
        self.inside -= served
        return served

    def waiting(self, now_us: int) -> int:
        """Requests that have not been started."""
        return (self.free_us - now_us - 1) // self.pace_us if self.free_us > now_us else 0

    def accept(
        self,
        now_us: int,
        count: int,
        patience_us: int,
        seen: MutableMapping[int, int],
        span_us: int = SECOND_US,
    ) -> int:
        """Take `count` requests that come at equal distances of a second's part.

        Args:
            now_us: when the first comes.
            count: at least 1.
            patience_us: how long a client waits for its answer.
            seen: counts requests by `wait_ms << 20 | service_ms`.
            span_us: the time over which they come.

        Returns:
            How many of them will time out.
        """
        gap, pace, service = span_us // count, self.pace_us, self.service_us
        free = self.free_us
        self.occupied += count
        if free <= now_us and pace <= gap:
            self.free_us = now_us + gap * (count - 1) + pace
            waited = service <= patience_us
            self.rows.append((now_us + service, gap, count, waited))
            key = service // 1000
            seen[key] = seen.get(key, 0) + count
            if not waited:
                return count
            self.inside += count
            return 0
        if pace < gap:
            queued = min(count, -((now_us - free) // (gap - pace)))
            late = self._take(free, pace, now_us, gap, queued, patience_us, seen)
            if queued < count:
                at = now_us + queued * gap
                late += self._take(at, gap, at, gap, count - queued, patience_us, seen)
                self.free_us = at + gap * (count - queued - 1) + pace
            return late
        return self._take(max(free, now_us), pace, now_us, gap, count, patience_us, seen)

    def _take(
        self,
        start_us: int,
        step_us: int,
        arrival_us: int,
        gap_us: int,
        count: int,
        patience_us: int,
        seen: MutableMapping[int, int],
    ) -> int:
        """Rows for requests that start at `start_us`, each `step_us` after the one before."""
        service = self.service_us
        wait, change = start_us - arrival_us, step_us - gap_us
        spare = patience_us - service - wait  # of the first one
        if change == 0:
            good = count if spare >= 0 else 0
        elif change > 0:
            good = max(0, min(count, spare // change + 1))
        else:
            good = count - max(0, min(count, -(spare // -change))) if spare < 0 else count
        late = count - good
        end = start_us + service
        first, second = (good, late) if change >= 0 else (late, good)
        if first:
            self.rows.append((end, step_us, first, change >= 0))
        if second:
            self.rows.append((end + step_us * first, step_us, second, change < 0))
        self.inside += good
        self.free_us = start_us + step_us * count
        size = -(-count // PIECES)
        for number in range(0, count, size):
            part = min(size, count - number)
            middle = wait + change * (number + (part - 1) // 2)
            key = (middle // 1000) << 20 | service // 1000
            seen[key] = seen.get(key, 0) + part
        return late

    def stop(self) -> int:
        """The process is gone: how many clients lost their request."""
        lost = self.inside
        self.rows.clear()
        self.inside = self.occupied = self._done = self.free_us = 0
        return lost

    def drained_us(self) -> int:
        """When the last request inside will be done; 0 when nothing is inside."""
        if not self.rows:
            return 0
        first, gap, count, _ = self.rows[-1]
        return first + gap * (count - 1)
