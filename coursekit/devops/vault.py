"""Who reads which secret, and what a rotation does to running pods.

Manifests are read and RBAC is decided by `coursekit.devops.cluster`. The rotation counts whole
seconds. What it follows: a mounted Secret is refreshed by the kubelet (sync period plus cache, 90 s
at most here), while `subPath` mounts and variables keep what they had when the container began
(kubernetes.io, "Mounted Secrets are updated automatically"); an ExternalSecret is read again at
each `refreshInterval` (external-secrets.io, `refreshPolicy`).
"""

from __future__ import annotations

import posixpath
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from coursekit import AnswerError
from coursekit.devops.cluster.documents import Document
from coursekit.devops.cluster.rbac import allowed
from coursekit.devops.cluster.read import Manifests, read
from coursekit.plots import bars, label_axes, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Held = tuple[bool, str]
Seconds = int  # since the first step may be taken

TENANTS = ("harbour", "orchard")
MODELS = "triage-models"  # the ConfigMap
VALID = 600  # seconds that the old password stays valid after `rotate`
KUBELET = 90  # seconds until a mounted volume follows, at most
SYNC = 5  # seconds that a forced refresh takes
PODS, LOAD = 3, 45  # replicas, and seconds from one replaced pod to the next
HOUR = 3600
MOST_STEPS = 20
NEVER = 10**9
NAME_LIKE = re.compile(
    r"(?i)(?:^|[_.-])(?:password|passwd|pwd|token|secret|api[_.-]?key|secret[_.-]?key)$"
)


# ---------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class Use:
    """How the pods of a tenant get the password.

    Attributes:
        how: "volume", "subPath", "variable" or "" where they do not.
        refresh: seconds between two reads of the store; `NEVER` where it is not read again.
    """

    how: str
    refresh: int


@dataclass(frozen=True)
class Rotation:
    """One tenant's rotation.

    Attributes:
        refused: why the steps cannot be run; "" if they can.
        rotated, synced: when the store had a new password, and when the Secret had it.
        pods: for each pod, when it had the new password.
        begins: for each pod, when it was begun again.
        failed: for each pod, how many requests failed.
    """

    use: Use
    refused: str = ""
    rotated: int = 0
    synced: int = NEVER
    pods: tuple[int, ...] = ()
    begins: tuple[tuple[int, ...], ...] = ()
    failed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Run:
    """An answer, read and played."""

    manifests: Manifests
    rotations: Mapping[str, Rotation]


def world(answer: Any, seed: str) -> Run:
    """Read an answer `{"manifests": …, "rotation": {tenant: steps}}` and play both rotations.

    Raises:
        AnswerError: no API server would take the manifests; with line and path.
    """
    if not isinstance(answer, dict) or "manifests" not in answer:
        raise AnswerError("manifests() returns YAML text, or a dict of files")
    manifests = read(answer["manifests"])
    steps = answer.get("rotation")
    rng = random.Random(f"kubelet {seed}")
    delays = [KUBELET, *(rng.randrange(20, KUBELET + 1) for _ in range(PODS - 1))]
    by_tenant = steps if isinstance(steps, dict) else {}
    rotations = {t: play(manifests, t, by_tenant.get(t), delays) for t in TENANTS}
    return Run(manifests, rotations)


def deployment(manifests: Manifests, tenant: str) -> Document | None:
    """The tenant's Deployment."""
    return manifests.find("Deployment", f"triage-{tenant}")


def pod_spec(document: Document | None) -> dict[str, Any]:
    """The pod's spec in a Deployment or Pod; empty where there is none."""
    tree: Any = document.tree if document else {}
    for key in ("spec", "template", "spec") if document and document.kind != "Pod" else ("spec",):
        tree = tree.get(key) or {}
    return dict(tree)


def external_secret(manifests: Manifests, tenant: str) -> Document | None:
    """The ExternalSecret that fills the tenant's Secret."""
    for document in manifests.of("ExternalSecret"):
        target = (document.tree.get("spec", {}).get("target") or {}).get("name") or document.name
        if target == f"{tenant}-db":
            return document
    return None


