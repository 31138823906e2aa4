"""A Dockerfile read as text, and judged by the rules that the contract names.

The rules are those of hadolint (level warning and above) that an image on Python's slim base can
break, and a policy beside them; `docs/exercises.md` lists both. Nothing is built, and nothing of
the text is run.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from coursekit import AnswerError

MAX_CHARACTERS, MAX_LINES = 32_000, 500
REPOSITORY = ("requirements.txt", "app", "tests", "README.md", ".env", "pip.conf")
SECRET_FILES = (".env", "pip.conf")
SECRET_WORDS = {"TOKEN", "PASSWORD", "PASSWD", "SECRET", "CREDENTIALS", "KEY"}
KNOWN = {
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
}
HEREDOC = re.compile(r"<<-?([\"']?)(\w+)\1")
TRUTHY = {"1", "true", "on", "yes"}
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip", ".gz", ".bz2", ".xz")
SHELLS = {"sh", "bash", "ash", "dash", "zsh"}

Held = tuple[bool, str]

# ---------------------------------------------------------------------------------------- the text


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined.

    Attributes:
        line: where it begins.
        name: in capitals.
        flags: (`from`, `build`) for `--from=build`, in order.
        rest: what follows the flags.
    """

    line: int
    name: str
    flags: tuple[tuple[str, str], ...]
    rest: str

    @property
    def words(self) -> list[str]:
        """The arguments: of the JSON form, or split at spaces outside quotes."""
        listed = self.listed
        return self.split() if listed is None else listed

    @property
    def listed(self) -> list[str] | None:
        """The JSON form's arguments; None in the other form."""
        if not self.rest.startswith("["):
            return None
        try:
            found = json.loads(self.rest)
        except ValueError:
            return None
        is_list = isinstance(found, list) and all(isinstance(word, str) for word in found)
        return found if is_list else None

    def split(self) -> list[str]:
        """The arguments at spaces outside quotes."""
        try:
            return shlex.split(self.rest)
        except ValueError:
            raise AnswerError(
                f"line {self.line}, {self.name}: a quote has no end; close it"
            ) from None

    def flag(self, name: str) -> str:
        """The value of the last such flag; empty without one."""
        return next((value for key, value in reversed(self.flags) if key == name), "")

    @property
    def pairs(self) -> dict[str, str]:
        """NAME=value pairs of ENV, ARG and LABEL; a name without a value has an empty one."""
        words = self.words
        if self.name in ("ENV", "LABEL") and words and "=" not in words[0]:
            return {words[0]: " ".join(words[1:])}
        return {word.partition("=")[0]: word.partition("=")[2] for word in words}


def read(text: object) -> list[Instruction]:
    """The instructions of a Dockerfile.

    Raises:
        AnswerError: it is no text, too long, or not written as a Dockerfile is; with the line.
    """
    if not isinstance(text, str):
        raise AnswerError(f"dockerfile() returns text, not {type(text).__name__}")
    lines = text.splitlines()
    if len(text) > MAX_CHARACTERS or len(lines) > MAX_LINES:
        raise AnswerError(f"a Dockerfile has at most {MAX_LINES} lines here; this has {len(lines)}")
    found, at = [], 0
    while at < len(lines):
        start, joined, open_line = at + 1, "", True
        while open_line and at < len(lines):
            line = lines[at].strip()
            at += 1
            if line.startswith("#") or not line:
                start = start if joined else at + 1
                continue
            open_line = line.endswith("\\")
            joined += (line[:-1] if open_line else line) + " "
        if not joined.strip():
            break
        ends = [match[2] for match in HEREDOC.finditer(joined)]
        for end in ends:
            body = []
            while at < len(lines) and lines[at].strip() != end:
                body.append(lines[at])
                at += 1
            if at == len(lines):
                raise AnswerError(f"line {start}: the here-document has no line {end}; add it")
            at += 1
            joined = HEREDOC.sub("", joined, count=1) + "\n" + "\n".join(body)
        found.append(_instruction(start, joined.strip()))
    if not found:
        raise AnswerError("the Dockerfile is empty; begin with FROM")
    if found[0].name not in ("FROM", "ARG"):
        raise AnswerError(
            f"line {found[0].line}: {found[0].name} before the first FROM; begin with FROM"
        )
    if all(one.name != "FROM" for one in found):
        raise AnswerError("there is no FROM; an image needs a base")
    return found


