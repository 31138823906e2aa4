# %% [markdown]
"""# Pass the security scan

You'll build the step between a scanner's report and a release: it says what blocks and what waits, finds the shortest
way out through the pins, mends the image, and lets exceptions end.

**Time** 60 min · **Level** medium · **Needs** dictionaries, `packaging` versions, Dockerfiles

**Skills** sort findings by what can hurt · move as few packages as possible · keep tokens out of layers · grant a waiver
that ends by itself
"""

# %% nbgrader={"grade_id": "scan-setup", "locked": true}
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from coursekit import REFERENCE, check, explore, is_true_of, played, scoreboard, slider, try_it
from coursekit.devops import dockerfiles
from coursekit.devops.scans import Row, best, cve, draw_ways, report, tree, upgraded, ways

Key = tuple[str, str]  # id and package: ("CVE-2099-10417", "torch")
Verdict = str  # "block: severity"
SEVERITIES = ("CRITICAL", "HIGH", "UNKNOWN", "MEDIUM", "LOW")

# %% [markdown]
"""## The situation

Thursday, 16:40. The pipeline of the triage model turns red at the security scan: **41 findings**, a release is waiting,
and the customer who needs it goes live tomorrow. Somebody upgrades every package to its newest version. Now the scan is
green and the model answers otherwise: a new major version of one library rounds in another way. Somebody else writes
`|| true` behind the scanner. That one was found five months later, by the auditor.

Of the 41, three mattered. One moved package would have been enough.

![A report is sorted by triage into what blocks and what waits. What blocks goes to upgrade, which moves as few pins as
possible. The Dockerfile is built with them and scanned again. The gate reads the verdicts and the waivers: fail, warn
or pass.](diagrams/05_pass_the_security_scan.mmd)
"""

# %%
small = report([
    Row("CVE-2099-10417", "torch", "CRITICAL", "2.1.2"),
    Row("CVE-2099-20058", "libgomp1", "HIGH", None, kind="os-pkgs", target="debian 12"),
    Row("CVE-2099-30771", "Pillow", "LOW", "10.3.0"),
])  # fmt: skip
[
    (r["Class"], v["PkgName"], v.get("FixedVersion"))
    for r in small["Results"]
    for v in r["Vulnerabilities"]
]

# %% [markdown]
"""## 1 · Sort what the scanner found

`triage` maps (id, package) to a verdict, the first that fits from above:

| the finding | verdict |
|---|---|
| id in `exploited`: attackers use it today | `"block: exploited"` |
| no fix: `FixedVersion` missing, `None` or blank | `"wait: no fix"` |
| package not in `reachable`: the service never loads it | `"wait: not reachable"` |
| CRITICAL, HIGH, or UNKNOWN: nobody has rated it yet | `"block: severity"` |
| MEDIUM, LOW | `"wait: low severity"` |

Names in `"lang-pkgs"` are Python's: compare and return them as `canonicalize_name` writes them, however `reachable`
spells them. Names in `"os-pkgs"` stay: `python3.11` is one. Other classes are passed over. `Vulnerabilities` may be
missing or `None`. An id found twice in one package is one entry, in two packages two.

`ValueError`: a `SchemaVersion` that is not 2, a severity that is none of the five, and `Results` missing, `None` or
empty: nothing was scanned, and that is not clean.

<details><summary>Hint 1 · both spellings</summary>

Keep two sets of `reachable`: as it is for Debian, and `{canonicalize_name(n) for n in reachable}` for Python.

</details>
<details><summary>Hint 2 · missing or None</summary> `result.get("Vulnerabilities") or []` covers both.</details>
"""


# %% nbgrader={"grade_id": "scan-triage", "solution": true}
def triage(
    report: Mapping[str, Any], exploited: Collection[str], reachable: Collection[str]
) -> dict[Key, Verdict]:
    """What blocks, what waits, and why, by id and package."""
    ### BEGIN SOLUTION
    # Why: exploited comes first, because attackers do not read ratings. A finding without a fix
    # cannot be upgraded away, so blocking on it would only teach people to switch the scan off.
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
    ### END SOLUTION


