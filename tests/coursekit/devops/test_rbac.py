"""RBAC: upstream's own cases, and what people believe of resourceNames."""

from __future__ import annotations

from typing import Any

import pytest

from coursekit.devops.cluster.rbac import allowed, applies_to, granted, rule_allows
from coursekit.devops.cluster.read import Manifests, read

Rule = dict[str, list[str]]


def rule(verbs: str, groups: str, resources: str, names: str = "") -> Rule:
    made = {"verbs": verbs.split(), "apiGroups": groups.split(), "resources": resources.split()}
    return made | ({"resourceNames": names.split()} if names else {})


# Upstream's TestRuleMatches and TestAuthorizer (plugin/pkg/auth/authorizer/rbac/rbac_test.go), as
# facts: for each rule, of the requests made of these words, those that it allows.
VERBS, GROUPS, RESOURCES = ("verb1", "verb2"), ("group1", "group2"), ("resource1", "resource2")
MATCHES: list[tuple[Rule, set[tuple[str, str, str]]]] = [
    (
        rule("*", "group1", "resource1"),
        {("verb1", "group1", "resource1"), ("verb2", "group1", "resource1")},
    ),
    (
        rule("verb1", "*", "resource1"),
        {("verb1", "group1", "resource1"), ("verb1", "group2", "resource1")},
    ),
    (
        rule("verb1", "group1", "*"),
        {("verb1", "group1", "resource1"), ("verb1", "group1", "resource2")},
    ),
    (
        rule("verb1 verb2", "group1 group2", "resource1 resource2"),
        {(v, g, r) for v in VERBS for g in GROUPS for r in RESOURCES},
    ),
    (rule("*", "*", "resource1/subresource1"), set()),
]
SUBRESOURCES: list[tuple[Rule, str, bool]] = [
    (rule("*", "*", "resource1/subresource1"), "resource1/subresource1", True),
    (rule("*", "*", "resource1/subresource1"), "resource1/subresource2", False),
    (rule("*", "*", "resource1/subresource1"), "resource2/subresource1", False),
    (rule("*", "*", "pods"), "pods", True),
    (rule("*", "*", "pods"), "pods/status", False),
    (rule("*", "*", "pods/status"), "pods/status", True),
    (rule("*", "*", "pods/status"), "pods", False),
    (rule("*", "*", "*/scale"), "deployments/scale", True),
    (rule("*", "*", "*/scale"), "deployments/status", False),
    (rule("*", "*", "*/scale"), "deployments", False),
    (rule("*", "*", "*"), "pods/log", True),
    (rule("*", "*", "Pods"), "pods", False),
]
SUBJECTS: list[tuple[list[dict[str, str]], str, str, bool]] = [
    ([{"kind": "ServiceAccount", "namespace": "kube-system", "name": "default"}], "default", "kube-system", True),
    ([{"kind": "ServiceAccount", "namespace": "kube-system", "name": "default"}], "default", "default", False),
    ([{"kind": "ServiceAccount", "name": "reader"}], "reader", "here", True),
    ([{"kind": "ServiceAccount", "name": "reader"}], "reader", "elsewhere", False),
    ([{"kind": "User", "name": "reader"}], "reader", "here", False),
    ([{"kind": "User", "name": "system:serviceaccount:here:reader"}], "reader", "here", True),
    ([{"kind": "User", "name": "*"}], "reader", "here", False),
    ([{"kind": "User", "name": "x"}, {"kind": "Group", "name": "system:authenticated"}], "reader", "here", True),
    ([{"kind": "Group", "name": "system:unauthenticated"}], "reader", "here", False),
    ([{"kind": "Group", "name": "system:serviceaccounts:here"}], "reader", "here", True),
    ([{"kind": "Group", "name": "system:serviceaccounts:there"}], "reader", "here", False),
    ([], "reader", "here", False),
]  # fmt: skip


