"""Only two words block."""

SLIP = "triage_unknown_is_low"

# %% scan-triage
def triage(report, exploited, reachable):
    if report.get("SchemaVersion") != 2 or not report.get("Results"):
        raise ValueError("no report")
    out = {}
    for result in report["Results"]:
        if result["Class"] == "lang-pkgs":
            spell = canonicalize_name
        elif result["Class"] == "os-pkgs":
            spell = str
        else:
            continue
        used = [spell(n) for n in reachable]
        for v in result.get("Vulnerabilities") or []:
            if v["Severity"] not in SEVERITIES:
                raise ValueError(v["Severity"])
            key = (v["VulnerabilityID"], spell(v["PkgName"]))
            fix = (v.get("FixedVersion") or "").strip()
            if v["VulnerabilityID"] in exploited:
                out[key] = "block: exploited"
            elif not fix:
                out[key] = "wait: no fix"
            elif key[1] not in used:
                out[key] = "wait: not reachable"
            elif v["Severity"] in ("CRITICAL", "HIGH"):
                out[key] = "block: severity"
            else:
                out[key] = "wait: low severity"
    return out


# %% scan-upgrade
def is_fixed(version: str, fixed: str) -> bool:
    """Whether a release has the fix, which each branch has in a version of its own."""
    mine, parts = Version(version), sorted(Version(part) for part in fixed.split(","))
    branch = [part for part in parts if part.major == mine.major]
    return mine >= (branch or parts)[-1]


def upgrade(
    pins: Mapping[str, str],
    needs: Mapping[str, Sequence[str]],
    releases: Mapping[str, Sequence[str]],
    findings: Mapping[Key, str],
) -> dict[str, str]:
    """New pins: every finding fixed, every line kept, as little moved as can be."""
    finals = {
        name: sorted((v for v in some if not Version(v).is_prerelease), key=Version)
        for name, some in releases.items()
    }
    choices = [
        [
            v
            for v in finals[name]
            if all(is_fixed(v, f) for (_, p), f in findings.items() if p == name)
        ]
        for name in pins
    ]

    def holds(new: dict[str, str]) -> bool:
        asking = ["service", *(f"{name}=={version}" for name, version in new.items())]
        lines = [Requirement(line) for who in asking for line in needs.get(who, ())]
        return all(line.specifier.contains(new[line.name]) for line in lines)

    def length(new: dict[str, str]) -> tuple[int, int]:
        steps = [abs(finals[n].index(v) - finals[n].index(pins[n])) for n, v in new.items()]
        return sum(step > 0 for step in steps), sum(steps)

    every = (dict(zip(pins, some, strict=True)) for some in itertools.product(*choices))
    for new in sorted(every, key=length):
        if holds(new):
            return new
    raise ValueError("no set of releases fixes everything")


# %% scan-image
def dockerfile() -> str:
    """The text of the service's Dockerfile."""
    return """\
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY requirements.txt ./
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf pip install --no-cache-dir -r requirements.txt
COPY app ./app
USER 10001
CMD ["python", "-m", "app"]
"""


# %% scan-gate
def gate(verdicts: Mapping[Key, Verdict], waivers: Sequence[Waiver], today: date) -> str:
    """ "fail", "warn" or "pass"."""
    holding = {
        one.id
        for one in waivers
        if one.reason.strip()
        and one.granted <= today <= one.expires
        and one.expires - one.granted < timedelta(days=90)
    }
    blocking = {key: word for key, word in verdicts.items() if word.startswith("block")}
    for (finding, _), word in blocking.items():
        if word == "block: exploited" or finding not in holding:
            return "fail"
    return "warn" if blocking else "pass"
