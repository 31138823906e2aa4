"""One document of kind List; the budget first. The image is named to go back."""

# %% rollout-manifests
def manifests() -> str:
    return """\
apiVersion: v1
kind: List
items:
- apiVersion: policy/v1
  kind: PodDisruptionBudget
  metadata:
    name: model-server
  spec:
    minAvailable: 4
    selector:
      matchLabels: {app: model-server}
- apiVersion: v1
  kind: Service
  metadata:
    name: model-server
  spec:
    selector: {app: model-server}
    ports:
    - port: 80
      targetPort: 8080
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: model-server
  spec:
    replicas: 5
    progressDeadlineSeconds: 270
    strategy:
      type: RollingUpdate
      rollingUpdate:
        maxSurge: 2
        maxUnavailable: 0
    selector:
      matchLabels: {app: model-server}
    template:
      metadata:
        labels: {app: model-server}
      spec:
        terminationGracePeriodSeconds: 110
        containers:
        - name: model
          image: model-server:1.4.0
          ports:
          - containerPort: 8080
          resources:
            requests: {cpu: "2", memory: 2Gi}
          startupProbe:
            httpGet: {path: /ready, port: 8080}
            periodSeconds: 10
            failureThreshold: 20
          readinessProbe:
            httpGet: {path: /ready, port: 8080}
            periodSeconds: 5
          livenessProbe:
            httpGet: {path: /live, port: 8080}
            periodSeconds: 10
          lifecycle:
            preStop:
              sleep: {seconds: 20}
"""


# %% rollout-undo
def evidence():
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}


def undo():
    return ["set image deployment/model-server model=model-server:1.4.0", "rollout status deployment/model-server"]
