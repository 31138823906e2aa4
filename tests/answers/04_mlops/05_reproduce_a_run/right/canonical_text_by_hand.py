"""Writes the JSON text itself, value by value; the rerun records a second manifest and compares the two."""

# %% fingerprint
import math


def write(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} equals nothing, not even itself")
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.encoder.encode_basestring_ascii(value)
    if isinstance(value, list):
        return "[" + ", ".join(write(item) for item in value) + "]"
    return "{" + ", ".join(f"{write(key)}: {write(item)}" for key, item in sorted(value.items())) + "}"


def rows_of(data):
    texts = []
    for row in data:
        texts.append(write(row))
    texts.sort()
    return texts


def sha(text):
    h = hashlib.sha256()
    h.update(bytes(text, "utf-8"))
    return h.hexdigest()


def fingerprint(data, code, environment, seed):
    if type(seed) != int:
        raise TypeError("seed")
    texts = rows_of(data)
    if texts == []:
        raise ValueError("data")
    return {"data": sha("\n".join(texts)), "code": sha(write(code)), "environment": sha(write(environment)), "seed": sha(str(seed))}


# %% record
def record_run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    return {"versions": versions, "seed": seed, "model": bits(trained(data, code, environment, seed))}


def trained(data, code, environment, seed):
    return train(list(map(json.loads, rows_of(data))), code, environment, seed)


# %% rerun
def reproduce(manifest, data, code, environment):
    before, seed = manifest["versions"], manifest["seed"]
    now = fingerprint(data, code, environment, seed)
    names = []
    for name in "data code environment seed".split():
        if name not in before or before[name] != now[name]:
            names.append(name)
    weights = () if names else trained(data, code, environment, seed)
    if not names and bits(weights) != manifest["model"]:
        names.append("model")
    if names:
        raise NotReproducible(names)
    return weights
