# %% [markdown]
"""# Keep secrets secret

You'll build a scanner that finds 14 kinds of secret in a repository, a log handler that writes none, the manifests that
take their place for two tenants, and a rotation that nobody notices.

**Time** 70 min · **Level** hard · **Needs** regular expressions, `logging`, Kubernetes manifests

**Skills** tell a secret from what looks like one · grant one service account what it needs · change a password while
requests go on
"""

# %% nbgrader={"grade_id": "secrets-setup", "locked": true}
import base64
import io
import logging
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from coursekit import REFERENCE, check, explore, is_true_of, played, scoreboard, slider, try_it
from coursekit.devops import vault
from coursekit.devops.leaks import explained, few_false_alarms, finds, repository, searched

Place = tuple[str, int, str]  # file, line from 1, kind: ("app/db.py", 7, "password")
Step = tuple[int, str]  # seconds, command: (0, "rotate harbour")

# %% [markdown]
"""## The situation

On Tuesday a customer's security team sends you a line of your own log: `retry with postgresql://app:…@db`, with the
password in full. The same password stands in a notebook's output, in a commit that was "removed" two years ago, and,
"encrypted", in a manifest. You change it at 14:00. At 14:10 the old one ends, and **every request of two tenants fails
for 50 minutes**: the pods had read it once, at their start, into a variable.

![Code, images, notebooks and diffs are scanned and hold no value. The store holds the passwords. An ExternalSecret
copies one into each tenant's Secret; the tenant's own pods mount it. Logs pass through a handler that redacts. A
rotation changes the store, and everything follows.](diagrams/04_keep_secrets_secret.mmd)
"""

# %%
encrypted = {"password": "c2VzYW1lLTEyMw=="}  # below `data:` of a Secret
base64.b64decode(encrypted["password"])

# %% [markdown]
"""## 1 · Know a secret by its shape

`find_secrets(files)` returns a list of (file, line, kind). It is checked after the next cell; begin with the kinds that
one line gives away, whatever file it stands in:

| kind | shape |
|---|---|
| `aws_access_key` | `AKIA` or `ASIA`, 16 capitals or digits; not with `EXAMPLE` at its end |
| `aws_secret_key` | 40 of `A-Za-z0-9/+`, given to a name that ends with `secret_access_key`, any case |
| `github_token` | `ghp_`, `gho_`, `ghs_` and 36 letters or digits |
| `slack_token` | `xoxb-` or `xoxp-`, two groups of 10 to 13 digits, one of 24 letters or digits |
| `stripe_key` | `sk_live_` and 24 letters or digits (`pk_live_` is public) |
| `private_key` | `-----BEGIN … PRIVATE KEY-----`, `…` being `RSA`, `EC`, `OPENSSH` or nothing |
| `jwt` | three base64url parts of 16 or more, the first two begin with `eyJ` |
| `url_password` | `scheme://user:password@host` with a literal password |
| `auth_header` | `Authorization: Basic …` or `Bearer …`, any case, 16 or more characters |

A value is of the first kind that fits. Placeholders (`${…}`, `$(…)`, `{{…}}`, or beginning with `$`, `<`, `%`) are no
secrets. Removed lines of a diff count: they are in the history. So do outputs of a notebook.

<details><summary>Hint · a table of patterns</summary>

`{"github_token": "gh[pos]_[A-Za-z0-9]{36}", …}`, tried in the order of the table with `re.search`.

</details>
"""


