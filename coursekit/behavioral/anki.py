"""Export of the bank to Anki: the same cards give the same bytes.

`python -m coursekit.behavioral.anki FILE.apkg` writes all cards.
"""

from __future__ import annotations

import html
import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursekit.behavioral.cards import Card, Shown, as_text, load, show
from coursekit.behavioral.review import number_of

NAME = "MLOps interview: deep questions"
MOMENT = 1_600_000_000.0  # seconds since 1970: times in the file say nothing
ZIP_MOMENT = (2020, 9, 13, 12, 26, 40)
SEED = "anki"


def package(cards: Sequence[Card]) -> bytes:
    """An Anki package with one note a card. Ids depend on the cards' ids alone."""
    import genanki

    model = genanki.Model(
        _id("model"),
        NAME,
        fields=[{"name": "Question"}, {"name": "Answer"}, {"name": "Id"}],
        templates=[
            {
                "name": "Card",
                "qfmt": "{{Question}}",
                "afmt": '{{FrontSide}}<hr id="answer">{{Answer}}',
            }
        ],
    )
    deck = genanki.Deck(_id("deck"), NAME)
    for card in cards:
        shown = show(card, SEED)
        deck.add_note(
            genanki.Note(
                model=model,
                fields=[_html(as_text(shown)), _html(answer_of(shown)), card.id],
                guid=genanki.guid_for(card.id),
                tags=[card.topic, card.kind],
            )
        )
    return _same_bytes(genanki.Package(deck))


def answer_of(shown: Shown) -> str:
    """The answer in words, with reasons."""
    card = shown.card
    if card.kind == "numeric":
        lines = [f"{card.number:g} {card.unit}", card.because]
        lines += [f"Not {number:g}: {why}" for number, why in card.slips]
    elif card.kind == "ordering":
        lines = [" → ".join(option.text for option in card.options), card.because]
    elif card.kind == "explain":
        lines = [card.because, *(f"- {point}" for point in card.points)]
    else:
        lines = [f"Right: {one.text}" for one in card.options if not one.why]
        lines += [card.because]
        lines += [f"Not: {one.text} ({one.why})" for one in card.options if one.why]
    return "\n".join([*lines, f"Sources: {'; '.join(card.sources)}"])


def _id(what: str) -> int:
    """Anki's ids are below 2**53."""
    return number_of(f"coursekit {what}") >> 11


def _html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _same_bytes(made: Any) -> bytes:
    """The package without the times at which it was written."""
    raw, out = io.BytesIO(), io.BytesIO()
    made.write_to_file(raw, timestamp=MOMENT)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            info = zipfile.ZipInfo(name, ZIP_MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return out.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Write the package; 2 when the call was wrong."""
    if len(arguments) != 1 or not arguments[0].endswith(".apkg"):
        print("usage: python -m coursekit.behavioral.anki FILE.apkg")
        return 2
    cards = load()
    try:
        Path(arguments[0]).write_bytes(package(cards))
    except OSError as error:
        print(f"{arguments[0]}: {error.strerror}. Name a file in a folder that can be written.")
        return 2
    print(f"{len(cards)} cards in {arguments[0]}. In Anki: File, Import.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
