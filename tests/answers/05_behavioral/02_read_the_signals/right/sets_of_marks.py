"""Returns marks as a set, scores built from one line for each answer."""

# %% agreement
def agreement(mine, key):
    mine, key = frozenset(mine), frozenset(key)
    both = mine.intersection(key)

    def share(of):
        return len(both) / len(of) if len(of) > 0 else 1.0

    precision, recall = share(mine), share(key)
    f1 = 1.0 if mine == key else len(both) * 2 / (len(mine) + len(key))
    return dict(f1=f1, recall=recall, precision=precision)

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
    text = """t21.1 asks-first|t21.4 failure-modes|t21.5 failure-modes|t21.6 trade-offs|t22.1 name-drops
t22.5 happy-path|t22.6 happy-path|t22.3 never-in-production|t23.4 failure-modes|t23.2 numbers|t23.5 ownership|t24.1 blames
t24.3 defensive|t24.5 ignores-cost|t24.2 no-questions|t25.4 monitoring|t26.2 trade-offs|t26.4 numbers|t26.3 business"""
    return {tuple(pair.split()) for line in text.splitlines() for pair in line.split("|")}


def my_scores():
    rows = {"t21": "55555", "t22": "1111", "t23": "53331", "t24": "1111", "t25": "53311", "t26": "5555"}
    return {name: dict(zip(scales_of(name), map(int, digits))) for name, digits in rows.items()}
