"""Takes lessons in the order of the course."""

FAILS = {
    "a_part_without_a_score_is_all_missing",
    "must_comes_before_should_before_could",
    "of_equal_weight_the_weakest_part_comes_first",
    "of_equal_worth_the_shorter_comes_first",
    "the_heavier_part_comes_first",
    "what_is_left_out_stands_in_the_order_it_was_taken",
    "worth_is_weight_times_what_is_missing",
}

# %% week-fit
def fit(lessons, days, hours, scores):
    if days < 1 or hours <= 0:
        raise ValueError("no time at all")
    for lesson in lessons:
        if lesson["need"] not in ("must", "should", "could"):
            raise ValueError(lesson["need"])
        if lesson["minutes"] <= 0:
            raise ValueError(lesson["minutes"])
    order = {"must": 0, "should": 1, "could": 2}

    def key(one):
        worth = one["weight"] * (1 - scores.get(one["part"], 0))
        return order[one["need"]], -worth, one["minutes"]

    plan = {"days": [[] for _ in range(days)], "left_out": [], "free": [hours * 60] * days}
    last = days if days == 1 else days - 1
    for one in lessons:
        for day in range(last):
            if one["minutes"] <= plan["free"][day]:
                plan["days"][day].append(one["id"])
                plan["free"][day] -= one["minutes"]
                break
        else:
            plan["left_out"].append(one["id"])
    return plan


# %% week-compare
def compare(ratings, measured):
    told = {}
    for area in [*ratings, *measured]:
        marks = [mark for mark in ratings.get(area) or [] if mark is not None]
        for mark in marks:
            if mark < 1 or mark > 5:
                raise ValueError(mark)
        own = None
        if marks:
            own = sum(marks) / len(marks) / 4 - 0.25
        seen = measured.get(area)
        says = "not known"
        if own is not None and seen is not None:
            says = "fair"
            if own > seen + 0.25:
                says = "too sure"
            if own < seen - 0.25:
                says = "too modest"
        told[area] = {"own": own, "measured": seen, "says": says}
    return told
