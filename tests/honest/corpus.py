"""Honest work as it comes: notebooks from editors, browsers, version control and people in a hurry.

Each case puts a right answer of `tests/hostile/lesson.py` into a student's folder, bent as somebody
reported it, and says what is right: points, state, what a repair names, and whether the question
that a person grades waits for one.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hostile.lesson import MAX_POINTS, MERGE, TALLY
from tests.small import KEY

MODULE, NAME = KEY.split("/")
FILE = f"{NAME}.ipynb"
Notebook = dict[str, Any]
# puts files into a student's folder, given the solved notebook
Place = Callable[[Path, Notebook], None]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4).decode()
OLD_TRY = "def tally(words):\n    return {}\n"
PROSE = "I would keep one counter for each tenant, since the tenants' words differ."


@dataclass(frozen=True)
class Case:
    """One submission and what is right for it.

    Attributes:
        name: of the student.
        place: puts it there.
        state: how its state begins.
        points: by machine.
        repair: what one of its repairs, problems, or its state says.
        waits: whether the hand-graded question waits for a human; None when it does not matter.
    """

    name: str
    place: Place
    state: str = "graded"
    points: float = MAX_POINTS
    repair: str = ""
    waits: bool | None = None


# ------------------------------------------------------------------------------------------ builders


def cell(made: Notebook, grade_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in made["cells"] if c["id"] == grade_id)
    return found


def solved(released: Notebook) -> Notebook:
    made = copy.deepcopy(released)
    for each in made["cells"]:
        each["source"] = "".join(each["source"])
    cell(made, "tally")["source"], cell(made, "merge")["source"] = TALLY, MERGE
    return made


def code(source: str, **more: Any) -> dict[str, Any]:
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return empty | {"source": source} | more


def text(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source} | more


def put(home: Path, data: bytes | str | Notebook, name: str = f"{MODULE}/{FILE}") -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, dict):
        data = json.dumps(data)
    path.write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)


def bent(change: Callable[[Notebook], Any]) -> Place:
    """The notebook under its name, changed."""

    def place(home: Path, made: Notebook) -> None:
        put(home, change(made) or made)

    return place


def named(*names: str) -> Place:
    """The notebook under other names."""

    def place(home: Path, made: Notebook) -> None:
        (home / MODULE).mkdir(parents=True, exist_ok=True)
        for name in names:
            put(home, made, name)

    return place


def as_bytes(change: Callable[[str], bytes]) -> Place:
    return lambda home, made: put(home, change(json.dumps(made, ensure_ascii=False, indent=1)))


def insert(made: Notebook, behind: str, *cells: dict[str, Any]) -> None:
    at = made["cells"].index(cell(made, behind)) + 1
    made["cells"][at:at] = cells


def before(made: Notebook, grade_id: str, *cells: dict[str, Any]) -> None:
    at = made["cells"].index(cell(made, grade_id))
    made["cells"][at:at] = cells


# --------------------------------------------------------------------------------- ids and metadata


def no_ids(made: Notebook) -> None:
    """Kaggle, Databricks: neither ids nor metadata."""
    for c in made["cells"]:
        c.pop("id")
        c["metadata"] = {}
    made["nbformat_minor"] = 4


def other_ids(made: Notebook) -> None:
    """Deepnote, Hex: ids and metadata of their own."""
    for n, c in enumerate(made["cells"]):
        c["id"] = f"{n:032x}"
        c["metadata"] = {"cell_id": f"{n:08x}", "deepnote_cell_type": c["cell_type"]}


def colab(made: Notebook) -> None:
    for n, c in enumerate(made["cells"]):
        kept = c["metadata"].get("nbgrader")
        c["metadata"] = {"id": f"x{n}", "colab": {"base_uri": "https://colab"}}
        if kept:
            c["metadata"]["nbgrader"] = kept
        c.pop("id")
    made["metadata"]["colab"] = {"provenance": []}


def colab_copied_out(made: Notebook) -> None:
    no_ids(made)
    for n, c in enumerate(made["cells"]):
        c["metadata"] = {"id": f"x{n}"}


def only_code_without_ids(made: Notebook) -> None:
    made["cells"] = [code(TALLY), code(MERGE)]


def one_cell_for_all(made: Notebook) -> None:
    made["cells"] = [code(f"{TALLY}\n\n{MERGE}")]


def no_ids_and_moved(made: Notebook) -> None:
    no_ids(made)
    made["cells"].sort(key=lambda c: "def merge" in c["source"])


def no_ids_and_edited(made: Notebook) -> None:
    no_ids(made)
    for c in made["cells"]:
        if "WORDS =" in c["source"]:
            c["source"] = "import bisect as _b\n" + c["source"]
        if "def tally(words)" in c["source"] and "check" not in c["source"]:
            c["source"] = "# mine\n" + c["source"]


def no_ids_and_an_answer(made: Notebook) -> None:
    cell(made, "tradeoff")["source"] = PROSE
    no_ids(made)


def rewritten_answer(made: Notebook) -> None:
    made["cells"][made["cells"].index(cell(made, "tally"))] = code(TALLY, id="brand-new")


def rewritten_at_the_end(made: Notebook) -> None:
    made["cells"].remove(cell(made, "tally"))
    made["cells"].append(code(TALLY, id="brand-new"))


# ------------------------------------------------------------------------------------------- copies


def stub_below(stub: str) -> Callable[[Notebook], None]:
    def change(made: Notebook) -> None:
        insert(made, "tally-checks", copy.deepcopy(cell(made, "tally")) | {"source": stub})

    return change


def stub_above(made: Notebook) -> None:
    stub = 'def tally(words):\n    """How often each word is there."""\n    # YOUR CODE HERE\n'
    stub += "    raise NotImplementedError()"
    before(made, "tally", copy.deepcopy(cell(made, "tally")) | {"source": stub})


def stub_between(made: Notebook) -> None:
    stub = 'def tally(words):\n    """How often each word is there."""\n    # YOUR CODE HERE\n'
    stub += "    raise NotImplementedError()"
    insert(made, "tally", copy.deepcopy(cell(made, "tally")) | {"source": stub})


def answer_in_the_copy_below(made: Notebook) -> None:
    stub_above(made)
    first, second = [c for c in made["cells"] if c["id"] == "tally"]
    made["cells"].remove(second)
    insert(made, "tally-checks", second)
    assert first["source"] != second["source"]


def old_try_above(made: Notebook) -> None:
    before(made, "tally", copy.deepcopy(cell(made, "tally")) | {"source": OLD_TRY})


def old_try_below(made: Notebook) -> None:
    insert(made, "tally-checks", copy.deepcopy(cell(made, "tally")) | {"source": OLD_TRY})


def commented_out_below(made: Notebook) -> None:
    comment = "".join(f"# {line}\n" for line in OLD_TRY.splitlines())
    insert(made, "tally-checks", copy.deepcopy(cell(made, "tally")) | {"source": comment})


def checks_twice(made: Notebook) -> None:
    insert(made, "merge", copy.deepcopy(cell(made, "tally-checks")))


def two_halves(made: Notebook) -> None:
    first, second = TALLY.replace("{}", "new()"), "def new():\n    return {}\n"
    cell(made, "tally")["source"] = first
    insert(made, "tally", copy.deepcopy(cell(made, "tally")) | {"source": second})


def answer_below_an_untouched_stub(made: Notebook) -> None:
    stub = 'def tally(words):\n    """How often each word is there."""\n    # YOUR CODE HERE\n'
    cell(made, "tally")["source"] = stub + "    raise NotImplementedError()"
    insert(made, "tally-checks", code(TALLY, id="another-place"))


# ------------------------------------------------------------------------------------- locked cells


def imports_in_setup(made: Notebook) -> None:
    cell(made, "setup")["source"] += "\nimport bisect as _b\nEMPTY = {}\n"
    cell(made, "tally")["source"] = TALLY.replace("{}", "dict(EMPTY) if _b else {}")


def setup_spoilt(made: Notebook) -> None:
    cell(made, "setup")["source"] = "WORDS = None\nimport bisect as _b\ndel check\n"
    cell(made, "tally")["source"] = TALLY.replace("{}", "{} if _b else None")


def magic_in_setup(made: Notebook) -> None:
    setup = cell(made, "setup")
    setup["source"] = "%matplotlib inline\n" + setup["source"] + "\nimport math as _m"
    cell(made, "tally")["source"] = TALLY.replace("{}", "{} if _m else None")


def import_from_in_setup(made: Notebook) -> None:
    setup = cell(made, "setup")
    setup["source"] = setup["source"].replace("import random", "import random, collections")
    cell(made, "tally")["source"] = TALLY.replace("{}", "{} if collections else None")


def print_in_checks(made: Notebook) -> None:
    cell(made, "tally-checks")["source"] += '\nprint(tally(["be"]))\n'


def merged(first: str, second: str, keep: str) -> Callable[[Notebook], None]:
    def change(made: Notebook) -> None:
        a, b = cell(made, first), cell(made, second)
        whole = f"{a['source']}\n\n{b['source']}"
        gone = second if keep == first else first
        cell(made, keep)["source"] = whole
        made["cells"].remove(cell(made, gone))

    return change


def without(*grade_ids: str) -> Callable[[Notebook], None]:
    def change(made: Notebook) -> None:
        for grade_id in grade_ids:
            made["cells"].remove(cell(made, grade_id))

    return change


# ------------------------------------------------------------------------------- answered by hand


def prose(source: str = PROSE) -> Callable[[Notebook], None]:
    def change(made: Notebook) -> None:
        cell(made, "tradeoff")["source"] = source

    return change


def prose_beside(*cells: dict[str, Any]) -> Callable[[Notebook], None]:
    return lambda made: insert(made, "tradeoff", *cells)


def prose_above(made: Notebook) -> None:
    before(made, "tradeoff", text(PROSE, id="own-words"))


def prose_retyped(made: Notebook) -> None:
    at = made["cells"].index(cell(made, "tradeoff"))
    made["cells"][at] = code(PROSE, id="tradeoff", metadata=made["cells"][at]["metadata"])


def prose_for_a_lost_cell(made: Notebook) -> None:
    before(made, "tradeoff", text(PROSE, id="own-words"))
    made["cells"].remove(cell(made, "tradeoff"))


def prose_below_the_stub(made: Notebook) -> None:
    cell(made, "tradeoff")["source"] += f"\n\n{PROSE}"


def picture_attached(made: Notebook) -> None:
    cell(made, "tradeoff").update(
        source="![sketch](attachment:image.png)", attachments={"image.png": {"image/png": PNG}}
    )


def picture_in_a_cell_below(made: Notebook) -> None:
    insert(made, "tradeoff", text(f"![x](data:image/png;base64,{PNG})", id="own-picture"))


# ------------------------------------------------------------------------------------------- limits


def much_printed(made: Notebook) -> None:
    lines = ["x" * 99 + "\n"] * 260_000
    insert(made, "tally", code("print('x')", id="loud", outputs=[
        {"output_type": "stream", "name": "stdout", "text": lines}
    ]))  # fmt: skip


def pasted_picture(made: Notebook) -> None:
    big = PNG * 1800
    insert(made, "merge", text(f"![shot](data:image/png;base64,{big})", id="shot"))


def long_prose(made: Notebook) -> None:
    insert(made, "merge", text("word " * 600_000, id="novel"))


def many_prose_cells(made: Notebook) -> None:
    made["cells"] += [text("a thought", id=f"thought-{n}") for n in range(2500)]


def many_nested_outputs(made: Notebook) -> None:
    state = {str(n): [{"a": [{}]}] for n in range(150_000)}
    kind = "application/vnd.plotly.v1+json"
    insert(made, "tally", code("1", id="plotly", outputs=[
        {"output_type": "display_data", "metadata": {}, "data": {kind: state}}
    ]))  # fmt: skip


# --------------------------------------------------------------------------------- other files


def zipped(*members: str) -> Place:
    def place(home: Path, made: Notebook) -> None:
        (home / MODULE).mkdir(parents=True)
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            for member in members:
                archive.writestr(member, json.dumps(made))
        put(home, whole.getvalue(), f"{MODULE}/homework.zip")

    return place


def script(head: str, between: str) -> Place:
    """What a notebook looks like as a script."""

    def place(home: Path, made: Notebook) -> None:
        (home / MODULE).mkdir(parents=True)
        parts = [c["source"] for c in made["cells"] if c["cell_type"] == "code"]
        whole = head + "".join(f"{between}{part}\n\n\n" for part in parts)
        put(home, whole, f"{MODULE}/{NAME}.py")

    return place


def plain_script(home: Path, made: Notebook) -> None:
    (home / MODULE).mkdir(parents=True)
    put(home, f"{TALLY}\n\n{MERGE}", f"{MODULE}/{NAME}.py")


def script_named_notebook(home: Path, made: Notebook) -> None:
    put(home, f"{TALLY}\n\n{MERGE}")


def two_that_differ(home: Path, made: Notebook) -> None:
    named(f"{MODULE}/{NAME} (1).ipynb")(home, made)
    cell(made, "merge")["source"] = MERGE + "\n# another try"
    put(home, made, f"{MODULE}/{NAME} (2).ipynb")


def untouched_beside_a_copy(home: Path, made: Notebook) -> None:
    put(home, made, f"{MODULE}/{NAME}-Copy1.ipynb")
    stubs = copy.deepcopy(made)
    cell(stubs, "tally")["source"] = (
        'def tally(words):\n    """How often each word is there."""\n    # YOUR CODE HERE\n'
        "    raise NotImplementedError()"
    )
    cell(stubs, "merge")["source"] = (
        'def merge(a, b):\n    """The tally of both."""\n    # YOUR CODE HERE\n'
        "    raise NotImplementedError()"
    )
    put(home, stubs)


def named_beside_an_old_copy(home: Path, made: Notebook) -> None:
    put(home, made)
    cell(made, "merge")["source"] = "def merge(a, b):\n    return a\n"
    put(home, made, f"{MODULE}/{NAME}-Copy1.ipynb")


def empty_beside_a_copy(home: Path, made: Notebook) -> None:
    put(home, b"")
    put(home, made, f"{MODULE}/{NAME} (1).ipynb")


def only_a_web_page(home: Path, made: Notebook) -> None:
    (home / MODULE).mkdir(parents=True)
    put(home, "<html><pre>def tally(words): ...</pre></html>", f"{MODULE}/{NAME}.html")


def module_zipped(home: Path, made: Notebook) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(f"{MODULE}/{FILE}", json.dumps(made))
        archive.writestr(f"{MODULE}/timestamp.txt", "2026-11-30 10:00:00 UTC")
    put(home, whole.getvalue(), f"{MODULE}.zip")


def zip_as_notebook(home: Path, made: Notebook) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(FILE, json.dumps(made))
    put(home, whole.getvalue())


def web_page(home: Path, made: Notebook) -> None:
    put(home, "<!DOCTYPE html><pre>def <span>tally</span>(<span>words</span>)</pre>")


def code_as_text(made: Notebook) -> None:
    made["cells"] = [text(f"```python\n{TALLY}\n```\n"), text("the end")]


def own_module(home: Path, made: Notebook) -> None:
    cell(made, "tally")["source"] = "from my_words import tally"
    put(home, made)
    put(home, TALLY, f"{MODULE}/my_words.py")
    put(home, "def merge(a, b): return {}", f"{MODULE}/not_asked_for.py")


def data_beside(home: Path, made: Notebook) -> None:
    start = "__import__('json').load(open('start.json'))"
    cell(made, "tally")["source"] = TALLY.replace("{}", start)
    put(home, made)
    put(home, "{}", f"{MODULE}/start.json")


def conflict(text_: str) -> bytes:
    lines = text_.split("\n")
    at = len(lines) // 2
    lines[at:at] = ["<<<<<<< HEAD", lines[at], "=======", lines[at], ">>>>>>> theirs"]
    return "\n".join(lines).encode()


CASES = (
    Case("as-it-should-be", bent(lambda m: None), waits=False),
    # ids and metadata
    Case("kaggle-no-ids", bent(no_ids), repair="without their ids", waits=False),
    Case("deepnote-other-ids", bent(other_ids), repair="without their ids", waits=False),
    Case("colab", bent(colab), waits=False),
    Case("colab-copied-out", bent(colab_copied_out), repair="without their ids"),
    Case("only-the-code", bent(only_code_without_ids), repair="without their ids"),
    Case("one-cell-for-all", bent(one_cell_for_all), repair="without their ids"),
    Case("no-ids-and-moved", bent(no_ids_and_moved), repair="without their ids"),
    Case("no-ids-and-edited", bent(no_ids_and_edited), repair="without their ids"),
    Case("no-ids-and-an-answer", bent(no_ids_and_an_answer), waits=True),
    Case("answer-written-anew", bent(rewritten_answer)),
    Case("answer-written-anew-at-the-end", bent(rewritten_at_the_end)),
    # copies
    Case("stub-copied-below-the-checks", bent(stub_below(
        'def tally(words):\n    """How often each word is there."""\n    # YOUR CODE HERE\n'
        "    raise NotImplementedError()")), repair="more than once"),
    Case("stub-above-the-answer", bent(stub_above), repair="more than once"),
    Case("stub-between-answer-and-checks", bent(stub_between), repair="more than once"),
    Case("answer-in-the-copy-below", bent(answer_in_the_copy_below), repair="more than once"),
    Case("old-try-above", bent(old_try_above), repair="more than once"),
    Case("old-try-below-the-checks", bent(old_try_below), repair="more than once"),
    Case("commented-out-below", bent(commented_out_below), repair="more than once"),
    Case("checks-twice", bent(checks_twice), repair="more than once"),
    Case("two-halves", bent(two_halves), repair="more than once"),
    Case("answer-below-an-untouched-stub", bent(answer_below_an_untouched_stub)),
    # locked cells
    Case("imports-in-the-locked-cell", bent(imports_in_setup), repair="had lines added"),
    Case("locked-cell-spoilt", bent(setup_spoilt), repair="'setup'"),
    Case("magic-in-the-locked-cell", bent(magic_in_setup), repair="had lines added"),
    Case("one-more-import-in-a-line", bent(import_from_in_setup), repair="had lines added"),
    Case("print-in-the-checks", bent(print_in_checks), repair="had lines added"),
    Case("setup-and-checks-deleted", bent(without("setup", "tally-checks")), repair="put back"),
    Case("setup-merged-with-answer", bent(merged("setup", "tally", "setup"))),
    Case("answer-merged-with-setup", bent(merged("setup", "tally", "tally"))),
    Case("answer-merged-with-checks", bent(merged("tally", "tally-checks", "tally"))),
    Case("checks-merged-with-answer", bent(merged("tally", "tally-checks", "tally-checks"))),
    Case("answers-merged", bent(merged("tally", "merge", "tally"))),
    # answered by hand
    Case("answered", bent(prose()), waits=True),
    Case("answered-below-the-stub", bent(prose_below_the_stub), waits=True),
    Case("answered-in-a-new-cell", bent(prose_beside(text(PROSE, id="mine"))), waits=True),
    Case("answered-in-a-raw-cell", bent(prose_beside({**text(PROSE), "cell_type": "raw"})), waits=True),
    Case("answered-in-a-code-cell", bent(prose_beside(code(f"# {PROSE}", id="mine"))), waits=True),
    Case("answered-above", bent(prose_above), waits=True),
    Case("answer-cell-became-code", bent(prose_retyped), waits=True),
    Case("answered-where-the-cell-was", bent(prose_for_a_lost_cell), waits=True),
    Case("answered-with-a-picture", bent(picture_attached), waits=True),
    Case("answered-with-a-pasted-picture", bent(picture_in_a_cell_below), waits=True),
    # limits
    Case("26-megabytes-printed", bent(much_printed), waits=False),
    Case("a-pasted-screenshot", bent(pasted_picture), waits=False),
    Case("three-megabytes-of-prose", bent(long_prose), repair="too long"),
    Case("2500-cells-of-prose", bent(many_prose_cells)),
    Case("a-nested-output", bent(many_nested_outputs)),
    # names and places
    Case("downloaded-twice", named(f"{MODULE}/{NAME} (1).ipynb"), repair="(1).ipynb' was graded"),
    Case("copy1", named(f"{MODULE}/{NAME}-Copy1.ipynb"), repair="was graded"),
    Case("copy-of", named(f"{MODULE}/Copy of {NAME}.ipynb"), repair="was graded"),
    Case("other-case", named(f"{MODULE}/{NAME.upper()}.IPYNB"), repair="was graded"),
    Case("own-name", named(f"{MODULE}/kim_final_v2.ipynb"), repair="was graded"),
    Case("a-folder-too-deep", named(f"{MODULE}/{MODULE}/{FILE}"), repair="was graded"),
    Case("ending-added-by-mail", named(f"{MODULE}/{FILE}.txt"), repair="was graded"),
    Case("ending-lost", named(f"{MODULE}/{NAME}"), repair="was graded"),
    Case("module-in-another-case", lambda h, m: put(h, m, f"{MODULE.upper()}/{FILE}"), repair="was graded"),
    Case("module-downloaded-twice", lambda h, m: put(h, m, f"{MODULE} (1)/{FILE}"), repair="was graded"),
    Case("twice-the-same", named(f"{MODULE}/{NAME} (1).ipynb", f"{MODULE}/{NAME} (2).ipynb"), repair="was graded"),
    Case("two-that-differ", two_that_differ, "needs-human", 0, "(2).ipynb'"),
    Case("checkpoint-beside", named(f"{MODULE}/a.ipynb", f"{MODULE}/.ipynb_checkpoints/a-checkpoint.ipynb"), repair="was graded"),
    Case("untouched-beside-a-copy", untouched_beside_a_copy, repair="was graded"),
    Case("named-beside-an-old-copy", named_beside_an_old_copy),
    Case("empty-beside-a-copy", empty_beside_a_copy, repair="was graded"),
    Case("zipped", zipped(FILE), repair="was graded"),
    Case("zipped-in-a-folder", zipped(f"{MODULE}/{FILE}", f"__MACOSX/{FILE}"), repair="was graded"),
    Case("script-of-nbconvert", script("#!/usr/bin/env python\n# coding: utf-8\n\n", "# In[3]:\n\n\n"), repair="script"),
    Case("script-with-percent-cells", script("", "# %%\n"), repair="script"),
    Case("plain-script", plain_script, repair="script"),
    Case("script-under-the-notebooks-name", script_named_notebook, repair="script"),
    Case("only-a-web-page", only_a_web_page, "needs-human", 0, ".html"),
    Case("in-the-students-folder", lambda h, m: put(h, m, FILE), repair="was graded"),
    Case("module-zipped", module_zipped, repair="was graded"),
    Case("zip-under-the-notebooks-name", zip_as_notebook, repair="an archive"),
    Case("rar-under-the-notebooks-name", lambda h, m: put(h, b"Rar!" + bytes(99)), "needs-human", 0, "unpack it"),
    Case("databricks-script", script("# Databricks notebook source\n", "# COMMAND ----------\n"), repair="script"),
    Case("saved-as-a-web-page", web_page, "needs-human", 0, "names parts of this lesson"),
    Case("code-in-a-cell-of-text", bent(code_as_text), "needs-human", 0, "names parts of this lesson"),
    Case("own-module-beside", own_module, repair="my_words.py' lay beside"),
    Case("data-beside", data_beside, repair="start.json' lay beside"),
    # damaged files
    Case("cut-off", as_bytes(lambda t: t[:-900].encode()), "needs-human", 0, "cut off"),
    Case("conflict", as_bytes(conflict), "needs-human", 0, "conflict"),
    Case("cp1252", as_bytes(lambda t: t.replace("# ", "# caf\xe9 ", 1).encode("cp1252", "replace"))),
    Case("utf-16", as_bytes(lambda t: t.encode("utf-16")), repair="UTF-16"),
    Case("utf-16-without-mark", as_bytes(lambda t: t.encode("utf-16-le")), repair="UTF-16"),
    Case("byte-order-mark", as_bytes(lambda t: t.encode("utf-8-sig")), repair="byte-order"),
    Case("windows-line-ends", as_bytes(lambda t: t.replace("\\n", "\\r\\n").replace("\n", "\r\n").encode())),
)  # fmt: skip
