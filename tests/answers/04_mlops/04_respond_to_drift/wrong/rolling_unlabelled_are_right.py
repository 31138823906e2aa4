"""Takes a ticket for right until its label says otherwise."""

FAILS = {
    "a_bad_version_is_an_alert_and_a_rollback_once_labels_confirm_it",
    "a_changed_world_is_noticed_when_its_labels_come",
    "a_label_belongs_to_its_ticket_whenever_it_comes",
    "a_label_counts_up_to_label_days_after_its_prediction",
    "a_label_for_a_ticket_that_does_not_wait_changes_nothing",
    "a_report_tells_its_windows_signals",
    "a_ticket_without_a_label_is_neither_right_nor_wrong",
    "each_kind_is_confirmed_by_a_row_of_its_own",
    "the_limits_given_are_the_limits_used",
    "the_newest_by_prediction_count_whenever_their_labels_come",
    "tickets_of_a_thin_window_count_for_the_accuracy",
    "too_few_labels_make_no_value",
}

# %% respond-psi
import math
from bisect import bisect_right


def is_missing(value):
    return value is None or math.isnan(value)


def quantile(ordered, q):
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (at - low))


def count_up(values, cuts):
    counts = [0] * (len(cuts) + 2)
    for value in values:
        counts[-1 if is_missing(value) else bisect_right(cuts, value)] += 1
    return counts


def psi_of(old, new, buckets):
    if len(old) == 0 or len(new) == 0 or buckets < 1:
        raise ValueError("nothing to compare")
    ordered = sorted(float(v) for v in old if not is_missing(v))
    if len(set(ordered)) < 2:
        raise ValueError("a constant baseline")
    edges = sorted({quantile(ordered, k / buckets) for k in range(buckets + 1)})
    cuts = edges[1:-1]
    before, now = count_up(old, cuts), count_up(new, cuts)
    if before[-1] == now[-1] == 0:
        before, now = before[:-1], now[:-1]
    total = 0.0
    for x, y in zip(before, now):
        b, c = max(x / len(old), 1e-4), max(y / len(new), 1e-4)
        total += (c - b) * math.log(c / b)
    return total


def feature_psi(baseline, features, buckets=10):
    return {name: psi_of(values, features.get(name, [None]), buckets) for name, values in baseline.items()}


# %% respond-rolling
class RollingAccuracy:
    def __init__(self, rolling=300, min_labels=200, label_days=14):
        if rolling < 1:
            raise ValueError("rolling")
        if not 1 <= min_labels <= rolling:
            raise ValueError("min_labels")
        if label_days < 0:
            raise ValueError("label_days")
        self.settings = rolling, min_labels, label_days
        self.entries = []  # [ticket, day, prediction, label or None], in order of prediction
        self.place = {}  # the entry of a ticket that has no label yet
        self.day = -(10**9)

    def _on(self, day):
        self.day = max(self.day, day)
        rolling, _, label_days = self.settings
        too_old = [t for t, entry in self.place.items() if entry[1] + label_days < self.day]
        for ticket in too_old:
            del self.place[ticket]
        kept, labelled = [], 0
        for entry in reversed(self.entries):
            if entry[3] is not None:
                labelled += 1
                if labelled <= rolling:
                    kept.append(entry)
            elif entry[0] in self.place:
                kept.append(entry)
        self.entries = kept[::-1]

    def remember(self, day, predictions):
        self._on(day)
        for ticket in predictions:
            entry = [ticket, day, predictions[ticket], None]
            self.entries.append(entry)
            self.place[ticket] = entry

    def learn(self, day, labels):
        self._on(day)
        counted = 0
        for ticket in labels:
            if ticket in self.place:
                self.place.pop(ticket)[3] = labels[ticket]
                counted += 1
        return counted

    @property
    def value(self):
        rolling, min_labels, _ = self.settings
        judged = [entry[3] is None or entry[2] == entry[3] for entry in self.entries][-rolling:]
        return judged.count(True) / len(judged) if len(judged) >= min_labels else None

    @property
    def waiting(self):
        return len(self.place)


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
