"""A named port, a pause before a pod counts, and 19 % that round down to none."""

# %% rollout-manifests
def manifests() -> str:
    return """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
spec:
  replicas: 5
  minReadySeconds: 10
  progressDeadlineSeconds: 290
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 19%
  selector:
    matchLabels: {app: scorer}
  template:
    metadata:
      labels: {app: scorer}
    spec:
      terminationGracePeriodSeconds: 60
      containers:
      - name: model
        image: scorer:1.4.0
        ports:
        - name: http
          containerPort: 8080
        resources:
          requests: {cpu: "2", memory: 2Gi}
        startupProbe:
          httpGet: {path: /ready, port: http}
          initialDelaySeconds: 30
          periodSeconds: 10
          failureThreshold: 17
        readinessProbe:
          httpGet: {path: /ready, port: http}
          periodSeconds: 5
          failureThreshold: 2
        livenessProbe:
          httpGet: {path: /live, port: http}
          periodSeconds: 10
        lifecycle:
          preStop:
            sleep: {seconds: 10}
---
apiVersion: v1
kind: Service
metadata:
  name: scorer
spec:
  selector: {app: scorer}
  ports:
  - port: 80
    targetPort: http
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: scorer
spec:
  maxUnavailable: 20%
  selector:
    matchLabels: {app: scorer}
"""


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["kubectl rollout undo deployment/scorer --to-revision=2"]
