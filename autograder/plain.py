"""What may stand in a file of ours, whoever made it: whole characters, two kinds of pictures, a
little about them.
"""

from __future__ import annotations

import re
from typing import Any

PICTURES = ("image/png", "image/jpeg")
MAX_SIDE = 10_000  # pixels
MAX_ALT = 1000  # characters
SURROGATES = re.compile("[\ud800-\udfff]")  # halves of characters, which no file can hold


def plain_metadata(metadata: Any) -> dict[str, Any]:
    """Of an output's metadata what a picture needs: its size in pixels, words in its place, the
    ground below it.
    """
    given = metadata if isinstance(metadata, dict) else {}
    kept: dict[str, Any] = {}
    for kind in PICTURES:
        about = given.get(kind)
        about = about if isinstance(about, dict) else {}
        plain = {
            s: about[s]
            for s in ("width", "height")
            if type(about.get(s)) is int and 0 < about[s] <= MAX_SIDE
        }
        if type(about.get("alt")) is str:
            plain["alt"] = about["alt"][:MAX_ALT]
        if plain:
            kept[kind] = plain
    ground = given.get("needs_background")
    return kept | ({"needs_background": ground} if ground in ("light", "dark") else {})