def verdict_of(found: Mapping[str, Any], exploited: Collection[str], is_loaded: bool) -> Verdict:
    """The verdict on one finding of a report. A suggestion: `triage` alone is checked."""
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %%
@try_it
def three_findings() -> dict[Key, Verdict]:
    return triage(small, exploited={"CVE-2099-30771"}, reachable={"torch", "libgomp1"})


# %% nbgrader={"grade_id": "scan-triage-checks", "grade": true}
def sorted_out(rows, exploited=(), reachable=("torch", "numpy", "libgomp1"), rng=None, empty=()):
    """The verdicts on these rows."""
    return triage(report(rows, rng, empty), set(exploited), set(reachable))


@check(
    expect={
        ("CVE-2099-1", "torch"): "block: exploited",
        ("CVE-2099-2", "numpy"): "block: exploited",
        ("CVE-2099-3", "flask"): "block: exploited",
    },
    points=2,
    stage="core",
)
def what_is_exploited_blocks_whatever_else():
    """Before severity, fix and reach: attackers do not wait for any of them."""
    rows = [
        Row("CVE-2099-1", "torch", "LOW"),
        Row("CVE-2099-2", "numpy", "HIGH", None),
        Row("CVE-2099-3", "flask", "HIGH"),
    ]
    return sorted_out(rows, exploited=[row.id for row in rows])


@check(
    expect={"no results": "ValueError", "None": "ValueError", "missing": "ValueError", "clean": {}},
    points=1,
    stage="core",
)
def a_scan_of_nothing_is_not_clean():
    """Without results nobody has looked. A result without findings is clean."""
    seen = {}
    for words, results in (("no results", []), ("None", None), ("missing", 0)):
        text = {"SchemaVersion": 2, "Results": results}
        if words == "missing":
            del text["Results"]
        try:
            seen[words] = triage(text, set(), set())
        except ValueError:
            seen[words] = "ValueError"
    return {**seen, "clean": sorted_out([], empty=["requirements.txt"])}


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def the_severity_decides_at_last(rng):
    """CRITICAL and HIGH block; MEDIUM and LOW wait."""
    rows = [Row(cve(rng), "torch", s) for s in rng.sample(["CRITICAL", "HIGH", "MEDIUM", "LOW"], 4)]
    return sorted_out(rows, rng=rng)


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def what_nobody_has_rated_counts_as_high(rng):
    """UNKNOWN is no word for harmless."""
    return sorted_out([Row(cve(rng), "torch", "UNKNOWN"), Row(cve(rng), "numpy", "HIGH")], rng=rng)


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def what_has_no_fix_waits(rng):
    """The key is missing, None or blank."""
    rows = [Row(cve(rng), "torch", "HIGH", fixed) for fixed in (None, "", "  ", "2.1.0")]
    text = report(rows, rng)
    for found in text["Results"][0]["Vulnerabilities"]:
        if found.get("FixedVersion") == "  " and rng.random() < 0.5:
            found["FixedVersion"] = None
    return triage(text, set(), {"torch"})


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def what_the_service_never_loads_waits(rng):
    """Whatever its severity; Debian's packages, too."""
    rows = [Row(cve(rng), name, "CRITICAL") for name in ("torch", "flask", "numpy", "pytest")]
    rows += [
        Row(cve(rng), name, "HIGH", kind="os-pkgs", target="debian")
        for name in ("libgomp1", "perl")
    ]
    return sorted_out(rows, reachable=["torch", "numpy", "libgomp1", "bash"], rng=rng)


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def the_first_reason_that_fits_is_told(rng):
    """No fix, then not reachable, then low severity."""
    rows = [
        Row(cve(rng), "flask", "LOW", None),
        Row(cve(rng), "flask", "HIGH", None),
        Row(cve(rng), "flask", "LOW"),
        Row(cve(rng), "torch", "LOW", None),
    ]
    return sorted_out(rows, rng=rng)


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def python_names_are_told_and_compared_in_one_spelling(rng):
    """`Scikit_Learn`, `scikit.learn` and `scikit-learn` are one package."""
    names = ["Scikit_Learn", "scikit.learn", "SCIKIT-learn"]
    rows = [Row(cve(rng), name) for name in rng.sample(names, 2)]
    rows.append(Row(cve(rng), rng.choice(["ruamel.yaml", "Ruamel_YAML"])))
    return sorted_out(rows, reachable=[rng.choice(names), "RUAMEL-yaml"], rng=rng)


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def names_of_debian_packages_stay_as_they_are(rng):
    """`python3.11` is no `python3-11`."""
    names = rng.sample(["python3.11", "libpython3.11-stdlib", "openjdk_17"], 2)
    rows = [Row(cve(rng), name, kind="os-pkgs", target="debian") for name in names]
    return sorted_out(rows, reachable=names[:1], rng=rng)


