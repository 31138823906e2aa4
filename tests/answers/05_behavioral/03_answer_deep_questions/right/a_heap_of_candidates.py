"""Takes the best candidate from a heap; topics rotate in a deque."""

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
import heapq


def pick_cards(items, memories, days_left, minutes):
    strong = strengths(items, memories, days_left)
    if not (minutes >= 0):
        raise ValueError("minutes")
    heap = []
    for item in items:
        if item.id in memories:
            if memories[item.id].due > 0:
                continue
            key = (0, strong[item.topic], item.topic, -item.weight, memories[item.id].due)
        elif days_left in (0, 1):
            continue
        else:
            key = (1, strong[item.topic], item.topic, -item.weight, 0)
        heapq.heappush(heap, (*key, item.id, item.seconds))
    left, picked = minutes * 60, []
    while heap:
        *_, card, seconds = heapq.heappop(heap)
        if seconds <= left:
            left -= seconds
            picked.append(card)
    return picked

# %% deep-interleave
from collections import deque


def interleave(ids, items):
    topic = {item.id: item.topic for item in items}
    if not set(ids) <= set(topic):
        raise ValueError("an id without an item")
    lines = {}
    for card in ids:
        lines.setdefault(topic[card], deque()).append(card)
    waiting, mixed = deque(lines.values()), []
    while waiting:
        line = waiting.popleft()
        mixed.append(line.popleft())
        if line:
            waiting.append(line)
    return mixed
