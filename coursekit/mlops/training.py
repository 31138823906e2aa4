"""A small real training job, the four things it depends on, and a picture of what each of them
moves.

The job learns which support tickets are urgent: logistic regression by stochastic gradient descent,
NumPy only. Like larger ones it depends on more than it says: on the order of rows and of the keys
in a row, on how many threads share a sum, and on the salt of a hash. Its result is the same to the
bit whenever all of that is.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import random
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coursekit.plots import label_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# {"ticket": "t-017", "tenant": "harbour", "wait": 12.5, "words": 40, "exclaims": 2, "urgent": 1}
Row = dict[str, Any]
Code = Mapping[str, str]  # {"features.py": "def features(…", "train.py": "def fit(…"}
Environment = Mapping[str, Any]  # {"numpy": "2.1.3", "threads": 4, "hash_seed": 0}
Weights = tuple[float, ...]  # (0.31, -1.2, …), one for each column
Versions = dict[str, str]  # {"data": "9c1f…", "code": …, "environment": …, "seed": …}
Manifest = dict[str, Any]  # {"versions": {…}, "seed": 7, "model": "41d0…"}

CODE: dict[str, str] = {
    "features.py": '''\
TYPICAL = {"exclaims": 3.0, "wait": 60.0, "words": 100.0}


def features(row, bucket):
    """A constant, a column for each number in the row's own order, and one for each bucket of tenants."""
    numbers = [row[name] / TYPICAL[name] for name in row if name in TYPICAL]
    mine = bucket(row["tenant"])
    return [1.0, *numbers, float(mine == 0), float(mine == 1), float(mine == 2)]
''',  # noqa: E501 (its digest is a model's version)
    "train.py": '''\
import numpy as np

RATE, EPOCHS, BATCH = 0.5, 3, 16


def fit(x, y, rng, total):
    """Weights after EPOCHS walks over the rows in an order drawn from rng."""
    weights = rng.normal(scale=0.01, size=x.shape[1])
    for _ in range(EPOCHS):
        order = rng.permutation(len(y))
        for start in range(0, len(y), BATCH):
            some = order[start : start + BATCH]
            rows = x[some]
            urgent = 1 / (1 + np.exp(-(rows * weights).sum(axis=1)))
            weights -= RATE * total((urgent - y[some])[:, None] * rows) / len(some)
    return weights
