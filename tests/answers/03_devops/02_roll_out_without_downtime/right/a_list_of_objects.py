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
    name: scorer
  spec:
    minAvailable: 4
    selector:
      matchLabels: {app: scorer}
- apiVersion: v1
  kind: Service
  metadata:
    name: scorer
  spec:
    selector: {app: scorer}
    ports:
    - port: 80
      targetPort: 8080
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: scorer
  spec:
    replicas: 5
    progressDeadlineSeconds: 270
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
        terminationGracePeriodSeconds: 110
        containers:
        - name: model
          image: scorer:1.4.0
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
    return ["set image deployment/scorer model=scorer:1.4.0", "rollout status deployment/scorer"]
