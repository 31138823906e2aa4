"""What a service account may do, decided as the API server's RBAC authorizer decides it.

Sources: `RuleAllows` in plugin/pkg/auth/authorizer/rbac/rbac.go, the `…Matches` functions in
pkg/apis/rbac/v1/evaluation_helpers.go, `appliesToUser` in pkg/registry/rbac/validation/rule.go, and
`NewRequestInfo` in apiserver/pkg/endpoints/request/requestinfo.go for the name of a request. Roles
and bindings in one namespace; ClusterRoles are aside, and a binding to one grants nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Tree = Mapping[str, Any]

_GROUP = "rbac.authorization.k8s.io"
_PREFIX = "system:serviceaccount:"


class Stored(Protocol):
    """What is read of a document here; `Document` is one."""

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def namespace(self) -> str: ...

    @property
    def tree(self) -> dict[str, Any]: ...


def allowed(
    manifests: Iterable[Stored],
    service_account: str,
    verb: str,
    resource: str,
    name: str | None = None,
    group: str = "",
    namespace: str = "default",
) -> bool:
    """Whether a service account may do this.

    A request to `create` has no name yet, and one to `deletecollection` never has one, so a rule
    with `resourceNames` does not allow them. `list` and `watch` have a name only when the client
    asks with the field selector `metadata.name=…`: that is what `name` means for them.

    Args:
        manifests: The objects of the cluster.
        service_account: Its name in `namespace`, or `namespace/name` where it lives elsewhere.
        verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
        resource: In plural and lower case, with its subresource: `pods`, `pods/log`.
        name: The object's name; None for a request that names none.
        group: The API group; "" is that of pods, secrets and config maps.
        namespace: Where the objects are.
    """
    named = request_name(verb, resource, name)
    return any(
        rule_allows(rule, verb, group, resource, named)
        for rule in granted(manifests, service_account, namespace)
    )


def granted(
    manifests: Iterable[Stored], service_account: str, namespace: str = "default"
) -> Iterator[Tree]:
    """Every rule that a service account has in a namespace, binding by binding."""
    documents = list(manifests)
    home, _, account = service_account.rpartition("/")
    roles = {
        role.name: role.tree.get("rules") or ()
        for role in documents
        if role.kind == "Role" and role.namespace == namespace
    }
    for binding in documents:
        if binding.kind != "RoleBinding" or binding.namespace != namespace:
            continue
        subjects = binding.tree.get("subjects") or ()
        reference = binding.tree.get("roleRef") or {}
        is_role = reference.get("kind") == "Role" and reference.get("apiGroup") in (
            None,
            "",
            _GROUP,
        )
        if is_role and applies_to(subjects, account, home or namespace, namespace):
            yield from roles.get(reference.get("name", ""), ())


def applies_to(
    subjects: Sequence[Tree], account: str, home: str, namespace: str = "default"
) -> bool:
    """Whether one of the subjects is this service account.

    Args:
        subjects: Of a RoleBinding.
        account: The service account's name.
        home: The service account's namespace.
        namespace: The binding's: where a subject without a namespace is looked for.
    """
    user = f"{_PREFIX}{home}:{account}"
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{home}", "system:authenticated")
    for subject in subjects:
        match subject.get("kind"):
            case "ServiceAccount":
                if (subject.get("namespace") or namespace, subject.get("name")) == (home, account):
                    return True
            case "User":
                if subject.get("name") == user:
                    return True
            case "Group":
                if subject.get("name") in groups:
                    return True
    return False


def request_name(verb: str, resource: str, name: str | None) -> str:
    """The name that the authorizer sees: "" where the request has none."""
    nameless = verb == "deletecollection" or (verb == "create" and "/" not in resource)
    return "" if nameless or name is None else name


def rule_allows(rule: Tree, verb: str, group: str, resource: str, name: str = "") -> bool:
    """Whether one rule of a role allows a request.

    Args:
        rule: With `verbs`, `apiGroups`, `resources` and perhaps `resourceNames`.
        verb: Compared letter by letter: `GET` is not `get`.
        group: The API group.
        resource: With its subresource, `pods/log`; `pods` alone does not allow it.
        name: "" where the request names no object: then a rule with names never fits.
    """
    subresource = resource.partition("/")[2]
    resources = _list(rule, "resources")
    names = _list(rule, "resourceNames")
    return (
        _fits(_list(rule, "verbs"), verb)
        and _fits(_list(rule, "apiGroups"), group)
        and (_fits(resources, resource) or (subresource != "" and f"*/{subresource}" in resources))
        and (not names or name in names)
    )


def _fits(values: Sequence[str], wanted: str) -> bool:
    return "*" in values or wanted in values


def _list(rule: Tree, field: str) -> Sequence[str]:
    return rule.get(field) or ()
