"""`k("get pods")`: a cluster in kubectl's words. Reading them is the exercise."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coursekit.devops.cluster import quantity
from coursekit.devops.cluster.engine import Live
from coursekit.devops.cluster.timeline import Event, Snapshot, Timeline

MAX_COMMAND = 500
Row = Mapping[str, Any]

_KINDS = {
    "pods": ("pods", "pod", "po"),
    "deployments": ("deployments", "deployment", "deploy", "deployments.apps", "deployment.apps"),
    "replicasets": ("replicasets", "replicaset", "rs"),
    "services": ("services", "service", "svc"),
    "endpoints": ("endpoints", "endpoint", "ep"),
    "nodes": ("nodes", "node", "no"),
    "hpas": ("horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"),
    "pdbs": ("poddisruptionbudgets", "poddisruptionbudget", "pdb"),
    "events": ("events", "event", "ev"),
}
_SERVER_NAMES = {
    "pods": "pods",
    "deployments": "deployments.apps",
    "replicasets": "replicasets.apps",
    "services": "services",
    "nodes": "nodes",
    "hpas": "horizontalpodautoscalers.autoscaling",
    "pdbs": "poddisruptionbudgets.policy",
}


class Refused(Exception):
    """What kubectl prints instead of an answer."""


class Kubectl:
    """kubectl for a run that goes on (`Live`) or one that is over (`Timeline`).

    A run that is over can be read, not changed.
    """

    def __init__(self, cluster: Live | Timeline) -> None:
        self._cluster = cluster

    def __call__(self, command: str) -> str:
        """Answer a command, with or without `kubectl` before it; an error is an answer too."""
        try:
            if len(command) > MAX_COMMAND:
                raise Refused(f"error: a command has at most {MAX_COMMAND} characters")
            words = shlex.split(command)
        except ValueError as error:
            return f"error: {error}"
        except Refused as refused:
            return str(refused)
        if words and words[0] in ("kubectl", "k"):
            words = words[1:]
        words, flags = _flags(words)
        verb = words[0] if words else ""
        verbs: dict[str, Callable[[list[str], dict[str, str]], str]] = {
            "get": self._get,
            "describe": self._describe,
            "logs": self._logs,
            "top": self._top,
            "rollout": self._rollout,
            "set": self._set,
            "scale": self._scale,
            "drain": self._nodes_verb,
            "cordon": self._nodes_verb,
            "uncordon": self._nodes_verb,
        }
        if verb not in verbs:
            return f'error: unknown command "{verb}"; known here: {", ".join(verbs)}'
        try:
            return verbs[verb](words, flags)
        except (Refused, ValueError) as refused:
            return str(refused)

    # ------------------------------------------------------------------------------- what it sees

    def _seen(self) -> Snapshot:
        return self._cluster.snapshot() if isinstance(self._cluster, Live) else self._cluster.final

    def _live(self) -> Live:
        if not isinstance(self._cluster, Live):
            raise Refused("error: this run is over; it can be read, not changed")
        return self._cluster

    def _get(self, words: list[str], flags: dict[str, str]) -> str:
        kind, names = _target(words[1:])
        seen = self._seen()
        if kind == "events":
            return _events_table(seen.events, seen.now_s)
        rows = _chosen(_objects(seen, kind), kind, names)
        label = flags.get("l") or flags.get("selector")
        if label and kind == "pods":
            key, _, value = label.partition("=")
            rows = [row for row in rows if row["labels"].get(key) == value]
        if not rows:
            return "No resources found in default namespace."
        return _TABLES[kind](rows, seen, flags.get("o") == "wide")

    def _describe(self, words: list[str], _flags: dict[str, str]) -> str:
        kind, names = _target(words[1:])
        seen = self._seen()
        if kind not in _DESCRIBED:
            raise Refused(f"error: describe knows {', '.join(_DESCRIBED)} here")
        rows = _chosen(_objects(seen, kind), kind, names)
        return "\n\n\n".join(_DESCRIBED[kind](row, seen) for row in rows)

    def _logs(self, words: list[str], flags: dict[str, str]) -> str:
        if len(words) < 2:
            raise Refused("error: expected 'logs POD_NAME'")
        name = words[1].removeprefix("pod/")
        row = _chosen(_objects(self._seen(), "pods"), "pods", [name])[0]
        if "p" in flags or "previous" in flags:
            if row["last_state"] is None:
                raise Refused(
                    f"Error from server (BadRequest): previous terminated container "
                    f'"{row["container"]}" in pod "{name}" not found'
                )
            return "\n".join(row["previous_log"])
        if row["started_s"] is None:
            raise Refused(
                f'Error from server (BadRequest): container "{row["container"]}" in pod "{name}" '
                "is waiting to start: " + _waiting_reason(row)
            )
        return "\n".join(row["log"])

    def _top(self, words: list[str], _flags: dict[str, str]) -> str:
        kind, names = _target(words[1:])
        seen = self._seen()
        if kind == "pods":
            rows = [row for row in _chosen(_objects(seen, kind), kind, names)
                    if row["resident_kib"]]  # fmt: skip
            return _table(
                ("NAME", "CPU(cores)", "MEMORY(bytes)"),
                [(row["name"], f"{row['cpu_m']}m", f"{row['resident_kib'] // 1024}Mi")
                 for row in rows],
            )  # fmt: skip
        if kind == "nodes":
            return _table(
                ("NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"),
                [
                    (row["name"], f"{row['cpu_used_m']}m",
                     f"{100 * row['cpu_used_m'] // row['cpu_m']}%",
                     f"{row['memory_used_kib'] // 1024}Mi",
                     f"{100 * row['memory_used_kib'] // row['memory_kib']}%")
                    for row in _chosen(_objects(seen, kind), kind, names)
                ],
            )  # fmt: skip
        raise Refused("error: top knows pods and nodes")

    # -------------------------------------------------------------------------------- what it does

    def _rollout(self, words: list[str], flags: dict[str, str]) -> str:
        if len(words) < 3:
            raise Refused("error: expected 'rollout status|history|undo|pause|resume|restart "
                          "deployment/NAME'")  # fmt: skip
        verb, (kind, names) = words[1], _target(words[2:])
        if kind != "deployments" or not names:
            raise Refused("error: required resource not specified: name a deployment")
        row = _chosen(_objects(self._seen(), kind), kind, names[:1])[0]
        name = row["name"]
        if verb == "status":
            return _rollout_status(row)
        if verb == "history":
            return _history(row)
        if verb == "undo":
            revision = flags.get("to-revision")
            self._live().do("rollout_undo", name, int(revision) if revision else None)
            return f"deployment.apps/{name} rolled back"
        done = {"pause": "paused", "resume": "resumed", "restart": "restarted"}
        if verb not in done:
            raise Refused(f'error: unknown command "rollout {verb}"')
        self._live().do(f"rollout_{verb}", name)
        return f"deployment.apps/{name} {done[verb]}"

    def _set(self, words: list[str], _flags: dict[str, str]) -> str:
        if len(words) < 4 or words[1] != "image":
            raise Refused("error: expected 'set image deployment/NAME CONTAINER=IMAGE'")
        changes = [word for word in words[2:] if "=" in word]
        kind, names = _target([word for word in words[2:] if "=" not in word])
        if kind != "deployments" or not names or not changes:
            raise Refused("error: one or more resources must be specified as deployment/NAME")
        row = _chosen(_objects(self._seen(), kind), kind, names[:1])[0]
        known = [one["name"] for one in row["spec"]["template"]["spec"]["containers"]]
        for change in changes:
            container = change.partition("=")[0]
            if container != "*" and container not in known:
                raise Refused(f'error: unable to find container named "{container}"')
            self._live().do("set_image", row["name"], change)
        return f"deployment.apps/{row['name']} image updated"

    def _scale(self, words: list[str], flags: dict[str, str]) -> str:
        kind, names = _target(words[1:])
        number = flags.get("replicas", "")
        if kind != "deployments" or not names or not (number.isascii() and number.isdigit()):
            raise Refused("error: expected 'scale deployment/NAME --replicas=N'")
        row = _chosen(_objects(self._seen(), kind), kind, names[:1])[0]
        self._live().do("scale", row["name"], int(number[:6]))
        return f"deployment.apps/{row['name']} scaled"

    def _nodes_verb(self, words: list[str], _flags: dict[str, str]) -> str:
        names = [word.removeprefix("node/") for word in words[1:]]
        if not names:
            raise Refused(f"error: USAGE: {words[0]} NODE")
        _chosen(_objects(self._seen(), "nodes"), "nodes", names)
        for name in names if words[0] != "drain" else [",".join(names)]:
            self._live().do(words[0], name)
        done = "cordoned" if words[0] != "uncordon" else "uncordoned"
        return "\n".join(f"node/{name} {done}" for name in names)


# ----------------------------------------------------------------------------------- from the words


def _flags(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    plain: list[str] = []
    flags: dict[str, str] = {}
    with_value = {"o", "l", "n", "selector", "output", "namespace", "to-revision", "replicas", "c"}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            plain.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals and name in with_value and rest:
            value = rest.pop(0)
        flags[{"output": "o"}.get(name, name)] = value
    return plain, flags


def _target(words: Sequence[str]) -> tuple[str, list[str]]:
    if not words:
        raise Refused("error: You must specify the type of resource to get, for example pods")
    first, names = words[0], list(words[1:])
    if "/" in first:
        first, _, name = first.partition("/")
        names.insert(0, name)
    for kind, known in _KINDS.items():
        if first in known:
            return kind, [name.rpartition("/")[2] for name in names]
    raise Refused(f'error: the server doesn\'t have a resource type "{first}"')


def _objects(seen: Snapshot, kind: str) -> list[Row]:
    if kind == "replicasets":
        return [each for one in seen.deployments for each in one["sets"]]
    if kind == "endpoints":
        return list(seen.services)
    return sorted(getattr(seen, kind), key=lambda row: str(row["name"]))


def _chosen(rows: Sequence[Row], kind: str, names: Sequence[str]) -> list[Row]:
    if not names:
        return list(rows)
    found = []
    for name in names:
        row = next((row for row in rows if row["name"] == name), None)
        if row is None:
            raise Refused(f'Error from server (NotFound): {_SERVER_NAMES.get(kind, kind)} "{name}" '
                          "not found")  # fmt: skip
        found.append(row)
    return found


# --------------------------------------------------------------------------------------- as tables


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def age(seconds: int) -> str:
    """A duration as kubectl writes it. Upstream: apimachinery's `duration.HumanDuration`."""
    if seconds < 0:
        return "<invalid>" if seconds < -1 else "0s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{days}d{hours % 24}h" if days < 8 and hours % 24 else f"{days}d"


