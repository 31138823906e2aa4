"""A model server in the cluster simulator, for tests."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from coursekit.devops.cluster import App, Cluster, Node, Process

_TEXT = """
apiVersion: apps/v1
kind: Deployment
metadata: {labels: {tier: online}, name: model-server}
spec:
  replicas: 5
  progressDeadlineSeconds: 240
  selector: {matchLabels: {app: model-server}}
  strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: model-server}}
    spec:
      terminationGracePeriodSeconds: 40
      containers:
        - name: model
          image: model:v1
          ports: [{containerPort: 8080, name: http}]
          resources: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 1Gi}}
          startupProbe:
            httpGet: {path: /ready, port: 8080}
            periodSeconds: 5
            failureThreshold: 24
          readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5}
          livenessProbe: {httpGet: {path: /live, port: 8080}}
          lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
---
apiVersion: v1
kind: Service
metadata: {labels: {tier: online}, name: model-server}
spec: {selector: {app: model-server}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {labels: {tier: online}, name: model-server}
spec: {minAvailable: 4, selector: {matchLabels: {app: model-server}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {labels: {tier: online}, name: model-server}
spec:
  minReplicas: 3
  maxReplicas: 30
  scaleTargetRef: {name: model-server, kind: Deployment, apiVersion: apps/v1}
  metrics:
    - type: Pods
      pods: {metric: {name: queue}, target: {type: AverageValue, averageValue: "800m"}}
"""
NAME = "model-server"
PATHS = {"/ready": "loaded", "/live": "started"}


def manifests(*, hpa: bool = False, budget: bool = True, **container: Any) -> list[Any]:
    """The objects; `container` replaces fields of the container, None takes one away."""
    objects = list(yaml.safe_load_all(_TEXT))
    for name, value in container.items():
        pod_container(objects)[name] = value
        if value is None:
            del pod_container(objects)[name]
    unwanted = {"HorizontalPodAutoscaler"} if not hpa else set()
    unwanted |= {"PodDisruptionBudget"} if not budget else set()
    return [tree for tree in objects if tree["kind"] not in unwanted]


def pod_container(objects: list[Any]) -> dict[str, Any]:
    container: dict[str, Any] = objects[0]["spec"]["template"]["spec"]["containers"][0]
    return container


def changed(objects: list[Any], **spec: Any) -> list[Any]:
    """A copy with fields of the Deployment's spec replaced."""
    copied = copy.deepcopy(objects)
    copied[0]["spec"].update(spec)
    return copied


def app(**more: Any) -> App:
    return App(**{"paths": PATHS, "service_ms": 240, "workers": 3, **more})


def cluster(nodes: int = 3, cpu_m: int = 4000, warm: bool = True, **more: Any) -> Cluster:
    known = app(**more)
    return Cluster(
        nodes=tuple(Node(f"node-{number}", cpu_m) for number in range(1, nodes + 1)),
        images={"model:v1": known, "model:v2": known},
        warm=warm,
    )


LEAKING = Process(leak_kib=60)