@check(expect=REFERENCE, points=2, stage="core", seeds=2)
def every_result_of_the_two_classes_is_read(rng):
    """Debian's, Python's of several files; without findings, with None; other classes are passed over."""
    rows = [
        Row(cve(rng), "torch", target="app/requirements.txt"),
        Row(cve(rng), "numpy", target="tools/requirements.txt"),
        Row(cve(rng), "libgomp1", kind="os-pkgs", target="debian 12"),
        Row(cve(rng), "torch", kind="config", target="Dockerfile"),
    ]
    text = report(rows, rng, empty=["empty.txt"])
    text["Results"].insert(
        rng.randrange(4), {"Target": "none.txt", "Class": "lang-pkgs", "Vulnerabilities": None}
    )
    return triage(text, set(), {"torch", "numpy", "libgomp1"})


@check(expect=REFERENCE, points=1, stage="core", seeds=2)
def one_id_in_two_packages_is_two_findings(rng):
    """And found twice in one package it is one."""
    one, two = cve(rng), cve(rng)
    keys = [(one, "torch"), (one, "numpy"), (two, "torch")]
    rows = [Row(finding, name, target=file) for file in ("app", "tools") for finding, name in keys]
    return sorted_out(rows, rng=rng)


@check(
    expect=dict.fromkeys(("version 1", "no version", "severe", "lower case"), "ValueError"),
    points=1,
    stage="core",
)
def what_is_no_report_is_refused():
    """Another schema, or a severity that is none of the five: better red than wrong."""
    fine = report([Row("CVE-2099-1", "torch")])
    cases = {
        "version 1": fine | {"SchemaVersion": 1},
        "no version": {"Results": fine["Results"]},
        "severe": report([Row("CVE-2099-1", "torch", "SEVERE")]),
        "lower case": report([Row("CVE-2099-1", "torch", "low")]),
    }
    seen = {}
    for words, text in cases.items():
        try:
            seen[words] = triage(text, set(), {"torch"})
        except ValueError:
            seen[words] = "ValueError"
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Find the shortest way out

`upgrade` returns new pins, one for each package of `pins`. Versions are judged by `packaging`.

- **Candidates** are a package's final releases: no `Version(v).is_prerelease`. `releases` come in no order.
- **Fixed**: of the versions in `"1.26.5, 2.1.0"` the one counts that has the candidate's `major`; where there is none,
  the highest. That version or newer. Every finding has to be fixed.
- **Lines**: `needs["service"]` holds, and so does `needs["torch==2.1.2"]` if that release is in the answer. Lines of
  other releases mean nothing; who is missing asks for nothing.
- **Best**: fewest packages move; among those answers, the smallest sum of positions. A position is a version's place
  among its package's *final* releases in order; moving down counts like moving up. If several are best, each is right.

No answer holds: `ValueError`. A tree has at most 4 packages with 6 releases each, so trying everything is fine.

<details><summary>Hint 1 · a line</summary>

`Requirement("numpy>=1.24,<2")` has `.name` and `.specifier.contains("1.26.2")`.

</details>
<details><summary>Hint 2 · try everything</summary>

`itertools.product(*choices)` walks over all answers; `min(..., key=(moved, positions))` finds the best. Leave out of
each package's choices what is not fixed, before you combine.

