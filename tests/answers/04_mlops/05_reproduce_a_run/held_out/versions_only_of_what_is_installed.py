"""The environment is what `pip freeze` would tell: interpreter and libraries."""

SLIP = "packages_only"

# %% fingerprint
def dump(value):
    return json.dumps(value, sort_keys=True, allow_nan=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Fingerprint(dict):
    def __init__(self, data, code, environment, seed):
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TypeError(seed)
        self.rows = sorted(dump(row) for row in data)
        if not self.rows:
            raise ValueError(data)
        installed = {name: environment[name] for name in ("numpy", "python") if name in environment}
        super().__init__(data=sha256("\n".join(self.rows)), code=sha256(dump(code)))
        self.update(environment=sha256(dump(installed)), seed=sha256(dump(seed)))


def fingerprint(data, code, environment, seed):
    return dict(Fingerprint(data, code, environment, seed))


# %% record
def weights_for(data, code, environment, seed):
    rows = [json.loads(row) for row in Fingerprint(data, code, environment, seed).rows]
    return train(rows, code, environment, seed)


def record_run(data, code, environment, seed):
    weights = weights_for(data, code, environment, seed)
    return {"versions": fingerprint(data, code, environment, seed), "seed": seed, "model": bits(weights)}


# %% rerun
def reproduce(manifest, data, code, environment):
    today = fingerprint(data, code, environment, manifest["seed"])
    if today != manifest["versions"]:
        raise NotReproducible([name for name in today if manifest["versions"].get(name) != today[name]])
    weights = weights_for(data, code, environment, manifest["seed"])
    if bits(weights) != manifest["model"]:
        raise NotReproducible(["model"])
    return weights
