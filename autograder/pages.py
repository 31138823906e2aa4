"""HTML pages from the templates in `templates/`.

Every value is escaped where it is put in; only `Markup`, which says that it is HTML already, is
not.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """A page, or a piece of one. A name that the template needs and does not get is an error, not a
    blank.
    """
    return environment().get_template(template).render(values)


def render_bytes(template: str, **values: Any) -> bytes:
    """The same for a file, in UTF-8; half of a surrogate pair becomes a question mark.

    Each piece is encoded alone: Python keeps a text at two bytes a character, pictures and all, for
    one `✗` in it.
    """
    pieces = environment().get_template(template).generate(values)
    return b"".join(piece.encode("utf-8", "replace") for piece in pieces)


@functools.cache
def environment() -> Environment:
    """Where templates are kept once they are compiled, for as long as the process lives."""
    # slow, and most commands write no page
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