def _instruction(line: int, text: str) -> Instruction:
    name, _, rest = text.partition(" ")
    if name.upper() not in KNOWN:
        near = difflib.get_close_matches(name.upper(), KNOWN, 1, 0.0)[0]
        raise AnswerError(f"line {line}: {name[:20]!r} is no instruction; did you mean {near}?")
    flags, rest = [], rest.strip()
    while match := re.match(r"--([a-z]+)(?:=(\S*))?\s*", rest):
        flags.append((match[1], match[2] or ""))
        rest = rest[match.end() :]
    return Instruction(line, name.upper(), tuple(flags), rest)


# --------------------------------------------------------------------------------------- the stages


@dataclass(frozen=True)
class Command:
    """One command of a RUN.

    Attributes:
        words: its words, without assignments before it and keywords of the shell.
        settings: those assignments.
        piped: whether its output goes into a pipe.
    """

    line: int
    words: tuple[str, ...]
    settings: Mapping[str, str]
    piped: bool

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return posixpath.basename(self.words[0]) if self.words else ""

    @property
    def pip_words(self) -> tuple[str, ...] | None:
        """What follows `pip install`; None for any other command."""
        words = self.words
        if re.fullmatch(r"python[\d.]*", self.name) and words[1:3] == ("-m", "pip"):
            words = words[2:]
        elif not re.fullmatch(r"pip[\d.]*", self.name):
            return None
        return words[words.index("install") + 1 :] if "install" in words[1:] else None


@dataclass
class Stage:
    """One stage, and what its base stage left to it."""

    number: int
    names: tuple[str, ...]
    base: Instruction
    image: str
    parent: Stage | None
    body: list[Instruction] = field(default_factory=list)

    def own(self, *names: str) -> list[Instruction]:
        """Its own instructions of these names."""
        return [one for one in self.body if one.name in names]

    def line_of(self, *names: str) -> list[Instruction]:
        """Those of its base stages too, which come first."""
        return (self.parent.line_of(*names) if self.parent else []) + self.own(*names)


def stages(text: object) -> list[Stage]:
    """The stages of a Dockerfile, in order.

    Raises:
        AnswerError: the text cannot be read.
    """
    found: list[Stage] = []
    arguments: dict[str, str] = {}
    for one in read(text):
        if one.name == "ARG" and not found:
            arguments |= one.pairs
        elif one.name == "FROM":
            words = one.words
            if not words:
                raise AnswerError(f"line {one.line}: FROM what? Name an image")
            image = _filled(words[0], arguments)
            named = len(words) == 3 and words[1].lower() == "as"
            if len(words) != 1 and not named:
                raise AnswerError(f"line {one.line}: write FROM image, or FROM image AS name")
            names = (str(len(found)), *((words[2].lower(),) if named else ()))
            parent = next((s for s in found if image.lower() in s.names[1:]), None)
            found.append(Stage(len(found), names, one, image, parent))
        else:
            found[-1].body.append(one)
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return values.get(match[1] or match[3], "") or match[2] or ""

    return re.sub(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))", value, text)


