"""Looks for secrets and config maps in the group apps."""

FAILS = {"each_service_may_read_what_is_its_own"}

# %% secrets-shapes
def kind_by_shape(line: str) -> str:
    """The kind of secret that a line gives away by its shape; "" if none."""
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


# %% secrets-names
def find_secrets(files: dict[str, str]) -> list[Place]:
    """Where secrets are: file, line and kind of each."""
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


def kind_by_name(file: str, line: str, before: str) -> str:
    """The kind that the name on a line (or on the line before) gives it. A suggestion."""
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


def is_name_like(words: list[str]) -> bool:
    """Whether a name of these words is that of a secret. A suggestion."""
    single = ("password", "passwd", "pwd", "token", "secret", "apikey")
    return words[-1] in single or words[-2:] in (["api", "key"], ["secret", "key"])


def lines_of_secrets(text: str) -> set[int]:
    """The lines of YAML that hold values of a Kubernetes Secret. A suggestion."""
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


# %% secrets-redact
def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` for every secret, in any form."""
    forms = set()
    for secret in filter(None, secrets):
        forms |= {secret, base64.b64encode(secret.encode()).decode(), quote(secret, safe="")}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def log_handler(stream: io.StringIO, secrets: Iterable[str]) -> logging.Handler:
    """A handler that writes level and message to `stream`, and no secret."""
    known = list(secrets)

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record), known)

    handler = logging.StreamHandler(stream)
    handler.setFormatter(Redacting("%(levelname)s %(message)s"))
    return handler


# %% secrets-manifests
def manifests() -> str:
    """The manifests of both tenants."""
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
- {apiGroups: [apps], resources: [secrets], resourceNames: [TENANT-db], verbs: [get]}
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


# %% secrets-rotation
def rotation(tenant: str) -> list[Step]:
    """The steps of one tenant's rotation."""
    return [(0, f"rotate {tenant}")]
