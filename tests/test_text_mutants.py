"""Mutants of text: every key, every number, every name of the tree, and nothing of prose."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import yaml

from autograder.lessons.lesson import Lesson
from tests import mutants, text_mutants
from tests.playing import KEY, PLAYED
from tests.small import LESSON, course_with

CELL = '''\
def manifests() -> str:
    """apiVersion: v1
    kind: NotThisOne
    """
    ä = f"{1}: \\n2"
    return """
    kind: Deployment
    metadata:
      name: web
    spec:
      replicas: 5  # why
      paused: false
      template:
        containers:
          - name: main
            memory: 512Mi
    """
'''


def changes(source: str) -> dict[tuple[str, str], list[dict[str, object]]]:
    """What each change makes of the documents that the cell's function returns."""
    found = {}
    for before, after, changed in text_mutants.mutants(source):
        names: dict[str, object] = {}
        exec(compile(changed, "cell", "exec"), names)
        made = ast.literal_eval(changed[changed.rindex("return ") + 7 :])
        found[before, after] = list(yaml.safe_load_all(made))
    return found


def test_keys_are_dropped_numbers_halved_and_doubled_names_swapped() -> None:
    assert list(changes(CELL)) == [
        ("Deployment kind", "(dropped)"),
        ("Deployment metadata", "(dropped)"),
        ("Deployment metadata.name", "(dropped)"),
        ("Deployment metadata.name: web", "main"),
        ("Deployment spec", "(dropped)"),
        ("Deployment spec.replicas", "(dropped)"),
        ("Deployment spec.replicas: 5", "2"),
        ("Deployment spec.replicas: 5", "10"),
        ("Deployment spec.paused", "(dropped)"),
        ("Deployment spec.paused: False", "True"),
        ("Deployment spec.template", "(dropped)"),
        ("Deployment spec.template.containers", "(dropped)"),
        ("Deployment spec.template.containers[0].name", "(dropped)"),
        ("Deployment spec.template.containers[0].name: main", "web"),
        ("Deployment spec.template.containers[0].memory", "(dropped)"),
        ("Deployment spec.template.containers[0].memory: 512Mi", "256Mi"),
        ("Deployment spec.template.containers[0].memory: 512Mi", "1024Mi"),
    ]


def test_one_change_leaves_the_rest_as_it_is() -> None:
    (whole,) = text_mutants.texts(CELL)
    made = changes(CELL)["Deployment spec.replicas: 5", "10"]
    made[0]["spec"]["replicas"] = 5  # type: ignore[index]
    assert made == list(whole.documents)


def test_documents_and_json_and_what_is_no_tree() -> None:
    several = 'def a():\n    return "kind: A\\nn: 1\\n---\\nkind: B\\nn: 1\\n"\n'
    places = {before for before, _, _ in text_mutants.mutants(several)}
    assert {"A #0 n: 1", "B #1 n: 1"} <= places
    found = list(text_mutants.mutants("A = '{\"limit\": 3}'"))
    assert [(before, after) for before, after, _ in found] == [
        ("limit", "(dropped)"), ("limit: 3", "1"), ("limit: 3", "6"),
    ]  # fmt: skip
    assert '"limit": 6' in found[2][2]
    two = "A = '{\"n\": 1}'\nB = '{\"n\": 1}'"
    assert {before for before, _, _ in text_mutants.mutants(two)} >= {"text 1, n", "text 2, n: 1"}
    for text in ("one\\ntwo", "a: b: c\\n", "- a\\n- b\\n", "no tree"):
        assert not list(text_mutants.mutants(f"A = '{text}'"))


def test_a_lesson_has_mutants_of_its_texts_and_of_its_code(tmp_path: Path) -> None:
    text = PLAYED.replace('return "3\\n3\\n3\\n"', 'return "pods:\\n  first: 3\\n"')
    assert text != PLAYED
    lesson = Lesson.read(course_with(tmp_path / "a", text).lesson_path(KEY))
    made = list(mutants.mutants(lesson))
    listed = tomllib.loads("".join(m.toml for m in made if m.is_of_text))["mutant"]
    assert {"before": "pods.first: 3", "after": "1", "reason": text_mutants.STILL} in listed
    assert all(m.is_of_text for m in made if ": " in m.before and m.after.isdecimal())
    assert ("pods.first: 3", "6") in {(m.before, m.after) for m in made}
    plain = Lesson.read(course_with(tmp_path / "b", LESSON).lesson_path(KEY))
    assert list(mutants.mutants(plain))