@pytest.mark.parametrize(("given", "fits"), MATCHES)
def test_a_rule_allows_upstreams_requests_and_no_other(
    given: Rule, fits: set[tuple[str, str, str]]
) -> None:
    found = {
        (verb, group, resource)
        for verb in VERBS
        for group in GROUPS
        for resource in RESOURCES
        if rule_allows(given, verb, group, resource)
    }
    assert found == fits


@pytest.mark.parametrize(("given", "resource", "expected"), SUBRESOURCES)
def test_a_subresource_is_a_resource_of_its_own(given: Rule, resource: str, expected: bool) -> None:
    assert rule_allows(given, "get", "", resource) is expected


@pytest.mark.parametrize(("subjects", "account", "home", "expected"), SUBJECTS)
def test_a_binding_is_for_its_subjects(
    subjects: list[dict[str, str]], account: str, home: str, expected: bool
) -> None:
    assert applies_to(subjects, account, home, "here") is expected


def cluster(rules: str, subject: str = "name: reader", role: str = "r") -> Manifests:
    return read(
        f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: r, namespace: serving}}
rules: {rules}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b, namespace: serving}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {role}}}
subjects: [{{kind: ServiceAccount, {subject}}}]
"""
    )


ONE_SECRET = '[{apiGroups: [""], resources: [secrets], resourceNames: [token], verbs: ["*"]}]'
ALL_SECRETS = '[{apiGroups: [""], resources: [secrets], verbs: [get, list]}]'


@pytest.mark.parametrize(
    ("verb", "name", "expected"),
    [
        ("get", "token", True),
        ("get", "other", False),
        ("get", None, False),
        ("update", "token", True),
        ("delete", "token", True),
        # without a name in the request, a rule with names never fits
        ("list", None, False),
        ("watch", None, False),
        # kubectl get secrets --field-selector metadata.name=token
        ("list", "token", True),
        ("watch", "token", True),
        ("list", "other", False),
        # the name of a new object is not known yet; a whole collection has none
        ("create", "token", False),
        ("create", None, False),
        ("deletecollection", "token", False),
    ],
)
def test_resource_names_hold_only_where_the_request_has_a_name(
    verb: str, name: str | None, expected: bool
) -> None:
    found = allowed(cluster(ONE_SECRET), "reader", verb, "secrets", name, namespace="serving")
    assert found is expected


def test_create_on_a_subresource_has_a_name() -> None:
    rules = '[{apiGroups: [""], resources: [pods/eviction], resourceNames: [a], verbs: [create]}]'
    here: dict[str, Any] = {"namespace": "serving"}
    assert allowed(cluster(rules), "reader", "create", "pods/eviction", "a", **here)
    assert not allowed(cluster(rules), "reader", "create", "pods/eviction", "b", **here)


def test_who_may_list_secrets_reads_every_one_but_not_their_neighbours() -> None:
    manifests = cluster(ALL_SECRETS)
    assert allowed(manifests, "reader", "list", "secrets", namespace="serving")
    assert not allowed(manifests, "reader", "watch", "secrets", namespace="serving")
    assert not allowed(manifests, "reader", "list", "configmaps", namespace="serving")
    assert not allowed(manifests, "reader", "list", "secrets", group="apps", namespace="serving")


def test_a_role_reaches_its_own_namespace_only() -> None:
    manifests = cluster(ALL_SECRETS)
    assert not allowed(manifests, "serving/reader", "get", "secrets", "token", namespace="default")


def test_an_account_of_another_namespace_is_named_with_it() -> None:
    manifests = cluster(ALL_SECRETS, "name: reader, namespace: jobs")
    assert allowed(manifests, "jobs/reader", "get", "secrets", "token", namespace="serving")
    assert not allowed(manifests, "reader", "get", "secrets", "token", namespace="serving")


def test_a_binding_to_a_role_that_is_not_there_grants_nothing() -> None:
    assert list(granted(cluster(ALL_SECRETS, role="q"), "reader", "serving")) == []


def test_a_role_without_a_binding_grants_nothing() -> None:
    manifests = cluster(ALL_SECRETS, "name: someone-else")
    assert not allowed(manifests, "reader", "get", "secrets", "token", namespace="serving")
