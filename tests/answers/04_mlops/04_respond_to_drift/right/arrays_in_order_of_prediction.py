"""NumPy arrays that grow; a label finds its row by an index."""

# %% respond-psi
import numpy as np
from scipy.special import rel_entr


def shares(values, inner, missing_bin):
    if values.size == 0:
        raise ValueError("empty")
    gaps = np.isnan(values)
    counts = np.histogram(values[~gaps], bins=np.concatenate([[-np.inf], inner, [np.inf]]))[0]
    if missing_bin:
        counts = np.concatenate([counts, [gaps.sum()]])
    return np.clip(counts / values.size, 1e-4, None)


def feature_psi(baseline, features, buckets=10):
    result = {}
    for name, old in baseline.items():
        old = np.array(old, dtype=float)
        new = np.array(features.get(name, [np.nan]), dtype=float)
        present = old[~np.isnan(old)]
        if buckets < 1 or present.size == 0 or present.min() == present.max():
            raise ValueError(f"{name} cannot be cut")
        inner = np.unique(np.quantile(present, np.linspace(0, 1, buckets + 1)))[1:-1]
        missing_bin = bool(np.isnan(old).any() or np.isnan(new).any())
        b, c = shares(old, inner, missing_bin), shares(new, inner, missing_bin)
        result[name] = float((rel_entr(b, c) + rel_entr(c, b)).sum())
    return result


# %% respond-rolling
class RollingAccuracy:
    """Arrays in order of prediction; a label of -1 has not come."""

    def __init__(self, rolling=300, min_labels=200, label_days=14):
        if rolling < 1 or min_labels < 1 or min_labels > rolling or label_days < 0:
            raise ValueError("settings without a value")
        self.rolling, self.min_labels, self.label_days = rolling, min_labels, label_days
        self.days = np.empty(0, dtype=int)
        self.hits = np.empty(0, dtype=int)  # -1: no label yet; 0: wrong; 1: right
        self.said = np.empty(0, dtype=int)
        self.index = {}
        self.today = None

    def remember(self, day, predictions):
        self.today = day
        first = len(self.days)
        self.index.update({ticket: first + k for k, ticket in enumerate(predictions)})
        self.days = np.append(self.days, np.full(len(predictions), day))
        self.said = np.append(self.said, np.array(list(predictions.values()), dtype=int))
        self.hits = np.append(self.hits, np.full(len(predictions), -1))

    def learn(self, day, labels):
        self.today = day
        counted = 0
        for ticket, label in labels.items():
            k = self.index.get(ticket)
            if k is not None and self.hits[k] == -1 and day <= self.days[k] + self.label_days:
                self.hits[k] = int(self.said[k] == label)
                counted += 1
        return counted

    @property
    def value(self):
        judged = self.hits[self.hits >= 0][-self.rolling:]
        return float(judged.mean()) if judged.size >= self.min_labels else None

    @property
    def waiting(self):
        if self.today is None:
            return 0
        return int(np.sum((self.hits == -1) & (self.days + self.label_days >= self.today)))


# %% respond-policy
def find_kinds(signals, baseline, limits=Limits()):
    kinds = set()
    if signals.psi is not None:
        for score in signals.psi.values():
            if score > limits.psi:
                kinds.add("data")
    if signals.share is not None:
        if abs(signals.share - baseline.share) > limits.share:
            kinds.add("prediction")
    if signals.accuracy is not None:
        if baseline.accuracy - signals.accuracy > limits.accuracy:
            kinds.add("concept")
    return kinds


def respond(kinds, impact):
    if impact not in ("low", "medium", "high"):
        raise ValueError(f"unknown impact {impact!r}")
    kinds = set(kinds)
    if not kinds:
        return "log"
    if kinds == {"concept"} or impact == "low":
        return "alert"
    if impact == "high" or len(kinds) >= 2:
        return "rollback"
    return "alert"


# %% respond-monitor
class DriftMonitor:
    def __init__(self, baselines, limits=Limits()):
        self.limits = limits
        self.baselines = dict(baselines)
        self.accuracy = {}
        self.rows = {}
        for tenant in baselines:
            self.accuracy[tenant] = RollingAccuracy(limits.rolling, limits.min_labels, limits.label_days)
            self.rows[tenant] = {"data": 0, "prediction": 0, "concept": 0}

    def observe(self, tenant, day, features, predictions):
        if tenant not in self.baselines:
            raise ValueError(f"unknown tenant {tenant!r}")
        baseline = self.baselines[tenant]
        for name in baseline.features:
            if name in features and len(features[name]) != len(predictions):
                raise ValueError(f"{name}: one value for each ticket")
        accuracy = self.accuracy[tenant]
        accuracy.remember(day, predictions)
        psi = share = None
        if len(predictions) >= self.limits.min_rows:
            psi = feature_psi(baseline.features, features)
            share = sum(predictions.values()) / len(predictions)
        signals = Signals(psi, share, accuracy.value)
        shown = find_kinds(signals, baseline, self.limits)
        rows = self.rows[tenant]
        evidence = {"data": psi is not None, "prediction": share is not None, "concept": accuracy.value is not None}
        for kind, there in evidence.items():
            if there:
                rows[kind] = rows[kind] + 1 if kind in shown else 0
        kinds = {kind for kind in rows if rows[kind] >= self.limits.patience}
        suspects = []
        if psi is not None:
            suspects = [name for name in psi if psi[name] > self.limits.watch]
            suspects.sort(key=lambda name: -psi[name])
        return Report(signals, kinds, respond(kinds, baseline.impact), suspects)

    def learn(self, tenant, day, labels):
        if tenant not in self.baselines:
            raise ValueError(f"unknown tenant {tenant!r}")
        return self.accuracy[tenant].learn(day, labels)

    def waiting(self, tenant):
        if tenant not in self.baselines:
            raise ValueError(f"unknown tenant {tenant!r}")
        return self.accuracy[tenant].waiting