# %% nbgrader={"grade_id": "secrets-shapes", "solution": true}
def kind_by_shape(line: str) -> str:
    """The kind of secret that a line gives away by its shape; "" if none."""
    ### BEGIN SOLUTION
    # Why: the prefix does the work. A rule on randomness alone fires on every digest and picture.
    shapes = {
        "aws_access_key": r"\b(?:AKIA|ASIA)(?![A-Z0-9]{9}EXAMPLE)[A-Z0-9]{16}\b",
        "aws_secret_key": r"(?i:secret_access_key)['\"]?\s*[:=]\s*['\"]?[A-Za-z0-9/+]{40}(?![\w/+])",
        "github_token": r"\bgh[pos]_[A-Za-z0-9]{36}\b",
        "slack_token": r"\bxox[bp]-\d{10,13}-\d{10,13}-[A-Za-z0-9]{24}\b",
        "stripe_key": r"\bsk_live_[A-Za-z0-9]{24}\b",
        "private_key": r"-----BEGIN (?:(?:RSA|EC|OPENSSH) )?PRIVATE KEY-----",
        "jwt": r"\beyJ[\w-]{13,}\.eyJ[\w-]{13,}\.[\w-]{16,}",
        "url_password": r"\w://[^\s:/@]+:(?![$<%]|\{\{)[^\s/@]+@",
        "auth_header": r"(?i)authorization: (?:basic|bearer) (?![$<%]|\{\{)[^\s\"']{16,}",
    }
    return next((kind for kind, shape in shapes.items() if re.search(shape, line)), "")
    ### END SOLUTION


# %% [markdown]
"""## 2 · Know the others by their name

A name is *name-like* if its last word (split at `_`, `-`, `.`) is `password`, `passwd`, `pwd`, `token` or `secret`, or
its end is `api_key`, `apikey` or `secret_key`, in any case. A *literal* is the value itself: not empty, no placeholder;
in Python it stands in quotes.

| kind | where |
|---|---|
| `password` | YAML or Python, a literal for a name ending in `password`, `passwd`, `pwd` |
| `api_key` | YAML or Python, a literal of 16 or more for any other name-like name |
| `kubernetes_secret` | each value below `data:` or `stringData:` of a YAML document of kind `Secret`, and nothing else there |
| `docker_build` | `ARG` or `ENV` of the `Dockerfile`, a literal for a name-like name |
| `registry_auth` | the value of `"auth"` in a `.json` file: base64 of `user:password` |

In YAML, `- name: DB_PASSWORD` with `value: …` below gives that name; the place is the value's line. A keyword argument
in Python counts. Shapes go first. Report each place once, in any order.

<details><summary>Hint · one document at a time</summary>

Split YAML at lines `---`. A document with a line `kind: Secret` has a block below `data:` or `stringData:` that ends at
the next line without indentation.

</details>
"""


# %% nbgrader={"grade_id": "secrets-names", "solution": true}
def find_secrets(files: dict[str, str]) -> list[Place]:
    """Where secrets are: file, line and kind of each."""
    ### BEGIN SOLUTION
    # Why: names catch what has no shape, such as a password that a person made up. They need a
    # literal beside them, or every reference to a secret is reported as one.
    found = []
    for file, text in files.items():
        inside = lines_of_secrets(text) if file.endswith(".yaml") else set()
        before = ""
        for at, line in enumerate(text.splitlines(), 1):
            kind = "kubernetes_secret" if at in inside else kind_by_shape(line)
            kind = kind or kind_by_name(file, line, before)
            if kind:
                found.append((file, at, kind))
            before = line
    return found
    ### END SOLUTION


def kind_by_name(file: str, line: str, before: str) -> str:
    """The kind that the name on a line (or on the line before) gives it. A suggestion."""
    ### BEGIN SOLUTION
    pairs: list[tuple[str, str]] = []
    if file.endswith(".json"):
        return "registry_auth" if re.search(r'"auth"\s*:\s*"[A-Za-z0-9+/=]+"', line) else ""
    if file.endswith("Dockerfile"):
        pairs = re.findall(r"^(?:ARG|ENV)\s+([\w.-]+)[=\s]\s*['\"]?([^\s'\"]+)", line)
    elif file.endswith(".py"):
        pairs = re.findall(r"([\w.]+)\s*=\s*[rbf]?['\"]([^'\"]+)['\"]", line)
    elif file.endswith(".yaml"):
        pairs = re.findall(r"^\s*(?:- )?([\w.-]+):\s+['\"]?([^'\"]+)", line)
        named = re.search(r"^\s*- name:\s+['\"]?([\w.-]+)", before)
        pairs = [(named[1] if named and name == "value" else name, text) for name, text in pairs]
    for name, text in pairs:
        words = re.split(r"[_.-]", name.lower())
        if re.search(r"\$\{|\$\(|\{\{|^[$<%]", text) or not is_name_like(words):
            continue
        if file.endswith("Dockerfile"):
            return "docker_build"
        if words[-1] in ("password", "passwd", "pwd"):
            return "password"
        if len(text.strip()) >= 16:
            return "api_key"
    return ""
    ### END SOLUTION