''',
}
ENVIRONMENT: dict[str, Any] = {"python": "3.12.7", "numpy": "2.1.3", "threads": 4, "hash_seed": 0}
TENANTS = ("harbour", "orchard", "lantern", "meadow")
ROWS = 120
FEWER = 60  # rows, where one picture trains twenty times


class NotReproducible(ValueError):
    """A run cannot be repeated. `changed` names why: "data", "code", "environment", "seed", or
    "model".
    """

    def __init__(self, changed: Sequence[str]) -> None:
        self.changed = tuple(changed)
        super().__init__(f"changed since the run was recorded: {', '.join(self.changed)}")


def tickets(seed: int = 1, rows: int = ROWS) -> list[Row]:
    """Support tickets, some urgent; the same seed gives the same ones."""
    rng = random.Random(seed)
    out = []
    for number in range(rows):
        wait, words, exclaims = (
            rng.randint(0, 480) / 4,
            rng.randint(5, 200),
            rng.choice([0, 0, 0, 1, 2, 5]),
        )
        tenant = rng.choice(TENANTS)
        score = wait / 60 + exclaims - words / 100 + (tenant == "harbour") + rng.gauss(0, 1)
        row = {
            "ticket": f"t-{number:03}",
            "tenant": tenant,
            "wait": wait,
            "words": words,
            "exclaims": exclaims,
        }
        out.append(row | {"urgent": int(score > 1.5)})
    return out


def train(data: Sequence[Row], code: Code, environment: Environment, seed: int) -> Weights:
    """Run the job: the code's `features` for each row, then its `fit`. It takes rows and keys in
    the order they have.

    Args:
        data: tickets as dicts; `urgent` is what is learned.
        code: the texts of `features.py` and `train.py`.
        environment: `threads`, how many share each sum (1 if absent), and `hash_seed`, the salt of
            the tenants' bucket.
        seed: of the generator that draws first weights and the order of rows.

    Raises:
        Exception: whatever the code raises; SyntaxError when it is no Python.
    """
    features, fit = _defined(code["features.py"])["features"], _defined(code["train.py"])["fit"]
    threads, salt = int(environment.get("threads", 1)), environment.get("hash_seed", 0)

    def total(rows: NDArray[np.float64]) -> Any:
        ends = [len(rows) * number // threads for number in range(threads + 1)]
        parts = [np.add.reduce(rows[start:end]) for start, end in itertools.pairwise(ends)]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole + part
        return whole

    x = np.array([features(row, lambda text: _bucket(text, salt)) for row in data], dtype=float)
    y = np.array([row["urgent"] for row in data], dtype=float)
    return tuple(fit(x, y, np.random.default_rng(seed), total).tolist())


def _bucket(text: str, salt: object) -> int:
    return zlib.crc32(f"{salt}/{text}".encode()) % 3


@lru_cache(maxsize=64)
def _defined(text: str) -> dict[str, Any]:
    """The names that a file defines."""
    names: dict[str, Any] = {}
    exec(compile(text, "job", "exec"), names)
    return names


def bits(weights: Sequence[float]) -> str:
    """A digest of every bit of a model: 64 hexadecimal digits. It tells 0.0 from -0.0."""
    return hashlib.sha256(struct.pack(f"<{len(weights)}d", *weights)).hexdigest()


# ------------------------------------------------------------------------------- what moves a model

World = tuple[list[Row], Code, Environment, int]  # what a run depends on


def accuracy(
    weights: Weights, data: Sequence[Row], code: Code = CODE, environment: Environment = ENVIRONMENT
) -> float:
    """The share of tickets whose urgency a model gets right."""
    features, salt = _defined(code["features.py"])["features"], environment.get("hash_seed", 0)
    x = np.array([features(row, lambda text: _bucket(text, salt)) for row in data])
    found = (x * weights).sum(axis=1) > 0
    return float((found == np.array([row["urgent"] for row in data], dtype=bool)).mean())


def variants(seed: int, order: int, threads: int) -> dict[str, World]:
    """The same run, changed in one respect each; the first is not changed.

    Args:
        seed: of the run.
        order: which shuffle of the rows; 0 leaves them in place.
        threads: how many share a sum in the variant that changes this.
    """
    data = tickets(rows=FEWER)
    shuffled = random.Random(order).sample(data, len(data)) if order else data
    reversed_keys = [dict(reversed(row.items())) for row in data]
    corrected = [data[0] | {"wait": data[0]["wait"] + 5}, *data[1:]]
    comment = CODE | {"train.py": "# reviewed\n" + CODE["train.py"]}
    faster = CODE | {
        "train.py": CODE["train.py"].replace(
            "RATE, EPOCHS, BATCH = 0.5", "RATE, EPOCHS, BATCH = 0.55"
        )
    }
    return {
        "nothing": (data, CODE, ENVIRONMENT, seed),
        f"rows: shuffle {order}" if order else "rows: not shuffled": (
            shuffled,
            CODE,
            ENVIRONMENT,
            seed,
        ),
        "keys of each row reversed": (reversed_keys, CODE, ENVIRONMENT, seed),
        "one ticket corrected": (corrected, CODE, ENVIRONMENT, seed),
        "a comment in train.py": (data, comment, ENVIRONMENT, seed),
        "RATE 0.5 → 0.55": (data, faster, ENVIRONMENT, seed),
        f"threads {ENVIRONMENT['threads']} → {threads}": (
            data,
            CODE,
            {**ENVIRONMENT, "threads": threads},
            seed,
        ),
        "hash_seed 0 → 1": (data, CODE, {**ENVIRONMENT, "hash_seed": 1}, seed),
        f"seed {seed} → {seed + 1}": (data, CODE, ENVIRONMENT, seed + 1),
    }


def what_moves(
    record_run: Callable[..., Manifest],
    reproduce: Callable[..., Weights],
    seed: int,
    order: int,
    threads: int,
) -> list[dict[str, Any]]:
    """What the bare job makes of each variant, and what a learner's `reproduce` says about it.

    Returns:
        A dict for each variant: `what` changed, the largest `shift` of a weight, the model's
        `accuracy` on other tickets, and what `reproduce` `said`.
    """
    worlds, unseen = variants(seed, order, threads), tickets(seed=2, rows=FEWER)
    manifest, before, seen = record_run(*worlds["nothing"]), train(*worlds["nothing"]), []
    for what, world in worlds.items():
        weights = before if what == "nothing" else train(*world)
        shift = max(abs(new - old) for new, old in zip(weights, before, strict=True))
        try:
            again = reproduce(manifest | {"seed": world[3]}, *world[:3])
            said = "reproduced to the bit" if bits(again) == manifest["model"] else "another model"
        except NotReproducible as error:
            said = "names " + ", ".join(map(str, error.changed))
        right = accuracy(weights, unseen, world[1], world[2])
        seen.append({"what": what, "shift": shift, "accuracy": right, "said": said})
    return seen


def draw_shifts(figure: Figure, seen: Sequence[Mapping[str, Any]], **sliders: float) -> None:
    """A row for each change: how far it moves the bare job's weights, the accuracy, and what
    `reproduce` said.

    The scale is logarithmic; a hollow ring at its left end is a model that did not move by a single
    bit.
    """
    axes = figure.add_axes((0.245, 0.13, 0.38, 0.74))
    still = -19.0  # where a shift of 0 stands on the scale of powers of ten
    rows = list(range(len(seen), 0, -1))
    powers = [math.log10(one["shift"]) if one["shift"] > 0 else still for one in seen]
    axes.set(xlim=(still - 0.5, 1), ylim=(0.3, len(seen) + 0.7))
    axes.hlines(rows, still, powers, color=BLUE, linewidth=2)
    looks: tuple[tuple[bool, dict[str, Any]], ...] = (
        (False, {"color": BLUE}),
        (True, {"color": "white", "markeredgecolor": "black"}),
    )
    for ring, look in looks:
        points = [
            (power, row)
            for power, row in zip(powers, rows, strict=True)
            if (power == still) is ring
        ]
        axes.plot(
            [power for power, _ in points], [row for _, row in points], "o", markersize=8, **look
        )
    places = {still: "no bit", -16: "1e-16", -12: "1e-12", -8: "1e-8", -4: "1e-4", 0: "1"}
    labels = {float(row): str(one["what"]) for row, one in zip(rows, seen, strict=True)}
    label_axes(
        axes, places, labels, "largest shift of a weight, trained on what came in (powers of ten)"
    )
    beside = axes.get_yaxis_transform()
    top = len(seen) + 0.75
    axes.text(-0.02, top, "what changed", transform=beside, ha="right", size=9.5, weight="bold")
    axes.text(1.03, top, "accuracy   your reproduce", transform=beside, size=9.5, weight="bold")
    for row, one in zip(rows, seen, strict=True):
        words = f"{100 * one['accuracy']:.1f} %        {one['said']}"
        axes.text(1.03, row, words, transform=beside, va="center_baseline", size=9)


BLUE = "#1f5fa8"