def use_of(manifests: Manifests, tenant: str) -> Use:
    """How the tenant's pods get the password, and how often the store is read."""
    spec, secret = pod_spec(deployment(manifests, tenant)), f"{tenant}-db"
    container = (spec.get("containers") or [{}])[0]
    return Use(_how(spec, container, secret), refresh_of(external_secret(manifests, tenant)))


def _how(spec: Mapping[str, Any], container: Mapping[str, Any], secret: str) -> str:
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
        if (variable.get("name"), reference.get("name"), reference.get("key")) == (
            "DB_PASSWORD",
            secret,
            "password",
        ):
            return "variable"
    files = {v.get("name"): _files(v, secret) for v in spec.get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        place, inside = mount.get("mountPath", ""), mount.get("subPath", "")
        for file in files.get(mount.get("name"), ()):
            if inside and inside == file and posixpath.normpath(place) == "/etc/db/password":
                return "subPath"
            if not inside and posixpath.normpath(posixpath.join(place, file)) == "/etc/db/password":
                return "volume"
    return ""


def _files(volume: Mapping[str, Any], secret: str) -> list[str]:
    """Where the key `password` of a Secret lies in a volume."""
    found: list[str] = []
    sources = [(volume.get("secret") or {}, "secretName")]
    sources += [
        (source.get("secret") or {}, "name")
        for source in (volume.get("projected") or {}).get("sources") or ()
    ]
    for source, name in sources:
        if source.get(name) == secret:
            items = source.get("items") or [{"key": "password", "path": "password"}]
            found += [i.get("path", "") for i in items if i.get("key") == "password"]
    return found


def refresh_of(document: Document | None) -> int:
    """Seconds between two reads of the store, rounded up; `NEVER` where it is not read again."""
    if document is None:
        return NEVER
    spec = document.tree.get("spec", {})
    if spec.get("refreshPolicy", "Periodic") != "Periodic":
        return NEVER
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    text = str(spec.get("refreshInterval", "1h"))
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)", text)
    seconds = sum(float(number) * units[unit] for number, unit in parts)
    return -int(-seconds // 1) if seconds > 0 else NEVER


# ---------------------------------------------------------------------------------------- playing


def play(manifests: Manifests, tenant: str, steps: Any, delays: Sequence[int]) -> Rotation:
    """One tenant's rotation; at worst: the store was read right before `rotate`.

    Args:
        delays: seconds until the volume of each pod follows the Secret.
    """
    return played_with(use_of(manifests, tenant), tenant, steps, delays)


def played_with(use: Use, tenant: str, steps: Any, delays: Sequence[int]) -> Rotation:
    """The same for a use that is known."""
    refused = refusal(tenant, steps)
    if refused:
        return Rotation(use, refused)
    times = {word: [at for at, text in steps if text == f"{word} {tenant}"] for word in COMMANDS}
    rotated = times["rotate"][0]
    synced = rotated + use.refresh if use.refresh < NEVER else NEVER
    synced = min([synced, *(at + SYNC for at in times["sync"] if at >= rotated)])
    begins = tuple(tuple(at + LOAD * k for at in times["restart"]) for k in range(PODS))
    pods = []
    for delay, begun in zip(delays, begins, strict=True):
        has = [at for at in begun if at >= synced]
        if use.how == "volume" and synced < NEVER:
            has.append(synced + delay)
        pods.append(min(has, default=NEVER) if use.how else NEVER)
    end = rotated + HOUR
    failed = tuple(max(0, min(has, end) - (rotated + VALID)) for has in pods)
    return Rotation(use, "", rotated, synced, tuple(pods), begins, failed)


COMMANDS = ("rotate", "sync", "restart")


def refusal(tenant: str, steps: Any) -> str:
    """Why steps cannot be run, in a sentence; "" if they can."""
    if not isinstance(steps, list | tuple):
        return "rotation() returns a list of (seconds, command)"
    if len(steps) > MOST_STEPS:
        return f"{len(steps)} steps; at most {MOST_STEPS}"
    last = 0
    for step in steps:
        if not (isinstance(step, list | tuple) and len(step) == 2):
            return f"{str(step)[:40]!r} is no pair of seconds and command"
        at, text = step
        if type(at) is not int or not 0 <= at <= HOUR:
            return f"{str(at)[:20]!r} is no whole number of seconds from 0 to {HOUR}"
        if at < last:
            return f"{at} s comes after {last} s; put the steps in order"
        if text not in {f"{word} {tenant}" for word in COMMANDS}:
            return f"{str(text)[:40]!r} is none of {', '.join(f'{w} {tenant}' for w in COMMANDS)}"
        last = at
    count = sum(text == f"rotate {tenant}" for _, text in steps)
    return "" if count == 1 else f"rotate {tenant} stands {count} times; once is right"


# -------------------------------------------------------------------------- claims about manifests


def _fits(wrong: list[str], fine: str) -> Held:
    return not wrong, wrong[0] if wrong else fine


def _granted(
    run: Run, account: str, verb: str, resource: str, name: str | None, group: str
) -> bool:
    return allowed(run.manifests, account, verb, resource, name, group)


def own_secret_can_be_read(run: Run) -> Held:
    """each service account may get its own Secret, and get and watch the ConfigMap by name"""
    wrong = []
    for tenant in TENANTS:
        account = f"triage-{tenant}"
        if run.manifests.find("ServiceAccount", account) is None:
            wrong.append(f"there is no ServiceAccount {account}")
        for verb, resource, name in (
            ("get", "secrets", f"{tenant}-db"),
            ("get", "configmaps", MODELS),
            ("watch", "configmaps", MODELS),
        ):
            if not _granted(run, account, verb, resource, name, ""):
                wrong.append(f"{account} may not {verb} {resource} {name}")
    return _fits(wrong, "both may read what is theirs")


def tenants_are_apart(run: Run) -> Held:
    """no service account and no Deployment of a tenant reaches the other's Secret"""
    wrong = []
    for tenant, other in (TENANTS, TENANTS[::-1]):
        account, secret = f"triage-{tenant}", f"{other}-db"
        if run.manifests.find("ServiceAccount", account) is None:
            wrong.append(f"there is no ServiceAccount {account}")
        for verb in ("get", "update", "patch", "delete"):
            if _granted(run, account, verb, "secrets", secret, ""):
                wrong.append(f"{account} may {verb} secret {secret}")
        spec = pod_spec(deployment(run.manifests, tenant))
        if secret in set(_referred(spec)):
            wrong.append(f"the pods of triage-{tenant} hold {secret}")
        if spec.get("serviceAccountName") == f"triage-{other}":
            wrong.append(f"the pods of triage-{tenant} run as triage-{other}")
    return _fits(wrong, "each tenant's secret is seen by its own service only")


def _referred(value: Any) -> Iterator[str]:
    """Every name of a Secret in a pod's spec."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("secretKeyRef", "secretRef", "secret") and isinstance(inner, dict):
                yield str(inner.get("secretName") or inner.get("name"))
            yield from _referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _referred(inner)


def lists_are_closed(run: Run) -> Held:
    """nobody may list or watch Secrets: both return their contents"""
    wrong = []
    for tenant in TENANTS:
        account = f"triage-{tenant}"
        if run.manifests.find("ServiceAccount", account) is None:
            wrong.append(f"there is no ServiceAccount {account}")
        for verb in ("list", "watch"):
            for name in (None, f"{tenant}-db"):
                if _granted(run, account, verb, "secrets", name, ""):
                    what = f"secret {name}" if name else "all secrets, with their contents"
                    wrong.append(f"{account} may {verb} {what}")
    return _fits(wrong, "no list and no watch shows a secret")


VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
PROBES = (
    ("", "secrets"),
    ("", "configmaps"),
    ("", "pods"),
    ("", "pods/exec"),
    ("", "pods/log"),
    ("", "serviceaccounts/token"),
    ("", "services"),
    ("apps", "deployments"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("external-secrets.io", "externalsecrets"),
)


def nothing_more_is_granted(run: Run) -> Held:
    """no verb, resource or name beyond what the service needs; secrets' lists aside"""
    wrong = []
    for tenant in TENANTS:
        account, own = f"triage-{tenant}", f"{tenant}-db"
        if run.manifests.find("ServiceAccount", account) is None:
            wrong.append(f"there is no ServiceAccount {account}")
        for group, resource in PROBES:
            for verb in VERBS:
                for name in (None, MODELS, own, "another"):
                    aside = _is_judged_elsewhere(verb, resource, name)
                    if aside or _is_needed(verb, resource, name, own):
                        continue
                    if _granted(run, account, verb, resource, name, group):
                        wrong.append(f"{account} may {verb} {resource} {name or 'of any name'}")
    return _fits(wrong, "nothing beyond what is needed")


def _is_needed(verb: str, resource: str, name: str | None, own: str) -> bool:
    if resource == "secrets":
        return verb == "get" and name == own
    return resource == "configmaps" and verb in ("get", "watch") and name == MODELS


def _is_judged_elsewhere(verb: str, resource: str, name: str | None) -> bool:
    """Lists of secrets: `lists_are_closed`; what opens every name: `tenants_are_apart`."""
    return resource == "secrets" and (
        verb in ("list", "watch") or (verb == "get" and name in (None, "another", MODELS))
    )


def keys_come_from_the_store(run: Run) -> Held:
    """each ExternalSecret takes its own tenant's password from the store into <tenant>-db"""
    wrong = []
    for tenant in TENANTS:
        document = external_secret(run.manifests, tenant)
        if document is None:
            wrong.append(f"no ExternalSecret fills {tenant}-db")
            continue
        spec, where = document.tree.get("spec", {}), f"line {document.first_line}"
        store = spec.get("secretStoreRef") or {}
        if store.get("name") != "vault" or store.get("kind", "SecretStore") != "SecretStore":
            wrong.append(f"{where}: the store is not the SecretStore vault")
        entries = {e.get("secretKey"): e.get("remoteRef") or {} for e in spec.get("data") or ()}
        reference = entries.get("password", {})
        seen = (reference.get("key"), reference.get("property"))
        if seen != (f"tenants/{tenant}/db", "password"):
            wrong.append(f"{where}: password comes from {seen[0]} {seen[1]}")
    return _fits(wrong, "each password comes from its own key of the store")


def no_value_is_written(run: Run) -> Held:
    """no manifest holds a secret: base64 is no secret"""
    wrong = []
    if not run.manifests.of("ExternalSecret") or not run.manifests.of("Deployment"):
        wrong.append("there is no ExternalSecret or no Deployment yet")
    for document in run.manifests:
        where = f"line {document.first_line}"
        if document.kind == "Secret":
            parts = [document.tree.get(key) or {} for key in ("data", "stringData")]
            if any(value for part in parts for value in part.values()):
                wrong.append(f"{where}: a Secret with a value; base64 is no secret")
        for variable in _variables(document):
            if variable.get("value") and NAME_LIKE.search(str(variable.get("name", ""))):
                wrong.append(f"{where}: {variable['name']} has its value in the manifest")
    return _fits(wrong, "no value is written")


def _variables(document: Document) -> Iterator[dict[str, Any]]:
    spec = pod_spec(document)
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        yield from container.get("env") or ()


def pods_run_as_themselves(run: Run) -> Held:
    """each Deployment has 3 replicas, runs as its own service account and gets its password"""
    wrong = []
    for tenant in TENANTS:
        document = deployment(run.manifests, tenant)
        if document is None:
            wrong.append(f"there is no Deployment triage-{tenant}")
            continue
        account = pod_spec(document).get("serviceAccountName") or "default"
        if account != f"triage-{tenant}":
            wrong.append(f"triage-{tenant} runs as {account}")
        if document.tree.get("spec", {}).get("replicas") != PODS:
            wrong.append(f"triage-{tenant} has not {PODS} replicas")
        if not use_of(run.manifests, tenant).how:
            wrong.append(f"triage-{tenant} gets no password from {tenant}-db")
    return _fits(wrong, "each runs as itself and has its password")


# -------------------------------------------------------------------------- claims about rotations


def _clock(at: int) -> str:
    return f"{at // 60:02d}:{at % 60:02d}"


def _unharmed(rotation: Rotation, tenant: str) -> Held:
    if rotation.refused:
        return False, rotation.refused
    if sum(rotation.failed):
        worst = max(range(PODS), key=lambda k: rotation.failed[k])
        why = {
            "": "it has no password at all",
            "volume": "the Secret came too late",
            "subPath": "a subPath never follows",
            "variable": "a variable keeps what it had at the start",
        }[rotation.use.how]
        if rotation.synced >= NEVER:
            why = "the Secret never followed the store"
        elif rotation.use.how == "volume" or rotation.synced > rotation.rotated + VALID:
            why = f"the Secret followed the store at {_clock(rotation.synced - rotation.rotated)}"
        return False, (
            f"from {_clock(VALID)} after the rotation {sum(rotation.failed)} requests of "
            f"triage-{tenant} failed; pod {worst}: {why}"
        )
    last = max(rotation.pods) - rotation.rotated
    return (
        True,
        f"the last pod of triage-{tenant} had the new password after {_clock(max(last, 0))}",
    )


def harbour_is_unharmed(run: Run) -> Held:
    """no request of harbour fails in the hour after the rotation"""
    return _unharmed(run.rotations["harbour"], "harbour")


def orchard_is_unharmed(run: Run) -> Held:
    """no request of orchard fails in the hour after the rotation"""
    return _unharmed(run.rotations["orchard"], "orchard")


# --------------------------------------------------------------------------------------- a picture


@dataclass(frozen=True)
class Shown:
    """One rotation, to be drawn."""

    rotation: Rotation
    words: str


def shown(manifests: Any, steps: Any, refresh_min: float, delay_s: float) -> Shown:
    """The rotation of harbour with these sliders.

    Args:
        refresh_min: minutes between two reads of the store; 0 keeps what the manifests say.
        delay_s: seconds until a volume follows.
    """
    use = use_of(read(manifests), "harbour")
    if refresh_min:
        use = replace(use, refresh=int(refresh_min) * 60)
    rotation = played_with(use, "harbour", steps, [int(delay_s)] * PODS)
    if rotation.refused:
        raise ValueError(rotation.refused)
    return Shown(rotation, _unharmed(rotation, "harbour")[1])


LOOKS: dict[str, dict[str, Any]] = {
    "old password": {"color": "#9a9a9a", "linewidth": 8},
    "new password": {"color": "#1b7837", "linewidth": 8},
    "requests fail": {"color": "#b2182b", "linewidth": 8},
    "pod begins": {"color": "#222222", "marker": "v", "linestyle": "none"},
}


def draw_rotation(figure: Figure, seen: Shown, **_: float) -> None:
    """One row for each pod: which password it has, when it begins again, where requests fail."""
    axes = figure.add_axes((0.07, 0.17, 0.89, 0.68))
    rotation, first, last = seen.rotation, -120, 1500
    for pod, has in enumerate(rotation.pods):
        at, y = min(has - rotation.rotated, last), PODS - 1 - pod
        bars(axes, [(first, y - 0.3, at - first, 0.6)], facecolors="#9a9a9a")
        bars(axes, [(at, y - 0.3, last - at, 0.6)], facecolors="#1b7837")
        if at > VALID:
            bars(axes, [(VALID, y - 0.3, at - VALID, 0.6)], facecolors="#b2182b", hatch="//")
            axes.text((VALID + at) / 2, y, "fails", ha="center", va="center", color="white")
        axes.text(first + 8, y, "old", va="center", fontsize=9, color="white")
        if at < last:
            axes.text(last - 8, y, "new", va="center", ha="right", fontsize=9, color="white")
        begins = [b - rotation.rotated for b in rotation.begins[pod]]
        axes.plot(begins, [y + 0.42] * len(begins), "v", color="#222222", markersize=6)
    synced = rotation.synced - rotation.rotated
    for at, words in ((0, "rotate"), (VALID, "old one ends"), (synced, "Secret follows")):
        if at <= last:
            axes.axvline(at, color="#333333", linestyle="-." if at == synced else ":")
            up = 2.62 if at == synced else -0.62
            axes.text(at + 6, up, words, fontsize=9)
    axes.set_xlim(first, last)
    axes.set_ylim(-0.75, PODS - 0.15)
    label_axes(
        axes,
        {60 * minute: f"{minute} min" for minute in (0, 5, 10, 15, 20, 24)},
        {PODS - 1 - pod: f"pod {pod}" for pod in range(PODS)},
        xlabel=seen.words,
        grid=False,
    )
    legend(axes, LOOKS, start=0.16, step=0.21)