def is_name_like(words: list[str]) -> bool:
    """Whether a name of these words is that of a secret. A suggestion."""
    ### BEGIN SOLUTION
    single = ("password", "passwd", "pwd", "token", "secret", "apikey")
    return words[-1] in single or words[-2:] in (["api", "key"], ["secret", "key"])
    ### END SOLUTION


def lines_of_secrets(text: str) -> set[int]:
    """The lines of YAML that hold values of a Kubernetes Secret. A suggestion."""
    ### BEGIN SOLUTION
    found, start = set(), 1
    for document in re.split(r"^---\n", text, flags=re.MULTILINE):
        lines = document.splitlines()
        inside = False
        for at, line in enumerate(lines, start):
            if not line.startswith(" "):
                inside = line in ("data:", "stringData:")
            elif inside and "kind: Secret" in lines:
                found.add(at)
        start += len(lines) + 1
    return found
    ### END SOLUTION


# %% [markdown]
"""One file of a small repository, and what your scanner misses or wrongly reports in all of it:"""

# %%
print(repository(1).files["deploy/values.yaml"])


@try_it
def what_is_missed() -> dict[str, list[Any]]:
    return explained(searched(find_secrets, seed=1))


# %% nbgrader={"grade_id": "secrets-find-checks", "grade": true}
@check(expect=is_true_of(finds("aws_access_key")), points=1, seeds=1)
def access_keys_of_aws_are_found(rng):
    """Long-lived ones and temporary ones; the key of the manual ends with EXAMPLE."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("password")), points=1, seeds=1)
def passwords_are_found(rng):
    """In YAML, in a container's variable, in Python also as an argument."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("kubernetes_secret")), points=1, seeds=1)
def values_of_a_kubernetes_secret_are_found(rng):
    """base64 is no secret: whoever reads the file reads the value."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(few_false_alarms), points=3, seeds=1)
def at_most_two_alarms_are_false(rng):
    """Placeholders, references, digests, public keys: a scanner that cries wolf is switched off."""
    return searched(find_secrets, rng.randrange(10**6))


### BEGIN HIDDEN TESTS
@check(expect=is_true_of(finds("aws_secret_key")), points=1, seeds=1)
def secret_keys_of_aws_are_found(rng):
    """Forty characters that mean nothing without their name."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("github_token")), points=1, seeds=1)
def tokens_of_github_are_found(rng):
    """Also in the output of a notebook."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("slack_token")), points=1, seeds=1)
def tokens_of_slack_are_found(rng):
    """A removed line of a diff is in the history."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("stripe_key")), points=1, seeds=1)
def keys_of_stripe_are_found(rng):
    """The secret ones, and under their own kind."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("private_key")), points=1, seeds=1)
def private_keys_are_found(rng):
    """With and without a word before PRIVATE, in YAML and in a diff."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("jwt")), points=1, seeds=1)
def web_tokens_are_found(rng):
    """Three parts; a header alone opens nothing."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("url_password")), points=1, seeds=1)
def passwords_in_addresses_are_found(rng):
    """In Python and in a layer of an image."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("api_key")), points=1, seeds=1)
def other_keys_are_found_by_their_name(rng):
    """In Python and in YAML."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("docker_build")), points=1, seeds=1)
def arguments_of_a_build_are_found(rng):
    """ARG and ENV, with `=` or a space."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("registry_auth")), points=1, seeds=1)
def logins_of_a_registry_are_found(rng):
    """`docker login` writes user and password in base64."""
    return searched(find_secrets, rng.randrange(10**6))


@check(expect=is_true_of(finds("auth_header")), points=1, seeds=1)
def headers_are_found(rng):
    """Basic and Bearer, in any case, in code and in a layer."""
    return searched(find_secrets, rng.randrange(10**6))


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Log no secret

