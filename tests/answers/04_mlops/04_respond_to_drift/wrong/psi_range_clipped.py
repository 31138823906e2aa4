"""Counts only values inside the baseline's range."""

FAILS = {
    "a_share_is_at_least_one_in_ten_thousand",
    "every_feature_is_scored_by_itself",
    "missing_values_have_a_bin_of_their_own",
    "values_outside_the_baseline_land_in_the_end_bins",
}

# %% respond-psi
import numpy as np


def bin_edges(values, buckets):
    present = values[~np.isnan(values)]
    if buckets < 1:
        raise ValueError("buckets must be at least 1")
    if len(np.unique(present)) < 2:
        raise ValueError("the baseline needs two distinct values")
    edges = np.unique(np.quantile(present, np.linspace(0, 1, buckets + 1)))
    return edges


def shares_of(values, edges, missing):
    if len(values) == 0:
        raise ValueError("no values")
    present = values[~np.isnan(values)]
    counts = np.histogram(present, edges)[0].astype(float)
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
class RollingAccuracy:
    def __init__(self, rolling=300, min_labels=200, label_days=14):
        if rolling < 1 or min_labels < 1 or min_labels > rolling or label_days < 0:
            raise ValueError("settings without a value")
        self.rolling = rolling
        self.min_labels = min_labels
        self.label_days = label_days
        self.today = None
        self.open = {}
        self.done = []
        self.count = 0

    def tell(self, day):
        self.today = day
        self.open = {t: entry for t, entry in self.open.items() if day - entry[0] <= self.label_days}

    def remember(self, day, predictions):
        self.tell(day)
        for ticket, said in predictions.items():
            self.open[ticket] = (day, self.count, said)
            self.count += 1

    def learn(self, day, labels):
        self.tell(day)
        counted = 0
        for ticket, label in labels.items():
            entry = self.open.pop(ticket, None)
            if entry is None:
                continue
            counted += 1
            self.done.append((entry[1], entry[2] == label))
        self.done = sorted(self.done)[-self.rolling:]
        return counted

    @property
    def value(self):
        if len(self.done) < self.min_labels:
            return None
        return sum(1 for _, right in self.done if right) / len(self.done)

    @property
    def waiting(self):
        return len(self.open)


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
