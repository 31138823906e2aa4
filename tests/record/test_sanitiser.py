"""What learners show is made harmless: formulas cannot reach beyond themselves, wherever they
stand.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.record.sanitiser import clean_html, clean_markdown, clean_tex

EVIL = r"$\href{javascript:alert(1)}{x}$"


@pytest.mark.parametrize(
    "clean", [clean_html, clean_markdown, clean_tex], ids=lambda clean: clean.__name__
)
def test_no_formula_holds_a_link(clean: Callable[[str], str]) -> None:
    for text in (EVIL, f"a {EVIL} b", f"<b>{EVIL}</b>"):
        assert r"\href" not in clean(text)
        assert "x" in clean(text)


def test_a_character_reference_hides_no_command() -> None:
    for clean in (clean_html, clean_markdown):
        assert r"\href" not in clean(EVIL.replace("\\", "&#92;"))


def test_what_is_left_out_joins_no_command() -> None:
    for nothing in ("<!-- -->", "<style></style>", "<script>x</script>"):
        assert r"\href" not in clean_html(EVIL.replace("ref", nothing + "ref"))


def test_an_ordinary_formula_stays() -> None:
    for clean in (clean_html, clean_markdown, clean_tex):
        assert clean(r"$\frac{1}{2} \sum_i x_i$") == r"$\frac{1}{2} \sum_i x_i$"