`redact(text, secrets)` writes `***` for each secret in `text`, and for its base64 (standard alphabet, with padding) and
its percent-encoded form, `quote(secret, safe="")`. Where one secret contains another, nothing of the longer one stays.
Empty secrets are passed over; all other text stays.

`log_handler(stream, secrets)` returns a `logging.Handler` that writes to `stream`. Nothing that is logged through it
holds a secret: not in the message, not in its arguments, not in an exception and its traceback. Level and message stay
readable.

<details><summary>Hint 1 · the order</summary> Replace the longest form first.</details>
<details><summary>Hint 2 · after, not before</summary>

A filter sees the message before its arguments are filled in. What a *formatter* returns is the whole line, with the
traceback: redact that.

</details>
"""


# %% nbgrader={"grade_id": "secrets-redact", "solution": true}
def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` for every secret, in any form."""
    ### BEGIN SOLUTION
    # Why: the longest first, or the rest of a longer secret stays behind a shorter one.
    forms = set()
    for secret in filter(None, secrets):
        forms |= {secret, base64.b64encode(secret.encode()).decode(), quote(secret, safe="")}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text
    ### END SOLUTION


def log_handler(stream: io.StringIO, secrets: Iterable[str]) -> logging.Handler:
    """A handler that writes level and message to `stream`, and no secret."""
    ### BEGIN SOLUTION
    known = list(secrets)

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record), known)

    handler = logging.StreamHandler(stream)
    handler.setFormatter(Redacting("%(levelname)s %(message)s"))
    return handler
    ### END SOLUTION


# %%
@try_it
def a_line_of_the_log() -> str:
    return redact("retry with postgresql://app:sesame-123@db", ["sesame-123"])


# %% nbgrader={"grade_id": "secrets-redact-checks", "grade": true}
def logged(secrets, *calls):
    """What is written when each call logs something."""
    stream, logger = io.StringIO(), logging.Logger("triage")
    logger.addHandler(log_handler(stream, secrets))
    for call in calls:
        call(logger)
    return {"written": stream.getvalue(), "secrets": secrets}


def writes(*words):
    """A predicate: these words are written, and no secret is."""

    def clean(seen):
        text = seen["written"]
        return all(word in text for word in words) and not any(s in text for s in seen["secrets"])

    clean.__doc__ = f"written: {', '.join(words)}; and no secret"
    return clean


@check(expect=is_true_of(writes("ERROR", "retry with", "at db")), points=2)
def arguments_of_a_message_are_redacted():
    """`logger.error("retry with %s at %s", …)`: the secret is no part of the message yet."""
    return logged(["sesame-123"], lambda log: log.error("retry with %s at %s", "sesame-123", "db"))


@check(expect="password *** base64 *** end", points=1)
def base64_is_no_secret():
    """The encoded form is redacted, too."""
    return redact("password sesame-123 base64 c2VzYW1lLTEyMw== end", ["sesame-123"])


### BEGIN HIDDEN TESTS
def made_up(rng, count=14):
    """A secret that is spelled alike in an address."""
    return "".join(rng.choice("abcdefghkmnprstuvwxyz23456789") for _ in range(count))


@check(expect=REFERENCE, points=1, seeds=2)
def every_secret_is_redacted_wherever_it_stands(rng):
    """Several, several times, in the middle of words."""
    some = [made_up(rng) for _ in range(3)]
    return redact(f"{some[0]} x{some[1]}x {some[0]}/{some[2]}\n{some[1]}", rng.sample(some, 3))


@check(expect=REFERENCE, points=1, seeds=2)
def percent_encoded_forms_are_redacted(rng):
    """As they stand in an address."""
    secret = f"{made_up(rng, 6)}/{made_up(rng, 6)}(@{made_up(rng, 3)} ü"
    return redact(f"get https://app:{quote(secret, safe='')}@db {secret}", [secret])


