"""Sets of ids for the gate, a price in one number for the way, and two passes over the report."""

# %% scan-triage
def triage(report, exploited, reachable):
    if report.get("SchemaVersion") == 2 and report.get("Results"):
        pass
    else:
        raise ValueError("no report")
    out = {}
    for kind, text in [("os-pkgs", lambda s: s), ("lang-pkgs", canonicalize_name)]:
        used = {text(s) for s in reachable}
        for result in report["Results"]:
            if result.get("Class") == kind:
                for v in result.get("Vulnerabilities") or []:
                    key = v["VulnerabilityID"], text(v["PkgName"])
                    rank = SEVERITIES.index(v["Severity"])
                    fix = v.get("FixedVersion")
                    if key[0] in set(exploited):
                        out[key] = "block: exploited"
                    elif fix is None or fix.strip() == "":
                        out[key] = "wait: no fix"
                    elif key[1] not in used:
                        out[key] = "wait: not reachable"
                    else:
                        out[key] = "block: severity" if rank < 3 else "wait: low severity"
    return out


# %% scan-upgrade
def upgrade(pins, needs, releases, findings):
    ranks = {}
    for name, some in releases.items():
        finals = sorted(Version(v) for v in some if not Version(v).is_prerelease)
        spelled = {Version(v): v for v in some}
        ranks[name] = {spelled[v]: n for n, v in enumerate(finals)}
    best = None
    for some in itertools.product(*(ranks[name] for name in pins)):
        new = dict(zip(pins, some))
        steps = [abs(ranks[n][v] - ranks[n][pins[n]]) for n, v in new.items()]
        price = 1000 * sum(s != 0 for s in steps) + sum(steps)
        if best is not None and price >= best[0]:
            continue
        if any(not is_fixed(new[p], f) for (_, p), f in findings.items()):
            continue
        lines = list(needs.get("service", ()))
        for n, v in new.items():
            lines.extend(needs.get(n + "==" + v, ()))
        if all(new[Requirement(t).name] in Requirement(t).specifier for t in lines):
            best = price, new
    if best is None:
        raise ValueError("no way")
    return best[1]


def is_fixed(version, text):
    v = Version(version)
    fixes = sorted((Version(t) for t in text.split(",")), key=lambda f: (f.major == v.major, f))
    return not v < fixes[-1]


# %% scan-image
def dockerfile():
    digest = "0123456789abcdef" * 4
    return f"""\
FROM python:3.12.7-slim-trixie@sha256:{digest}
LABEL org.opencontainers.image.title="triage api"
WORKDIR /srv
COPY ["requirements.txt", "./"]
RUN --mount=type=secret,id=pip_conf,target=/root/.pip/pip.conf \\
    set -eu -o pipefail; \\
    apt-get -qq update; apt-get -qq -y install libgomp1 | tee /tmp/apt.log; \\
    python -m pip install --no-cache-dir "pip==24.2" && pip install --no-cache-dir -r ./requirements.txt
COPY --chown=10001:0 app app/
USER 10001:0
CMD ["tini", "--", "python", "-m", "app"]
"""


# %% scan-gate
def gate(verdicts, waivers, today):
    closed = {f for (f, _), w in verdicts.items() if w == "block: severity"}
    live = "block: exploited" in verdicts.values()
    granted = set()
    for one in waivers:
        length, age = (one.expires - one.granted).days, (today - one.granted).days
        if one.reason.split() and 0 <= age <= length < 90:
            granted |= {one.id}
    if live or closed - granted:
        return "fail"
    return ["pass", "warn"][bool(closed & granted)]
