"""Writes the cluster's schemas: the fields that the API server knows, for the kinds that the
simulator knows, in the newest three versions that the package `kubernetes-validate` ships.

    python -m tools.schemas              # installs it into a throw-away venv, writes the schemas
    python -m tools.schemas check FILE…  # the package's own strict verdict on manifests

The newest version is read at run time (`coursekit/devops/cluster/data/schemas.json`), the two
before it by tests alone (`tests/coursekit/devops/schemas/`). The package is 108 MB, so it is no
dependency. A type is written as a word: `string`, `int32`, `quantity`, the name of another type,
`[T]` a list, `{T}` a mapping from texts; a field whose name ends in `!` is required. `status` and
`managedFields` are written by the cluster and ignored when a learner hands them in: `any`.
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NEWEST = ROOT / "coursekit" / "devops" / "cluster" / "data" / "schemas.json"
OLDER = ROOT / "tests" / "coursekit" / "devops" / "schemas"
KINDS = {
    "ConfigMap": ("v1", "api.core.v1.ConfigMap"),
    "Deployment": ("apps/v1", "api.apps.v1.Deployment"),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "api.autoscaling.v2.HorizontalPodAutoscaler"),
    "Pod": ("v1", "api.core.v1.Pod"),
    "PodDisruptionBudget": ("policy/v1", "api.policy.v1.PodDisruptionBudget"),
    "Role": ("rbac.authorization.k8s.io/v1", "api.rbac.v1.Role"),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "api.rbac.v1.RoleBinding"),
    "Secret": ("v1", "api.core.v1.Secret"),
    "Service": ("v1", "api.core.v1.Service"),
    "ServiceAccount": ("v1", "api.core.v1.ServiceAccount"),
}
IGNORED = {"status", "managedFields"}
CHECK = """
import sys, yaml, kubernetes_validate
good = True
for name in sys.argv[2:]:
    for document in yaml.safe_load_all(open(name, encoding="utf-8")):
        if document["apiVersion"].startswith("external-secrets.io/"):
            continue  # not a kind of Kubernetes itself
        for version in sys.argv[1].split(","):
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                good = False
                print(f"{name}: {version}: {document['kind']}: {error.message}")
sys.exit(not good)
"""


def main() -> None:
    """Write the schemas, or check manifests."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "kubernetes-validate"], check=True)
        (shipped,) = Path(folder).glob("lib/*/site-packages/kubernetes_validate/*json-schema")
        newest, *older = newest_three(shipped)
        if sys.argv[1:2] == ["check"]:
            versions = ",".join(version.removesuffix(".0") for version in (newest, *older))
            sys.exit(subprocess.run([python, "-c", CHECK, versions, *sys.argv[2:]]).returncode)
        write(pruned(shipped, newest), NEWEST)
        for version in older:
            write(pruned(shipped, version), OLDER / f"{version.removesuffix('.0')}.json")


def newest_three(shipped: Path) -> list[str]:
    """The newest three versions, newest first: "1.37.0"."""
    versions = {
        tuple(map(int, found.groups()))
        for folder in shipped.iterdir()
        if (found := re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)-local-strict", folder.name))
    }
    return [".".join(map(str, version)) for version in sorted(versions)[:-4:-1]]


def pruned(shipped: Path, version: str) -> dict[str, Any]:
    """The kinds, and every type that they reach, in words."""
    text = (shipped / f"v{version}-local-strict" / "_definitions.json").read_text("utf-8")
    definitions = json.loads(text)["$defs"]
    kinds, types = {}, {}
    waiting = ["io.k8s." + name for _, name in KINDS.values()]
    names: dict[str, str] = {}
    while waiting:
        long = waiting.pop()
        if long in names:
            continue
        names[long] = short(long)
        definition = definitions[long]
        required = set(definition.get("required", ()))
        fields = {}
        for name, schema in sorted(definition.get("properties", {}).items()):
            word, reached = ("any", []) if name in IGNORED else type_of(schema, definitions)
            fields[name + "!" * (name in required)] = word
            waiting += reached
        types[names[long]] = fields
    for kind, (api_version, long) in KINDS.items():
        kinds[kind] = {"apiVersion": api_version, "type": names["io.k8s." + long]}
    assert len(set(names.values())) == len(names), "two types have one short name"
    return {
        "version": version.removesuffix(".0"),
        "kinds": kinds,
        "types": dict(sorted(types.items())),
    }


def type_of(schema: dict[str, Any], definitions: dict[str, Any]) -> tuple[str, list[str]]:
    """A type as a word, and the long names of the types that it reaches."""
    if "$ref" in schema:
        long = schema["$ref"].rpartition("/")[2]
        definition = definitions[long]
        if "properties" in definition:
            return short(long), [long]
        if long.endswith((".Quantity", ".IntOrString")):
            return short(long).lower().replace("intorstring", "intstr"), []
        return type_of(definition, definitions)
    kind = schema.get("type", "any")
    kind = next(name for name in kind if name != "null") if isinstance(kind, list) else kind
    if kind == "array":
        word, reached = type_of(schema["items"], definitions)
        return f"[{word}]", reached
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        word, reached = type_of(schema["additionalProperties"], definitions)
        return f"{{{word}}}", reached
    if kind == "integer":
        return schema["format"], []
    if kind == "string" and schema.get("format") == "byte":
        return "byte", []
    return ("any" if kind == "object" else kind), []


def short(long: str) -> str:
    """`Container` for io.k8s.api.core.v1.Container."""
    return long.rpartition(".")[2]


def write(schemas: dict[str, Any], path: Path) -> None:
    """One type a line, so that a new version's diff can be read."""
    lines = [f'{{"version": "{schemas["version"]}",']
    for part, end in (("kinds", "},"), ("types", "}}")):
        lines.append(f'"{part}": {{')
        members = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in schemas[part].items()]
        lines.append(",\n".join(members))
        lines.append(end)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(schemas['types'])} types of {schemas['version']}")


if __name__ == "__main__":
    main()
