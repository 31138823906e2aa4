"""Looks at what is handed in; the seed comes out of the manifest and must be right."""

SLIP = "seed_is_not_compared"

# %% fingerprint
def as_text(value):
    return json.dumps(value, sort_keys=True, allow_nan=False)


def hexed(*lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def fingerprint(data, code, environment, seed):
    match seed:
        case bool():
            raise TypeError("a boolean")
        case int():
            pass
        case _:
            raise TypeError(f"no int: {seed}")
    if not data:
        raise ValueError("no rows")
    versions = {"data": hexed(*sorted(map(as_text, data)))}
    for name, value in (("code", code), ("environment", environment), ("seed", seed)):
        versions[name] = hexed(as_text(value))
    return versions


# %% record
def model(data, code, environment, seed):
    table = sorted(map(as_text, data))
    return train(json.loads("[" + ", ".join(table) + "]"), code, environment, seed)


def record_run(data, code, environment, seed):
    manifest = {"seed": seed, "versions": fingerprint(data, code, environment, seed)}
    return manifest | {"model": bits(model(data, code, environment, seed))}


# %% rerun
def reproduce(manifest, data, code, environment):
    today = fingerprint(data, code, environment, manifest["seed"])
    given = {"data": data, "code": code, "environment": environment}
    if wrong := [name for name in given if today[name] != manifest["versions"].get(name)]:
        raise NotReproducible(wrong)
    weights = model(**given, seed=manifest["seed"])
    if bits(weights) != manifest["model"]:
        raise NotReproducible(["model"])
    return weights
