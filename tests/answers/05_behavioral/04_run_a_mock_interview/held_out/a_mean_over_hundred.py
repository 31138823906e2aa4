"""Divides by 100, so a part that nobody asked about counts as failed."""

SLIP = "sheet_not_played_is_zero"

# %% mock-clock
import numpy as np


def spent(events, now):
    changes, runs = [], False
    for what, at in events:
        if runs != (what != "pause"):
            changes.append(at)
            runs = not runs
    if runs:
        changes.append(now)
    pairs = np.array(changes, dtype=float).reshape(-1, 2)
    return float(np.clip(pairs[:, 1] - pairs[:, 0], 0, None).sum())


def time_left(events, now, minutes):
    if minutes <= 0:
        raise ValueError("minutes must be positive")
    return float(minutes * 60 - spent(events, now))


# %% mock-draw
def draw(questions, number, past, scores, seed):
    if number < 0 or number > len(questions):
        raise ValueError("too many or too few")
    luck = np.random.default_rng(seed).random(len(questions))
    times = [sum(name == q["id"] for name in past) for q in questions]
    weak = [scores.get(q["topic"], 0.0) for q in questions]
    order = np.lexsort((luck, weak, times))
    return [questions[int(place)]["id"] for place in order[:number]]


# %% mock-sheet
def score_sheet(marks):
    known = [*WEIGHTS, "coding"]
    for part, rows in marks.items():
        if part not in known or any(m is not None and not 1 <= m <= 5 for m, _ in rows):
            raise ValueError(part)
    scores = {}
    for part in known:
        rows = np.array([row for row in marks.get(part, []) if row[0] is not None], dtype=float)
        if len(rows):
            scores[part] = float(np.average((rows[:, 0] - 1) / 4, weights=rows[:, 1]))
    coding = scores.pop("coding", None)
    weights = [WEIGHTS[part] for part in scores]
    total = float(np.dot(list(scores.values()), weights)) if scores else None
    return {"parts": scores, "total": total, "played": sum(weights), "coding": coding}


# %% mock-next
def next_three(history):
    latest = dict.fromkeys(WEIGHTS, 0.0)
    for one in history:
        latest |= one
    names = list(WEIGHTS)
    gaps = np.array([WEIGHTS[p] * (1 - latest[p]) for p in names])
    order = np.argsort(-gaps, kind="stable")[:3]
    return [names[int(n)] for n in order if gaps[n] > 0]
