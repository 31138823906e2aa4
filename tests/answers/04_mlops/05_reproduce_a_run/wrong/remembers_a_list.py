"""Remembers the version of a list by its identity and does not notice other rows in it."""

FAILS = {"no_tenants_run_touches_anothers"}

# %% fingerprint
def text_of(value):
    return json.dumps(value, sort_keys=True, allow_nan=False)


def digest_of(text):
    return hashlib.sha256(text.encode()).hexdigest()


def row_texts(data):
    return sorted(text_of(row) for row in data)


SEEN = {}


def data_version(data):
    if id(data) not in SEEN:
        SEEN[id(data)] = (data, digest_of("\n".join(row_texts(data))))
    return SEEN[id(data)][1]


def fingerprint(data, code, environment, seed):
    if len(data) == 0:
        raise ValueError("no rows")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError("a seed is an int")
    return {
        "data": data_version(data),
        "code": digest_of(text_of(code)),
        "environment": digest_of(text_of(environment)),
        "seed": digest_of(text_of(seed)),
    }


# %% record
def canonical(data):
    return [json.loads(text) for text in row_texts(data)]


def record_run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    weights = train(canonical(data), code, environment, seed)
    return {"versions": versions, "seed": seed, "model": bits(weights)}


# %% rerun
def reproduce(manifest, data, code, environment):
    seed, before = manifest["seed"], manifest["versions"]
    today = fingerprint(data, code, environment, seed)
    changed = []
    for name in ("data", "code", "environment", "seed"):
        if before.get(name) != today[name]:
            changed.append(name)
    if changed:
        raise NotReproducible(changed)
    weights = train(canonical(data), code, environment, seed)
    if bits(weights) != manifest["model"]:
        raise NotReproducible(["model"])
    return weights
