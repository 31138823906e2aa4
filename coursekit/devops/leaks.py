"""Small repositories with secrets in them, and harmless lines that look like some.

Every value is made up from a seed while it runs; none is stored. Each kind stands in the same
places of every repository.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "aws_access_key",
    "aws_secret_key",
    "github_token",
    "slack_token",
    "stripe_key",
    "private_key",
    "jwt",
    "url_password",
    "password",
    "api_key",
    "kubernetes_secret",
    "docker_build",
    "registry_auth",
    "auth_header",
)
FALSE_ALARMS = 2  # that are let pass
LETTERS = string.ascii_letters + string.digits
Place = tuple[str, int, str]  # file, line from 1, kind


@dataclass
class Repository:
    """Files, and what is where.

    Attributes:
        files: path to text.
        secrets: the places of the planted ones.
        harmless: file and line of each look-alike.
    """

    files: dict[str, str] = field(default_factory=dict)
    secrets: list[Place] = field(default_factory=list)
    harmless: list[tuple[str, int]] = field(default_factory=list)

    def add(self, file: str, *lines: str | tuple[str, str]) -> None:
        """Lines at the end of a file; a pair is a line and its kind, or "-" for a look-alike."""
        for line in lines:
            text, kind = line if isinstance(line, tuple) else (line, "")
            self.files[file] = self.files.get(file, "") + text + "\n"
            at = self.files[file].count("\n")
            if kind == "-":
                self.harmless.append((file, at))
            elif kind:
                self.secrets.append((file, at, kind))


def some(rng: random.Random, count: int, alphabet: str = LETTERS) -> str:
    """So many characters, at least one of them a letter in front."""
    return rng.choice(alphabet) + "".join(rng.choice(alphabet) for _ in range(count - 1))


def b64(text: str) -> str:
    """The base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def _jwt(rng: random.Random) -> str:
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT"})).rstrip("=")
    body = b64(json.dumps({"sub": some(rng, 12), "tenant": "harbour"})).rstrip("=")
    return f"{head}.{body}.{some(rng, 43)}"


def _word(rng: random.Random, count: int = 12) -> str:
    return some(rng, 1, string.ascii_letters) + some(rng, count - 1)


def repository(seed: int) -> Repository:
    """A repository with each kind of secret and 20 look-alikes."""
    rng = random.Random(f"repository {seed}")
    made = Repository()
    for file in ("deploy/values.yaml", "deploy/secret.yaml", "app/settings.py", "Dockerfile"):
        made.add(file, *[f"# checked by {_word(rng, 6)}"] * rng.randrange(1, 5))
    for write in (_values, _api, _secret, _tls, _settings, _billing, _dockerfile, _config):
        write(made, rng)
    _notebook(made, rng)
    _diff(made, rng)
    names = list(made.files)
    rng.shuffle(names)
    made.files = {name: made.files[name] for name in names}
    return made


def _values(made: Repository, rng: random.Random) -> None:
    made.add(
        "deploy/values.yaml",
        "# what the chart is filled with",
        f"replicas: {rng.randrange(2, 9)}",
        "tier:",
        "  value: standard",
        "database:",
        (f"  password: {_word(rng)}", "password"),
        ("  replica_password: ${DB_PASSWORD}", "-"),
        ("  url: postgresql://app:${DB_PASSWORD}@db/triage", "-"),
        "vendor:",
        ("  api_key: '{{ .Values.vendorKey }}'", "-"),
        ("  token: <your token>", "-"),
        (f'  webhook_secret: "{_word(rng, 24)}"', "api_key"),
        (f"  max_tokens: {rng.randrange(1, 9) * 1024}", "-"),
        (f"  password_min_length: {rng.randrange(8, 17)}", "-"),
    )


def _api(made: Repository, rng: random.Random) -> None:
    hexes = "0123456789abcdef"
    made.add(
        "deploy/api.yaml",
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata:",
        "  name: triage-harbour",
        "  annotations:",
        (f"    commit: {some(rng, 40, hexes)}", "-"),
        "spec:",
        "  template:",
        "    spec:",
        "      containers:",
        "      - name: api",
        (f"        image: registry.internal/triage@sha256:{some(rng, 64, hexes)}", "-"),
        "        env:",
        "        - name: PASSWORD",
        (f"          value: {_word(rng)}", "password"),
        ("        - name: DB_PASSWORD", "-"),
        "          valueFrom:",
        "            secretKeyRef:",
        "              name: harbour-db",
        "              key: password",
    )


