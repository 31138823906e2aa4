"""A mistake is told in a sentence that names a line of the learner's, not of the kit's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coursekit
from coursekit.attempt import in_a_sentence

KIT = Path(coursekit.__file__).parent


@pytest.mark.parametrize("world", ["gpu.py", "coding/gpu.py"])
def test_the_line_that_is_named_is_the_learners(world: str) -> None:
    names: dict[str, Any] = {}
    exec(compile("def simulate(step):\n    return step()", str(KIT / world), "exec"), names)
    exec(
        compile(
            "\ndef step():\n    return 1 // 0\n\ndef broken():\n    simulate(None)", "cell", "exec"
        ),
        names,
    )
    with pytest.raises(ZeroDivisionError) as by_learner:
        names["simulate"](names["step"])
    with pytest.raises(TypeError) as by_world:
        names["broken"]()
    assert in_a_sentence(by_learner.value).endswith("(line 3 of step)")
    assert in_a_sentence(by_world.value).endswith("(line 6 of broken)")


def test_an_exercise_that_is_not_written_yet_is_named() -> None:
    def route() -> None:
        raise NotImplementedError

    with pytest.raises(NotImplementedError) as unwritten:
        route()
    assert in_a_sentence(unwritten.value) == "not written yet: route"
