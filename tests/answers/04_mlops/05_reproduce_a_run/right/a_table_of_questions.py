"""Each version is a function in a table; a rerun walks over the table and asks for the model last."""

# %% fingerprint
def dump(value):
    return json.dumps(value, sort_keys=True, allow_nan=False)


def lines(data):
    if not data:
        raise ValueError("a run without rows")
    return sorted(dump(row) for row in data)


def seed_text(seed):
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError("a seed is an int")
    return dump(seed)


TEXTS = {"data": lambda data: "\n".join(lines(data)), "code": dump, "environment": dump, "seed": seed_text}


def fingerprint(*inputs):
    pairs = zip(TEXTS.items(), inputs, strict=True)
    return {name: hashlib.sha256(text(value).encode()).hexdigest() for (name, text), value in pairs}


# %% record
def weights_of(data, code, environment, seed):
    rows = []
    for line in lines(data):
        rows.append(json.loads(line, object_pairs_hook=dict))
    return train(rows, code, environment, seed)


def record_run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    return {"model": bits(weights_of(data, code, environment, seed)), "versions": versions, "seed": seed}


# %% rerun
def reproduce(manifest, data, code, environment):
    inputs = (data, code, environment, manifest["seed"])
    old = manifest["versions"]
    changed = [name for name, new in fingerprint(*inputs).items() if old.get(name, "") != new]
    if len(changed) > 0:
        raise NotReproducible(tuple(changed))
    found = weights_of(*inputs)
    if bits(found) != manifest["model"]:
        raise NotReproducible(("model",))
    return found
