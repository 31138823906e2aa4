"""Sorts by the least criterion first; later sorts keep the order of equals."""

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
def strengths(
    items: Sequence[Item], memories: Mapping[CardId, Memory], days_left: int
) -> Strengths:
    """The share of each topic that is known on the day of the interview. ValueError: see above."""
    if days_left < 0:
        raise ValueError(f"days_left is {days_left}: the interview is over")
    if len({item.id for item in items}) < len(items):
        raise ValueError("two items have one id")
    known: dict[Topic, float] = {}
    total: dict[Topic, float] = {}
    for item in items:
        memory = memories.get(item.id)
        left = 0.0 if memory is None else recall(memory, days_left)
        known[item.topic] = known.get(item.topic, 0.0) + item.weight * left
        total[item.topic] = total.get(item.topic, 0.0) + item.weight
    return {topic: known[topic] / total[topic] for topic in total}

# %% deep-pick
def pick_cards(items, memories, days_left, minutes):
    if math_is_odd(minutes):
        raise ValueError(f"{minutes} minutes are no evening")
    strong = strengths(items, memories, days_left)
    coming = []
    for item in items:
        memory = memories.get(item.id)
        if (memory is None and days_left > 1) or (memory is not None and memory.due <= 0):
            coming.append(item)
    coming.sort(key=lambda item: item.id)
    coming.sort(key=lambda item: memories[item.id].due if item.id in memories else 0)
    coming.sort(key=lambda item: item.weight, reverse=True)
    coming.sort(key=lambda item: item.topic)
    coming.sort(key=lambda item: strong[item.topic])
    coming.sort(key=lambda item: item.id not in memories)
    budget, picked = 60 * minutes, []
    for item in coming:
        if budget >= item.seconds:
            budget -= item.seconds
            picked.append(item.id)
    return picked


def math_is_odd(minutes):
    return minutes < 0 or minutes != minutes

# %% deep-interleave
from itertools import chain, zip_longest


def interleave(ids, items):
    topics = {item.id: item.topic for item in items}
    strangers = [card for card in ids if card not in topics]
    if strangers:
        raise ValueError(f"unknown: {strangers}")
    queues = {}
    for card in ids:
        queues.setdefault(topics[card], []).append(card)
    return [card for card in chain(*zip_longest(*queues.values())) if card is not None]
