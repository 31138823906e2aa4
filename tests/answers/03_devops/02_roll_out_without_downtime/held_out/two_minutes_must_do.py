"""Nobody wants to wait for a report."""

SLIP = "deadline_of_a_minute"

# %% rollout-manifests
def manifests() -> str:
    return """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
spec:
  replicas: 5
  progressDeadlineSeconds: 120
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 2
      maxUnavailable: 0
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
        - containerPort: 8080
        resources:
          requests: {cpu: "2", memory: 2Gi}
        startupProbe:
          httpGet: {path: /ready, port: 8080}
          periodSeconds: 5
          failureThreshold: 40
        readinessProbe:
          httpGet: {path: /ready, port: 8080}
          periodSeconds: 5
        livenessProbe:
          httpGet: {path: /live, port: 8080}
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
    targetPort: 8080
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: scorer
spec:
  minAvailable: 4
  selector:
    matchLabels: {app: scorer}
"""


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["kubectl rollout undo deployment/scorer --to-revision=2"]
