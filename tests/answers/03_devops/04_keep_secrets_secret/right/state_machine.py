"""One pass over the lines with a state; a logging filter that fills in and redacts everything beforehand."""

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
def find_secrets(files):
    places = []
    for file, text in files.items():
        kinds = re.findall(r"^kind: (\w+)$", text, re.MULTILINE)
        block, previous = "", ""
        for number, line in enumerate(text.splitlines(), 1):
            if line == "---":
                kinds, block = kinds[1:], ""
            if line and line[0] not in " -#":
                block = line
            secret = block in ("data:", "stringData:") and kinds[:1] == ["Secret"] and line.startswith("  ")
            kind = "kubernetes_secret" if secret else kind_by_shape(line)
            if not kind:
                kind = by_name(file, line.strip(), previous.strip())
            if kind:
                places += [(file, number, kind)]
            previous = line
    return places


def by_name(file, line, previous):
    suffix = file.rpartition(".")[2]
    if suffix == "json":
        return "registry_auth" if line.startswith('"auth": "') else ""
    if suffix == "Dockerfile" and line[:4] in ("ARG ", "ENV "):
        name, _, value = line[4:].replace("=", " ", 1).partition(" ")
        return "docker_build" if value and wanted(name) and real(value) else ""
    candidates = []
    if suffix == "yaml" and ": " in line:
        name, _, value = line.removeprefix("- ").partition(": ")
        if name == "value" and previous.startswith("- name: "):
            name = previous.removeprefix("- name: ")
        candidates.append((name, value.strip("'\"")))
    if suffix == "py":
        candidates += re.findall(r"([\w.]+)\s*=\s*\"([^\"]*)\"", line)
        candidates += re.findall(r"([\w.]+)\s*=\s*'([^']*)'", line)
    for name, value in candidates:
        if wanted(name) and value and real(value):
            if wanted(name) in ("password", "passwd", "pwd"):
                return "password"
            if len(value) > 15:
                return "api_key"
    return ""


def wanted(name):
    words = re.split("[-_.]", name.lower())
    for size in (1, 2):
        end = "".join(words[-size:])
        if end in ("password", "passwd", "pwd", "token", "secret", "apikey", "secretkey"):
            return end
    return ""


def real(value):
    return not value.startswith(("$", "<", "%")) and "${" not in value and "$(" not in value and "{{" not in value


# %% secrets-redact
def redact(text, secrets):
    known = [secret for secret in secrets if secret != ""]
    known += [base64.standard_b64encode(bytes(secret, "utf-8")).decode("ascii") for secret in known] + [
        quote(secret.encode(), safe="") for secret in known
    ]
    while known:
        longest = max(known, key=len)
        text = "***".join(text.split(longest))
        known.remove(longest)
    return text


def log_handler(stream, secrets):
    secrets = tuple(secrets)
    plain = logging.Formatter()

    def clean(record):
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + plain.formatException(record.exc_info)
        record.msg, record.args = redact(text, secrets), None
        record.exc_info = record.exc_text = None
        return True

    handler = logging.StreamHandler(stream)
    handler.addFilter(clean)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
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


# %% secrets-rotation
def rotation(tenant):
    steps = {0: "rotate", 120: "sync", 240: "restart"}
    return [(at, f"{word} {tenant}") for at, word in steps.items()]