def _secret(made: Repository, rng: random.Random) -> None:
    made.add(
        "deploy/secret.yaml",
        "apiVersion: v1",
        "kind: ConfigMap",
        "metadata:",
        "  name: triage-models",
        "data:",
        (f"  model: {b64('model ' + _word(rng, 18))}", "-"),
        "---",
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        "  name: harbour-db",
        "type: Opaque",
        "data:",
        (f"  password: {b64(_word(rng, 16))}", "kubernetes_secret"),
        "---",
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        "  name: harbour-smtp",
        "stringData:",
        (f"  login: {_word(rng, 14)}", "kubernetes_secret"),
        "---",
        "apiVersion: external-secrets.io/v1",
        "kind: ExternalSecret",
        "metadata:",
        "  name: orchard-db",
        "spec:",
        "  data:",
        ("  - secretKey: password", "-"),
        "    remoteRef:",
        "      key: tenants/orchard/db",
    )


def _tls(made: Repository, rng: random.Random) -> None:
    dashes = "-" * 5
    made.add(
        "deploy/tls.yaml",
        "apiVersion: v1",
        "kind: ConfigMap",
        "metadata:",
        "  name: triage-tls",
        "data:",
        "  tls.crt: |",
        (f"    {dashes}BEGIN CERTIFICATE{dashes}", "-"),
        f"    {some(rng, 64)}",
        f"    {dashes}END CERTIFICATE{dashes}",
        "  tls.pem: |",
        (f"    {dashes}BEGIN PRIVATE KEY{dashes}", "private_key"),
        f"    {some(rng, 64)}",
        f"    {dashes}END PRIVATE KEY{dashes}",
    )


def _settings(made: Repository, rng: random.Random) -> None:
    capitals = string.ascii_uppercase + string.digits
    made.add(
        "app/settings.py",
        "import os",
        "",
        (f'AWS_ACCESS_KEY_ID = "{"AKIA"}{some(rng, 16, capitals)}"', "aws_access_key"),
        (f'AWS_SECRET_ACCESS_KEY = "{some(rng, 38)}/+"', "aws_secret_key"),
        (f'DOCUMENTED = "{"AKIA"}{some(rng, 9, capitals)}EXAMPLE"', "-"),
        (f'VENDOR_API_KEY = "{_word(rng, 16)}"', "api_key"),
        (f'CACHE_PASSWORD = "{_word(rng)}"', "password"),
        ('DB_PASSWORD = os.environ["DB_PASSWORD"]', "-"),
        (f'DATABASE = "postgresql://app:{_word(rng)}@db:5432/triage"', "url_password"),
        (f'header = "authorization: basic {b64("ci:" + _word(rng, 15))}"', "auth_header"),
        f"admin = connect(user='admin', passwd='{_word(rng)}')",
    )
    made.secrets.append(("app/settings.py", made.files["app/settings.py"].count("\n"), "password"))


def _billing(made: Repository, rng: random.Random) -> None:
    made.add(
        "app/billing.py",
        "import re",
        "import stripe",
        "",
        (f'stripe.api_key = "{"sk_live"}_{some(rng, 24)}"', "stripe_key"),
        (f'PUBLISHABLE = "{"pk_live"}_{some(rng, 24)}"', "-"),
        ('GITHUB = re.compile(r"ghp_[A-Za-z0-9]{36}")', "-"),
        f'ROLE = "{"ASIA"}{some(rng, 16, string.ascii_uppercase)}"',
    )
    made.secrets.append(
        ("app/billing.py", made.files["app/billing.py"].count("\n"), "aws_access_key")
    )


def _dockerfile(made: Repository, rng: random.Random) -> None:
    index = f"https://ci:{_word(rng)}@pypi.internal/simple"
    bearer = f"Authorization: Bearer {some(rng, 32)}"
    made.add(
        "Dockerfile",
        "FROM python:3.12-slim",
        (f"ARG PIP_TOKEN={_word(rng, 20)}", "docker_build"),
        (f"ENV DB_PASSWORD {_word(rng)}", "docker_build"),
        ("ENV TOKEN_FILE=/run/secrets/token", "-"),
        (f"RUN pip install --index-url {index} x", "url_password"),
        (f'RUN curl -H "{bearer}" https://models.internal/latest', "auth_header"),
        "RUN rm -rf /root/.cache",
    )


