"""Rules for ConfigMaps, Secrets, Roles, RoleBindings and ExternalSecrets."""

import json
import re
from collections.abc import Iterator

from coursekit.devops.cluster.defaults import RBAC_GROUP, Tree
from coursekit.devops.cluster.problems import Found, Path, excerpt
from coursekit.devops.cluster.rules.base import KEY, Rule, decoded, one_of, rule

MOST_STORED_BYTES = 1024 * 1024  # of a ConfigMap or a Secret
_DURATION = re.compile(r"0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+")


@rule(
    "keys",
    "A key of a ConfigMap or Secret has letters, digits, `-`, `_` and `.`; all values together are "
    "at most 1 MiB",
    "core: ValidateConfigMap, ValidateSecret",
    "ConfigMap",
    "Secret",
)
def keys(tree: Tree) -> Iterator[Found]:
    size = 0
    for part in ("data", "binaryData", "stringData"):
        for key, value in tree.get(part, {}).items():
            size += len(value)
            if len(key) > 253 or not KEY.fullmatch(key) or key in (".", ".."):
                yield (part, key), "no key; write letters, digits, -, _ and ."
            if part == "binaryData" and key in tree.get("data", {}):
                yield (part, key), "the same key stands in data; keep one"
    if size > MOST_STORED_BYTES:
        yield ("data",), "more than 1 MiB; store less"


@rule(
    "base64",
    "Values in a Secret's `data` and a ConfigMap's `binaryData` are base64",
    "apimachinery: JSON of []byte",
    "ConfigMap",
    "Secret",
)
def base64(tree: Tree) -> Iterator[Found]:
    part = "data" if tree["kind"] == "Secret" else "binaryData"
    hint = "write plain text under stringData" if part == "data" else "write plain text under data"
    for key, value in tree.get(part, {}).items():
        if decoded(value) is None:
            yield (part, key), f"its value is not base64; encode it, or {hint}"


@rule(
    "secret-types",
    "A Secret of a known type holds that type's keys",
    "core: ValidateSecret",
    "Secret",
)
def secret_types(tree: Tree) -> Iterator[Found]:
    kind = tree.get("type", "Opaque")
    data = dict(tree.get("data", {}))
    data |= dict.fromkeys(tree.get("stringData", {}))
    needed = {
        "kubernetes.io/tls": ("tls.crt", "tls.key"),
        "kubernetes.io/ssh-auth": ("ssh-privatekey",),
        "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    }
    for key in needed.get(kind, ()):
        if key not in data:
            yield ("data", key), f"missing; a Secret of type {kind} needs it"
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & set(data):
        yield ("data",), "it has neither username nor password; write one"
    if kind == "kubernetes.io/dockerconfigjson":
        text = tree.get("stringData", {}).get(".dockerconfigjson")
        part = "data" if text is None else "stringData"
        raw = decoded(data.get(".dockerconfigjson") or "") if text is None else text.encode()
        try:
            json.loads(raw or b"{}")
        except (ValueError, RecursionError):
            yield (
                (part, ".dockerconfigjson"),
                "its value is not JSON; write the file of docker login",
            )


@rule(
    "role-rules",
    "A rule of a Role has verbs, apiGroups and resources, and no nonResourceURLs",
    "rbac: ValidatePolicyRule",
    "Role",
)
def role_rules(tree: Tree) -> Iterator[Found]:
    for at, given in enumerate(tree.get("rules", ())):
        path: Path = ("rules", at)
        if not given.get("verbs"):
            yield (*path, "verbs"), "missing; write verbs such as get"
        if given.get("nonResourceURLs"):
            yield (
                (*path, "nonResourceURLs"),
                "not in a Role; only a ClusterRole has them: delete it",
            )
            continue
        if not given.get("apiGroups"):
            yield (*path, "apiGroups"), 'missing; write [""] for pods, secrets and config maps'
        if not given.get("resources"):
            yield (*path, "resources"), "missing; write resources such as pods"


@rule(
    "binding",
    "A RoleBinding refers to a Role; a subject is a ServiceAccount without apiGroup, or a User or "
    "Group of rbac.authorization.k8s.io",
    "rbac: ValidateRoleBinding, ValidateRoleBindingSubject; this cluster (no ClusterRole)",
    "RoleBinding",
)
def binding(tree: Tree) -> Iterator[Found]:
    role = tree.get("roleRef", {})
    if role.get("apiGroup", "") not in ("", RBAC_GROUP):
        yield ("roleRef", "apiGroup"), f"{excerpt(role['apiGroup'])}: write {RBAC_GROUP}"
    if role.get("kind") == "ClusterRole":
        yield ("roleRef", "kind"), "this cluster has no ClusterRole; write a Role"
    else:
        wrong = one_of(role.get("kind", ""), ("Role",))
        if wrong:
            yield ("roleRef", "kind"), wrong
    if not role.get("name"):
        yield ("roleRef", "name"), "empty; name the Role"
    for at, subject in enumerate(tree.get("subjects", ())):
        path: Path = ("subjects", at)
        kind, group = subject.get("kind", ""), subject.get("apiGroup", "")
        wrong = one_of(kind, ("ServiceAccount", "User", "Group"))
        if wrong:
            yield (*path, "kind"), wrong
        if not subject.get("name"):
            yield (*path, "name"), "empty; name the subject"
        if kind == "ServiceAccount" and group:
            yield (*path, "apiGroup"), "a ServiceAccount has none; delete it"
        elif kind in ("User", "Group") and group not in ("", RBAC_GROUP):
            yield (*path, "apiGroup"), f"{excerpt(group)}: write {RBAC_GROUP}"


@rule(
    "external-secret",
    "An ExternalSecret has data or dataFrom, each secretKey once, and a refreshInterval such as 1h",
    "external-secrets: validateExternalSecret",
    "ExternalSecret",
)
def external_secret(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    if not spec.get("data") and not spec.get("dataFrom"):
        yield ("spec", "data"), "missing; write data or dataFrom"
    seen: set[str] = set()
    for at, entry in enumerate(spec.get("data", ())):
        path: Path = ("spec", "data", at)
        key = entry.get("secretKey", "")
        if not KEY.fullmatch(key):
            yield (*path, "secretKey"), "no key; write letters, digits, -, _ and ."
        elif key in seen:
            yield (*path, "secretKey"), f"{excerpt(key)} stands twice; keep one"
        seen.add(key)
        if "secretStoreRef" not in spec and "sourceRef" not in entry:
            yield ("spec", "secretStoreRef"), "missing; name the store"
    interval = spec.get("refreshInterval", "1h")
    if not _DURATION.fullmatch(interval):
        yield ("spec", "refreshInterval"), f"{excerpt(interval)} is no duration; write one like 1h"
    target = spec.get("target", {})
    creation, deletion = target.get("creationPolicy", "Owner"), target.get("deletionPolicy")
    if deletion == "Delete" and creation != "Owner":
        yield ("spec", "target", "deletionPolicy"), "Delete needs creationPolicy: Owner; change one"
    if deletion == "Merge" and creation == "None":
        yield ("spec", "target", "deletionPolicy"), "Merge cannot be with creationPolicy: None"


RULES: tuple[Rule, ...] = (
    keys,
    base64,
    secret_types,
    role_rules,
    binding,
    external_secret,
)
