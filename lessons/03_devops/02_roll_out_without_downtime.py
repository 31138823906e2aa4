# %% [markdown]
"""# Roll out without downtime

You'll build the manifests of a model server that changes version, loses nodes and meets a bad image, while no caller
notices. Each is judged by what happens when it runs in a simulated cluster.

**Time** 50 min · **Level** medium · **Needs** YAML, pods and Services

**Skills** tell a slow start from a dead process · size surge, grace and budget · read a stuck roll-out and undo it
"""

# %% nbgrader={"grade_id": "rollout-setup", "locked": true}
from coursekit import check, explore, played, scoreboard, slider, try_it
from coursekit.devops import rollouts
from coursekit.devops.cluster.kubectl import Kubectl
from coursekit.devops.rollouts import YESTERDAY, draw_rollout, try_out

# %% [markdown]
"""## The situation

The model loads for **45 to 50 s**; from a slow disk for up to **160 s**. Five pods share **50 requests a second**, and
four carry them. Yesterday a new version went out. Its disks were slow: each new pod was killed while it loaded.
And each time an old pod stopped, callers saw errors.

![A new pod pulls and loads. Startup and readiness probes make it ready. Then the strategy lets an old pod go. At its
deletion two things begin at once: preStop, while the pod still serves, and the Service forgetting it. SIGTERM follows,
and the pod is gone before the grace period ends. A failed liveness probe starts a pod again. A drain deletes pods when
the budget allows.](diagrams/02_roll_out_without_downtime.mmd)

The process listens on 8080 from its start. `/live` answers 200 at once. `/ready` answers 503, and 200 when the model is
loaded. Other paths answer 404.
"""

# %% [markdown]
"""Yesterday's manifest, and its roll-out after 200 seconds. Which probe killed the new pods?"""

# %%
print(YESTERDAY)
k = rollouts.on_a_slow_disk(YESTERDAY, at_s=200)
for command in ("get pods", "rollout status deployment/scorer", "get events"):
    print(f"$ kubectl {command}\n{k(command)}\n")

# %% [markdown]
"""## 1 · Start pods

Copy `YESTERDAY` into `manifests()` and change it. You come back to this cell in each part. Names, labels, image, port,
resources and the five replicas stay. Write probes so that

- no request reaches a pod that has not loaded,
- no container is restarted while it loads, however slow the disk (160 s at most),
- a new pod is ready at most 80 s after its start, if the disk is fast,
- a process that hangs is restarted within 120 s, even one that hangs 20 s after its model has loaded. It answers
  nothing and ignores SIGTERM, so the kubelet waits for the whole grace period, 45 s here, before it kills it.

Each check plays the part that it names, in manifests that are otherwise right. A wrong probe costs nothing in part 2.

<details><summary>Hint 1 · who kills, who only waits</summary>

A failed readiness probe takes the pod out of the Service. A failed liveness probe restarts the container.

</details>
<details><summary>Hint 2 · two needs, two probes</summary>

A long `initialDelaySeconds` on liveness protects a slow start, and leaves a young pod that hangs alone. While a
`startupProbe` has not passed, the other two do not run.

</details>
<details><summary>Hint 3 · how long</summary>

A startup probe gives `periodSeconds` · `failureThreshold` seconds: `5 · 40 = 200`.

</details>
"""


# %% nbgrader={"grade_id": "rollout-manifests", "solution": true}
def manifests() -> str:
    """YAML: a Deployment, a Service and, from part 4 on, a PodDisruptionBudget."""
    ### BEGIN SOLUTION
    # Why: the startup probe gives a slow disk 200 s and ends at once when the model is there, so
    # liveness can be quick. Surge pods come before old ones go. preStop outlasts the 2 s in which
    # requests still come, and the grace period holds preStop and the longest answer.
    return """\
apiVersion: apps/v1
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
    ### END SOLUTION


# %%
@try_it
def pods_start() -> list[str]:
    return try_out(manifests(), rollouts.starts, rollouts.a_slow_start_is_left_alone)


# %% nbgrader={"grade_id": "rollout-start-checks", "grade": true}
@check(expect=played(rollouts.starts, rollouts.requests_meet_loaded_pods), points=2, stage="core")
def requests_meet_loaded_pods_only():
    """The port is open long before the model is there. Which path tells?"""
    return manifests()


@check(
    expect=played(
        rollouts.starts, rollouts.a_usual_start_is_left_alone, rollouts.a_slow_start_is_left_alone
    ),
    points=3,
    stage="core",
)
def a_slow_start_is_no_death():
    """Give the start a probe of its own, with time for 160 s."""
    return manifests()


### BEGIN HIDDEN TESTS
@check(expect=played(rollouts.starts, rollouts.a_loaded_pod_joins), points=1, stage="core")
def a_loaded_pod_joins_soon():
    """A long delay or a long period keeps a loaded pod idle."""
    return manifests()


@check(expect=played(rollouts.starts, rollouts.a_hung_pod_is_mended), points=1, stage="core")
def a_hung_pod_is_restarted():
    """A pod that is not ready gets no requests, but nothing mends it."""
    return manifests()


@check(expect=played(rollouts.starts, rollouts.a_young_pod_is_mended), points=2, stage="core")
def a_young_pod_that_hangs_is_restarted():
    """What protects a slow start must end when the model is loaded."""
    return manifests()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Roll pods

There is room for **two pods** more than five. Add a strategy to your manifests, so that a roll-out

- never leaves fewer than 5 pods ready, and fails no request,
- is done in 8 minutes,
- leaves no new pod Pending for longer than 30 s,
- with an image that nobody can pull: keeps 5 ready, and is reported as `ProgressDeadlineExceeded` within 300 s,
- is never reported so while pods load from slow disks.

<details><summary>Hint 1 · percentages</summary>

`maxSurge` rounds up and `maxUnavailable` down: 25 % of 5 are 2 and 1. Both are the default.

</details>
<details><summary>Hint 2 · what counts as progress</summary>

The clock of `progressDeadlineSeconds` begins again each time a new pod becomes ready. That takes 20 s for the image,
160 s for the model and a probe.

</details>
"""