def _pod_status(row: Row) -> str:
    shown = "Running" if row["shown"] == "Ready" else row["shown"]
    if row["deleted_s"] is not None:
        return "Terminating"
    last = row["last_state"]
    if shown == "CrashLoopBackOff" and last and last[0] == "OOMKilled":
        return "CrashLoopBackOff"
    return str(shown)


def _pods_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    head = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", *(["NODE"] if wide else [])]
    lines = []
    for row in rows:
        restarts = str(row["restarts"])
        if row["restarts"] and row["last_state"]:
            restarts += f" ({age(seen.now_s - row['last_state'][3])} ago)"
        line = [row["name"], f"{int(row['ready'])}/1", _pod_status(row), restarts,
                age(seen.now_s - row["created_s"])]  # fmt: skip
        lines.append([*line, *([row["node"] or "<none>"] if wide else [])])
    return _table(head, lines)


def _deployments_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"),
        [
            (row["name"], f"{row['status']['ready']}/{row['spec']['replicas']}",
             row["status"]["updated"], row["status"]["available"], age(seen.now_s))
            for row in rows
        ],
    )  # fmt: skip


def _sets_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "DESIRED", "CURRENT", "READY", "AGE"),
        [(row["name"], row["replicas"], row["current"], row["ready"], age(seen.now_s))
         for row in rows],
    )  # fmt: skip