@check(expect=REFERENCE, points=1, seeds=2)
def nothing_of_a_longer_secret_stays(rng):
    """One secret may contain another."""
    short = made_up(rng, 8)
    some = [short, f"{short}-{made_up(rng, 5)}", f"{made_up(rng, 4)}.{short}"]
    return [redact(f"a {some[1]} b {some[2]} c {some[0]}", order) for order in (some, some[::-1])]


@check(expect=REFERENCE, points=1, seeds=2)
def what_is_harmless_stays(rng):
    """No secrets, empty secrets, near misses."""
    secret = made_up(rng)
    text = f"tokens 4096, {secret[:-1]}, {secret[1:]} *** done"
    return [
        redact(text, [secret]),
        redact(text, ["", secret]),
        redact(text, [""]),
        redact(text, []),
    ]


def no_secret_in_tracebacks(seen):
    """written: ERROR, the message, ValueError; and no secret"""
    text = seen["written"]
    words = ("ERROR", "the query failed", "ValueError", "Traceback")
    return all(w in text for w in words) and not any(s in text for s in seen["secrets"])


@check(expect=is_true_of(no_secret_in_tracebacks), points=2, seeds=1)
def exceptions_are_redacted(rng):
    """`logger.exception` writes the exception's text and the traceback."""
    secret = made_up(rng)

    def fails(log):
        try:
            raise ValueError(f"no login with {secret}")
        except ValueError:
            log.exception("the query failed")

    return logged([secret], fails)


def messages_in_full(seen):
    """written: level and message of each, and no secret"""
    words = ("INFO", "ready with", "WARNING", "slow")
    text = seen["written"]
    return all(w in text for w in words) and not any(s in text for s in seen["secrets"])


@check(expect=is_true_of(messages_in_full), points=2, seeds=1)
def messages_are_redacted_and_readable(rng):
    """The message itself holds a secret; other lines are written as they are."""
    secret = made_up(rng)
    return logged(
        [secret], lambda log: log.info(f"ready with {secret}"), lambda log: log.warning("slow")
    )


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Put references in their place

`manifests()` returns YAML for the tenants `harbour` and `orchard`. For each tenant T:

- **ExternalSecret** (`external-secrets.io/v1`): SecretStore `vault`, `target.name` `T-db`; its data gives `secretKey:
  password` from `remoteRef` key `tenants/T/db`, property `password`.
- **Deployment** `triage-T`: 3 replicas, runs as ServiceAccount `triage-T`. Its container gets the password from Secret
  `T-db`, key `password`: as the file `/etc/db/password`, or as the variable `DB_PASSWORD`.
- **ServiceAccount, Role, RoleBinding**: `triage-T` may `get` Secret `T-db`, and `get` and `watch` ConfigMap
  `triage-models` (its client asks with the field selector `metadata.name`). Nothing else.
- No value of a secret in any manifest, and each tenant's secret is seen by its own service only.

<details><summary>Hint 1 · twice the same</summary> Write one tenant as a template and fill it in twice.</details>
<details><summary>Hint 2 · list and watch</summary>

`list` and `watch` return whole objects. A rule with `resourceNames` allows them only to a client that names the object
in its field selector; a rule without allows everything.

</details>
"""


# %% nbgrader={"grade_id": "secrets-manifests", "solution": true}
def manifests() -> str:
    """The manifests of both tenants."""
    ### BEGIN SOLUTION
    # Why: a volume follows the Secret by itself, a variable never does. Names in the rules, because
    # a role without them opens the other tenant's Secret as well.
    one = """
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: TENANT-db}
spec:
  refreshInterval: 5m
  secretStoreRef: {name: vault, kind: SecretStore}
  target: {name: TENANT-db}
  data:
  - secretKey: password
    remoteRef: {key: tenants/TENANT/db, property: password}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: triage-TENANT}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: triage-TENANT}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [TENANT-db], verbs: [get]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [triage-models], verbs: [get, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: triage-TENANT}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: triage-TENANT}
