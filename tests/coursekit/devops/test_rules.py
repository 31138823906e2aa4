"""Every rule of the API server, broken once on purpose: one sentence, at its line and path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coursekit.devops.cluster import rules
from coursekit.devops.cluster.problems import ManifestError, Problem
from coursekit.devops.cluster.read import read
from tests.coursekit.devops.good import TEXT, broken, marked_line

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "cluster.md"
TEMPLATE = "spec.template.spec"
SERVER = f"{TEMPLATE}.containers[0]"

# rule, what stood there, what stands there now (the mark is on the line of the sentence), path,
# sentence
BROKEN: list[tuple[str, str, str, str, str]] = [
    (
        "names",
        "  name: model-budget\n",
        "  name: Model_Budget  # <-\n",
        "metadata.name",
        "Model_Budget is no name; write lower-case letters, digits and -, at most 63",
    ),
    (
        "names",
        "  name: model-web\n",
        "  name: 2nd-model  # <-\n",
        "metadata.name",
        "2nd-model is no name; begin with a letter, then lower-case letters, digits and -, at most 63",
    ),
    (
        "names",
        "  namespace: tools\n",
        "  namespace: my.tools  # <-\n",
        "metadata.namespace",
        "my.tools is no name; write lower-case letters, digits and -, at most 63",
    ),
    (
        "names",
        "metadata:\n  name: model-budget\n",
        "metadata:  # <-\n  labels: {app: model}\n",
        "metadata.name",
        "missing; name the PodDisruptionBudget",
    ),
    (
        "labels",
        "app.kubernetes.io/part-of: serving}",
        "team: research & serving}  # <-",
        "metadata.labels.team",
        "research & serving is no label; write letters, digits, -, _ and ., at most 63",
    ),
    (
        "labels",
        "  labels: {app: model, app",
        "  annotations: {a note: x}  # <-\n  labels: {app: model, app",
        "metadata.annotations[a note]",
        "no name of a label; write one like app or example.com/app",
    ),
    (
        "selectors",
        "  minAvailable: 4\n  selector:\n    matchLabels: {app: model}",
        "  minAvailable: 4\n  selector:\n    matchExpressions:\n      - {key: app, operator: In}  # <-",
        "spec.selector.matchExpressions[0].values",
        "missing; In needs values",
    ),
    (
        "replicas",
        "  replicas: 5\n",
        "  replicas: -3  # <-\n",
        "spec.replicas",
        "-3 is below 0; write 0 or more",
    ),
    (
        "selector-fits",
        "    matchLabels: {app: model}\n    matchExpressions",
        "    matchLabels: {app: modle}  # <-\n    matchExpressions",
        "spec.selector.matchLabels.app",
        "modle, but the template's label is model; make them the same",
    ),
    (
        "selector-fits",
        "    matchLabels: {app: model}\n    matchExpressions:\n      - {key: app, operator: In, values: [model]}\n",
        "    {}\n",
        "spec.selector",
        "empty; write the labels of the template under matchLabels",
    ),
    (
        "selector-fits",
        "operator: In, values: [model]}",
        "operator: NotIn, values: [model]}  # <-",
        "spec.selector.matchExpressions[0]",
        "it does not fit the template's labels; mend one",
    ),
    (
        "always-restarted",
        "      restartPolicy: Always\n",
        "      restartPolicy: Never  # <-\n",
        f"{TEMPLATE}.restartPolicy",
        "Never is not for a Deployment; write Always",
    ),
    (
        "rolling-update",
        "      maxSurge: 2\n      maxUnavailable: 0\n",
        "      maxSurge: 0\n      maxUnavailable: 0%  # <-\n",
        "spec.strategy.rollingUpdate.maxUnavailable",
        "0 while maxSurge is 0 too, so nothing could ever move; raise one of them",
    ),
    (
        "rolling-update",
        "      maxUnavailable: 0\n",
        "      maxUnavailable: 120%  # <-\n",
        "spec.strategy.rollingUpdate.maxUnavailable",
        "120% is above 100 %; lower it",
    ),
    (
        "rolling-update",
        "      maxSurge: 2\n",
        "      maxSurge: two  # <-\n",
        "spec.strategy.rollingUpdate.maxSurge",
        'two is neither a number nor a percentage; write 1 or "25%"',
    ),
    (
        "rolling-update",
        "    type: RollingUpdate\n    rollingUpdate:\n",
        "    type: Recreate\n    rollingUpdate:  # <-\n",
        "spec.strategy.rollingUpdate",
        "not for Recreate; delete it, or write type: RollingUpdate",
    ),
    (
        "progress-deadline",
        "  progressDeadlineSeconds: 300\n",
        "  progressDeadlineSeconds: 5  # <-\n",
        "spec.progressDeadlineSeconds",
        "the deadline of 5 s is not above minReadySeconds 5; raise it",
    ),
    (
        "containers",
        "        - name: fetch\n",
        "        - name: server\n",
        f"{SERVER}.name",
        "server is taken by another container; rename one",
    ),
    (
        "containers",
        "      image: registry.example.com/shell@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1\n",
        "",
        "spec.containers[0].image",
        "missing; name the image",
    ),
    (
        "words",
        "          imagePullPolicy: IfNotPresent\n",
        "          imagePullPolicy: IfNotPresnt  # <-\n",
        f"{SERVER}.imagePullPolicy",
        "IfNotPresnt is not known; did you mean IfNotPresent?",
    ),
    (
        "words",
        "  type: ClusterIP\n",
        "  type: Internal  # <-\n",
        "spec.type",
        "Internal is not known; write ClusterIP, NodePort, LoadBalancer or ExternalName",
    ),
    (
        "quantities",
        "              memory: 512Mi\n",
        "              memory: banana  # <-\n",
        f"{SERVER}.resources.requests.memory",
        "banana is no quantity; write one like 250m or 512Mi",
    ),
    (
        "quantities",
        "              cpu: 500m\n",
        "              cpu: -1  # <-\n",
        f"{SERVER}.resources.requests.cpu",
        "-1 is below 0; write 0 or more",
    ),
    (
        "requests-within-limits",
        "              memory: 512Mi\n",
        "              memory: 1025Mi  # <-\n",
        f"{SERVER}.resources.requests.memory",
        "1025Mi is more than its limit 1Gi; lower it",
    ),
    (
        "requests-within-limits",
        "              nvidia.com/gpu: 1\n",
        "              nvidia.com/gpu: 500m  # <-\n",
        f"{SERVER}.resources.limits[nvidia.com/gpu]",
        "500m is not whole; write a whole number",
    ),
    (
        "resource-names",
        "              cpu: 500m\n",
        "              memroy: 1Gi  # <-\n",
        f"{SERVER}.resources.requests.memroy",
        "no resource of a container; did you mean memory?",
    ),
    (
        "container-ports",
        "containerPort: 8080, protocol: TCP}",
        "containerPort: 80800}  # <-",
        f"{SERVER}.ports[0].containerPort",
        "80800 is not in 1 to 65535; change it",
    ),
    (
        "container-ports",
        "            - {name: metrics, containerPort: 9090}",
        "            - {name: http, containerPort: 9090}  # <-",
        f"{SERVER}.ports[1].name",
        "http is taken by another port; rename one",
    ),
    (
        "probes",
        "            periodSeconds: 5\n",
        "            successThreshold: 2  # <-\n",
        f"{SERVER}.startupProbe.successThreshold",
        "a startupProbe takes 1; write 1 or delete it",
    ),
    (
        "probes",
        "            periodSeconds: 5\n",
        "            periodSeconds: -5  # <-\n",
        f"{SERVER}.startupProbe.periodSeconds",
        "-5 is below 0; write 0 or more",
    ),
    (
        "probes",
        "          livenessProbe:\n            exec: {command: [cat, /tmp/alive]}\n",
        "          livenessProbe:  # <-\n            periodSeconds: 5\n",
        f"{SERVER}.livenessProbe",
        "none of exec, httpGet, tcpSocket or grpc; write exactly one",
    ),
    (
        "grace",
        "              sleep: {seconds: 10}\n",
        "              sleep: {seconds: 61}  # <-\n",
        f"{SERVER}.lifecycle.preStop.sleep.seconds",
        "61 is not within the grace period of 60 s; lower it",
    ),
    (
        "environment",
        '            - {name: BATCH_SIZE, value: "16"}\n',
        '            - {name: BATCH=SIZE, value: "16"}  # <-\n',
        f"{SERVER}.env[0].name",
        "BATCH=SIZE: write letters, digits and _",
    ),
    (
        "environment",
        "              valueFrom:\n",
        "              value: abc\n              valueFrom:  # <-\n",
        f"{SERVER}.env[1].valueFrom",
        "beside a value; keep one of the two",
    ),
    (
        "volumes",
        "          emptyDir: {sizeLimit: 1Gi}\n",
        "          emptyDir: {}\n          secret: {secretName: token}\n",
        f"{TEMPLATE}.volumes[1]",
        "it has emptyDir and secret; keep one source",
    ),
    (
        "volume-mounts",
        "            - {name: settings, mountPath: /etc/model}\n",
        "            - {name: setings, mountPath: /etc/model}  # <-\n",
        f"{SERVER}.volumeMounts[0].name",
        "setings is no volume of this pod; did you mean settings?",
    ),
    (
        "spreading",
        "        - maxSkew: 1\n",
        "        - maxSkew: 0  # <-\n",
        f"{TEMPLATE}.topologySpreadConstraints[0].maxSkew",
        "0 is below 1; write 1 or more",
    ),
    (
        "autoscaler-bounds",
        "  maxReplicas: 18\n",
        "  maxReplicas: 2  # <-\n",
        "spec.maxReplicas",
        "2 is below minReplicas 3; raise it",
    ),
    (
        "autoscaler-bounds",
        "  minReplicas: 3\n",
        "  minReplicas: 0  # <-\n",
        "spec.minReplicas",
        "0 is below 1; write 1 or more",
    ),
    (
        "autoscaler-target",
        "    kind: Deployment\n",
        "    kind: deployment  # <-\n",
        "spec.scaleTargetRef.kind",
        "deployment is not known; did you mean Deployment?",
    ),
    (
        "autoscaler-metrics",
        '          type: AverageValue\n          averageValue: "4"\n',
        '          type: Value\n          value: "4"\n',
        "spec.metrics[0].pods.target.averageValue",
        "missing; a target of Pods needs averageValue",
    ),
    (
        "autoscaler-metrics",
        "    - type: Resource\n",
        "    - type: Pods\n",
        "spec.metrics[1].pods",
        "missing; type: Pods needs it, but resource is there: change the type",
    ),
    (
        "autoscaler-metrics",
        '          averageValue: "4"\n',
        "          averageValue: 0  # <-\n",
        "spec.metrics[0].pods.target.averageValue",
        "0 is not above 0; raise it",
    ),
    (
        "autoscaler-behavior",
        "      stabilizationWindowSeconds: 600\n",
        "      stabilizationWindowSeconds: 3601  # <-\n",
        "spec.behavior.scaleDown.stabilizationWindowSeconds",
        "3601 is not in 0 to 3600; change it",
    ),
    (
        "autoscaler-behavior",
        "          periodSeconds: 60\n",
        "          periodSeconds: 1801  # <-\n",
        "spec.behavior.scaleDown.policies[0].periodSeconds",
        "1801 is not in 1 to 1800; change it",
    ),
    (
        "budget",
        "  minAvailable: 4\n",
        "  minAvailable: 4\n  maxUnavailable: 1  # <-\n",
        "spec.maxUnavailable",
        "beside minAvailable; keep one of the two",
    ),
    (
        "budget",
        "  minAvailable: 4\n",
        "  minAvailable: 101%  # <-\n",
        "spec.minAvailable",
        "101% is above 100 %; lower it",
    ),
    (
        "service-ports",
        "    - name: stats\n      port: 9090\n",
        "    - port: 9090\n",
        "spec.ports[1].name",
        "missing; with several ports, each needs a name",
    ),
    (
        "service-ports",
        "      targetPort: http\n",
        "      targetPort: 0  # <-\n",
        "spec.ports[0].targetPort",
        "0 is not in 1 to 65535; change it; a name works too",
    ),
    (
        "external-name",
        "  type: ClusterIP\n",
        "  type: ExternalName\n",
        "spec.externalName",
        "missing; write the host's name",
    ),
    (
        "keys",
        "  model.toml: |\n",
        "  model/toml: |  # <-\n",
        "data[model/toml]",
        "no key; write letters, digits, -, _ and .",
    ),
    (
        "base64",
        "  value: c2VjcmV0\n",
        "  value: secret!  # <-\n",
        "data.value",
        "its value is not base64; encode it, or write plain text under stringData",
    ),
    (
        "secret-types",
        "type: Opaque\ndata:\n  value: c2VjcmV0\n",
        "type: kubernetes.io/ssh-auth\ndata:  # <-\n  value: c2VjcmV0\n",
        "data.ssh-privatekey",
        "missing; a Secret of type kubernetes.io/ssh-auth needs it",
    ),
    (
        "role-rules",
        "    verbs: [get]\n",
        "    verbs: []  # <-\n",
        "rules[0].verbs",
        "missing; write verbs such as get",
    ),
    (
        "binding",
        "  kind: Role\n  name: token-reader\n",
        "  kind: ClusterRole  # <-\n  name: token-reader\n",
        "roleRef.kind",
        "this cluster has no ClusterRole; write a Role",
    ),
    (
        "binding",
        "  - kind: ServiceAccount\n    name: reader\n",
        "  - kind: ServiceAcount  # <-\n    name: reader\n",
        "subjects[0].kind",
        "ServiceAcount is not known; did you mean ServiceAccount?",
    ),
    (
        "external-secret",
        "  refreshInterval: 1h\n",
        "  refreshInterval: hourly  # <-\n",
        "spec.refreshInterval",
        "hourly is no duration; write one like 1h",
    ),
    (
        "once",
        "metadata:\n  name: reader\n---\n",
        "metadata:\n  name: reader\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: reader  # <-\n---\n",
        "metadata.name",
        "a second ServiceAccount reader in default; rename one",
    ),
    (
        "at-most-200-pods",
        "  replicas: 5\n",
        "  replicas: 1000000  # <-\n",
        "spec.replicas",
        "1,000,000, but this cluster holds at most 200 pods; lower it",
    ),
    (
        "at-most-200-pods",
        "  maxReplicas: 18\n",
        "  maxReplicas: 500  # <-\n",
        "spec.maxReplicas",
        "500, but this cluster holds at most 200 pods; lower it",
    ),
]


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ManifestError) as caught:
        read(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("rule", "old", "new", "path", "sentence"),
    BROKEN,
    ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)],
)
def test_a_broken_rule_gives_its_sentence_at_its_path_and_nothing_else(
    rule: str, old: str, new: str, path: str, sentence: str
) -> None:
    text = broken(old, new)
    (problem,) = problems_of(text)
    assert (problem.path, problem.sentence) == (path, sentence)
    if "# <-" in text:
        assert problem.line == marked_line(text)


def test_every_rule_is_broken_above() -> None:
    assert {case[0] for case in BROKEN} == {rule.id for rule in (*rules.RULES, *rules.ACROSS)}


def test_the_right_manifests_break_no_rule() -> None:
    assert len(read(TEXT)) == 11


def test_the_guide_lists_every_rule_with_its_source() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| (.+?) \| (.+?) \|$", GUIDE.read_text("utf-8"), re.MULTILINE
    )
    table = [row for row in rows if row[0] in {case[0] for case in BROKEN}]
    assert table == [(r.id, r.sentence, r.source) for r in (*rules.RULES, *rules.ACROSS)]


def test_pods_are_counted_over_all_deployments() -> None:
    other = TEXT[TEXT.index("apiVersion: apps/v1") : TEXT.index("apiVersion: v1\nkind: Service\n")]
    other = other.replace("  name: model\n", "  name: other\n", 1).replace(
        "replicas: 5", "replicas: 196"
    )
    (problem,) = problems_of(f"{TEXT}---\n{other}")
    assert problem.sentence == "202 pods in all, but this cluster holds at most 200; lower it"


@pytest.mark.parametrize("amount", ["10Ei", "1e30", "0.1", "1E", '"1e-3"'])
def test_an_absurd_amount_of_memory_is_legal_when_it_is_a_quantity(amount: str) -> None:
    text = broken(
        '              cpu: "1"\n              memory: 1Gi\n',
        f"              ephemeral-storage: {amount}\n",
    )
    assert len(read(text)) == 11


def test_an_empty_selector_of_a_budget_is_legal() -> None:
    text = broken("  selector:\n    matchLabels: {app: model}\n---", "  selector: {}\n---")
    assert len(read(text)) == 11
