"""Sorts four times, from the least to the most important; days are objects."""

# %% week-fit
class Day:
    def __init__(self, minutes):
        self.names, self.free = [], minutes

    def takes(self, lesson):
        if lesson["minutes"] > self.free:
            return False
        self.names.append(lesson["id"])
        self.free -= lesson["minutes"]
        return True


def fit(lessons, days, hours, scores):
    if not (days >= 1 and hours > 0):
        raise ValueError("at least one day and some hours")
    if any(one["minutes"] <= 0 or one["need"] not in NEEDS for one in lessons):
        raise ValueError("a lesson that cannot be")
    queue = list(lessons)
    queue.sort(key=lambda one: one["minutes"])
    missing = {one["part"]: 1 - scores.get(one["part"], 0.0) for one in queue}
    queue.sort(key=lambda one: one["weight"] * missing[one["part"]], reverse=True)
    queue.sort(key=lambda one: NEEDS.index(one["need"]))
    week = [Day(60 * hours) for _ in range(days)]
    working = week[:-1] or week
    left = [one["id"] for one in queue if not any(day.takes(one) for day in working)]
    return {
        "days": [day.names for day in week],
        "left_out": left,
        "free": [day.free for day in week],
    }


# %% week-compare
def share(marks):
    there = [mark for mark in marks if mark is not None]
    if set(there) - {1, 2, 3, 4, 5}:
        raise ValueError(there)
    return sum(mark - 1 for mark in there) / (4 * len(there)) if there else None


def verdict(own, seen):
    if own is None or seen is None:
        return "not known"
    if abs(own - seen) <= 0.25:
        return "fair"
    return "too sure" if own > seen else "too modest"


def compare(ratings, measured):
    areas = list(dict.fromkeys([*ratings, *measured]))
    rows = {area: (share(ratings.get(area, [])), measured.get(area)) for area in areas}
    return {
        area: {"own": own, "measured": seen, "says": verdict(own, seen)}
        for area, (own, seen) in rows.items()
    }
