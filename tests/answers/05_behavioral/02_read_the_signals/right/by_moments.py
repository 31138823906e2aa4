"""Takes kappa from means and squares instead of pairs; a stricter reader within half a point."""

# %% agreement
def agreement(mine, key):
    mine, key = set(mine), set(key)
    hits = sum(mark in key for mark in mine)
    precision = hits / len(mine) if mine else 1.0
    recall = hits / len(key) if key else 1.0
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
    scale = tuple(scale)
    if len(scale) < 2 or any(scale.count(score) > 1 for score in scale):
        raise ValueError(scale)
    pairs = [(mine[name], key[name]) for name in key if name in mine]
    if not pairs:
        raise ValueError("no pairs")
    for pair in pairs:
        for score in pair:
            if score not in scale:
                raise ValueError(score)
    x = [scale.index(a) for a, _ in pairs]
    y = [scale.index(b) for _, b in pairs]
    n = len(pairs)
    # n * sum of (i - j)^2 over all pairs of one of x and one of y
    chance = n * sum(a * a for a in x) + n * sum(b * b for b in y) - 2 * sum(x) * sum(y)
    if chance == 0:
        return None
    return 1.0 - n * sum((a - b) ** 2 for a, b in zip(x, y)) / chance

# %% overall
def overall(scores, weights):
    used = {}
    for name in scores:
        try:
            used[name] = weights[name]
        except KeyError:
            raise ValueError(f"no weight for {name}") from None
    if any(weight < 0 for weight in used.values()) or not any(used.values()):
        raise ValueError("weights")
    return sum(scores[name] * used[name] / sum(used.values()) for name in used)

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
        "t21": {"requirements": 5, "architecture": 3, "isolation": 5, "scale": 3, "trade-offs": 3},
        "t22": {"kinds": 1, "detection": 1, "response": 1, "business": 1},
        "t23": {"pipelines": 3, "gates": 5, "deployment": 3, "rollback": 3, "practice": 3},
        "t24": {"strategies": 1, "numbers": 1, "trade-offs": 1, "experience": 1},
        "t25": {"storage": 3, "consistency": 3, "performance": 3, "point-in-time": 3, "governance": 3},
        "t26": {"own-part": 5, "decision": 5, "effect": 3, "learning": 3},
    }
