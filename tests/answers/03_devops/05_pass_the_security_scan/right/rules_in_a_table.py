"""Rules stand in tables and are walked over; the upgrade grows by the number of packages that move."""

# %% scan-triage
def triage(report, exploited, reachable):
    if report.get("SchemaVersion") != 2:
        raise ValueError("schema")
    results = report.get("Results")
    if not results:
        raise ValueError("nothing was scanned")
    rules = (
        (lambda f, name, ok: f["VulnerabilityID"] in exploited, "block: exploited"),
        (lambda f, name, ok: not str(f.get("FixedVersion") or "").strip(), "wait: no fix"),
        (lambda f, name, ok: not ok, "wait: not reachable"),
        (lambda f, name, ok: f["Severity"] in {"CRITICAL", "HIGH", "UNKNOWN"}, "block: severity"),
        (lambda f, name, ok: True, "wait: low severity"),
    )
    spell = {"os-pkgs": str, "lang-pkgs": canonicalize_name}
    out = {}
    for result in results:
        write = spell.get(result["Class"])
        if write is None:
            continue
        used = set(map(write, reachable))
        for f in result.get("Vulnerabilities") or ():
            if f["Severity"] not in SEVERITIES:
                raise ValueError("severity")
            name = write(f["PkgName"])
            out[(f["VulnerabilityID"], name)] = next(w for test, w in rules if test(f, name, name in used))
    return out


# %% scan-upgrade
def upgrade(pins, needs, releases, findings):
    order = {n: sorted(filter(lambda v: not Version(v).is_prerelease, r), key=Version) for n, r in releases.items()}

    def clean(name, version):
        mine = Version(version)
        for (_, package), text in findings.items():
            if package != name:
                continue
            fixes = [Version(t.strip()) for t in text.split(",")]
            same = [f for f in fixes if f.major == mine.major]
            if mine < (same[0] if same else max(fixes)):
                return False
        return True

    def keeps(new):
        for who in ["service"] + [f"{n}=={v}" for n, v in new.items()]:
            for line in needs.get(who, []):
                r = Requirement(line)
                if not r.specifier.contains(new[r.name]):
                    return False
        return True

    names = sorted(pins)
    for count in range(len(names) + 1):
        found = []
        for moving in itertools.combinations(names, count):
            others = [[v for v in order[n] if v != pins[n] and clean(n, v)] for n in moving]
            if not all(clean(n, pins[n]) for n in names if n not in moving):
                continue
            for versions in itertools.product(*others):
                new = {**pins, **dict(zip(moving, versions))}
                if keeps(new):
                    way = sum(abs(order[n].index(v) - order[n].index(pins[n])) for n, v in new.items())
                    found.append((way, sorted(new.items())))
        if found:
            return dict(min(found)[1])
    raise ValueError("stuck")


# %% scan-image
def dockerfile():
    lines = [
        "# syntax=docker/dockerfile:1",
        "FROM docker.io/library/python:3.11.9-slim-bookworm AS build",
        "WORKDIR /build",
        "ENV PIP_NO_CACHE_DIR=1",
        "COPY requirements.txt .",
        "RUN --mount=type=secret,id=pip_conf \\",
        "    PIP_CONFIG_FILE=/run/secrets/pip_conf pip install --prefix=/install \\",
        "    # the service's own packages",
        "    --requirement requirements.txt",
        "",
        "FROM docker.io/library/python:3.11.9-slim-bookworm",
        "RUN apt-get update -qq \\",
        " && apt-get install -qqy --no-install-recommends libgomp1=12.* \\",
        " && rm -rf /var/lib/apt/lists/*",
        "COPY --from=build /install /usr/local",
        "COPY app/ /srv/app/",
        "WORKDIR /srv",
        "USER 10001:10001",
        'ENTRYPOINT ["/usr/local/bin/python3", "-m", "app"]',
    ]
    return "\n".join(lines)


# %% scan-gate
def gate(verdicts, waivers, today):
    def holds(w):
        days = (w.expires - w.granted).days
        return not w.reason.isspace() and w.reason != "" and w.granted <= today <= w.expires and days in range(90)

    word = "pass"
    for (finding, _package), verdict in verdicts.items():
        if verdict == "block: exploited":
            return "fail"
        if verdict == "block: severity":
            if not any(w.id == finding and holds(w) for w in waivers):
                return "fail"
            word = "warn"
    return word