subjects:
- {kind: ServiceAccount, name: triage-TENANT}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: triage-TENANT}
spec:
  replicas: 3
  selector: {matchLabels: {app: triage-TENANT}}
  template:
    metadata: {labels: {app: triage-TENANT}}
    spec:
      serviceAccountName: triage-TENANT
      containers:
      - name: api
        image: registry.internal/triage:2.1.0
        volumeMounts:
        - {name: db, mountPath: /etc/db, readOnly: true}
      volumes:
      - name: db
        secret: {secretName: TENANT-db}
"""
    return "---".join(one.replace("TENANT", tenant) for tenant in ("harbour", "orchard"))
    ### END SOLUTION


# %% [markdown]
"""## 5 · Rotate while requests go on

`rotation(tenant)` returns steps, (seconds, command), in order. With T the tenant:

- `rotate T`, exactly once: the store has a new password; the old one is valid for 600 s more.
- `sync T`: the ExternalSecret is read at once; the Secret has it 5 s later.
- `restart T`: `kubectl rollout restart`; three pods, one begins every 45 s.

At most 20 steps, whole seconds from 0 to 3600. What follows what:

- The Secret follows the store at each `refreshInterval` (1h unless you say otherwise), at worst a whole one later.
- A mounted volume follows the Secret within 90 s. A volume with `subPath`, and a variable, never do: they keep what
  they had when the pod began. A service with both takes the variable.

Each pod asks the database every second. No request fails in the hour after `rotate`.

<details><summary>Hint · add up the worst</summary> Refresh plus kubelet has to be less than 600 s.</details>
"""


# %% nbgrader={"grade_id": "secrets-rotation", "solution": true}
def rotation(tenant: str) -> list[Step]:
    """The steps of one tenant's rotation."""
    ### BEGIN SOLUTION
    # Why: 5 minutes of refresh and 90 s of the kubelet are less than 10. Nobody has to be awake.
    return [(0, f"rotate {tenant}")]
    ### END SOLUTION


# %% nbgrader={"grade_id": "secrets-cluster-checks", "grade": true}
def answer():
    """What is played: both tenants."""
    return {"manifests": manifests(), "rotation": {t: rotation(t) for t in ("harbour", "orchard")}}


@check(expect=played(vault.world, vault.tenants_are_apart), points=4, stage="core")
def each_tenants_secret_is_seen_by_its_own_service_only():
    """By name in the role, in the mount, and in the service account of the pods."""
    return answer()


@check(expect=played(vault.world, vault.lists_are_closed), points=2, stage="core")
def nobody_lists_or_watches_secrets():
    """Both return the contents, not the names."""
    return answer()


@check(expect=played(vault.world, vault.harbour_is_unharmed), points=2, stage="core")
def a_rotation_of_harbour_fails_no_request():
    """Every pod has the new password before the old one ends."""
    return answer()


### BEGIN HIDDEN TESTS
@check(expect=played(vault.world, vault.own_secret_can_be_read), points=1, stage="core")
def each_service_may_read_what_is_its_own():
    """Its Secret, and the ConfigMap by name: get and watch."""
    return answer()


@check(expect=played(vault.world, vault.nothing_more_is_granted), points=2, stage="core")
def nothing_more_is_granted():
    """Whoever may create pods, or write secrets, reads all of them in the end."""
    return answer()


@check(expect=played(vault.world, vault.keys_come_from_the_store), points=2, stage="core")
def passwords_come_from_the_tenants_own_key():
    """SecretStore vault, key tenants/T/db, property password, into T-db."""
    return answer()


@check(expect=played(vault.world, vault.no_value_is_written), points=2, stage="core")
def no_manifest_holds_a_value():
    """No Secret with data, no variable with a literal."""
    return answer()


@check(expect=played(vault.world, vault.pods_run_as_themselves), points=1, stage="core")
def pods_run_as_their_service_account_and_have_a_password():
    """triage-T, three replicas, file or variable."""
    return answer()


@check(expect=played(vault.world, vault.orchard_is_unharmed), points=2, stage="core")
def a_rotation_of_orchard_fails_no_request():
    """The steps are for the tenant that is asked for."""
    return answer()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## See a rotation

