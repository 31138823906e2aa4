"""Copies to a relative place without a working directory."""

FAILS = {"files_are_copied_to_a_known_place"}

# %% scan-triage
def triage(
    report: Mapping[str, Any], exploited: Collection[str], reachable: Collection[str]
) -> dict[Key, Verdict]:
    """What blocks, what waits, and why, by id and package."""
    if report.get("SchemaVersion") != 2 or not report.get("Results"):
        raise ValueError("this is no report of a scan that looked at something")
    loaded = {canonicalize_name(name) for name in reachable}
    verdicts: dict[Key, Verdict] = {}
    for result in report["Results"]:
        if result["Class"] not in ("os-pkgs", "lang-pkgs"):
            continue
        python = result["Class"] == "lang-pkgs"
        for found in result.get("Vulnerabilities") or []:
            name = canonicalize_name(found["PkgName"]) if python else found["PkgName"]
            is_loaded = name in (loaded if python else reachable)
            verdicts[found["VulnerabilityID"], name] = verdict_of(found, exploited, is_loaded)
    return verdicts


def verdict_of(found: Mapping[str, Any], exploited: Collection[str], is_loaded: bool) -> Verdict:
    """The verdict on one finding of a report. A suggestion: `triage` alone is checked."""
    if found["Severity"] not in SEVERITIES:
        raise ValueError(f"{found['Severity']} is no severity")
    if found["VulnerabilityID"] in exploited:
        return "block: exploited"
    if not (found.get("FixedVersion") or "").strip():
        return "wait: no fix"
    if not is_loaded:
        return "wait: not reachable"
    if found["Severity"] in ("MEDIUM", "LOW"):
        return "wait: low severity"
    return "block: severity"


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
