"""Records the run once more and compares the two manifests entry by entry."""

SLIP = "trains_before_it_compares"

# %% fingerprint
NAMES = ("data", "code", "environment", "seed")


def canonical_text(value):
    return json.JSONEncoder(sort_keys=True, allow_nan=False).encode(value)


def sha(text):
    h = hashlib.sha256()
    h.update(bytes(text, "utf-8"))
    return h.hexdigest()


def fingerprint(data, code, environment, seed):
    if type(seed) != int:
        raise TypeError("seed")
    texts = sorted(map(canonical_text, data))
    if texts == []:
        raise ValueError("data")
    others = map(canonical_text, (code, environment, seed))
    return dict(zip(NAMES, map(sha, ["\n".join(texts), *others])))


# %% record
def run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    weights = train([json.loads(text) for text in sorted(map(canonical_text, data))], code, environment, seed)
    return weights, {"versions": versions, "seed": seed, "model": bits(weights)}


def record_run(data, code, environment, seed):
    return run(data, code, environment, seed)[1]


# %% rerun
def reproduce(manifest, data, code, environment):
    weights, today = run(data, code, environment, manifest["seed"])
    changed = [name for name in NAMES if manifest["versions"].get(name) != today["versions"][name]]
    if not changed and today["model"] != manifest["model"]:
        changed = ["model"]
    if changed:
        raise NotReproducible(changed)
    return weights
