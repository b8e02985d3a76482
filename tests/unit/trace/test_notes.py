# SPDX-License-Identifier: Apache-2.0
"""What the client noted, and whose statement it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bedstone.trace import Place
from bedstone.trace.notes import Note, Notes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PID = 7


class Journal:
    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()
        self.notes = Notes(path, str.upper)

    def write(self, digest: int, label: str, line: int) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps([PID, digest, label, "a.py", line]) + "\n")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "notes")
    yield journal
    journal.notes.close()


def test_a_statement_has_its_note(journal: Journal) -> None:
    journal.write(1, "r", 10)
    journal.write(2, "r", 11)
    assert journal.notes.take(PID, 2) == Note("R", Place("a.py", 11))
    assert journal.notes.take(PID, 1) is None


def test_what_was_never_sent_gives_its_line_to_no_other(journal: Journal) -> None:
    """A driver may raise before it sends; the same text comes from another line later."""
    journal.write(1, "r", 10)
    journal.write(1, "r", 20)
    assert journal.notes.take(PID, 1) == Note("R", None)
    assert journal.notes.take(PID, 1) is None
    journal.write(1, "r", 30)
    assert journal.notes.take(PID, 1) == Note("R", Place("a.py", 30))


def test_the_same_line_twice_is_that_line(journal: Journal) -> None:
    for _ in range(3):
        journal.write(1, "r", 10)
    assert [journal.notes.take(PID, 1) for _ in range(3)] == [Note("R", Place("a.py", 10))] * 3
