"""Names every part with a gap, not three."""

FAILS = {
    "a_good_part_of_weight_40_may_still_be_first",
    "equal_gaps_keep_the_order_of_the_weights",
    "the_greatest_gap_comes_first",
    "the_newest_round_counts",
    "what_was_never_played_has_its_whole_gap",
}

# %% mock-clock
def spent(events, now):
    total, since = 0.0, None
    for what, at in events:
        runs = what in ("start", "resume")
        if runs and since is None:
            since = at
        elif not runs and since is not None:
            total += max(at - since, 0.0)
            since = None
    if since is not None:
        total += max(now - since, 0.0)
    return total


def time_left(events, now, minutes):
    if minutes <= 0:
        raise ValueError("a question takes some minutes")
    return minutes * 60 - spent(events, now)


# %% mock-draw
def draw(questions, number, past, scores, seed):
    if number < 0 or number > len(questions):
        raise ValueError("not so many questions")
    chance = random.Random(seed)
    order = chance.sample(list(questions), len(questions))
    order = sorted(order, key=lambda q: scores.get(q["topic"], 0))
    order = sorted(order, key=lambda q: list(past).count(q["id"]))
    return [q["id"] for q in order][:number]


# %% mock-sheet
def mean_of(rows):
    seen = [row for row in rows if row[0] is not None]
    if not seen:
        return None
    return sum((mark - 1) / 4 * weight for mark, weight in seen) / sum(w for _, w in seen)


def score_sheet(marks):
    for part in marks:
        if part != "coding" and part not in WEIGHTS:
            raise ValueError(part)
        for mark, _ in marks[part]:
            if mark is not None and (mark < 1 or mark > 5):
                raise ValueError(mark)
    parts = {}
    for part in WEIGHTS:
        score = mean_of(marks.get(part, []))
        if score is not None:
            parts[part] = score
    played = sum(WEIGHTS[part] for part in parts)
    total = None
    if parts:
        total = sum(WEIGHTS[part] * parts[part] for part in parts) / played * 100
    coding = mean_of(marks.get("coding", []))
    return {"parts": parts, "total": total, "played": played, "coding": coding}


# %% mock-next
def next_three(history):
    now = {}
    for one in history:
        for part in one:
            now[part] = one[part]
    gaps = []
    for part, weight in WEIGHTS.items():
        gap = weight * (1 - now.get(part, 0))
        if gap > 0:
            gaps.append((part, gap))
    gaps.sort(key=lambda pair: pair[1], reverse=True)
    return [part for part, _ in gaps]
