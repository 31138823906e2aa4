"""A frozen run keeps each line of its table once, as a primary key would."""

SLIP = "rows_as_a_set"

# %% fingerprint
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Run:
    lines: tuple
    code: dict
    environment: dict
    seed: int

    @classmethod
    def of(cls, data, code, environment, seed):
        if seed is True or seed is False or not isinstance(seed, int):
            raise TypeError(f"{seed!r} is no seed")
        lines = dict.fromkeys(cls.text(row) for row in data)
        if not lines:
            raise ValueError("no rows")
        return cls(tuple(sorted(lines)), code, environment, seed)

    @staticmethod
    def text(value):
        return json.dumps(value, sort_keys=True, allow_nan=False, separators=(", ", ": "))

    @property
    def versions(self):
        texts = ["\n".join(self.lines), *map(self.text, (self.code, self.environment, self.seed))]
        digests = (hashlib.new("sha256", text.encode("ascii")).hexdigest() for text in texts)
        return dict(zip(("data", "code", "environment", "seed"), digests, strict=True))

    @cached_property
    def weights(self):
        return train(json.loads(f"[{','.join(self.lines)}]"), self.code, self.environment, self.seed)


def fingerprint(data, code, environment, seed):
    return Run.of(data, code, environment, seed).versions


# %% record
def record_run(data, code, environment, seed):
    run = Run.of(data, code, environment, seed)
    return dict(versions=run.versions, seed=run.seed, model=bits(run.weights))


# %% rerun
def reproduce(manifest, data, code, environment):
    run = Run.of(data, code, environment, manifest["seed"])
    differing = set(run.versions.items()) - set(manifest["versions"].items())
    if differing:
        raise NotReproducible([name for name in run.versions if name in dict(differing)])
    if bits(run.weights) != manifest["model"]:
        raise NotReproducible(["model"])
    return run.weights
