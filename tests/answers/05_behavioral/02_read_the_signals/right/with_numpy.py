"""Works with arrays and gives plain floats back; marks few sentences."""

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
    import numpy as np

    place = {score: number for number, score in enumerate(scale)}
    if len(place) != len(scale) or len(place) < 2:
        raise ValueError("scale")
    names = sorted(set(mine) & set(key))
    try:
        i = np.array([place[mine[name]] for name in names])
        j = np.array([place[key[name]] for name in names])
    except KeyError as error:
        raise ValueError(str(error)) from None
    if not names:
        raise ValueError("names")
    expected = ((i[:, None] - j[None, :]) ** 2).mean()
    return None if expected == 0 else float(1 - ((i - j) ** 2).mean() / expected)

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
    reds = {"t22.1": "name-drops", "t22.3": "never-in-production", "t24.1": "blames", "t24.3": "defensive"}
    greens = {"t21.1": "asks-first", "t21.6": "trade-offs", "t21.7": "limits", "t23.2": "numbers", "t23.5": "ownership",
              "t25.4": "failure-modes", "t26.1": "ownership"}
    return {*reds.items(), *greens.items()}


def my_scores():
    return {
        "t21": {"requirements": 5, "architecture": 5, "isolation": 5, "scale": 3, "trade-offs": 5},
        "t22": {"kinds": 1, "detection": 1, "response": 1, "business": 1},
        "t23": {"pipelines": 3, "gates": 5, "deployment": 3, "rollback": 3, "practice": 3},
        "t24": {"strategies": 1, "numbers": 1, "trade-offs": 1, "experience": 1},
        "t25": {"storage": 5, "consistency": 3, "performance": 3, "point-in-time": 3, "governance": 3},
        "t26": {"own-part": 5, "decision": 5, "effect": 3, "learning": 5},
    }
