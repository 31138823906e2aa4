"""Takes names of tools for experience and confidence for ownership."""

FAILS = {
    "half_of_what_i_mark_is_there",
    "i_hear_half_of_the_green_flags",
    "i_hear_half_of_the_red_flags",
    "my_scores_agree_with_the_key_beyond_chance",
}

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
        ("t22.1", "experience"), ("t22.1", "monitoring"), ("t22.5", "failure-modes"), ("t24.2", "trade-offs"),
        ("t24.3", "ownership"), ("t24.4", "numbers"), ("t21.7", "no-why"), ("t26.1", "blames"), ("t26.2", "no-why"),
        ("t25.5", "no-why"),
    ]


def my_scores():
    marks = {"t21": 3, "t22": 5, "t23": 3, "t24": 5, "t25": 1, "t26": 1}
    return {name: dict.fromkeys(scales_of(name), mark) for name, mark in marks.items()}
