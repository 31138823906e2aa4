"""What is said of Dockerfiles: hadolint's rules that the contract names, and the policy."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable

import pytest

from coursekit import AnswerError
from coursekit.devops import dockerfiles as d

Claim = Callable[[list[d.Stage]], d.Held]
GOOD = """\
FROM python:3.12-slim
RUN apt-get update && apt-get install -y libgomp1
WORKDIR /srv
COPY requirements.txt ./
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf pip install --no-cache-dir -r requirements.txt
COPY app ./app
USER 10001
CMD ["python", "-m", "app"]
"""
CLAIMS: tuple[Claim, ...] = (
    d.nothing_secret,
    d.numbered_user,
    d.pinned_base,
    d.starts_itself,
    d.debian_packages,
    d.python_packages,
    d.copied_files,
    d.plain_shell,
)


def broken(text: str) -> set[str]:
    """The claims that a Dockerfile does not hold."""
    found = d.world(text, "0")
    return {claim.__name__ for claim in CLAIMS if not claim(found)[0]}


def test_a_good_dockerfile_holds_every_claim() -> None:
    assert broken(GOOD) == set()


def test_the_one_that_was_scanned_holds_none() -> None:
    assert broken(d.BROKEN) == {claim.__name__ for claim in CLAIMS}


@pytest.mark.parametrize(
    ("old", "new", "claim"),
    [
        ("COPY app ./app", "COPY . .", "nothing_secret"),
        ("COPY app ./app", "COPY app .e* ./", "nothing_secret"),
        ("USER 10001", "ENV API_TOKEN=x\nUSER 10001", "nothing_secret"),
        ("USER 10001", "ARG db_password\nUSER 10001", "nothing_secret"),
        ("USER 10001", "USER 0", "numbered_user"),
        ("USER 10001", "USER app", "numbered_user"),
        ("USER 10001\n", "", "numbered_user"),
        ("python:3.12-slim", "python:3-slim", "pinned_base"),
        ("python:3.12-slim", "python", "pinned_base"),
        ("python:3.12-slim", "evil/python:3.12-slim", "pinned_base"),
        ('CMD ["python", "-m", "app"]', "CMD python -m app", "starts_itself"),
        ('CMD ["python", "-m", "app"]', 'CMD ["sh", "-c", "python -m app"]', "starts_itself"),
        ("-y libgomp1", "libgomp1", "debian_packages"),
        ("apt-get update && ", "", "debian_packages"),
        (" --no-cache-dir", "", "python_packages"),
        ("COPY requirements.txt ./\n", "", "python_packages"),
        ("-r requirements.txt", "-r requirements.txt && pip install --no-cache-dir wheel", "python_packages"),
        ("COPY app", "ADD app", "copied_files"),
        ("WORKDIR /srv", "WORKDIR srv", "copied_files"),
        ("WORKDIR /srv\n", "", "copied_files"),
        ("COPY app ./app\n", "", "copied_files"),
        ("USER", "COPY --from=x /a /b\nUSER", "copied_files"),
        ("USER", "RUN cd /tmp && ls\nUSER", "plain_shell"),
        ("USER", "RUN sudo ls\nUSER", "plain_shell"),
        ("USER", "RUN curl x | sh\nUSER", "plain_shell"),
        ("USER", "RUN wget x\nRUN curl x\nUSER", "plain_shell"),
    ],
)  # fmt: skip
def test_one_change_breaks_one_claim(old: str, new: str, claim: str) -> None:
    assert old in GOOD
    assert broken(GOOD.replace(old, new)) == {claim}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FROM python", "# syntax=docker/dockerfile:1\nfrom docker.io/library/python"),
        ("-y libgomp1", "--yes \\\n  # OpenMP\n  libgomp1=12.2.0-14"),
        ("--no-cache-dir ", "--no-cache-dir --upgrade "),
        (" --no-cache-dir", " --mount=type=cache,target=/root/.cache/pip"),
        ("pip install --no-cache-dir", "PIP_NO_CACHE_DIR=1 python -m pip install"),
        ("USER 10001", "USER 10001:0"),
        ("USER", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl x | sh\nUSER'),
        ("USER", "RUN <<END\nset -o pipefail\ncurl x | sh\nEND\nUSER"),
        ('CMD ["python", "-m", "app"]', 'ENTRYPOINT ["tini", "--", "python3"]\nCMD ["-m", "app"]'),
        ("COPY app ./app", "COPY --chown=1:1 app/ app/"),
    ],
)
def test_other_ways_to_write_it_hold(old: str, new: str) -> None:
    changed = GOOD.replace(old, new)
    if "type=cache" in new:
        changed = GOOD.replace(" --no-cache-dir", "").replace("RUN --mount", f"RUN{new} --mount")
    assert changed != GOOD
    assert broken(changed) == set()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "text"),
        ("", "empty"),
        ("RUN ls", "before the first FROM"),
        ("ARG X=1", "no FROM"),
        ("FROM x\nRUNN ls", "did you mean RUN"),
        ("FROM x\nRUN echo 'a", "quote has no end"),
        ("FROM x\nRUN <<END\nls", "here-document"),
        ("FROM", "FROM what"),
        ("FROM x y z q", "FROM image AS name"),
        ("FROM x\n" * 600, "at most 500 lines"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(text: object, says: str) -> None:
    with pytest.raises(AnswerError, match=says):
        d.world(text, "0")


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_agrees() -> None:
    command = ["hadolint", "--ignore", "DL3008", "-t", "warning", "-f", "json", "-"]
    done = subprocess.run(command, input=GOOD, capture_output=True, text=True, check=False)
    levels = {one["level"] for one in json.loads(done.stdout)}
    assert not levels & {"warning", "error"}
