"""Measures each card on the day on which it is due."""

FAILS = {
    "what_counts_is_the_day_of_the_interview",
}

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
        left = 0.0 if memory is None else recall(memory, max(0, memory.due) if days_left else 0)
        known[item.topic] = known.get(item.topic, 0.0) + item.weight * left
        total[item.topic] = total.get(item.topic, 0.0) + item.weight
    return {topic: known[topic] / total[topic] for topic in total}

# %% deep-pick
def pick_cards(
    items: Sequence[Item],
    memories: Mapping[CardId, Memory],
    days_left: int,
    minutes: float,
) -> list[CardId]:
    """Ids of the cards to take tonight, in the order in which they are chosen."""
    if not minutes >= 0:
        raise ValueError(f"an evening of {minutes} minutes")
    strength = strengths(items, memories, days_left)

    def rank(item: Item) -> tuple[bool, float, Topic, int, int, CardId]:
        memory = memories.get(item.id)
        due = memory.due if memory else 0
        return memory is None, strength[item.topic], item.topic, -item.weight, due, item.id

    def may_come(item: Item) -> bool:
        memory = memories.get(item.id)
        return memory.due <= 0 if memory else days_left > 1

    picked, left = [], minutes * 60
    for item in sorted(filter(may_come, items), key=rank):
        if item.seconds <= left:
            picked.append(item.id)
            left -= item.seconds
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
