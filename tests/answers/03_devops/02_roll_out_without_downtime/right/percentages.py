"""All limits in per cent; one path for all three probes, and a startup probe that makes it safe."""

# %% rollout-manifests
def manifests() -> str:
    return """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
spec:
  replicas: 5
  progressDeadlineSeconds: 220
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 40%
      maxUnavailable: 0%
  selector:
    matchLabels: {app: scorer}
  template:
    metadata:
      labels: {app: scorer}
    spec:
      terminationGracePeriodSeconds: 90
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
          httpGet: {path: /ready, port: 8080}
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
  minAvailable: 80%
  selector:
    matchLabels: {app: scorer}
"""


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["kubectl rollout status deployment/scorer", "kubectl set image deployment/scorer model=scorer:1.4.0"]