</details>
"""


# %% nbgrader={"grade_id": "scan-upgrade", "solution": true}
def is_fixed(version: str, fixed: str) -> bool:
    """Whether a release has the fix, which each branch has in a version of its own."""
    ### BEGIN SOLUTION
    mine, parts = Version(version), sorted(Version(part) for part in fixed.split(","))
    branch = [part for part in parts if part.major == mine.major]
    return mine >= (branch or parts)[-1]
    ### END SOLUTION


def upgrade(
    pins: Mapping[str, str],
    needs: Mapping[str, Sequence[str]],
    releases: Mapping[str, Sequence[str]],
    findings: Mapping[Key, str],
) -> dict[str, str]:
    """New pins: every finding fixed, every line kept, as little moved as can be."""
    ### BEGIN SOLUTION
    # Why: every moved package is a change that somebody has to test, and a long way is a bigger one.
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
    ### END SOLUTION


# %% [markdown]
"""`upgraded` plays your function in a small tree and says in words what is wrong with the answer."""


# %%
@try_it
def the_nearest_fix_is_not_the_shortest_way() -> dict[str, Any]:
    print(tree("fewest", seed=3))
    return upgraded(upgrade, "fewest", seed=3)


# %% nbgrader={"grade_id": "scan-upgrade-checks", "grade": true}
def in_trees(rng, *kinds):
    """What `upgrade` answers in one tree of each kind."""
    return [upgraded(upgrade, kind, rng.randrange(10**6)) for kind in kinds]


@check(
    expect=is_true_of(best("fewest", words="one package moves, past the nearest fix")),
    points=3,
    seeds=2,
)
def as_few_packages_move_as_possible(rng):
    """The nearest fix may drag a neighbour along; a farther one may not."""
    return in_trees(rng, "fewest")


@check(
    expect=is_true_of(best("shortest", words="as many packages, the fewest positions")),
    points=2,
    seeds=2,
)
def then_the_shortest_way_is_taken(rng):
    """Among answers that move as many packages, the smallest sum of positions."""
    return in_trees(rng, "shortest")


### BEGIN HIDDEN TESTS
@check(expect=is_true_of(best("numbers", words="1.10 after 1.9")), points=1, seeds=2)
def versions_are_compared_as_versions(rng):
    """1.10 is newer than 1.9, and `releases` come in no order."""
    return in_trees(rng, "numbers")


@check(expect=is_true_of(best("prereleases", words="a final release")), points=1, seeds=2)
def prereleases_are_never_chosen(rng):
    """Not rc, not alpha, not dev; a `.post` release is final."""
    return in_trees(rng, "prereleases")


@check(
    expect=is_true_of(best("positions", words="positions among final releases")), points=1, seeds=2
)
def positions_are_counted_among_final_releases(rng):
    """Pre-releases in between make no way longer."""
    return in_trees(rng, "positions")


@check(expect=is_true_of(best("service", words="the service's own lines hold")), points=1, seeds=2)
def what_the_service_asks_for_holds(rng):
    """needs["service"] is there from the beginning and stays."""
    return in_trees(rng, "service")


@check(
    expect=is_true_of(best("needed", words="lines of all chosen releases hold")), points=2, seeds=2
)
def what_the_chosen_releases_need_holds(rng):
    """Those that moved, and those that stayed."""
    return in_trees(rng, "needed")


@check(
    expect=is_true_of(best("others", words="lines of other releases mean nothing")),
    points=1,
    seeds=2,
)
def lines_of_other_releases_mean_nothing(rng):
    """What the old version asked for is gone with it."""
    return in_trees(rng, "others")


@check(
    expect=is_true_of(
        best("open branch", "closed branch", "no branch", words="each branch has its own fix")
    ),
    points=2,
    seeds=2,
)
def each_branch_has_a_fix_of_its_own(rng):
    """2.0.1 is newer than 1.26.5, but its fix is 2.1.0; a branch without one counts from the highest."""
    return in_trees(rng, "open branch", "closed branch", "no branch")


@check(expect=is_true_of(best("every", words="every finding fixed")), points=1, seeds=2)
def every_finding_is_fixed(rng):
    """Several in one package, and one id in two packages."""
    return in_trees(rng, "every")


@check(expect=is_true_of(best("down", words="a neighbour moves down")), points=1, seeds=2)
def a_neighbour_may_move_down(rng):
    """Where a fix wants an older one."""
    return in_trees(rng, "down")


@check(expect=is_true_of(best("stuck", "forbidden", words="ValueError")), points=1, seeds=2)
def no_way_out_is_a_value_error(rng):
    """Nothing is fixed, or what is fixed is forbidden."""
    return in_trees(rng, "stuck", "forbidden")


@check(expect=REFERENCE, points=1, seeds=1)
def what_is_handed_in_stays_as_it_was(rng):
    """Pins, lines, releases and findings belong to the caller."""
    world = tree("needed", rng.randrange(10**6))
    parts, before = world.parts, world.parts
    moved = upgrade(*parts)
    return [
        "pins" if moved else "nothing",
        parts[0] == before[0],
        parts[1] == before[1],
        parts[2] == before[2],
        parts[3] == before[3],
    ]


@check(expect=is_true_of(best("mixed", words="a best answer")), points=2, seeds=2)
def all_at_once_is_solved(rng):
    """Two findings, a branch, old lines, a line of the service, and one who stays."""
    return in_trees(rng, "mixed")


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## See the ways out

One service, four packages. The dashed line is what is possible: for each number of moved packages, the fewest findings
that can stay. Your answer should lie at its foot. "Newest of everything" moves all four, and here it even breaks a
line: one package's newest release does not get on with another's.
"""


