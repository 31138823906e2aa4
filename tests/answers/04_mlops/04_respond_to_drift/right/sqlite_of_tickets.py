"""Each tenant's tickets in an SQLite table; the accuracy is a query."""

# %% respond-psi
import numpy as np


def bin_edges(values, buckets):
    present = values[~np.isnan(values)]
    if buckets < 1:
        raise ValueError("buckets must be at least 1")
    if len(np.unique(present)) < 2:
        raise ValueError("the baseline needs two distinct values")
    edges = np.unique(np.quantile(present, np.linspace(0, 1, buckets + 1)))
    edges[0], edges[-1] = -np.inf, np.inf
    return edges


def shares_of(values, edges, missing):
    if len(values) == 0:
        raise ValueError("no values")
    present = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, present, side="right") - 1, minlength=len(edges) - 1).astype(float)
    if missing:
        counts = np.append(counts, len(values) - len(present))
    return np.maximum(counts / len(values), 1e-4)


def psi_of(old, new, buckets=10):
    old, new = np.array(old, dtype=float), np.array(new, dtype=float)
    edges = bin_edges(old, buckets)
    missing = np.isnan(old).any() or np.isnan(new).any()
    b, c = shares_of(old, edges, missing), shares_of(new, edges, missing)
    return float(((c - b) * np.log(c / b)).sum())


def feature_psi(baseline, features, buckets=10):
    scores = {}
    for name in baseline:
        current = features[name] if name in features else [None]
        scores[name] = psi_of(baseline[name], current, buckets)
    return scores


# %% respond-rolling
import sqlite3


class RollingAccuracy:
    """One table; the row number is the order of prediction."""

    def __init__(self, rolling=300, min_labels=200, label_days=14):
        if rolling < 1 or min_labels < 1 or min_labels > rolling or label_days < 0:
            raise ValueError("settings without a value")
        self.rolling, self.min_labels, self.label_days = rolling, min_labels, label_days
        self.db = sqlite3.connect(":memory:")
        self.db.execute("create table tickets (n integer primary key, id unique, day int, said int, label int)")

    def _forget(self, day):
        self.db.execute("delete from tickets where label is null and day + ? < ?", (self.label_days, day))

    def remember(self, day, predictions):
        self._forget(day)
        rows = [(ticket, day, said) for ticket, said in predictions.items()]
        self.db.executemany("insert into tickets (id, day, said) values (?, ?, ?)", rows)

    def learn(self, day, labels):
        self._forget(day)
        rows = [(label, ticket) for ticket, label in labels.items()]
        update = "update tickets set label = ? where id = ? and label is null"
        return max(0, self.db.executemany(update, rows).rowcount)

    @property
    def value(self):
        newest = "select said = label as hit from tickets where label is not null order by n desc limit ?"
        count, hits = self.db.execute(f"select count(*), sum(hit) from ({newest})", (self.rolling,)).fetchone()
        return hits / count if count >= self.min_labels else None

    @property
    def waiting(self):
        return self.db.execute("select count(*) from tickets where label is null").fetchone()[0]


# %% respond-policy
TABLE = {
    "low": {"none": "log", "concept": "alert", "one": "alert", "more": "alert"},
    "medium": {"none": "log", "concept": "alert", "one": "alert", "more": "rollback"},
    "high": {"none": "log", "concept": "alert", "one": "rollback", "more": "rollback"},
}


def find_kinds(signals, baseline, limits=Limits()):
    kinds = []
    psi, share, accuracy = signals.psi or {}, signals.share, signals.accuracy
    if psi and max(psi.values()) > limits.psi:
        kinds.append("data")
    if share is not None and not -limits.share <= share - baseline.share <= limits.share:
        kinds.append("prediction")
    if accuracy is not None and accuracy < baseline.accuracy - limits.accuracy:
        kinds.append("concept")
    return set(kinds)


def respond(kinds, impact):
    if impact not in TABLE:
        raise ValueError(impact)
    if len(kinds) > 1:
        row = "more"
    elif not kinds:
        row = "none"
    else:
        row = "concept" if "concept" in kinds else "one"
    return TABLE[impact][row]


# %% respond-monitor
from collections import deque


class Watch:
    """All that belongs to one tenant."""

    def __init__(self, baseline, limits):
        self.baseline, self.limits = baseline, limits
        self.accuracy = RollingAccuracy(limits.rolling, limits.min_labels, limits.label_days)
        self.seen = {kind: deque(maxlen=limits.patience) for kind in ("data", "prediction", "concept")}

    def look(self, day, features, predictions):
        n = len(predictions)
        if any(name in features and len(features[name]) != n for name in self.baseline.features):
            raise ValueError("columns of different lengths")
        self.accuracy.remember(day, predictions)
        thin = n < self.limits.min_rows
        signals = Signals(
            psi=None if thin else feature_psi(self.baseline.features, features),
            share=None if thin else list(predictions.values()).count(1) / n,
            accuracy=self.accuracy.value,
        )
        shown = find_kinds(signals, self.baseline, self.limits)
        for kind, value in zip(self.seen, (signals.psi, signals.share, signals.accuracy)):
            if value is not None:
                self.seen[kind].append(kind in shown)
        kinds = {kind for kind, last in self.seen.items() if len(last) == last.maxlen and all(last)}
        worst = sorted(((score, name) for name, score in (signals.psi or {}).items()), reverse=True)
        suspects = [name for score, name in worst if score > self.limits.watch]
        return Report(signals, kinds, respond(kinds, self.baseline.impact), suspects)


class DriftMonitor:
    def __init__(self, baselines, limits=Limits()):
        self.watches = {tenant: Watch(baseline, limits) for tenant, baseline in baselines.items()}

    def _watch(self, tenant):
        try:
            return self.watches[tenant]
        except KeyError:
            raise ValueError(f"no tenant {tenant!r}") from None

    def observe(self, tenant, day, features, predictions):
        return self._watch(tenant).look(day, features, predictions)

    def learn(self, tenant, day, labels):
        return self._watch(tenant).accuracy.learn(day, labels)

    def waiting(self, tenant):
        return self._watch(tenant).accuracy.waiting
