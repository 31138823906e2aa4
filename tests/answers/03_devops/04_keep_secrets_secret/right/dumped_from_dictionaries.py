"""Manifests are dictionaries that are dumped; a stream that redacts what is written to it."""

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
def redact(text, secrets):
    forms = {f for s in secrets if s for f in (s, base64.b64encode(s.encode()).decode(), quote(s, safe=""))}
    out, at = [], 0
    ordered = sorted(forms, key=len)[::-1]
    while at < len(text):
        for form in ordered:
            if text.startswith(form, at):
                out.append("***")
                at += len(form)
                break
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


class Washed:
    def __init__(self, stream, secrets):
        self.inner, self.secrets = stream, list(secrets)

    def write(self, text):
        return self.inner.write(redact(text, self.secrets))

    def flush(self):
        self.inner.flush()


def log_handler(stream, secrets):
    handler = logging.StreamHandler(Washed(stream, secrets))
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    return handler


# %% secrets-manifests
import yaml


def manifests():
    return yaml.safe_dump_all([document for tenant in ["orchard", "harbour"] for document in tenant_of(tenant)])


def tenant_of(t):
    account = f"triage-{t}"
    meta = {"name": account, "labels": {"tenant": t}}
    yield {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": f"from-vault-{t}"},
        "spec": {
            "refreshInterval": "30s",
            "secretStoreRef": {"kind": "SecretStore", "name": "vault"},
            "target": {"name": f"{t}-db", "creationPolicy": "Owner"},
            "data": [
                {"secretKey": "password", "remoteRef": {"key": f"tenants/{t}/db", "property": "password"}},
                {"secretKey": "user", "remoteRef": {"key": f"tenants/{t}/db", "property": "user"}},
            ],
        },
    }
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    may = [("secrets", f"{t}-db", "get"), ("configmaps", "triage-models", "get"), ("configmaps", "triage-models", "watch")]
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": meta,
        "rules": [
            {"apiGroups": [""], "resources": [what], "resourceNames": [name], "verbs": [verb]} for what, name, verb in may
        ],
    }
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "default"}],
    }
    container = {
        "name": "api",
        "image": "registry.internal/triage:2.1.0",
        "volumeMounts": [{"name": "password", "mountPath": "/etc/db/"}],
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"tenant": t}},
            "template": {
                "metadata": {"labels": {"tenant": t}},
                "spec": {
                    "serviceAccountName": account,
                    "containers": [container],
                    "volumes": [{"name": "password", "secret": {"secretName": f"{t}-db", "defaultMode": 256}}],
                },
            },
        },
    }


# %% secrets-rotation
def rotation(tenant: str) -> list[Step]:
    """The steps of one tenant's rotation."""
    return [(0, f"rotate {tenant}")]
