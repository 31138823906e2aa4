"""Takes precision for recall and recall for precision."""

FAILS = {
    "a_mark_is_a_sentence_and_a_signal",
    "marks_are_compared_with_the_key",
    "nothing_to_compare_is_full_agreement",
}

# %% agreement
def agreement(mine, key):
    mine, key = set(mine), set(key)
    hits = sum(mark in key for mark in mine)
    precision = hits / len(key) if key else 1.0
    recall = hits / len(mine) if mine else 1.0
    if not mine and not key:
        return {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    return {"precision": precision, "recall": recall, "f1": 2 * hits / (len(mine) + len(key))}

# %% reader
def bias(mine, key):
    differences = [mine[name] - key[name] for name in mine if name in key]
    if not differences:
        raise ValueError("nothing in common")
    return sum(differences) / len(differences)


def weighted_kappa(mine, key, scale=(1, 3, 5)):
    scale = list(scale)
    if len(scale) < 2 or len(set(scale)) != len(scale):
        raise ValueError("no scale")
    names = [name for name in mine if name in key]
    if not names:
        raise ValueError("nothing in common")
    k = len(scale)
    seen = [[0] * k for _ in range(k)]
    for name in names:
        if mine[name] not in scale or key[name] not in scale:
            raise ValueError("beside the scale")
        seen[scale.index(mine[name])][scale.index(key[name])] += 1
    rows = [sum(row) for row in seen]
    columns = [sum(row[j] for row in seen) for j in range(k)]
    above = below = 0.0
    for i in range(k):
        for j in range(k):
            weight = ((i - j) / (k - 1)) ** 2
            above += weight * seen[i][j]
            below += weight * rows[i] * columns[j] / len(names)
    if below == 0:
        return None
    return 1 - above / below

# %% overall
def overall(scores, weights):
    total = weighted = 0.0
    for name, score in scores.items():
        if name not in weights or weights[name] < 0:
            raise ValueError(name)
        total += weights[name]
        weighted += weights[name] * score
    if total == 0:
        raise ValueError("no weight")
    return weighted / total

# %% exam
def my_marks():
    return [
        ("t21.1", "asks-first"), ("t21.1", "business"), ("t21.4", "failure-modes"), ("t21.6", "trade-offs"), ("t21.7", "limits"),
        ("t22.1", "name-drops"), ("t22.2", "happy-path"), ("t22.3", "never-in-production"), ("t22.4", "no-why"),
        ("t23.2", "numbers"), ("t23.3", "monitoring"), ("t23.5", "ownership"),
        ("t24.1", "blames"), ("t24.2", "happy-path"), ("t24.3", "defensive"), ("t24.4", "no-why"),
        ("t25.3", "numbers"), ("t25.4", "failure-modes"), ("t25.5", "limits"),
        ("t26.1", "ownership"), ("t26.2", "trade-offs"), ("t26.4", "numbers"), ("t26.5", "experience"),
    ]


def my_scores():
    return {
        "t21": {"requirements": 5, "architecture": 5, "isolation": 5, "scale": 3, "trade-offs": 5},
        "t22": {"kinds": 1, "detection": 1, "response": 1, "business": 1},
        "t23": {"pipelines": 3, "gates": 5, "deployment": 3, "rollback": 3, "practice": 3},
        "t24": {"strategies": 1, "numbers": 1, "trade-offs": 1, "experience": 1},
        "t25": {"storage": 5, "consistency": 3, "performance": 3, "point-in-time": 3, "governance": 3},
        "t26": {"own-part": 5, "decision": 5, "effect": 3, "learning": 5},
    }
