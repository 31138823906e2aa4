"""The export: the same bytes twice, ids that stay, and a file that holds every card."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from coursekit.behavioral.anki import main, package
from coursekit.behavioral.cards import find, load


def rows(data: bytes, query: str, folder: Path) -> list[Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extract("collection.anki2", folder)
    with sqlite3.connect(folder / "collection.anki2") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def test_the_same_cards_give_the_same_bytes() -> None:
    cards = load("kubernetes")
    assert package(cards) == package(cards)


def test_every_card_is_a_note(tmp_path: Path) -> None:
    found = rows(package(load()), "select count(*), count(distinct guid) from notes", tmp_path)
    assert found == [(len(load()), len(load()))]


def test_a_note_keeps_its_identity_when_others_come(tmp_path: Path) -> None:
    query = "select guid from notes where flds like '%kubernetes-oom'"
    alone = rows(package([find("kubernetes-oom")]), query, tmp_path)
    among = rows(package(load("kubernetes")), query, tmp_path)
    assert alone == among
    assert len(alone) == 1


def test_texts_are_escaped(tmp_path: Path) -> None:
    fields = rows(package(load()), "select flds from notes", tmp_path)
    assert not any("<script" in text or "<p>" in text for (text,) in fields)


def test_the_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deck.apkg"
    assert main([str(file)]) == 0
    assert zipfile.is_zipfile(file)
    assert f"{len(load())} cards" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["deck.zip"], ["a.apkg", "b.apkg"]])
def test_a_wrong_call_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "no" / "deck.apkg")]) == 2
    assert "Name a file in a folder" in capsys.readouterr().out
