"""The schemas of three versions: what is right passes, what strict validation refuses does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursekit.devops.cluster import documents, schema
from coursekit.devops.cluster.problems import Found, shown
from coursekit.devops.cluster.schema import Schemas, schemas_of
from tests.coursekit.devops.good import TEXT, broken

OLDER = sorted(Path(__file__).with_name("schemas").glob("*.json"))
VERSIONS: list[Schemas] = [
    *(schemas_of(path.read_text("utf-8")) for path in OLDER),
    schema.newest(),
]
SERVER = "spec.template.spec.containers[0]"


def violations(text: str, schemas: Schemas | None = None) -> list[tuple[str, str]]:
    found: list[Found] = []
    for document in documents.parse(text)[0]:
        found += schema.violations(document, schemas)
    return [(shown(path), sentence) for path, sentence in found]


def test_three_versions_in_a_row_are_kept_and_the_newest_is_played() -> None:
    minors = [int(schemas.version.removeprefix("1.")) for schemas in VERSIONS]
    assert minors == [minors[-1] - 2, minors[-1] - 1, minors[-1]]


@pytest.mark.parametrize("schemas", VERSIONS, ids=[s.version for s in VERSIONS])
def test_the_right_manifests_fit_every_version(schemas: Schemas) -> None:
    assert violations(TEXT, schemas) == []


@pytest.mark.parametrize("schemas", VERSIONS, ids=[s.version for s in VERSIONS])
def test_every_word_of_a_schema_is_a_type(schemas: Schemas) -> None:
    scalars = {"any", "boolean", "byte", "int32", "int64", "intstr", "number", "quantity", "string"}
    words = {word.strip("[]{}") for fields in schemas.types.values() for word in fields.values()}
    assert words <= scalars | set(schemas.types)


@pytest.mark.parametrize(
    ("old", "new", "path", "sentence"),
    [
        (
            "          resources:\n",
            "          resorces:\n",
            f"{SERVER}.resorces",
            "unknown field; did you mean resources?",
        ),
        (
            "  minReadySeconds: 5\n",
            "  minReadySeconds: 5\n  containers: []\n",
            "spec.containers",
            "unknown field; it belongs in spec.template.spec: indent it more",
        ),
        (
            "          resources:\n",
            "          memory: 1Gi\n          resources:\n",
            f"{SERVER}.memory",
            "unknown field; a Container has args, command, env, envFrom, image, imagePullPolicy, lifecycle, …",
        ),
        (
            "      restartPolicy: Always\n",
            "      restartPolicy: Always\n      replicas: 3\n",
            "spec.template.spec.replicas",
            "unknown field; it belongs in spec: indent it less",
        ),
        (
            "spec:\n  replicas: 5\n",
            "replicas: 5\nspec:\n",
            "replicas",
            "unknown field; it belongs in spec: indent it more",
        ),
        (
            "  replicas: 5\n",
            '  replicas: "5"\n',
            "spec.replicas",
            "5 is a text; a whole number is wanted: write 5 without quotes",
        ),
        (
            "  replicas: 5\n",
            "  replicas: 2.5\n",
            "spec.replicas",
            "2.5 is a number; a whole number is wanted",
        ),
        (
            "  replicas: 5\n",
            "  replicas: 99999999999\n",
            "spec.replicas",
            "99999999999 is beyond -2147483648 to 2147483647; change it",
        ),
        (
            'value: "16"}',
            "value: 16}",
            f"{SERVER}.env[0].value",
            '16 is a number; a text is wanted: write "16"',
        ),
        (
            'value: "16"}',
            "value: no}",
            f"{SERVER}.env[0].value",
            'no is read as false; a text is wanted: write "no"',
        ),
        (
            "  model.toml: |\n    batch = 16\n",
            "  version: 1.10\n",
            "data.version",
            '1.10 is a number; a text is wanted: write "1.10"',
        ),
        (
            "              memory: 512Mi\n",
            "              memory: yes\n",
            f"{SERVER}.resources.requests.memory",
            "yes is read as true; a quantity such as 250m or 512Mi is wanted",
        ),
        (
            "      maxSurge: 2\n",
            "      maxSurge: 0.25\n",
            "spec.strategy.rollingUpdate.maxSurge",
            '0.25 is a number; a whole number or a text such as "25%" is wanted',
        ),
        (
            "    verbs: [get]\n",
            "    verbs: get\n",
            "rules[0].verbs",
            "get is a text; a list is wanted: begin each entry with `- `",
        ),
        (
            "  selector: {app: model}\n",
            "  selector: [app]\n",
            "spec.selector",
            "this is a list; a mapping is wanted: write `name: value`",
        ),
        (
            "    scaleDown:\n",
            "    scaleDown:\n      - 1\n    scaleDwn:\n",
            "spec.behavior.scaleDwn",
            "unknown field; did you mean scaleDown?",
        ),
        (
            "  maxReplicas: 18\n",
            "",
            "spec.maxReplicas",
            "missing; a HorizontalPodAutoscalerSpec needs it",
        ),
        (
            "  refreshInterval: 1h\n",
            "  refreshIntervall: 1h\n",
            "spec.refreshIntervall",
            "unknown field; did you mean refreshInterval?",
        ),
        (
            "kind: PodDisruptionBudget",
            "kind: PodDisruptionBudgt",
            "kind",
            "this cluster knows no PodDisruptionBudgt; did you mean PodDisruptionBudget?",
        ),
        (
            "apiVersion: policy/v1\n",
            "apiVersion: policy/v1beta1\n",
            "apiVersion",
            "a PodDisruptionBudget is not of policy/v1beta1; write policy/v1",
        ),
        (
            "apiVersion: policy/v1\n",
            "",
            "apiVersion",
            "missing; a PodDisruptionBudget is of policy/v1",
        ),
        ("kind: PodDisruptionBudget", "kinds: x", "kind", "missing; write the kind of object, such as Deployment"),
    ],
)  # fmt: skip
def test_what_strict_validation_refuses_gets_a_sentence_with_the_next_step(
    old: str, new: str, path: str, sentence: str
) -> None:
    assert (path, sentence) in violations(broken(old, new))


def test_a_foreign_kind_is_told_which_kinds_there_are() -> None:
    ((path, sentence),) = violations(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\n"
    )
    assert path == "kind"
    assert sentence == (
        "this cluster knows no StatefulSet; it knows ConfigMap, Deployment, ExternalSecret, "
        "HorizontalPodAutoscaler, Pod, PodDisruptionBudget, Role, RoleBinding, Secret, Service or "
        "ServiceAccount"
    )


def test_a_null_is_the_same_as_a_field_that_is_not_written() -> None:
    assert violations(broken("  minReadySeconds: 5\n", "  minReadySeconds: null\n")) == []
    assert violations(broken("  maxReplicas: 18\n", "  maxReplicas:\n")) == [
        ("spec.maxReplicas", "missing; a HorizontalPodAutoscalerSpec needs it")
    ]


def test_what_the_cluster_writes_itself_is_ignored() -> None:
    text = broken("type: Opaque\n", "type: Opaque\nstatus: {whatever: [1]}\n")
    assert violations(text) == [
        (
            "status",
            "unknown field; a Secret has apiVersion, data, immutable, kind, metadata, stringData, type",
        )
    ]
    text = broken(
        "spec:\n  minAvailable: 4\n", "status: {whatever: [1]}\nspec:\n  minAvailable: 4\n"
    )
    assert violations(text) == []


def test_a_document_full_of_mistakes_stops_at_twenty() -> None:
    fields = "".join(f"  wrong{at}: 1\n" for at in range(500))
    assert (
        len(violations(f"apiVersion: v1\nkind: Pod\nmetadata:\n{fields}spec: {{containers: []}}\n"))
        == 20
    )