# %%
@try_it
def pods_roll() -> list[str]:
    claims = rollouts.five_stay_ready, rollouts.done_in_time, rollouts.there_is_room
    return try_out(manifests(), rollouts.rolls, *claims)


# %% nbgrader={"grade_id": "rollout-roll-checks", "grade": true}
@check(expect=played(rollouts.rolls, rollouts.five_stay_ready), points=2, stage="core")
def five_pods_stay_ready():
    """Let new pods come first."""
    return manifests()


### BEGIN HIDDEN TESTS
@check(expect=played(rollouts.rolls, rollouts.no_request_fails), points=1, stage="core")
def no_request_fails_in_a_roll_out():
    """Somebody has to serve at every moment."""
    return manifests()


@check(expect=played(rollouts.rolls, rollouts.done_in_time), points=1, stage="core")
def a_roll_out_takes_eight_minutes_at_most():
    """Count the waves, and what each one waits for."""
    return manifests()


@check(expect=played(rollouts.rolls, rollouts.there_is_room), points=1, stage="core")
def no_pod_waits_for_room():
    """Seven pods fit on the nodes."""
    return manifests()


@check(expect=played(rollouts.rolls, rollouts.a_bad_image_harms_nobody), points=1)
def a_bad_image_takes_no_ready_pod():
    """A pod that never becomes ready replaces nothing."""
    return manifests()


@check(expect=played(rollouts.rolls, rollouts.stuck_is_reported), points=1)
def a_stuck_roll_out_is_reported():
    """The default deadline is 600 s."""
    return manifests()


@check(expect=played(rollouts.rolls, rollouts.slow_is_not_stuck), points=1)
def a_slow_roll_out_is_not_called_stuck():
    """One pod may need 190 s from its creation until it is ready."""
    return manifests()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Stop pods

At a deletion two things begin at once: the pod ends, and the Service forgets it. Requests still come for **2 s**. At
SIGTERM the process refuses new requests, finishes those inside and exits. Most answers take 250 ms; long documents take
**40 s**. Add to your manifests what it takes, so that in a roll-out

- no request fails, not even one of 40 s,
- a process that ignores SIGTERM is gone 120 s after its deletion.

<details><summary>Hint 1 · a pause before SIGTERM</summary>

`lifecycle.preStop` runs first, and the pod serves meanwhile: `sleep: {seconds: …}`.

</details>
<details><summary>Hint 2 · one clock</summary>

`terminationGracePeriodSeconds` (30 by default) begins at the deletion, and preStop is inside it. A long request may
come in the last of the 2 s.

</details>
"""


# %%
@try_it
def pods_stop() -> list[str]:
    return try_out(manifests(), rollouts.ends, rollouts.long_answers_end)


# %% nbgrader={"grade_id": "rollout-stop-checks", "grade": true}
@check(expect=played(rollouts.ends, rollouts.nobody_is_refused), points=2, stage="stop")
def no_request_fails_when_pods_stop():
    """A process that drains still refuses what comes after SIGTERM."""
    return manifests()


### BEGIN HIDDEN TESTS
@check(expect=played(rollouts.ends, rollouts.long_answers_end), points=2, stage="stop")
def a_long_answer_is_finished():
    """From the deletion: 2 s, then the longest answer."""
    return manifests()


@check(expect=played(rollouts.ends, rollouts.deaf_pods_go), points=1, stage="stop")
def a_process_that_ignores_sigterm_goes():
    """It holds its room until the grace period is over."""
    return manifests()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Drain nodes

Two nodes get a new kernel: `kubectl drain` evicts all pods of the first, then all of the second. The third has room
for all. A strategy has no say here; a **PodDisruptionBudget** does. Add one, so that

- never fewer than 4 pods are ready, and no request fails,
- both nodes are empty within 10 minutes.

Then your manifests are played as they are, with nothing filled in: the Service has five endpoints that answer, a
roll-out and a drain keep their promises.

<details><summary>Hint · what an eviction asks</summary>

It is refused while one ready pod fewer would break the budget. A drain asks again each 5 s. A budget that allows no
pod at all to go makes it wait for ever.

</details>
"""


