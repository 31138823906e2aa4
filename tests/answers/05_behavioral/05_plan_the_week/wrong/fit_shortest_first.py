"""Short lessons first: many things get done, and none of the dear ones."""

FAILS = {
    "a_part_without_a_score_is_all_missing",
    "a_single_day_takes_lessons",
    "an_exact_fit_fits",
    "each_goes_on_the_first_day_with_room",
    "the_room_left_is_told_for_each_day",
    "what_fits_on_no_day_is_left_out",
    "what_is_left_out_stands_in_the_order_it_was_taken",
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
        return order[one["need"]], one["minutes"], -worth

    plan = {"days": [[] for _ in range(days)], "left_out": [], "free": [hours * 60] * days}
    last = days if days == 1 else days - 1
    for one in sorted(lessons, key=key):
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
