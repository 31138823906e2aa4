"""One strict encoder without white space, as canonical JSON is often written."""

SLIP = "compact_json"

# %% fingerprint
class Compact(json.JSONEncoder):
    item_separator, key_separator = ",", ":"

    def __init__(self):
        super().__init__(sort_keys=True, allow_nan=False)


class Digest:
    def __init__(self):
        self._hash, self._lines = hashlib.sha256(), 0

    def add(self, value):
        if self._lines:
            self._hash.update(b"\n")
        self._hash.update(Compact().encode(value).encode("utf-8"))
        self._lines += 1
        return self

    def __str__(self):
        return self._hash.hexdigest()


def in_order(data):
    return sorted(data, key=Compact().encode)


def fingerprint(data, code, environment, seed):
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError("the seed must be a whole number")
    if len(data) == 0:
        raise ValueError("the data is empty")
    running = Digest()
    for row in in_order(data):
        running.add(row)
    others = {"code": code, "environment": environment, "seed": seed}
    return {"data": str(running), **{name: str(Digest().add(value)) for name, value in others.items()}}


# %% record
def keys_sorted(value):
    if isinstance(value, dict):
        return {key: keys_sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [keys_sorted(item) for item in value]
    return value


def run(data, code, environment, seed):
    rows = sorted(data, key=lambda row: json.dumps(row, sort_keys=True))
    return train([keys_sorted(row) for row in rows], code, environment, seed)


def record_run(data, code, environment, seed):
    manifest = {"versions": fingerprint(data, code, environment, seed), "seed": seed}
    manifest["model"] = bits(run(data, code, environment, seed))
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