# %%
@try_it
def nodes_drain() -> list[str]:
    claims = rollouts.four_stay_ready, rollouts.both_nodes_are_empty
    return try_out(manifests(), rollouts.drains, *claims)


# %% nbgrader={"grade_id": "rollout-drain-checks", "grade": true}
@check(expect=played(rollouts.drains, rollouts.four_stay_ready), points=2, stage="drain")
def four_pods_stay_ready_in_a_drain():
    """Without a budget all pods of a node go in the same second."""
    return manifests()


### BEGIN HIDDEN TESTS
@check(expect=played(rollouts.drains, rollouts.both_nodes_are_empty), points=1, stage="drain")
def both_nodes_are_empty_in_ten_minutes():
    """Some pod has to be allowed to go."""
    return manifests()


@check(
    expect=played(rollouts.drains, rollouts.no_request_fails_in_a_drain), points=1, stage="drain"
)
def no_request_fails_in_a_drain():
    """Three pods cannot carry the traffic for long."""
    return manifests()


@check(expect=played(rollouts.whole, rollouts.the_service_finds_five_pods), points=1)
def the_service_finds_five_pods():
    """Selector and target port lead to the pods."""
    return manifests()


@check(expect=played(rollouts.whole, rollouts.the_whole_rolls), points=1)
def the_whole_manifest_rolls_out():
    """Now nothing is filled in: all parts together."""
    return manifests()


@check(expect=played(rollouts.whole, rollouts.the_whole_drains), points=1)
def the_whole_manifest_survives_a_drain():
    """Now nothing is filled in: all parts together."""
    return manifests()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 5 · Undo a roll-out

You are called at minute 15. 1.5.0 did not come out, a colleague tried 1.5.1, and that did not either. Before them 1.4.0
served; it replaced 1.3.0, which gave wrong labels. Read the evidence below; ask more if you like.

- `evidence()` returns `"reason"` (the STATUS of the new pods), `"ready"` (how many pods serve now) and `"revision"`
  (the one to go back to), the last two as whole numbers.
- `undo()` returns the kubectl commands that bring the last good version back, at most ten. One is played each 5 s.
  120 s later all pods there are run it: five, all ready. Meanwhile no request fails and 5 stay ready.

<details><summary>Hint 1 · one step back</summary>

`rollout undo` alone goes to the revision before this one. Was that a good one?

</details>
<details><summary>Hint 2 · further back</summary>

`--to-revision=N`, or the image by name with `set image deployment/NAME CONTAINER=IMAGE`.

</details>
"""

# %%
k = Kubectl(rollouts.incident())
deployment = "deployment/scorer"
for command in ("get pods", f"rollout status {deployment}", f"rollout history {deployment}"):
    print(f"$ kubectl {command}\n{k(command)}\n")


# %% nbgrader={"grade_id": "rollout-undo", "solution": true}
def evidence() -> dict[str, object]:
    """What the incident shows: "reason", "ready" and "revision"."""
    ### BEGIN SOLUTION
    return {"reason": "CrashLoopBackOff", "ready": 5, "revision": 2}
    ### END SOLUTION


def undo() -> list[str]:
    """The commands, in order."""
    ### BEGIN SOLUTION
    # Why: the revision before this one is the first bad try. Five old pods still serve, so nothing
    # has to be started: the template of revision 2 is theirs.
    return ["kubectl rollout undo deployment/scorer --to-revision=2"]
    ### END SOLUTION


# %%
@try_it
def what_you_read_and_do() -> tuple[dict[str, object], list[str]]:
    return evidence(), undo()


# %% nbgrader={"grade_id": "rollout-undo-checks", "grade": true}
@check(expect="CrashLoopBackOff", points=1, stage="undo")
def the_status_of_the_new_pods_is_read():
    """The column STATUS of the pods with the youngest age."""
    return evidence()["reason"]


@check(expect=5, points=1, stage="undo")
def the_pods_that_serve_are_counted():
    """The column READY says 1/1."""
    return evidence()["ready"]


@check(expect=2, points=1, stage="undo")
def the_last_good_revision_is_found():
    """Follow the images in the history, from the youngest on."""
    return evidence()["revision"]


@check(
    expect=played(rollouts.undone, rollouts.the_last_good_version_is_back), points=2, stage="undo"
)
def the_last_good_version_is_back():
    """Say which revision you mean."""
    return undo()


### BEGIN HIDDEN TESTS
@check(expect=played(rollouts.undone, rollouts.undoing_harms_nobody), points=1, stage="undo")
def undoing_harms_nobody():
    """Five old pods serve all the time. Leave them alone."""
    return undo()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Move the strategy

Your manifests with another surge, in a roll-out of 14 minutes from slow disks. If a probe of yours kills what still
loads, nothing is ever done here. Set surge to 0 and unavailable to 1: how long is one pod missing? Then set unavailable
to 2 and watch the requests.
"""


