"""Equal questions come in the order of the list, whatever the seed."""

SLIP = "draw_in_the_order_of_the_list"

# %% mock-clock
import heapq
from fractions import Fraction


class Watch:
    def __init__(self):
        self.total, self.since = Fraction(0), None

    def start(self, at):
        if self.since is None:
            self.since = Fraction(at)

    def stop(self, at):
        if self.since is not None:
            self.total += max(Fraction(at) - self.since, 0)
            self.since = None


def spent(events, now):
    watch = Watch()
    for what, at in events:
        (watch.stop if what == "pause" else watch.start)(at)
    watch.stop(now)
    return float(watch.total)


def time_left(events, now, minutes):
    if not minutes > 0:
        raise ValueError("no time")
    return minutes * 60 - spent(events, now)


# %% mock-draw
def draw(questions, number, past, scores, seed):
    if not 0 <= number <= len(questions):
        raise ValueError(number)
    generator, times = random.Random(f"draw {seed}"), Counter(past)
    heap = [
        (times[q["id"]], scores.get(q["topic"], 0.0), n)
        for n, q in enumerate(questions)
    ]
    heapq.heapify(heap)
    return [questions[heapq.heappop(heap)[-1]]["id"] for _ in range(number)]


# %% mock-sheet
def score_sheet(marks):
    def weighted(rows):
        top = [Fraction(mark - 1, 4) * weight for mark, weight in rows if mark is not None]
        return sum(top) / sum(w for m, w in rows if m is not None) if top else None

    if set(marks) - set(WEIGHTS) - {"coding"}:
        raise ValueError(sorted(marks))
    if {mark for rows in marks.values() for mark, _ in rows} - {None, 1, 2, 3, 4, 5}:
        raise ValueError("marks are 1 to 5")
    every = {part: weighted(rows) for part, rows in marks.items()}
    coding = every.pop("coding", None)
    parts = {part: score for part, score in every.items() if score is not None}
    played = sum(map(WEIGHTS.get, parts))
    total = 100 * sum(WEIGHTS[p] * s for p, s in parts.items()) / played if played else None
    return {
        "parts": {part: float(score) for part, score in parts.items()},
        "total": total if total is None else float(total),
        "played": played,
        "coding": coding if coding is None else float(coding),
    }


# %% mock-next
def next_three(history):
    scores = {}
    for parts in history:
        scores = {**scores, **parts}
    gaps = {part: weight - weight * scores.get(part, 0.0) for part, weight in WEIGHTS.items()}
    return [part for part in heapq.nlargest(3, gaps, key=gaps.__getitem__) if gaps[part] > 0]
