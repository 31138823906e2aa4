"""Reading manifests as kubectl reads them; what cannot be read gets a sentence, never a traceback."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest

from coursekit.devops.cluster import documents
from coursekit.devops.cluster.documents import Document, resolve
from coursekit.devops.cluster.problems import ManifestError
from coursekit.devops.cluster.read import Manifests, read
from coursekit.played import Told, played
from tests.coursekit.devops.good import TEXT, broken, marked_line

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"


def refused(answer: Any) -> str:
    with pytest.raises(ManifestError) as caught:
        read(answer)
    return str(caught.value)


def tree(text: str) -> Any:
    found, problems = documents.parse(f"a: {text}\n")
    assert not problems
    return found[0].tree["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", False), ("on", True), ("y", True), ("Off", False), ("~", None), ("", None),
        ("Null", None), ("0644", 0o644), ("0o17", 15), ("0x1F", 31), ("0b101", 5), ("1_000", 1000),
        ("-1", -1), ("+7", 7), ("0899", 899), ("08", 8), ("1e3", 1000), ("2.0", 2), ("1.5", 1.5),
        (".5", 0.5), ("1.", 1), ("1.10", 1.1), ("18446744073709551615", 2**64 - 1),
        # kubectl's reader has no numbers to base 60, and leaves dates as texts
        ("12:30", "12:30"), ("1:30:00", "1:30:00"), ("2026-01-31", "2026-01-31"), ("1.2.3", "1.2.3"),
        ("25%", "25%"), ("512Mi", "512Mi"), ("nO", "nO"), ("_1", "_1"), ("0x", "0x"), ("-", "-"),
        (".", "."), ("1e999", "1e999"), ("9" * 500, "9" * 500),
    ],
)  # fmt: skip
def test_a_bare_word_is_read_as_kubectl_reads_it(text: str, value: object) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"no"', "no"), ("'0644'", "0644"), ("!!str 12", "12"), ('!!int "12"', 12), ("! 12", "12"),
        ("!!float 3", 3), ("[1, {b: c}]", [1, {"b": "c"}]), ("|\n  x\n  y\n", "x\ny\n"),
        (">\n  x\n  y\n", "x y\n"), ("!!binary aGk=", "hi"), ("!!timestamp 2026-01-31", "2026-01-31"),
    ],
)  # fmt: skip
def test_quotes_and_tags_decide_what_a_value_is(text: str, value: object) -> None:
    assert tree(text) == value


def test_names_of_fields_are_texts_and_a_word_that_is_read_as_another_is_told() -> None:
    assert 'line 6, data.true: the name on is read as true; write "on"' in refused(
        f'{CONFIG}data:\n  on: "1"\n'
    )
    assert read(f'{CONFIG}data:\n  "on": "1"\n').documents[0].tree["data"] == {"on": "1"}


def test_anchors_and_merges_are_unfolded_and_what_is_written_wins() -> None:
    text = "base: &b {p: 1, q: 2}\nmore: &m {q: 3, r: 4}\nnew: {q: 9, <<: [*b, *m]}\nold: *b\n"
    (document,), problems = documents.parse(text)
    assert not problems
    assert document.tree["new"] == {"p": 1, "q": 9, "r": 4}
    assert document.tree["old"] == {"p": 1, "q": 2}
    assert (document.line("new.q"), document.line("new.r"), document.line("old.p")) == (3, 2, 1)


def test_every_field_knows_its_line() -> None:
    deployment = read(TEXT).find("Deployment", "model")
    assert deployment is not None
    lines = TEXT.splitlines()
    path = "spec.template.spec.containers[0].resources.limits[nvidia.com/gpu]"
    assert lines[deployment.line(path) - 1].strip() == "nvidia.com/gpu: 1"
    assert lines[deployment.line(("spec", "replicas")) - 1].strip() == "replicas: 5"


def test_a_missing_field_has_the_line_of_what_stands_above_it() -> None:
    deployment = read(TEXT).find("Deployment", "model")
    assert deployment is not None
    assert deployment.line("spec.paused") == deployment.line("spec")
    assert deployment.line("nothing") == deployment.first_line


def test_documents_have_kind_name_and_namespace() -> None:
    manifests = read(TEXT)
    assert [(d.kind, d.name) for d in manifests][:2] == [
        ("ServiceAccount", "reader"),
        ("Deployment", "model"),
    ]
    assert manifests.find("Pod", "shell", "tools") is not None
    assert manifests.find("Pod", "shell") is None
    assert len(manifests.of("Secret")) == 1


def test_files_are_read_in_the_order_of_their_names_and_named_in_sentences() -> None:
    other = CONFIG.replace("name: a", "name: b")
    manifests = read({"b.yaml": CONFIG, "a.yml": other, "notes.txt": "{"})
    assert [(d.file, d.name) for d in manifests] == [("a.yml", "b"), ("b.yaml", "a")]
    assert (
        refused({"b.yaml": CONFIG + "dta: {}\n"})
        == "b.yaml, line 5, dta: unknown field; did you mean data?"
    )


def test_json_is_yaml() -> None:
    assert (
        read('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}')
        .documents[0]
        .name
        == "a"
    )


def test_a_list_is_its_items_with_their_own_lines() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n"
        "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n  data: {a: 1}  # <-\n"
    )
    assert (
        refused(text)
        == f'line {marked_line(text)}, data.a: 1 is a number; a text is wanted: write "1"'
    )
    assert [d.name for d in read(text.replace("data: {a: 1}", ""))] == ["a", "b"]


def test_empty_documents_are_passed_over() -> None:
    assert len(read(f"---\n# nothing\n---\n{CONFIG}---\n")) == 1


def test_several_mistakes_are_told_in_the_order_of_their_lines() -> None:
    text = broken("  minAvailable: 4\n", "  minAvailable: 101%\n")
    text = text.replace("  type: ClusterIP\n", "  typ: ClusterIP\n").replace(
        "replicas: 5", "replicas: -3"
    )
    first, second, third = refused(text).splitlines()
    assert first == "line 13, spec.replicas: -3 is below 0; write 0 or more"
    assert second.endswith("spec.typ: unknown field; did you mean type?")
    assert third.endswith("spec.minAvailable: 101% is above 100 %; lower it")


def test_a_world_that_cannot_read_its_answer_fails_every_claim_with_the_sentence() -> None:
    def world(answer: str, seed: str) -> Manifests:
        return read(answer)

    def holds_one(run: Manifests) -> tuple[bool, str]:
        """one object"""
        return len(run) == 1, f"{len(run)} objects"

    matcher = played(world, holds_one)
    assert matcher.told(CONFIG) == Told("pass", "1 objects")
    assert matcher.told(CONFIG + "dta: {}\n") == Told(
        "fail", "line 5, dta: unknown field; did you mean data?"
    )


def test_ten_sentences_are_enough() -> None:
    found = refused(
        f"{CONFIG}data:\n" + "".join(f"  k{at}: {at}\n" for at in range(15))
    ).splitlines()
    assert len(found) == 11
    assert found[-1] == "and 5 more"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("", "no manifest in the answer; write YAML"),
        ("# TODO\n", "no manifest in the answer; write YAML"),
        (None, "the answer is nothing; return YAML text"),
        (["a"], "the answer is a list; return YAML text"),
        ({"a.txt": "a"}, "no file's name ends in .yaml, .yml or .json; rename it"),
        ({"a.yaml": 3}, "a.yaml: the file is a number; write YAML text"),
        ("hello", "line 1: a text, no manifest; write apiVersion, kind and metadata"),
        ("- a\n- b\n", "line 1: a list, no manifest; write apiVersion, kind and metadata"),
        ("a: 1\nb:\n\tc: 2\n", "line 3: a tab; YAML is indented with spaces: put spaces in its place"),
        ("a: b: c\n", "line 1: a second `: ` here; put the value in quotes, or mend the indentation"),
        ("a: 1\nb: 'x\nc: 2\n", "line 2: a quote that is never closed; close it"),
        ("a: [1\nb: 2\n", "line 2: this does not fit what stands above; mend the indentation or the brackets"),
        ("a: 1\n  b: 2\n", "line 2: a second `: ` here; put the value in quotes, or mend the indentation"),
        ("a:\n  b: 1\n c: 2\n", "line 3: this does not fit what stands above; mend the indentation or the brackets"),
        ("a: @b\n", "line 1: a character that begins no value; put the value in quotes"),
        ("a: \x07\n", "a control character in the text; delete it"),
        ("a: \ud800\n", "a control character in the text; delete it"),
        ("a: *x\n", "line 1: *x has no anchor above; name it &…"),
        ("a: &x [*x]\n", "line 1: &x holds itself; write it out"),
        ("[" * 1000, "line 1: more than 40 levels deep; flatten it"),
        ("a: " + "x" * 262144, "more than 256 KB of YAML; hand in less"),
        ({"a.yaml": "a: 1\n" + "#" * 140000, "b.yaml": "#" * 140000}, "b.yaml: more than 256 KB of YAML; hand in less"),
        ("---\na: 1\n" * 51, "line 101: more than 50 documents; hand in fewer"),
        ("a: [" + "1," * 20001 + "]\n", "line 1: more than 20,000 values; hand in less"),
        ("a: &a 1\nb: [" + "*a," * 65 + "]\n", "line 2: more than 64 aliases; write values out"),
    ],
    ids=range(25),
)  # fmt: skip
def test_what_cannot_be_read_gets_one_sentence(answer: object, sentence: str) -> None:
    assert refused(answer) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("data: {a: b}\ndata: {c: d}\n", "line 6, data: written twice, first in line 5; keep one"),
        ("data:\n  a: b\n  a: c\n", "line 7, data.a: written twice, first in line 6; keep one"),
        ("data: {a: .inf}\n", "line 5, data.a: .inf is no number that JSON has; write one"),
        ("data: {a: !secret b}\n", "line 5, data.a: the tag !secret is not read; delete it"),
        ("data: !!python/object/apply:os.system [ls]\n", "line 5, data: the tag tag:yaml.org,2002:python/object/apply:os… is not read; delete it"),
        ("data: {a: !!int x}\n", "line 5, data.a: x is no int; drop !!int"),
        ("data: {[a]: b}\n", "line 5, data: a mapping is no name of a field; write a text"),
        ("data: {<<: 3}\n", "line 5, data: << takes a mapping or a list of them; write <<: *name"),
    ],
)  # fmt: skip
def test_what_kubectl_does_not_take_is_told_with_its_line(text: str, sentence: str) -> None:
    assert sentence in refused(CONFIG + text).splitlines()


def test_a_billion_laughs_end_with_a_sentence() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 6)}]" for at in range(1, 10)]
    assert "aliases unfold to more than 20,000 values" in refused("\n".join(lines))


def test_a_billion_merges_end_with_a_sentence() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{at}: &a{at} {{<<: [{', '.join([f'*a{at - 1}'] * 6)}]}}" for at in range(1, 10)]
    assert "aliases unfold to more than 20,000 values" in refused("\n".join(lines))


def test_a_plain_document_can_be_made_without_lines() -> None:
    document = Document({"kind": "Pod", "metadata": None})
    assert (document.name, document.namespace, document.line("spec")) == ("", "default", 1)


@pytest.mark.parametrize("seed", range(40))
def test_an_answer_with_accidents_is_read_or_refused_with_a_sentence(seed: int) -> None:
    chance = random.Random(seed)
    lines = TEXT.splitlines()
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines[at] = "  " + lines[at]
            case 2:
                lines[at] = (
                    lines[at].partition(":")[0]
                    + ": "
                    + chance.choice(["", "[]", "{}", "-1", "x", "[1]", "no", "{a: b}"])
                )
            case 3:
                lines[at] = lines[at].replace(":", "", 1)
            case 4:
                lines.insert(at, chance.choice(lines))
            case 5:
                lines[at] = lines[at].strip()
    with contextlib.suppress(ManifestError):
        read("\n".join(lines))