def _config(made: Repository, rng: random.Random) -> None:
    made.add(
        ".docker/config.json",
        "{",
        '  "auths": {',
        '    "registry.internal": {',
        (f'      "auth": "{b64("ci:" + _word(rng, 15))}"', "registry_auth"),
        "    }",
        "  }",
        "}",
    )


def _notebook(made: Repository, rng: random.Random) -> None:
    tokens = [f"gh{letter}_{some(rng, 36)}" for letter in "ps"]
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT"})).rstrip("=")
    shown = [*(f"cloning with {token}\n" for token in tokens), f"head {head}\n"]
    picture = {"image/png": b64(some(rng, 90))}
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": [
            {"name": "stdout", "output_type": "stream", "text": shown},
            {"data": picture, "metadata": {}, "output_type": "display_data"},
        ],
        "source": [f'session = "{_jwt(rng)}"\n', "show(session)"],
    }
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}, indent=1)
    file = "notebooks/explore.ipynb"
    made.files[file] = text + "\n"
    for at, line in enumerate(text.splitlines(), 1):
        if any(token in line for token in tokens):
            made.secrets.append((file, at, "github_token"))
        if "session = " in line:
            made.secrets.append((file, at, "jwt"))
        if "image/png" in line or "head eyJ" in line:
            made.harmless.append((file, at))


def _diff(made: Repository, rng: random.Random) -> None:
    dashes = "-" * 5
    slack = f"{'xoxb'}-{some(rng, 11, '123456789')}-{some(rng, 12, '123456789')}-{some(rng, 24)}"
    made.add(
        "changes.diff",
        "diff --git a/app/notify.py b/app/notify.py",
        "--- a/app/notify.py",
        "+++ b/app/notify.py",
        "@@ -1,4 +1,5 @@",
        *[f" import {_word(rng, 6)}"] * rng.randrange(1, 5),
        (f'-SLACK = "{slack}"', "slack_token"),
        '+SLACK = os.environ["SLACK"]',
        ('+HEADER = "Authorization: Bearer ${SLACK}"', "-"),
        (f"+{dashes}BEGIN OPENSSH PRIVATE KEY{dashes}", "private_key"),
        f"+{some(rng, 64)}",
        f"+{dashes}END OPENSSH PRIVATE KEY{dashes}",
    )


# ----------------------------------------------------------------------------------------- judging


def searched(function: Callable[..., Any], seed: int) -> dict[str, Any]:
    """What a learner's `find_secrets` reports in a repository."""
    return {"seed": seed, "found": function(dict(repository(seed).files))}


def told(found: Any) -> set[Place]:
    """What was reported, without what is no place; at most 500."""
    if not isinstance(found, list | tuple | set):
        return set()
    return {
        (one[0], one[1], one[2])
        for one in list(found)[:500]
        if isinstance(one, list | tuple)
        and len(one) == 3
        and (type(one[0]), type(one[1]), type(one[2])) == (str, int, str)
    }


def finds(kind: str) -> Callable[[Any], bool]:
    """A predicate for `is_true_of`: what `searched` saw holds every place of a kind."""

    def holds(seen: Any) -> bool:
        truth = {p for p in repository(seen["seed"]).secrets if p[2] == kind}
        mine = {p for p in told(seen["found"]) if p[2] == kind}
        return truth <= mine and len(mine - truth) <= FALSE_ALARMS

    holds.__doc__ = f"every {kind}, and at most {FALSE_ALARMS} other places of that kind"
    return holds


def few_false_alarms(seen: Any) -> bool:
    """at most two reports without a secret, and half of the kinds found"""
    truth = set(repository(seen["seed"]).secrets)
    mine = told(seen["found"])
    right = {place[2] for place in mine & truth}
    return len(mine - truth) <= FALSE_ALARMS and len(right) * 2 >= len(KINDS)


def explained(seen: Any) -> dict[str, list[Any]]:
    """What was missed and what was false, for reading."""
    truth, mine = set(repository(seen["seed"]).secrets), told(seen["found"])
    return {"missed": sorted(truth - mine), "false": sorted(mine - truth)}
