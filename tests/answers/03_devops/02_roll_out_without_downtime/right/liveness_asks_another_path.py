"""Liveness asks what answers from the start, so no startup probe is needed. Surge of one."""

# %% rollout-manifests
def manifests() -> str:
    return """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
spec:
  replicas: 5
  progressDeadlineSeconds: 240
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels: {app: scorer}
  template:
    metadata:
      labels: {app: scorer}
    spec:
      terminationGracePeriodSeconds: 50
      containers:
      - name: model
        image: scorer:1.4.0
        ports:
        - containerPort: 8080
        resources:
          requests: {cpu: "2", memory: 2Gi}
        readinessProbe:
          httpGet: {path: /ready, port: 8080}
          periodSeconds: 5
        livenessProbe:
          httpGet: {path: /live, port: 8080}
          periodSeconds: 5
          failureThreshold: 4
        lifecycle:
          preStop:
            exec:
              command: ["sh", "-c", "sleep 5"]
---
apiVersion: v1
kind: Service
metadata:
  name: scorer
spec:
  selector: {app: scorer}
  ports:
  - port: 80
    targetPort: 8080
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: scorer
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: scorer}
"""


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["rollout undo deployment/scorer --to-revision=2"]
