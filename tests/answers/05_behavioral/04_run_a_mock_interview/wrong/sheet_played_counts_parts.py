"""Says how many parts were played, not how much they weigh."""

FAILS = {
    "coding_stands_beside_the_total",
    "played_is_the_weight_of_what_was_played",
}

# %% mock-clock
def stretches(events, now):
    begin = None
    for event in [*events, ["pause", now]]:
        if event[0] == "pause" and begin is not None:
            yield begin, event[1]
            begin = None
        elif event[0] != "pause" and begin is None:
            begin = event[1]


def spent(events, now):
    return sum((end - begin for begin, end in stretches(events, now) if end > begin), 0.0)


def time_left(events, now, minutes):
    if not minutes > 0:
        raise ValueError(minutes)
    return 60.0 * minutes - spent(events, now)


# %% mock-draw
def draw(questions, number, past, scores, seed):
    if number not in range(len(questions) + 1):
        raise ValueError(number)
    dice, left, drawn = random.Random(seed), list(questions), []
    times = Counter(past)

    def rank(q):
        return times[q["id"]], scores.get(q["topic"], 0.0)

    while len(drawn) < number:
        best = min(rank(q) for q in left)
        chosen = dice.choice([q for q in left if rank(q) == best])
        left.remove(chosen)
        drawn.append(chosen["id"])
    return drawn


# %% mock-sheet
def score_sheet(marks):
    sums = {}
    for part, rows in marks.items():
        if part not in [*WEIGHTS, "coding"]:
            raise ValueError(f"no part {part}")
        for mark, weight in rows:
            if mark is None:
                continue
            if mark not in (1, 2, 3, 4, 5):
                raise ValueError(f"no mark {mark}")
            got, of = sums.get(part, (0.0, 0.0))
            sums[part] = got + weight * (mark - 1), of + 4 * weight
    scores = {part: got / of for part, (got, of) in sums.items()}
    coding = scores.pop("coding", None)
    played, points = 0, 0.0
    for part, score in scores.items():
        played += WEIGHTS[part]
        points += WEIGHTS[part] * score
    total = points / played * 100 if played else None
    return dict(parts=scores, total=total, played=len(scores), coding=coding)


# %% mock-next
def next_three(history):
    def present(part):
        for one in reversed(history):
            if part in one:
                return one[part]
        return 0.0

    order, gaps = [], {part: w * (1 - present(part)) for part, w in WEIGHTS.items()}
    while len(order) < 3 and any(gaps.values()):
        best = max(gaps, key=gaps.get)
        order.append(best)
        gaps[best] = 0
    return order
