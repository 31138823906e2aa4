"""pandas cuts, counts and aligns the bins; a dictionary keeps the tickets."""

# %% respond-psi
import numpy as np
import pandas as pd


def binned(series, breaks):
    bins = pd.cut(series, breaks, right=False, labels=False)
    return bins.value_counts(normalize=True, dropna=False)


def psi_of(old, new, buckets):
    old, new = pd.Series(old, dtype=float), pd.Series(new, dtype=float)
    if old.dropna().nunique() < 2 or new.empty or buckets < 1:
        raise ValueError("nothing to compare")
    quantiles = np.quantile(old.dropna(), np.linspace(0, 1, buckets + 1))
    breaks = [-np.inf, *pd.unique(quantiles)[1:-1], np.inf]
    everywhere = [*range(len(breaks) - 1), np.nan]
    b, c = (binned(side, breaks).reindex(everywhere, fill_value=0.0).clip(lower=1e-4) for side in (old, new))
    return float(((c - b) * np.log(c / b)).sum())


def feature_psi(baseline, features, buckets=10):
    return {name: psi_of(baseline[name], features.get(name, [float("nan")]), buckets) for name in baseline}


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