# %%
def ways_out(tree: float, findings: float) -> object:
    return ways(upgrade, int(tree), int(findings))


words = "Blocking findings left, by packages moved: what is possible, your answer, and the newest release of everything."
explore(draw_ways, data=ways_out, caption=words, size=(9, 4),
        tree=slider(1, 12, 1, 3, "tree"), findings=slider(1, 6, 1, 4, "findings"))  # fmt: skip

# %% [markdown]
"""## 3 · Mend the image

This is the Dockerfile that was scanned. Almost every line of it is a finding.
"""

# %%
print(dockerfiles.BROKEN)

# %% [markdown]
"""`dockerfile` returns the text of a better one. The repository holds `requirements.txt`, `app/`, `tests/`, `README.md`,
`.env` (passwords), `pip.conf` (the token of the private index) and no `.dockerignore`. The build passes one secret, id
`pip_conf`.

- **Secret**: the `RUN` of `pip install` mounts it (`--mount=type=secret,id=pip_conf,target=…`). In no layer of any
  stage: no `ARG`, `ENV`, `LABEL` named after a `TOKEN`, `PASSWORD`, `PASSWD`, `SECRET`, `KEY` or `CREDENTIALS`; no
  `https://user:password@`; no `COPY` that takes `.env` or `pip.conf` along. Deleting later changes nothing.
- **User**: the last one is a number, not 0: the kubelet's `runAsNonRoot` cannot judge a name (DL3002).
- **Base**: `python` with `3.<minor>` and `slim` in the tag, or an earlier stage (DL3006, DL3007).
- **Start**: `python -m app`, as JSON, without a shell, so that it hears SIGTERM (DL3025, DL4003, DL4004).

<details><summary>Hint · the mount</summary>

`RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf pip install …`: the file is there while the command runs, and
in no layer.

</details>
"""

# %% [markdown]
"""- **apt**: `libgomp1` by `apt-get install -y` after an `apt-get update` in the same `RUN` (DL3014), not `apt` (DL3027).
- **pip**: `pip install -r requirements.txt` after it was copied; no cache in the layer: `--no-cache-dir`,
  `PIP_NO_CACHE_DIR=1` or a cache mount (DL3042); what is installed by name has a version (DL3013).
- **Files**: `app` is in the last stage, by `COPY`, not `ADD` (DL3020); several sources: the target ends with `/`
  (DL3021); `--from` names an earlier stage (DL3022, DL3023); `WORKDIR` is absolute (DL3000) and stands before a relative
  target (DL3045).
- **Shell**: no `cd` (DL3003), no `sudo` (DL3004), no `MAINTAINER` (DL4000), not both `wget` and `curl` (DL4001), no pipe
  without `pipefail` (DL4006).

These are hadolint's rules of level warning and above for such an image. DL3008 (pin Debian packages) is a listed
exception: the archive drops a pinned version with the next security update. Ignore comments hide nothing.
"""


