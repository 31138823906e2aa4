"""All limits in per cent; one path for all three probes, and a startup probe that makes it safe."""

# %% rollout-manifests
def manifests() -> str:
    return """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: model-server
spec:
  replicas: 5
  progressDeadlineSeconds: 220
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 40%
      maxUnavailable: 0%
  selector:
    matchLabels: {app: model-server}
  template:
    metadata:
      labels: {app: model-server}
    spec:
      terminationGracePeriodSeconds: 90
      containers:
      - name: model
        image: model-server:1.4.0
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
  name: model-server
spec:
  selector: {app: model-server}
  ports:
  - port: 80
    targetPort: 8080
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: model-server
spec:
  minAvailable: 80%
  selector:
    matchLabels: {app: model-server}
"""


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["kubectl rollout status deployment/model-server", "kubectl set image deployment/model-server model=model-server:1.4.0"]