def _services_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"),
        [
            (row["name"], row["spec"].get("type", "ClusterIP"), f"10.96.0.{10 + number}", "<none>",
             ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}"
                      for port in row["spec"].get("ports") or ()), age(seen.now_s))
            for number, row in enumerate(rows)
        ],
    )  # fmt: skip


def _endpoints_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "ENDPOINTS", "AGE"),
        [(row["name"], ",".join(row["endpoints"]) or "<none>", age(seen.now_s)) for row in rows],
    )


def _nodes_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "STATUS", "ROLES", "AGE"),
        [
            (row["name"], ("Ready" if row["ready"] else "NotReady")
             + (",SchedulingDisabled" if row["cordoned"] else ""), "<none>", age(seen.now_s))
            for row in rows
        ],
    )  # fmt: skip


def _hpas_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"),
        [
            (row["name"], f"Deployment/{row['target']}", _targets(row),
             row["spec"].get("minReplicas", 1), row["spec"]["maxReplicas"], row["replicas"],
             age(seen.now_s))
            for row in rows
        ],
    )  # fmt: skip


def _targets(row: Row) -> str:
    values = dict(row["values"])
    shown = []
    for metric in row["spec"].get("metrics") or ():
        part = next(metric[key] for key in metric if key != "type")
        name = part.get("name") or part["metric"]["name"]
        target = part["target"]
        value = next((values[key] for key in values if name in key), None)
        if "averageUtilization" in target:
            now = "<unknown>" if value is None else f"{value}%"
            shown.append(f"{name}: {now}/{target['averageUtilization']}%")
        else:
            wanted = target.get("averageValue", target.get("value"))
            now = "<unknown>" if value is None else _milli(value)
            shown.append(f"{now}/{_milli(quantity.milli(wanted))}")
    return ", ".join(shown) or "<none>"


