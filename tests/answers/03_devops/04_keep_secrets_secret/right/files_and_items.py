"""A dict of files; a projected volume with items; two roles a tenant; namespaces are written out."""

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
def manifests():
    files = {}
    for t in ("harbour", "orchard"):
        files[f"{t}/secret.yaml"] = f'''
kind: ExternalSecret
apiVersion: external-secrets.io/v1
metadata:
  name: {t}-db
  namespace: default
spec:
  refreshInterval: 2m30s
  secretStoreRef:
    name: vault
  data:
    - secretKey: password
      remoteRef:
        key: tenants/{t}/db
        property: password
'''
        rules = ""
        for name, resource, thing, verbs in (
            ("secret", "secrets", f"{t}-db", '["get"]'),
            ("models", "configmaps", "triage-models", '["get", "watch"]'),
        ):
            rules += f'''
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {t}-{name}, namespace: default}}
rules:
- apiGroups: [""]
  resources: ["{resource}"]
  resourceNames: ["{thing}"]
  verbs: {verbs}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {t}-{name}, namespace: default}}
roleRef: {{kind: Role, name: {t}-{name}, apiGroup: rbac.authorization.k8s.io}}
subjects:
- kind: ServiceAccount
  name: triage-{t}
  namespace: default
'''
        files[f"{t}/account.yaml"] = f'''apiVersion: v1
kind: ServiceAccount
metadata:
  name: triage-{t}
  namespace: default
automountServiceAccountToken: true
''' + rules
        files[f"{t}/deploy.yml"] = f'''
apiVersion: apps/v1
kind: Deployment
metadata:
  name: triage-{t}
spec:
  replicas: 3
  selector:
    matchLabels: {{tenant: {t}}}
  template:
    metadata:
      labels: {{tenant: {t}}}
    spec:
      serviceAccountName: triage-{t}
      containers:
      - name: service
        image: registry.internal/triage:2.1.0
        env:
        - {{name: TOKEN_FILE, value: /run/secrets/token}}
        volumeMounts:
        - name: credentials
          mountPath: /etc
          readOnly: true
      volumes:
      - name: credentials
        projected:
          sources:
          - secret:
              name: {t}-db
              items:
              - key: password
                path: db/password
'''
    return files


# %% secrets-rotation
def rotation(tenant):
    return [(5, f"rotate {tenant}"), (6, f"sync {tenant}")]
