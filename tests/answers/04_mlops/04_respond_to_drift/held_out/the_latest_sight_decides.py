"""Keeps for each kind what the latest window said, and nothing of those before."""

SLIP = "monitor_no_patience"

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
import heapq
from collections import OrderedDict


class RollingAccuracy:
    """A heap keeps the newest labelled tickets: its least number is the first to go."""

    def __init__(self, rolling=300, min_labels=200, label_days=14):
        if not (rolling >= min_labels >= 1 and label_days >= 0):
            raise ValueError("1 <= min_labels <= rolling, 0 <= label_days")
        self.rolling, self.min_labels, self.label_days = rolling, min_labels, label_days
        self.pending = OrderedDict()
        self.heap = []
        self.right = 0
        self.number = 0

    def remember(self, day, predictions):
        self._expire(day)
        for ticket, said in predictions.items():
            self.number += 1
            self.pending[ticket] = day, self.number, said

    def learn(self, day, labels):
        self._expire(day)
        counted = 0
        for ticket, label in labels.items():
            if ticket not in self.pending:
                continue
            _, number, said = self.pending.pop(ticket)
            counted += 1
            self.right += said == label
            item = (number, said == label)
            if len(self.heap) < self.rolling:
                heapq.heappush(self.heap, item)
            else:
                self.right -= heapq.heappushpop(self.heap, item)[1]
        return counted

    def _expire(self, day):
        while self.pending:
            oldest = next(iter(self.pending))
            if self.pending[oldest][0] + self.label_days >= day:
                break
            del self.pending[oldest]

    @property
    def value(self):
        return None if len(self.heap) < self.min_labels else self.right / len(self.heap)

    @property
    def waiting(self):
        return len(self.pending)


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
class DriftMonitor:
    def __init__(self, baselines, limits=Limits()):
        self.limits = limits
        self.baselines = dict(baselines)
        self.accuracy = {}
        self.rows = {}
        for tenant in baselines:
            self.accuracy[tenant] = RollingAccuracy(limits.rolling, limits.min_labels, limits.label_days)
            self.rows[tenant] = set()

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
        rows -= {kind for kind, there in evidence.items() if there}
        rows |= shown
        kinds = set(rows)
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
