"""A heap offers the cheapest next answer; the image has a here-document and one stage on top of another."""

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
import heapq


def upgrade(pins, needs, releases, findings):
    finals = {n: sorted([v for v in r if not Version(v).is_prerelease], key=Version) for n, r in releases.items()}
    names = list(pins)
    start = tuple(finals[n].index(pins[n]) for n in names)
    queue, seen = [((0, 0), start)], {start}
    while queue:
        _, at = heapq.heappop(queue)
        new = {n: finals[n][i] for n, i in zip(names, at)}
        if ok(new, needs, findings):
            return new
        for k, n in enumerate(names):
            for i in range(len(finals[n])):
                step = (*at[:k], i, *at[k + 1:])
                if at[k] == start[k] and step not in seen:
                    seen.add(step)
                    ways = [abs(a - b) for a, b in zip(step, start)]
                    heapq.heappush(queue, ((sum(w > 0 for w in ways), sum(ways)), step))
    raise ValueError("there is no way out")


def ok(new, needs, findings):
    for (_, name), text in findings.items():
        v = Version(new[name])
        parts = {Version(p).major: Version(p) for p in text.split(",")}
        if v < parts.get(v.major, max(parts.values())):
            return False
    for who in ("service", *("==".join(pair) for pair in new.items())):
        for line in needs.get(who, ()):
            wanted = Requirement(line)
            if new[wanted.name] not in wanted.specifier:
                return False
    return True


# %% scan-image
def dockerfile():
    return """
ARG PYTHON=3.13
FROM python:${PYTHON}-slim as base
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN <<EOF
apt-get update
apt-get install --yes libgomp1
rm -rf /var/lib/apt/lists/*
EOF

FROM base AS deps
WORKDIR /w
RUN --mount=type=bind,source=requirements.txt,target=requirements.txt \\
    --mount=type=cache,target=/root/.cache/pip \\
    --mount=type=secret,id=pip_conf,dst=/root/.config/pip/pip.conf \\
    python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt

FROM base
copy --from=deps /opt/venv /opt/venv
copy app /opt/service/app
workdir /opt/service
env PATH=/opt/venv/bin:$PATH
user 65532
entrypoint ["python"]
cmd ["-m", "app"]
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