def commands(run: Instruction) -> list[Command]:
    """The commands of a RUN, in order.

    Raises:
        AnswerError: a quote has no end.
    """
    listed = run.listed
    if listed is not None:
        shell = listed[:1] and posixpath.basename(listed[0]) in SHELLS
        if not (shell and len(listed) > 2 and "c" in listed[1]):
            return [Command(run.line, tuple(listed), {}, False)]
        run = replace(run, rest=listed[-1])
    script = re.sub(r"^\s*#.*$", "", run.rest, flags=re.MULTILINE)
    script = re.sub(r"\\\n", " ", script).replace("\n", " ; ")
    lexer = shlex.shlex(script, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        tokens = list(lexer)
    except ValueError:
        raise AnswerError(f"line {run.line}, RUN: a quote has no end; close it") from None
    found, words = [], list[str]()
    for token in [*tokens, ";"]:
        if token and set(token) <= set("();|&"):
            command = _command(run.line, words, token == "|")
            found += [command] if command else []
            words = []
        else:
            words.append(token)
    return found


def _command(line: int, words: list[str], piped: bool) -> Command | None:
    settings: dict[str, str] = {}
    words = list(words)
    while words:
        match = re.fullmatch(r"(\w+)=(.*)", words[0], re.DOTALL)
        if match:
            settings[match[1]] = match[2]
        elif words[0] not in (
            "if",
            "then",
            "else",
            "elif",
            "do",
            "while",
            "until",
            "!",
            "{",
            "env",
            "exec",
        ):
            break
        words.pop(0)
    if words[:1] == ["export"]:
        settings |= dict(w.split("=", 1) for w in words[1:] if "=" in w)
    return Command(line, tuple(words), settings, piped) if words or settings else None


def runs(stage: Stage) -> Iterator[tuple[Instruction, list[Command]]]:
    """Each RUN of a stage with its commands."""
    for one in stage.own("RUN"):
        yield one, commands(one)


def mounts(run: Instruction) -> list[dict[str, str]]:
    """The options of each `--mount`."""
    return [
        {part.partition("=")[0]: part.partition("=")[2] for part in value.split(",")}
        for key, value in run.flags
        if key == "mount"
    ]


# --------------------------------------------------------------------------------------- the claims


def world(answer: object, seed: str) -> list[Stage]:
    """The run that all claims read: the stages. `seed` draws nothing.

    Raises:
        AnswerError: the text cannot be read.
    """
    found = stages(answer)
    for stage in found:
        for _ in runs(stage):
            pass
    return found


def _told(wrong: list[str], fine: str) -> Held:
    return (not wrong, wrong[0] if wrong else fine)


def nothing_secret(found: list[Stage]) -> Held:
    """the token comes by a secret mount, and no layer holds a secret"""
    wrong, mounted = [], False
    for stage in found:
        for one in stage.body:
            if one.name in ("ARG", "ENV", "LABEL"):
                for name in one.pairs:
                    if SECRET_WORDS & set(re.split(r"[^A-Z0-9]+", name.upper())):
                        wrong.append(
                            f"line {one.line}: {one.name} {name} stays in the image's history"
                        )
            if re.search(r"https?://[^\s/:@]+:[^\s/@]+@", one.rest):
                wrong.append(f"line {one.line}: a password in an address stays in the layer")
            if one.name in ("COPY", "ADD") and not one.flag("from"):
                wrong += [
                    f"line {one.line}: {source} takes {secret} into a layer"
                    for source in one.words[:-1]
                    for secret in SECRET_FILES
                    if _takes(source, secret)
                ]
        for run, some in runs(stage):
            installs = any(command.pip_words is not None for command in some)
            for mount in mounts(run):
                is_it = mount.get("type") == "secret" and mount.get("id") == "pip_conf"
                mounted = mounted or (is_it and installs)
    if not mounted:
        wrong.append("no RUN that installs with pip mounts the secret pip_conf")
    return _told(wrong, "pip gets the token by a mount, and no layer holds a secret")


def _takes(source: str, name: str) -> bool:
    """Whether a source of COPY takes a file or folder of the repository along."""
    plain = posixpath.normpath(source.lstrip("/") or ".")
    return plain == "." or fnmatch.fnmatchcase(name, plain) or plain.startswith(f"{name}/")


def numbered_user(found: list[Stage]) -> Held:
    """the last user is a number other than 0, and no stage ends as root"""
    wrong = []
    for stage in found:
        own = stage.own("USER")
        if own and re.split(":", own[-1].rest.strip())[0] in ("root", "0"):
            wrong.append(f"line {own[-1].line}: the stage ends as root (DL3002)")
    users = found[-1].line_of("USER")
    if not users:
        wrong.append("there is no USER in the last stage, so it runs as root")
    elif not re.fullmatch(r"0*[1-9]\d*(:\w+)?", users[-1].rest.strip()):
        wrong.append(
            f"line {users[-1].line}: {users[-1].rest!r} is no number that the kubelet can judge"
        )
    return _told(wrong, "the last user is a number other than 0")


def pinned_base(found: list[Stage]) -> Held:
    """every base is an earlier stage, or python with a minor version and slim in its tag"""
    wrong = []
    for stage in found:
        if stage.parent is None:
            image = re.sub(r"@sha256:[0-9a-f]{64}$", "", stage.image)
            if not re.fullmatch(
                r"(docker\.io/)?(library/)?python:3\.\d+(\.\d+)?-slim(-[a-z]+)?", image
            ):
                wrong.append(f"line {stage.base.line}: {stage.image} is not python:3.<minor>-slim")
    return _told(wrong, "every base is pinned and slim")


def starts_itself(found: list[Stage]) -> Held:
    """the last stage starts python -m app, written as JSON, without a shell"""
    wrong = []
    for stage in found:
        for name, rule in (("CMD", "DL4003"), ("ENTRYPOINT", "DL4004")):
            own = stage.own(name)
            if len(own) > 1:
                wrong.append(f"line {own[1].line}: a second {name} ({rule})")
            wrong += [
                f"line {one.line}: {name} is not JSON (DL3025)" for one in own if one.listed is None
            ]
    last = [found[-1].line_of(name)[-1:] for name in ("ENTRYPOINT", "CMD")]
    words = [word for some in last for one in some for word in one.listed or []]
    if not wrong:
        starts = any(
            re.fullmatch(r"(.*/)?python3?", word) and words[at + 1 : at + 3] == ["-m", "app"]
            for at, word in enumerate(words)
        )
        if words and posixpath.basename(words[0]) in SHELLS:
            wrong.append(f"a shell stands before the service: {' '.join(words)}")
        elif not starts:
            wrong.append(f"nothing starts python -m app: {' '.join(words) or 'no CMD'}")
    return _told(wrong, "python is started itself")


def debian_packages(found: list[Stage]) -> Held:
    """libgomp1 comes by apt-get install -y, after an update in the same RUN"""
    wrong, installed = [], False
    for stage in found:
        for run, some in runs(stage):
            updated = False
            for command in some:
                if command.name == "apt":
                    wrong.append(
                        f"line {run.line}: apt is for people, apt-get for scripts (DL3027)"
                    )
                if command.name != "apt-get":
                    continue
                updated = updated or "update" in command.words
                if "install" not in command.words:
                    continue
                if not any(
                    word in ("--yes", "--assume-yes", "-qq")
                    or re.fullmatch(r"-[a-z]*y[a-z]*", word)
                    for word in command.words
                ):
                    wrong.append(
                        f"line {run.line}: apt-get install asks and waits; add -y (DL3014)"
                    )
                if not updated:
                    wrong.append(
                        f"line {run.line}: no apt-get update in this RUN before the install"
                    )
                installed |= any(word.split("=")[0] == "libgomp1" for word in command.words)
    if not installed:
        wrong.append("apt-get does not install libgomp1")
    return _told(wrong, "libgomp1 is installed from fresh lists")


TAKES_A_VALUE = {
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-t",
    "--target",
    "--prefix",
    "--root",
    "--trusted-host",
    "--platform",
    "--python-version",
    "--no-binary",
    "--only-binary",
    "--progress-bar",
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-e",
    "--editable",
    "--cache-dir",
    "--proxy",
    "--retries",
    "--timeout",
    "--upgrade-strategy",
    "--report",
    "--src",
    "--implementation",
    "--abi",
    "--cert",
}


def python_packages(found: list[Stage]) -> Held:
    """pip installs requirements.txt after it was copied, keeps no cache, and pins names"""
    wrong, installed = [], False
    for stage in found:
        env: dict[str, str] = {}
        chain = stage.line_of("ENV", "COPY", "ADD")
        for one in chain:
            env |= one.pairs if one.name == "ENV" else {}
        for run, some in runs(stage):
            copied = any(
                one.name != "ENV" and any(_takes(s, "requirements.txt") for s in one.words[:-1])
                for one in chain
                if one.line < run.line and not one.flag("from")
            ) or any("requirements" in m.get("source", m.get("src", "")) for m in mounts(run))
            cached = any(m.get("type") == "cache" for m in mounts(run))
            settings = dict(env)
            for command in some:
                settings |= command.settings
                words = command.pip_words
                if words is None:
                    continue
                no_cache = settings.get("PIP_NO_CACHE_DIR", "").lower() in TRUTHY
                if not (no_cache or cached or "--no-cache-dir" in words):
                    wrong.append(f"line {run.line}: pip keeps its cache in the layer (DL3042)")
                files, names = _asked(words)
                wrong += [
                    f"line {run.line}: {name} has no version (DL3013)"
                    for name in names
                    if not files
                    and not re.search(r"[=<>~!]", name)
                    and "/" not in name
                    and name != "."
                ]
                if any(file.endswith("requirements.txt") for file in files):
                    installed = True
                    if not copied:
                        wrong.append(f"line {run.line}: requirements.txt is not there yet")
    if not installed:
        wrong.append("pip does not install -r requirements.txt")
    return _told(wrong, "requirements.txt is installed, and no cache stays")


def _asked(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Requirement files and names of a `pip install`."""
    files, names, take = list[str](), list[str](), ""
    for word in words:
        if take:
            files += [word] if take in ("-r", "--requirement") else []
            take = ""
        elif word in TAKES_A_VALUE:
            take = word
        elif match := re.fullmatch(r"(?:--requirement=|-r)(.+)", word):
            files.append(match[1])
        elif not word.startswith("-"):
            names.append(word)
    return files, names


def copied_files(found: list[Stage]) -> Held:
    """app is in the last stage, by COPY, from a stage that is there, to a place that is known"""
    wrong: list[str] = []
    places: list[set[str]] = []  # where app lies, by stage
    for stage in found:
        here = set(places[stage.parent.number]) if stage.parent else set[str]()
        folder = "/" if stage.parent and stage.parent.line_of("WORKDIR") else ""
        for one in stage.body:
            if one.name == "WORKDIR":
                path = one.rest.strip().strip("\"'")
                if not path.startswith(("/", "$")):
                    wrong.append(f"line {one.line}: WORKDIR {path} is not absolute (DL3000)")
                folder = path
            if one.name not in ("COPY", "ADD"):
                continue
            words = one.words
            if len(words) < 2:
                if "\n" not in one.rest:
                    raise AnswerError(f"line {one.line}: {one.name} needs a source and a target")
                continue
            *sources, target = words
            away = all(
                s.startswith(("http://", "https://")) or s.endswith(ARCHIVES) for s in sources
            )
            if one.name == "ADD" and not away:
                wrong.append(f"line {one.line}: ADD unpacks and fetches; use COPY (DL3020)")
            if len(sources) > 1 and not target.endswith("/"):
                wrong.append(
                    f"line {one.line}: several sources, and {target} does not end with / (DL3021)"
                )
            if not target.startswith(("/", "$")) and not folder:
                wrong.append(
                    f"line {one.line}: {target} is relative, and there is no WORKDIR (DL3045)"
                )
            place = posixpath.normpath(posixpath.join("/", folder, target))
            source_stage = one.flag("from").lower()
            if not source_stage:
                here |= {place for source in sources if _takes(source, "app")}
                continue
            if source_stage in stage.names:
                wrong.append(f"line {one.line}: COPY --from its own stage (DL3023)")
                continue
            other = next((s for s in found[: stage.number] if source_stage in s.names), None)
            if other is None:
                wrong.append(f"line {one.line}: no stage {source_stage} stands above (DL3022)")
                continue
            for source in sources:
                start = posixpath.normpath(posixpath.join("/", source))
                if any(_meet(start, lies) for lies in places[other.number]):
                    here.add(place)
        places.append(here)
    if not places[-1]:
        wrong.append("app/ is not in the last stage")
    return _told(wrong, "app is there, copied")


def _meet(one: str, other: str) -> bool:
    return one == "/" or one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def plain_shell(found: list[Stage]) -> Held:
    """no cd, no sudo, no MAINTAINER, one way to download, no pipe that hides a failure"""
    wrong, tools = [], set[str]()
    for stage in found:
        wrong += [
            f"line {one.line}: MAINTAINER is gone (DL4000)" for one in stage.own("MAINTAINER")
        ]
        safe, tools = False, set[str]()
        for one in stage.own("SHELL", "RUN"):
            if one.name == "SHELL":
                safe = "pipefail" in one.words
                continue
            inside = safe
            for command in commands(one):
                inside |= command.name == "set" and "pipefail" in command.words
                tools |= {command.name} & {"wget", "curl"}
                if command.name == "cd":
                    wrong.append(
                        f"line {one.line}: cd lasts for this RUN only; use WORKDIR (DL3003)"
                    )
                if command.name == "sudo":
                    wrong.append(f"line {one.line}: sudo in a build is root twice (DL3004)")
                if command.piped and not inside:
                    wrong.append(f"line {one.line}: a pipe hides a failure; set pipefail (DL4006)")
        if len(tools) > 1:
            wrong.append("both wget and curl (DL4001)")
    return _told(wrong, "the shell hides nothing")


BROKEN = """\
FROM python:latest
MAINTAINER ml-platform
ARG PIP_TOKEN
ENV PIP_EXTRA_INDEX_URL=https://ci:${PIP_TOKEN}@pypi.internal/simple
RUN apt update
RUN apt install -y libgomp1
ADD . /srv
RUN cd /srv && pip install -r requirements.txt && rm -f .env pip.conf
CMD cd /srv && python -m app
"""
