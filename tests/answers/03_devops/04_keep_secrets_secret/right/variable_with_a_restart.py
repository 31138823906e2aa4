"""A variable, a forced refresh and a rolling restart; a filter with a formatter; YAML is loaded."""

# %% secrets-shapes
TABLE = [
    ("aws_access_key", re.compile(r"(AKIA|ASIA)([A-Z0-9]{16})(?![A-Za-z0-9])")),
    ("github_token", re.compile(r"gh(p|o|s)_[0-9a-zA-Z]{36}")),
    ("slack_token", re.compile(r"xox(b|p)(-[0-9]{10,13}){2}-[0-9a-zA-Z]{24}")),
    ("stripe_key", re.compile(r"sk_live_[0-9a-zA-Z]{24}")),
    ("private_key", re.compile(r"-{5}BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY-{5}")),
    ("jwt", re.compile(r"(eyJ[-_A-Za-z0-9]{13,}[.]){2}[-_A-Za-z0-9]{16,}")),
]


def kind_by_shape(line):
    if re.search(r"(?i)secret_access_key", line) and re.search(r"\b[A-Za-z0-9/+]{40}", line):
        return "aws_secret_key"
    for kind, pattern in TABLE:
        match = pattern.search(line)
        if match and not match.group().endswith("EXAMPLE"):
            return kind
    url = re.search(r"[a-z]+://[^:/@ ]+:([^@/ ]+)@", line)
    if url and url.group(1)[0] not in "$<%{":
        return "url_password"
    header = re.search(r"authorization: (basic|bearer) ([^ \"']+)", line, re.IGNORECASE)
    if header and len(header.group(2)) >= 16 and header.group(2)[0] not in "$<%{":
        return "auth_header"
    return ""


# %% secrets-names
import json
import yaml


def find_secrets(files):
    found = set()
    for file, text in files.items():
        lines = text.split("\n")
        blocked = set()
        if file.endswith(".yaml"):
            loader = yaml.SafeLoader("\n".join("" if "{{" in x or "<your" in x else x for x in lines))
            while loader.check_node():
                node = loader.get_node()
                fields = {k.value: v for k, v in node.value}
                if "kind" in fields and fields["kind"].value == "Secret":
                    for part in ("data", "stringData"):
                        for key, value in fields[part].value if part in fields else []:
                            blocked.add(value.start_mark.line + 1)
                else:
                    walk(node, file, lines, found)
        for number, line in enumerate(lines, start=1):
            if number in blocked:
                found.add((file, number, "kubernetes_secret"))
                continue
            kind = kind_by_shape(line)
            if kind:
                found = {f for f in found if f[:2] != (file, number)} | {(file, number, kind)}
            elif file == "Dockerfile":
                words = re.split(r"[ =]", line, maxsplit=2)
                if words[0] in ("ARG", "ENV") and len(words) == 3 and secretish(words[1]) and literal(words[2]):
                    found.add((file, number, "docker_build"))
            elif file.endswith(".json") and '"auth":' in line:
                found.add((file, number, "registry_auth"))
            elif file.endswith(".py"):
                for name, _, value in re.findall(r"([A-Za-z_.]+) ?= ?(['\"])(.*?)\2", line):
                    kind = named(name, value)
                    if kind:
                        found.add((file, number, kind))
    return sorted(found)


def walk(node, file, lines, found):
    if isinstance(node, yaml.MappingNode):
        fields = {k.value: v for k, v in node.value}
        for name, value in fields.items():
            if isinstance(value, yaml.ScalarNode):
                title = fields["name"].value if name == "value" and "name" in fields else name
                kind = named(title, value.value)
                if kind:
                    found.add((file, value.start_mark.line + 1, kind))
        for value in fields.values():
            walk(value, file, lines, found)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            walk(value, file, lines, found)


def literal(value):
    return value != "" and value[0] not in "$<%" and not any(mark in value for mark in ("${", "$(", "{{"))


def secretish(name):
    return re.search(r"(?i)(^|[_.-])(password|passwd|pwd|token|secret|api[_.-]?key|secret[_.-]key)$", name)


def named(name, value):
    if not (secretish(name) and literal(value)):
        return ""
    if re.search(r"(?i)(password|passwd|pwd)$", name):
        return "password"
    return "api_key" if len(value) >= 16 else ""


# %% secrets-redact
def redact(text, secrets):
    forms = []
    for one in secrets:
        if one:
            forms += [one, str(base64.b64encode(one.encode("utf-8")), "ascii"), quote(one, "")]
    if not forms:
        return text
    forms.sort(key=lambda form: -len(form))
    return re.sub("|".join(map(re.escape, forms)), "***", text)


class Quiet(logging.Handler):
    def __init__(self, stream, secrets):
        super().__init__()
        self.stream, self.secrets = stream, tuple(secrets)

    def emit(self, record):
        lines = [record.levelname, record.getMessage()]
        if record.exc_info:
            lines.append(logging.Formatter().formatException(record.exc_info))
        self.stream.write(redact(": ".join(lines), self.secrets) + chr(10))


def log_handler(stream, secrets):
    return Quiet(stream, secrets)


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
        env:
        - name: DB_PASSWORD
          valueFrom: {secretKeyRef: {name: TENANT-db, key: password}}
"""
    return "---".join(one.replace("TENANT", tenant) for tenant in ("harbour", "orchard"))


# %% secrets-rotation
def rotation(tenant):
    return [(0, "rotate " + tenant), (30, "sync " + tenant), (60, "restart " + tenant)]
