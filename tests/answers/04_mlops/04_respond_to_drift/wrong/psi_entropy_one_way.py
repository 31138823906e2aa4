"""Computes the divergence in one direction only."""

FAILS = {
    "a_share_is_at_least_one_in_ten_thousand",
    "a_value_on_an_edge_belongs_to_the_bin_on_its_right",
    "edges_are_quantiles_of_the_baseline",
    "every_feature_is_scored_by_itself",
    "missing_values_have_a_bin_of_their_own",
    "suspects_are_the_features_to_look_at_the_worst_first",
    "the_baseline_says_which_features_are_scored",
    "the_limits_given_are_the_limits_used",
    "values_outside_the_baseline_land_in_the_end_bins",
}

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
        result[name] = float(rel_entr(c, b).sum())
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