# %% nbgrader={"grade_id": "scan-image", "solution": true}
def dockerfile() -> str:
    """The text of the service's Dockerfile."""
    ### BEGIN SOLUTION
    # Why: what a layer has held can be read out of the image, whatever a later layer deletes. Only
    # a mount leaves nothing behind. Files by name, because `COPY . .` takes what nobody thought of.
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
    ### END SOLUTION


# %% nbgrader={"grade_id": "scan-image-checks", "grade": true}
@check(expect=played(dockerfiles.world, dockerfiles.nothing_secret), points=3)
def nothing_secret_stays_in_a_layer():
    """A build argument stays in the history; a deleted file stays in the layer before."""
    return dockerfile()


@check(expect=played(dockerfiles.world, dockerfiles.numbered_user), points=2)
def it_runs_as_a_user_that_the_kubelet_can_judge():
    """A number other than 0. Without any USER it is root."""
    return dockerfile()


### BEGIN HIDDEN TESTS
@check(expect=played(dockerfiles.world, dockerfiles.pinned_base), points=1)
def the_base_is_slim_and_pinned():
    """`python` with a minor version and `slim` in its tag, in every stage."""
    return dockerfile()


@check(expect=played(dockerfiles.world, dockerfiles.starts_itself), points=1)
def the_service_is_started_without_a_shell():
    """As JSON, once; a shell would keep SIGTERM to itself."""
    return dockerfile()


@check(expect=played(dockerfiles.world, dockerfiles.debian_packages), points=1)
def debian_packages_come_from_fresh_lists():
    """apt-get, with -y, updated in the same RUN."""
    return dockerfile()


@check(expect=played(dockerfiles.world, dockerfiles.python_packages), points=1)
def python_packages_are_pinned_and_leave_no_cache():
    """From requirements.txt, which has to be there first."""
    return dockerfile()


@check(expect=played(dockerfiles.world, dockerfiles.copied_files), points=1)
def files_are_copied_to_a_known_place():
    """`app` is there; COPY, absolute folders, stages that exist."""
    return dockerfile()


@check(expect=played(dockerfiles.world, dockerfiles.plain_shell), points=1)
def the_shell_hides_nothing():
    """No cd, no sudo, no pipe without pipefail."""
    return dockerfile()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Let exceptions end

`gate` reads what `triage` returned and says `"fail"`, `"warn"` or `"pass"`.

- A waiver *holds* if its reason has a character that is no space, `granted <= today <= expires`, and it runs less than
  90 days: `expires - granted` is 0 to 89 days.
- It waives `"block: severity"` for its id, in every package. `"block: exploited"` is never waived.
- A blocking verdict that nobody waives: `"fail"`. Else, if one is waived: `"warn"`. Else `"pass"`: what waits does not
  warn, or nobody would read warnings.
- A waiver that holds and waives nothing changes nothing. One that does not hold never harms one that does.

<details><summary>Hint · two sets</summary>

First the ids of all waivers that hold; then the blocking verdicts whose id is not among them.

</details>
"""


# %% nbgrader={"grade_id": "scan-waiver", "locked": true}
@dataclass(frozen=True)
class Waiver:
    """Somebody's word that a finding may stay for a while."""

    id: str  # "CVE-2099-10417"
    reason: str  # "the parser is never called; upgrade planned for May"
    granted: date
    expires: date  # the last day


# %% nbgrader={"grade_id": "scan-gate", "solution": true}
def gate(verdicts: Mapping[Key, Verdict], waivers: Sequence[Waiver], today: date) -> str:
    """ "fail", "warn" or "pass"."""
    ### BEGIN SOLUTION
    # Why: a waiver without an end is a decision that nobody takes again.
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
    ### END SOLUTION


# %%
@try_it
def a_waiver_for_a_month() -> str:
    day = date(2026, 5, 4)
    month = Waiver("CVE-2099-10417", "not called; fixed in June", day, day + timedelta(days=30))
    return gate({("CVE-2099-10417", "torch"): "block: severity"}, [month], day)


# %% nbgrader={"grade_id": "scan-gate-checks", "grade": true}
DAY = date(2026, 5, 4)
A, B, C = "CVE-2099-1", "CVE-2099-2", "CVE-2099-3"
OPEN, LIVE = "block: severity", "block: exploited"


