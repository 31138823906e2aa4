"""One strict encoder; the data's hash is fed row by row; canonical rows are rebuilt by sorting keys at every depth."""

# %% fingerprint
from json import JSONEncoder

ENCODER = JSONEncoder(sort_keys=True, allow_nan=False)


class Digest:
    def __init__(self):
        self._hash = hashlib.sha256()
        self._first = True

    def add(self, text):
        self._hash.update(("" if self._first else "\n").encode() + text.encode("utf-8"))
        self._first = False
        return self

    def __str__(self):
        return self._hash.hexdigest()


def version(value):
    return str(Digest().add(ENCODER.encode(value)))


def fingerprint(data, code, environment, seed):
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError("the seed must be a whole number")
    if len(data) == 0:
        raise ValueError("the data is empty")
    running = Digest()
    for text in sorted(map(ENCODER.encode, data)):
        running.add(text)
    others = {"code": code, "environment": environment, "seed": seed}
    return {"data": str(running), **{name: version(value) for name, value in others.items()}}


# %% record
def keys_sorted(value):
    if isinstance(value, dict):
        return {key: keys_sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [keys_sorted(item) for item in value]
    return value


def run(data, code, environment, seed):
    rows = sorted(data, key=ENCODER.encode)
    return train([keys_sorted(row) for row in rows], code, environment, seed)


def record_run(data, code, environment, seed):
    manifest = {"versions": fingerprint(data, code, environment, seed), "seed": seed}
    manifest["model"] = bits(run(data, code, environment, seed))
    manifest["rows"] = len(data)
    return manifest


# %% rerun
def reproduce(manifest, data, code, environment):
    seed, recorded = manifest["seed"], manifest["versions"]
    now = fingerprint(data, code, environment, seed)
    changed = tuple(name for name in ("data", "code", "environment", "seed") if recorded.get(name) != now[name])
    if changed:
        raise NotReproducible(changed)
    weights = run(data, code, environment, seed)
    if bits(weights) == manifest["model"]:
        return weights
    raise NotReproducible(("model",))
