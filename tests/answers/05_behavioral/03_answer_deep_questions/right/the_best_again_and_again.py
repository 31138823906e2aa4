"""Looks for the best of those that still fit until none does."""

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
    if not 0 <= minutes:
        raise ValueError("no evening")
    known = strengths(items, memories, days_left)
    waiting = {i.id: i for i in items}
    for card, item in list(waiting.items()):
        is_due = card in memories and memories[card].due <= 0
        is_new = card not in memories and days_left >= 2
        if not is_due and not is_new:
            del waiting[card]
    left, picked, skipped = minutes * 60, [], set()

    def key(item):
        seen = memories.get(item.id)
        return (
            seen is None, known[item.topic], item.topic, -item.weight,
            seen.due if seen else 0, item.id,
        )

    while waiting:
        best = min(waiting.values(), key=key)
        del waiting[best.id]
        if best.seconds <= left:
            picked.append(best.id)
            left -= best.seconds
    return picked

# %% deep-interleave
def interleave(ids, items):
    topic = {item.id: item.topic for item in items}
    turn, first, placed = {}, {}, []
    for place, card in enumerate(ids):
        if card not in topic:
            raise ValueError(card)
        name = topic[card]
        first.setdefault(name, place)
        turn[name] = turn.get(name, -1) + 1
        placed.append((turn[name], first[name], card))
    return [card for _, _, card in sorted(placed)]
