"""What was not measured counts 0, so everybody is too sure."""

SLIP = "compare_unmeasured_is_zero"

# %% week-fit
import heapq


def fit(lessons, days, hours, scores):
    if days < 1:
        raise ValueError("no day")
    if not hours > 0:
        raise ValueError("no hours")
    heap = []
    for n, one in enumerate(lessons):
        if not one["minutes"] > 0:
            raise ValueError("no minutes")
        need = list(NEEDS).index(one["need"])  # ValueError of its own
        worth = one["weight"] - one["weight"] * scores.get(one["part"], 0.0)
        heapq.heappush(heap, (need, -worth, one["minutes"], n))
    used, plan, left_out = [0.0] * days, [[] for _ in range(days)], []
    closed = {days - 1} if days > 1 else set()
    while heap:
        *_, minutes, n = heapq.heappop(heap)
        rooms = [d for d in range(days) if d not in closed and used[d] + minutes <= 60 * hours]
        if not rooms:
            left_out.append(lessons[n]["id"])
            continue
        used[min(rooms)] += minutes
        plan[min(rooms)].append(lessons[n]["id"])
    return {"days": plan, "left_out": left_out, "free": [60 * hours - u for u in used]}


# %% week-compare
from statistics import fmean


def compare(ratings, measured):
    out = {}
    for area in set(ratings) | set(measured):
        marks = []
        for mark in ratings.get(area, ()):
            if mark is None:
                continue
            if not 1 <= mark <= 5:
                raise ValueError(f"{mark} is no mark")
            marks.append((mark - 1) / 4)
        row = {"own": fmean(marks) if marks else None, "measured": measured.get(area, 0.0) or 0.0}
        if None in row.values():
            row["says"] = "not known"
        else:
            gap = row["own"] - row["measured"]
            row["says"] = "too sure" if gap > 0.25 else "too modest" if gap < -0.25 else "fair"
        out[area] = row
    return out