def waived(finding=A, since=-10, until=20, reason="not called", day=DAY):
    """A waiver that runs from `since` days after `day` to `until`."""
    return Waiver(finding, reason, day + timedelta(days=since), day + timedelta(days=until))


def stopped(*args):
    """Whether the gate stops the release; what it says otherwise is a check of its own."""
    word = gate(*args)
    return {"fail": "stopped", "warn": "let through", "pass": "let through"}.get(word, word)


@check(expect={"exploited": "fail", "beside a waived one": "fail"}, points=2)
def what_is_exploited_is_never_waived():
    """No reason is good enough while attackers use it."""
    both = {(A, "torch"): OPEN, (B, "numpy"): LIVE}
    return {
        "exploited": gate({(B, "numpy"): LIVE}, [waived(B)], DAY),
        "beside a waived one": gate(both, [waived(A), waived(B)], DAY),
    }


@check(expect={"89 days": "let through", "90 days": "stopped", "a year": "stopped"}, points=1)
def a_waiver_runs_less_than_90_days():
    """From the day it is granted to its last."""
    lengths = {"89 days": 89, "90 days": 90, "a year": 365}
    found = {(A, "torch"): OPEN}
    return {
        words: stopped(found, [waived(since=-5, until=days - 5)], DAY)
        for words, days in lengths.items()
    }


### BEGIN HIDDEN TESTS
def some_day(rng):
    return date(2025, 1, 1) + timedelta(days=rng.randrange(700))


@check(expect=REFERENCE, points=1, seeds=2)
def what_nobody_waives_fails(rng):
    """One is enough, wherever it stands among those that are waived."""
    day = some_day(rng)
    found = dict(rng.sample([((A, "torch"), OPEN), ((B, "numpy"), OPEN), ((C, "perl"), OPEN)], 3))
    seen = {}
    for left in (A, B, C):
        some = [waived(one, day=day) for one in (A, B, C) if one != left]
        seen[left] = [gate(found, some, day), gate({(left, "torch"): OPEN}, [], day)]
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def what_is_waived_warns(rng):
    """It is not clean, and it does not stop the release."""
    day = some_day(rng)
    found = dict(rng.sample([((A, "torch"), OPEN), ((B, "numpy"), OPEN)], 2))
    some = rng.sample([waived(A, day=day), waived(B, day=day)], 2)
    return [str(day), gate(found, some, day), gate({(B, "perl"): OPEN}, some, day)]


@check(expect=REFERENCE, points=1, seeds=2)
def what_waits_does_not_warn(rng):
    """Nothing blocks: pass, whatever waits and whatever is waived for nothing."""
    day = some_day(rng)
    words = rng.sample(["wait: no fix", "wait: not reachable", "wait: low severity"], 3)
    found = {(f"CVE-2099-{n}", "torch"): word for n, word in enumerate(words, 1)}
    return [words, gate(found, [], day), gate(found, [waived(A, day=day)], day), gate({}, [], day)]


@check(expect=REFERENCE, points=1, seeds=2)
def a_waiver_that_has_ended_waives_nothing(rng):
    """The last day still counts, the day after does not."""
    day, found = some_day(rng), {(A, "torch"): OPEN}
    ends = rng.sample([-30, -1, 0, 1], 4)
    return [[end, stopped(found, [waived(since=-40, until=end, day=day)], day)] for end in ends]