# %%
words = (
    "Pods by phase on top, requests a second in the middle, failed ones hatched and "
    "marked x; what was decided below."
)
sliders = {
    "surge": slider(0, 4, 1, 2, "maxSurge"),
    "unavailable": slider(0, 3, 1, 0, "maxUnavailable"),
    "load_s": slider(15, 180, 15, 150, "load time, s"),
}
explore(draw_rollout, data=lambda **_: manifests(), caption=words, size=(10, 5.2), **sliders)

# %% [markdown]
"""## There is no room for a surge pod

Next quarter the model needs a GPU for each pod. There are five GPUs, all in use, and a sixth costs 700 dollars a month.
The product manager wants a new version each day at noon, at the peak. **How do you roll out, what does it cost, and
what do you tell her?** 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "rollout-tradeoff", "grade": true, "solution": true, "points": 9}
"""### BEGIN SOLUTION
Without a spare GPU a new pod can start only where an old one stopped: maxSurge 0, maxUnavailable 1. Each of five
steps takes about 75 s with the pull and the load, so for six minutes four pods carry everything. They do: 50 a second
are 12.5 for each, of 16. But nothing may go wrong then. One crash leaves three pods, and three do not carry noon.

So I would not roll out at noon without the sixth GPU. I offer two ways. At 6 in the morning a third of the traffic
comes, and two pods carry that: free, and the version is out before noon. Or 700 dollars a month for the sixth: any
hour, never below five, and the same GPU covers a lost node on all other days. I compare it with the cost of an hour of
failed requests, not with zero. Drains need it, too: with a budget of four and no surge there is one pod of slack.

Shorter steps make every way safer: pull the image on the nodes beforehand, keep weights on a local disk, stop at the
first pod that is not ready. I would tell her: each day is fine, at six for free. At noon it costs 700 dollars a month,
because with five GPUs a single crash during those six minutes is an outage.

Rubric, nine points:
- the mechanism (3). Weak, 1: "use a rolling update". Good, 2: surge 0 and unavailable 1, and that capacity falls.
  Strong, 3: with how long, how much is left, and what one more failure does.
- the choice (3). Weak, 1: one way only. Good, 2: two ways compared (another hour, a spare GPU, a smaller or shared
  one). Strong, 3: a decision, with the price beside the cost of an outage, and what would change it.
- less risk (2). Weak, 0: nothing. Good, 1: shorter steps (image pulled beforehand, weights kept near) or a halt at the
  first bad pod. Strong, 2: and what drains or lost nodes do to the same slack.
- what is said (1). In words that a product manager can decide on, with a date or a number.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** Startup waits, readiness routes, liveness restarts. Surge before unavailable. preStop outlasts
the Service's memory, and the grace period holds it all. A budget leaves one pod to go.

**In practice** Alert on `ProgressDeadlineExceeded`: Kubernetes reports, it undoes nothing. Keep `/live` free of
databases, or their outage restarts every pod. Not modelled here: probes that time out under load, affinity, zones.

**Asked next**

<details><summary>"How does a Service find its pods?"</summary> By labels: each ready pod that its selector matches
becomes an endpoint, and kube-proxy or a mesh spreads connections over them. Cluster DNS gives the Service one stable
name and address, whatever pods come and go.</details>
<details><summary>"How do you make a model highly available?"</summary> Several replicas over nodes and zones by
topology spread, with room for one zone to be lost, probes and a budget. Then try it: drain a node on purpose and watch
the errors.</details>
<details><summary>"When a canary instead of a rolling update?"</summary> When a version can be ready and still wrong,
which is what models are: a probe sees that it answers, not what. A canary compares a slice of the traffic with the old
version before the rest follows.</details>
<details><summary>"New weights, same code: how do they come out?"</summary> Give weights a version and let the pod
template name it, so that a change is a roll-out with history and undo. Swapping a file under running pods leaves five
pods in an unknown state and nothing to go back to.</details>
"""
