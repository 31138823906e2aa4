"""Feeds the hash with one file after the other, in order of their names."""

SLIP = "code_as_one_text"

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


def sha(*texts):
    h = hashlib.sha256()
    for text in texts:
        h.update(text.encode())
    return h.hexdigest()


def rows_of(data):
    texts = [write(row) for row in data]
    if not texts:
        raise ValueError("data")
    return sorted(texts)


def fingerprint(data, code, environment, seed):
    if type(seed) != int:
        raise TypeError("seed")
    files = [text for _, text in sorted(code.items())]
    versions = {"data": sha("\n".join(rows_of(data))), "code": sha(*files)}
    return versions | {"environment": sha(write(environment)), "seed": sha(str(seed))}


# %% record
def trained(data, code, environment, seed):
    return train(list(map(json.loads, rows_of(data))), code, environment, seed)


def record_run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    return {"versions": versions, "seed": seed, "model": bits(trained(data, code, environment, seed))}


# %% rerun
def reproduce(manifest, data, code, environment):
    before, seed = manifest["versions"], manifest["seed"]
    now = fingerprint(data, code, environment, seed)
    names = [name for name in now if name not in before or before[name] != now[name]]
    weights = () if names else trained(data, code, environment, seed)
    if not names and bits(weights) != manifest["model"]:
        names.append("model")
    if names:
        raise NotReproducible(names)
    return weights
