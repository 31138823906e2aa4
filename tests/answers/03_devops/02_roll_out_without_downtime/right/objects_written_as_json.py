"""Plain objects, written as JSON, which is YAML."""

# %% rollout-manifests
import json


def probe(path, **more):
    return {"httpGet": {"path": path, "port": 8080}, **more}


def manifests() -> str:
    labels = {"app": "scorer"}
    container = {
        "name": "model",
        "image": "scorer:1.4.0",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "2", "memory": "2Gi"}},
        "startupProbe": probe("/live", periodSeconds=1, failureThreshold=30),
        "readinessProbe": probe("/ready", periodSeconds=3),
        "livenessProbe": probe("/live", periodSeconds=15, failureThreshold=2),
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "scorer"},
        "spec": {
            "replicas": 5,
            "progressDeadlineSeconds": 300 - 60,
            "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "10%"}},
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 3 + 40 + 10, "containers": [container]},
            },
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "scorer"},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "keep-four"},
        "spec": {"minAvailable": 4, "selector": {"matchLabels": labels}},
    }
    return "---\n".join(json.dumps(each) + "\n" for each in (deployment, service, budget))


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["kubectl rollout undo deployment/scorer --to-revision=2"]