def _milli(value: int) -> str:
    return f"{value}m" if value % 1000 else str(value // 1000)


def _pdbs_table(rows: Sequence[Row], seen: Snapshot, wide: bool) -> str:
    del wide
    return _table(
        ("NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"),
        [
            (row["name"], row["spec"].get("minAvailable", "N/A"),
             row["spec"].get("maxUnavailable", "N/A"), row["allowed"], age(seen.now_s))
            for row in rows
        ],
    )  # fmt: skip


_TABLES = {
    "pods": _pods_table,
    "deployments": _deployments_table,
    "replicasets": _sets_table,
    "services": _services_table,
    "endpoints": _endpoints_table,
    "nodes": _nodes_table,
    "hpas": _hpas_table,
    "pdbs": _pdbs_table,
}


def _events_table(events: Sequence[Event], now_s: int) -> str:
    if not events:
        return "No resources found in default namespace."
    return _table(
        ("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"),
        [
            (age(now_s - last), event.type, event.reason, f"{event.kind.lower()}/{event.name}",
             event.message)
            for event, _first, last, _count in _gathered(events)
        ],
    )  # fmt: skip


def _gathered(events: Sequence[Event]) -> list[tuple[Event, int, int, int]]:
    """Events that say the same, once: with the first time, the last, and how many."""
    known: dict[tuple[str, ...], list[Any]] = {}
    for event in events:
        key = (event.kind, event.name, event.reason, event.message)
        row = known.setdefault(key, [event, event.at_s, event.at_s, 0])
        row[2], row[3] = event.at_s, row[3] + 1
    rows = [(row[0], row[1], row[2], row[3]) for row in known.values()]
    return sorted(rows, key=lambda row: row[2])


# ------------------------------------------------------------------------------------- as describe


def _fields(pairs: Sequence[tuple[str, object]], indent: int = 0) -> str:
    width = max(len(name) for name, _ in pairs) + 3
    return "\n".join(
        (" " * indent + f"{name}:".ljust(width) + str(value)).rstrip() for name, value in pairs
    )


def _events_of(seen: Snapshot, kind: str, name: str, source: str) -> str:
    mine = [event for event in seen.events if event.kind == kind and event.name == name]
    if not mine:
        return "Events:  <none>"
    rows = []
    for event, first, last, count in _gathered(mine):
        when = age(seen.now_s - last)
        if count > 1:
            when += f" (x{count} over {age(seen.now_s - first)})"
        by = "default-scheduler" if event.reason in ("Scheduled", "FailedScheduling") else source
        rows.append((event.type, event.reason, when, by, event.message))
    head = ("Type", "Reason", "Age", "From", "Message")
    table = _table(head, [["-" * min(7, len(cell)) for cell in head], *rows])
    return "Events:\n" + "\n".join(f"  {line}" for line in table.splitlines())


def _waiting_reason(row: Row) -> str:
    return str(row["shown"]) if row["shown"] != "Pending" else "PodScheduled"


def _state(row: Row) -> list[tuple[str, object]]:
    shown = row["shown"]
    if shown in ("Running", "Ready", "Terminating") and row["started_s"] is not None:
        pairs: list[tuple[str, object]] = [("State", "Running"),
                                           ("  Started", _clock(row["started_s"]))]  # fmt: skip
    else:
        pairs = [("State", "Waiting"), ("  Reason", _waiting_reason(row))]
    if row["last_state"] is not None:
        reason, code, started_s, finished_s = row["last_state"]
        pairs += [
            ("Last State", "Terminated"),
            ("  Reason", reason),
            ("  Exit Code", code),
            ("  Started", _clock(started_s)),
            ("  Finished", _clock(finished_s)),
        ]
    return [*pairs, ("Ready", row["ready"]), ("Restart Count", row["restarts"])]


def _clock(at_s: int) -> str:
    """Virtual time: hours, minutes and seconds since the run's zero."""
    sign, left = ("-", -at_s) if at_s < 0 else ("", at_s)
    return f"{sign}{left // 3600:02d}:{left // 60 % 60:02d}:{left % 60:02d}"


def _describe_pod(row: Row, seen: Snapshot) -> str:
    head = _fields(
        [
            ("Name", row["name"]),
            ("Namespace", "default"),
            ("Node", row["node"] or "<none>"),
            ("Labels", ",".join(f"{k}={v}" for k, v in sorted(row["labels"].items()))),
            ("Status", "Terminating" if row["deleted_s"] is not None else row["phase"]),
            ("Controlled By", f"ReplicaSet/{row['replica_set']}"),
        ]
    )
    body: list[tuple[str, object]] = [("Image", row["image"]), *_state(row)]
    for part in ("limits", "requests"):
        amounts = row["resources"].get(part) or {}
        if amounts:
            body.append((part.title(), ""))
            body += [(f"  {name}", amount) for name, amount in sorted(amounts.items())]
    body += [(kind.title(), shown) for kind, shown in row["probes"].items()]
    body.append(("Environment", "" if row["env"] else "<none>"))
    body += [(f"  {name}", value) for name, value in row["env"].items()]
    conditions = _table(
        ("Type", "Status"),
        [
            ("Initialized", row["node"] != ""),
            ("Ready", row["ready"]),
            ("ContainersReady", row["ready"]),
            ("PodScheduled", row["node"] != ""),
        ],
    )
    return "\n".join(
        [
            head,
            "Containers:",
            f"  {row['container']}:",
            _fields(body, indent=4),
            "Conditions:",
            *(f"  {line}" for line in conditions.splitlines()),
            f"QoS Class:  {row['qos']}",
            _events_of(seen, "Pod", row["name"], "kubelet"),
        ]
    )


def _describe_deployment(row: Row, seen: Snapshot) -> str:
    status, spec = row["status"], row["spec"]
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
    wanted = spec["replicas"]
    progressing = "False" if row["progress"] == "ProgressDeadlineExceeded" else "True"
    template = spec["template"]["spec"]["containers"][0]
    enough = status["available"] >= wanted - _unavailable(spec)
    pairs: list[tuple[str, object]] = [
        ("Name", row["name"]),
        ("Namespace", "default"),
        ("Annotations", f"deployment.kubernetes.io/revision: {row['revision']}"),
        (
            "Replicas",
            f"{wanted} desired | {status['updated']} updated | {status['replicas']} total | "
            f"{status['available']} available | {status['replicas'] - status['available']} "
            "unavailable",
        ),
        ("StrategyType", (spec.get("strategy") or {}).get("type", "RollingUpdate")),
        ("MinReadySeconds", spec.get("minReadySeconds", 0)),
        (
            "RollingUpdateStrategy",
            f"{rolling.get('maxUnavailable', '25%')} max unavailable, "
            f"{rolling.get('maxSurge', '25%')} max surge",
        ),
        ("Image", template.get("image", "")),
    ]
    conditions = _table(
        ("Type", "Status", "Reason"),
        [
            ("----", "------", "------"),
            ("Available", enough, "MinimumReplicasAvailable" if enough
             else "MinimumReplicasUnavailable"),
            ("Progressing", progressing, row["progress"]),
        ],
    )  # fmt: skip
    sets = [
        (
            "NewReplicaSet" if each["name"] == row["new_set"] else "OldReplicaSets",
            f"{each['name']} ({each['current']}/{each['replicas']} replicas created)",
        )
        for each in row["sets"]
        if each["replicas"] or each["name"] == row["new_set"]
    ]
    return "\n".join(
        [
            _fields(pairs),
            "Conditions:",
            *(f"  {line}" for line in conditions.splitlines()),
            _fields(sets) if sets else "NewReplicaSet:  <none>",
            _events_of(seen, "Deployment", row["name"], "deployment-controller"),
        ]
    )


def _unavailable(spec: Mapping[str, Any]) -> int:
    from coursekit.devops.cluster.rollout import max_unavailable

    return max_unavailable(spec)


def _describe_hpa(row: Row, seen: Snapshot) -> str:
    rule = row["rule"]
    failed = rule.startswith(("FailedGet", "Invalid"))
    limited = rule in ("TooManyReplicas", "TooFewReplicas", "ScaleUpLimit", "ScaleDownLimit")
    stabilized = rule in ("ScaleUpStabilized", "ScaleDownStabilized")
    conditions = _table(
        ("Type", "Status", "Reason", "Message"),
        [
            ("----", "------", "------", "-------"),
            ("AbleToScale", "True", rule if stabilized else "ReadyForNewScale",
             row["message"] if stabilized else "recommended size matches current size"),
            ("ScalingActive", str(not failed), rule if failed else "ValidMetricFound",
             row["message"] if failed else "the HPA was able to calculate a replica count"),
            ("ScalingLimited", str(limited), rule if limited else "DesiredWithinRange",
             row["message"] if limited else "the desired count is within the acceptable range"),
        ],
    )  # fmt: skip
    return "\n".join(
        [
            _fields(
                [
                    ("Name", row["name"]),
                    ("Namespace", "default"),
                    ("Reference", f"Deployment/{row['target']}"),
                    ("Metrics", _targets(row)),
                    ("Min replicas", row["spec"].get("minReplicas", 1)),
                    ("Max replicas", row["spec"]["maxReplicas"]),
                    ("Deployment pods", f"{row['replicas']} current / {row['replicas']} desired"),
                ]
            ),
            "Conditions:",
            *(f"  {line}" for line in conditions.splitlines()),
            _events_of(seen, "HorizontalPodAutoscaler", row["name"], "horizontal-pod-autoscaler"),
        ]
    )


def _describe_node(row: Row, seen: Snapshot) -> str:
    mine = [pod for pod in seen.pods if pod["name"] in row["pods"]]
    return "\n".join(
        [
            _fields(
                [
                    ("Name", row["name"]),
                    ("Unschedulable", str(row["cordoned"]).lower()),
                    ("Ready", row["ready"]),
                    ("Allocatable", f"cpu {row['cpu_m']}m, memory {row['memory_kib']}Ki"),
                ]
            ),
            f"Non-terminated Pods:  ({len(mine)} in total)",
            *(f"  {pod['name']}" for pod in mine),
            "Allocated resources:",
            f"  cpu     {row['cpu_requested_m']}m "
            f"({100 * row['cpu_requested_m'] // max(1, row['cpu_m'])}%)",
            f"  memory  {row['memory_requested_kib'] // 1024}Mi "
            f"({100 * row['memory_requested_kib'] // max(1, row['memory_kib'])}%)",
            _events_of(seen, "Node", row["name"], "node-controller"),
        ]
    )


_DESCRIBED = {
    "pods": _describe_pod,
    "deployments": _describe_deployment,
    "hpas": _describe_hpa,
    "nodes": _describe_node,
}


def _rollout_status(row: Row) -> str:
    """Upstream: kubectl's `DeploymentStatusViewer.Status`."""
    name, status, wanted = row["name"], row["status"], row["spec"]["replicas"]
    waiting = f'Waiting for deployment "{name}" rollout to finish: '
    if row["progress"] == "ProgressDeadlineExceeded":
        return f'error: deployment "{name}" exceeded its progress deadline'
    if status["updated"] < wanted:
        return f"{waiting}{status['updated']} out of {wanted} new replicas have been updated..."
    if status["replicas"] > status["updated"]:
        old = status["replicas"] - status["updated"]
        return f"{waiting}{old} old replicas are pending termination..."
    if status["available"] < status["updated"]:
        return (
            f"{waiting}{status['available']} of {status['updated']} updated replicas are "
            "available..."
        )
    return f'deployment "{name}" successfully rolled out'


def _history(row: Row) -> str:
    sets = sorted(row["sets"], key=lambda each: int(each["revision"]))
    table = _table(
        ("REVISION", "CHANGE-CAUSE"),
        [(each["revision"], each["cause"] or "<none>") for each in sets],
    )
    return f"deployment.apps/{row['name']}\n{table}"
