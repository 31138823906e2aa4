"""Small functions that each answer one question; a recursive search that stops at the price of the best answer."""

# %% scan-triage
def has_fix(found):
    return bool((found.get("FixedVersion") or "").split())


def reason(found, exploited, used):
    match (found["VulnerabilityID"] in exploited, has_fix(found), used, found["Severity"]):
        case (_, _, _, severity) if severity not in SEVERITIES:
            raise ValueError(f"unknown severity {severity}")
        case (True, _, _, _):
            return "block: exploited"
        case (_, False, _, _):
            return "wait: no fix"
        case (_, _, False, _):
            return "wait: not reachable"
        case (_, _, _, "MEDIUM" | "LOW"):
            return "wait: low severity"
    return "block: severity"


def triage(report, exploited, reachable):
    if report.get("SchemaVersion") != 2:
        raise ValueError("not a report of schema 2")
    if not report.get("Results"):
        raise ValueError("nothing was scanned")
    python = {canonicalize_name(n) for n in reachable}
    rows = [
        (r["Class"] == "lang-pkgs", v)
        for r in report["Results"]
        if r["Class"] in {"lang-pkgs", "os-pkgs"}
        for v in (r.get("Vulnerabilities") or [])
    ]
    return {
        (v["VulnerabilityID"], canonicalize_name(v["PkgName"]) if p else v["PkgName"]): reason(
            v, exploited, canonicalize_name(v["PkgName"]) in python if p else v["PkgName"] in reachable
        )
        for p, v in rows
    }


# %% scan-upgrade
def upgrade(pins, needs, releases, findings):
    finals = {n: sorted((v for v in r if not Version(v).is_prerelease), key=Version) for n, r in releases.items()}
    names, best = list(pins), [(99, 999), None]

    def search(at, chosen, price):
        if price >= best[0]:
            return
        if at == len(names):
            if fits(chosen, needs):
                best[:] = [price, dict(chosen)]
            return
        name = names[at]
        old = finals[name].index(pins[name])
        for place, version in enumerate(finals[name]):
            if all(fixed_in(version, text) for (_, n), text in findings.items() if n == name):
                way = abs(place - old)
                search(at + 1, {**chosen, name: version}, (price[0] + (way > 0), price[1] + way))

    search(0, {}, (0, 0))
    if best[1] is None:
        raise ValueError("nothing fits")
    return best[1]


def fixed_in(version, text):
    v = Version(version)
    fixes = {Version(t).major: Version(t) for t in text.replace(" ", "").split(",")}
    return v >= fixes.get(v.major, fixes[max(fixes)])


def fits(chosen, needs):
    asked = needs.get("service", []) + [t for n, v in chosen.items() for t in needs.get(f"{n}=={v}", [])]
    return all((r := Requirement(t)).specifier.contains(chosen[r.name]) for t in asked)


# %% scan-image
def dockerfile():
    return """\
# hadolint global ignore=DL3008
FROM python:3.12-slim AS app
COPY app /srv/app

FROM python:3.12-slim
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -y \\
        # OpenMP for LightGBM
        libgomp1 \\
    && apt-get clean
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,mode=0400 PIP_NO_CACHE_DIR=1 pip3 install -r /tmp/requirements.txt
COPY --from=0 /srv /srv
WORKDIR /srv
EXPOSE 8080
STOPSIGNAL SIGTERM
USER 10001
ENTRYPOINT ["python", "-m", "app"]
CMD ["--port", "8080"]
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
