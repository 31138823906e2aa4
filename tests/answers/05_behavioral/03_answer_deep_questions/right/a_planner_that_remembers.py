"""A class holds topics, strengths and candidates; functions ask it."""

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
class Topics:
    def __init__(self, items, memories, day):
        if day < 0:
            raise ValueError("that day is over")
        self.items = {}
        for item in items:
            if self.items.setdefault(item.id, item) is not item or list(items).count(item) > 1:
                raise ValueError(f"{item.id} is there twice")
        self.memories, self.day = memories, day

    def left(self, item):
        return recall(self.memories[item.id], self.day) if item.id in self.memories else 0

    def by_topic(self):
        for topic in sorted({item.topic for item in self.items.values()}):
            yield topic, [item for item in self.items.values() if item.topic == topic]


def strengths(items, memories, days_left):
    topics = Topics(items, memories, days_left)
    return {
        topic: float(sum(i.weight * topics.left(i) for i in mine) / sum(i.weight for i in mine))
        for topic, mine in topics.by_topic()
    }

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