Your manifests and your steps, tenant `harbour`, at worst. Move *refresh*: 0 is what you wrote; at 60 minutes, the usual
interval, the Secret follows long after the old password has ended. Then write `subPath: password` into your mount, or
`DB_PASSWORD` into the environment, and look again: the picture turns red at ten minutes unless you restart in time.
"""


# %%
def rotated(refresh_min: float, kubelet_s: float) -> object:
    return vault.shown(manifests(), rotation("harbour"), refresh_min, kubelet_s)


words = (
    "For each pod: old password, new password, where requests fail, and when the pod begins again."
)
explore(vault.draw_rotation, data=rotated, caption=words, size=(10, 3.8),
        refresh_min=slider(0, 60, 1, 0, "refresh, min (0: yours)"),
        kubelet_s=slider(10, 90, 10, 90, "kubelet, s"))  # fmt: skip

# %% [markdown]
"""## What do you do first?

14:20. A colleague pushed a commit with the vendor's API key of *all* tenants to a public repository at 13:40, noticed it
at 13:55 and force-pushed it away. "It was only fifteen minutes, and nobody forks us." The key signs 300 requests a
second, and the vendor allows one active key. **What do you do, in which order, and what do you change afterwards?** 150
words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "secrets-tradeoff", "grade": true, "solution": true, "points": 11}
"""### BEGIN SOLUTION
The key is lost, whatever the force-push did: bots read the public event stream within a minute, and the commit is still
there by its hash. So rotation comes first, and the history last.

With one active key a rotation is an outage unless it is prepared: I ask the vendor's support for a second key or a
grace period while the new value goes into the store. All pods read the key from a mounted file, so the switch takes the
refresh and 90 s; I watch 401s by tenant and have the rollback ready. If the vendor cannot, I take the short outage now,
at 14:30, with a status message, rather than leave a known key open overnight.

At the same time somebody reads the vendor's audit log from 13:40: requests from addresses that are not ours, by tenant.
If there are any, security and the customers concerned are told, with times.

Afterwards: one key for each tenant, so that the next leak has one owner; push protection and a scanner before the
commit; a monthly rotation drill, so that this one is routine. Then I clean the history, and say in the postmortem what
made the mistake easy, not who made it.

Rubric, 11 points:
- rotate first (4). Weak: cleans the history, or argues about fifteen minutes. Good: rotates at once. Strong: and says
  why the push cannot be undone.
- the outage (3). Weak: rotates and hopes. Good: overlap, or a planned short outage with words. Strong: with numbers for
  what follows when, and a watch on it.
- who used it (2). Weak: nothing. Good: reads audit logs. Strong: by tenant, and who is told.
- the next time (2). Weak: "be careful". Good: scanner or push protection. Strong: one key a tenant, drills, no blame.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** A secret is found by shape, or by name and literal. Nothing encoded is encrypted. `list` reads
contents, and a name in the role is what keeps tenants apart. A volume follows, a variable and a `subPath` do not.

**In practice** Scan before the commit and the whole history once (gitleaks, TruffleHog). Encrypt Secrets in etcd. Let
short-lived credentials, IRSA or Vault's, replace the long-lived ones: what lives an hour needs no rotation.

**Asked next**

<details><summary>"Sealed Secrets, External Secrets or Vault's injector?"</summary>

Sealed Secrets need no store and put ciphertext into git; changing one is a commit. External Secrets copy from a store into
the cluster, the injector never makes a Secret at all, at the price of a sidecar in each pod.

</details>
<details><summary>"Who can read a Secret of a namespace?"</summary>

Whoever may get, list or watch it, whoever may create a pod there and mount it, and whoever reads etcd or the node. So the
right to create pods is a right to read secrets.

</details>
<details><summary>"How do you rotate without downtime if the service reads at start only?"</summary>

Sync first, then a rolling restart, both before the old value ends; a checksum of the Secret in the pod template makes
the restart part of the roll-out. The order matters: pods that restart before the sync come back with the old value.

</details>
<details><summary>"Why is an environment variable worse than a file?"</summary>

It is inherited by child processes and printed by crash reports and `describe`-like tools. And it cannot change while the
process lives.

</details>
"""