@check(expect=REFERENCE, points=1, seeds=2)
def a_waiver_that_has_not_begun_waives_nothing(rng):
    """The day it is granted counts, the day before does not; and it does not end before it begins."""
    day, found = some_day(rng), {(A, "torch"): OPEN}
    starts = rng.sample([-1, 0, 1, 20], 4)
    return [
        [start, stopped(found, [waived(since=start, until=30, day=day)], day)] for start in starts
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def a_reason_has_words(rng):
    """Empty, or spaces alone: nobody has said why."""
    day, found = some_day(rng), {(A, "torch"): OPEN}
    reasons = rng.sample(["", "   ", " \t\n", "not called", " x "], 5)
    return [[reason, stopped(found, [waived(reason=reason, day=day)], day)] for reason in reasons]


@check(expect=REFERENCE, points=1, seeds=2)
def a_waiver_is_for_its_id_in_every_package(rng):
    """For no other id, however alike."""
    day = some_day(rng)
    found = {(A, name): OPEN for name in rng.sample(["torch", "numpy", "perl"], 2)}
    longer = {(f"{A}0", "torch"): OPEN}
    return [
        stopped(found, [waived(A, day=day)], day),
        stopped(longer, [waived(A, day=day)], day),
        stopped(found, [waived(f"{A}0", day=day)], day),
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def one_that_holds_is_enough(rng):
    """An old or blank waiver for the same id changes nothing."""
    day, found = some_day(rng), {(A, "torch"): OPEN}
    good, old, blank = (
        waived(day=day),
        waived(since=-60, until=-5, day=day),
        waived(reason=" ", day=day),
    )
    orders = [[good, old, blank], [old, blank, good], [blank, good, old]]
    return [stopped(found, some, day) for some in rng.sample(orders, 3)]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## What do you do on Friday?

A finding in the inference runtime is in the list of exploited ones since this morning. Your service loads it. The only
fixed release is a new major version; with it 3 % of the model's answers change, and the test that compares them needs
two days. The customer goes live on Friday, tomorrow. The head of product asks for a waiver; the head of security says
no release. **What do you do, what do you tell both, and what do you change so that the next one is cheaper?** 150 words
are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "scan-tradeoff", "grade": true, "solution": true, "points": 14}
"""### BEGIN SOLUTION
First I find out how the flaw is reached. If it needs a crafted model file, the old image, which is serving today, is as
open as the new one: holding the release back protects nobody. So two things run apart from each other.

Today I close the way in without the upgrade: load models from our own registry with a checked digest only, no egress
from the pods, the parsing endpoint off at the gateway. That is verified with the published proof of concept in a test
cluster, and it goes to production at once, for the version that serves now.

The upgrade goes its normal way, faster: the comparison runs over the weekend, then a canary of 5 %, with the 3 % looked
at by tenant; the go-live takes the old runtime with the mitigation, or moves to Tuesday if the way in cannot be closed.
No waiver: the gate stays red for exploited findings, and a named person releases by hand with a record, for five days.

I tell product: live on Friday if the test shows that the way is closed, else Tuesday. I tell security: what is exposed,
since when, and who decides.

Afterwards: the comparison has to run in two hours, on a sample, at each change of the lock file; the runtime is raised
every month, so that a major version is one step; and the image is scanned every night, not at release only.

Rubric, 14 points:
- exposure before rules (4). Weak: repeats severity. Good: asks whether the flaw can be reached, and sees that the
  running version has it too. Strong: and tests it.
- a way to close it today (4). Weak: waiver or nothing. Good: a mitigation. Strong: a mitigation that is verified, for
  what is serving.
- the risk of the upgrade itself (3). Weak: upgrades and hopes. Good: compares answers, canary. Strong: by tenant, with a
  way back.
- words and the next time (3). Weak: "we'll be careful". Good: a date for each of both. Strong: one change that makes the
  next upgrade cheap, with a number.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** Exploited, fixable, reachable, severe: in this order findings matter. The best upgrade is the
smallest one that fixes all of them. A layer forgets nothing, and a waiver needs an end.

**In practice** Scan the image that serves, every night: findings appear while the code stands still. `uv` and `pip`
resolve for newest, so pin what the solver says in a lock file. Take exploited ids from CISA's catalogue, reach from what
is imported at run time.

**Asked next**

<details><summary>"The scan fails on a package that you do not ship. What now?"</summary>

Find out which layer brings it: usually a build tool that belongs in an earlier stage. Removing it beats waiving it,
because it also ends the next finding in it.

</details>
<details><summary>"Is an image without findings secure?"</summary>

No: a scanner knows published flaws of known packages. It sees neither your own code nor a stolen token, nor a flaw that
is published tomorrow.

</details>
<details><summary>"Why not set the scanner to warn only?"</summary>

A warning that never stops anything is read for a week. Block on little, and let exceptions have a name and an end.

</details>
<details><summary>"Digest or tag?"</summary>

A digest gives the same bytes each time, and misses security updates until a bot raises it. A tag gets them by itself,
and two builds of one commit may differ.

</details>
"""
