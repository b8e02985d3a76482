# SPDX-License-Identifier: Apache-2.0
"""Revisions that are to be written into a project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

#: What a history's revisions are written in.
Language = Literal["python", "sql"]

#: How a SQL file begins that is in no transaction, or in transactions of its own.
NO_TRANSACTION = "-- bedstone: no-transaction"


@dataclass(frozen=True, slots=True)
class NewRevision:
    """One revision to write: the bodies of ``upgrade()`` and ``downgrade()``, or two SQL files.

    *imports* are lines that the bodies need.
    """

    message: str
    upgrade: str
    downgrade: str
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the first of a chain goes, in Alembic's own words. *history* is one of several."""

    rev_id: str | None = None
    head: str | None = None
    splice: bool = False
    branch_label: str | None = None
    version_path: str | None = None
    depends_on: tuple[str, ...] = ()
    history: str | None = None

    def rev_id_of(self, number: int) -> str | None:
        """Return the id of the revision *number* of a chain, counted from 0."""
        if self.rev_id is None or not number:
            return self.rev_id
        return f"{self.rev_id}_{number + 1}"


def note_path(journal: Path, path: Path) -> None:
    """Note in *journal* that *path* is about to be made."""
    with journal.open("a", encoding="utf-8") as file:
        file.write(json.dumps(str(path)) + "\n")
