"""Asks one question after the other and raises at the first that is answered otherwise than then."""

SLIP = "names_the_first_change_only"

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
    return train([json.loads(line) for line in lines(data)], code, environment, seed)


def record_run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    return {"model": bits(weights_of(data, code, environment, seed)), "versions": versions, "seed": seed}


# %% rerun
def insist(name, now, then):
    if now != then:
        raise NotReproducible((name,))


def reproduce(manifest, data, code, environment):
    inputs = (data, code, environment, manifest["seed"])
    for name, version in fingerprint(*inputs).items():
        insist(name, version, manifest["versions"].get(name))
    found = weights_of(*inputs)
    insist("model", bits(found), manifest["model"])
    return found
