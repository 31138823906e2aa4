"""NumPy for the means, one sort by tuples."""

# %% deep-hand
def answers() -> dict[CardId, Answer]:
    """Your answers to the hand, by card id."""
    return {
        "kubernetes-oom": "d",
        "kubernetes-config": "c",
        "kubernetes-spread": ["b", "c"],
        "kubernetes-hpa-formula": 10,
        "serving-shadow": "a",
        "cicd-underperforms": "a",
        "serving-canary-eval": ["a", "b", "c"],
        "serving-rollout-order": ["b", "e", "a", "d", "c"],
        "observability-histogram": "b",
        "incidents-holdout": "a",
        "incidents-drift-kinds": ["a", "b"],
        "observability-burn": 50,
        "security-pickle": "b",
        "changed-hpa-zero": "d",
        "changed-psp": ["b", "c", "d"],
        "cost-per-thousand": 0.833,
    }

# %% deep-strengths
import numpy as np


def strengths(items, memories, days_left):
    if days_left < 0 or len({item.id for item in items}) != len(items):
        raise ValueError("a day in the past, or an id that is there twice")
    found = {}
    for topic in dict.fromkeys(item.topic for item in items):
        mine = [item for item in items if item.topic == topic]
        weights = np.array([item.weight for item in mine], dtype=float)
        left = [recall(memories[i.id], days_left) if i.id in memories else 0.0 for i in mine]
        found[topic] = float(np.average(left, weights=weights))
    return found

# %% deep-pick
def pick_cards(items, memories, days_left, minutes):
    strong = strengths(items, memories, days_left)
    if minutes < 0 or minutes != minutes:
        raise ValueError("an evening has at least no minutes")
    due = [item for item in items if item.id in memories and memories[item.id].due <= 0]
    due.sort(key=lambda i: (strong[i.topic], i.topic, -i.weight, memories[i.id].due, i.id))
    new = [item for item in items if item.id not in memories and days_left >= 2]
    new.sort(key=lambda i: (strong[i.topic], i.topic, -i.weight, i.id))
    spent, picked = 0, []
    for item in due + new:
        if spent + item.seconds <= minutes * 60:
            spent += item.seconds
            picked.append(item.id)
    return picked

# %% deep-interleave
def interleave(ids: Sequence[CardId], items: Sequence[Item]) -> list[CardId]:
    """The same ids, topics taking turns. ValueError: an id that no item has."""
    topic_of = {item.id: item.topic for item in items}
    queues: dict[Topic, list[CardId]] = {}
    for card in ids:
        if card not in topic_of:
            raise ValueError(f"no item has the id {card!r}")
        queues.setdefault(topic_of[card], []).append(card)
    mixed: list[CardId] = []
    for turn in range(len(ids)):
        mixed += [queue[turn] for queue in queues.values() if turn < len(queue)]
    return mixed
