# SPDX-License-Identifier: Apache-2.0
"""One versioned step of a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as the project's own Alembic reads it, or a SQL file.

    *down* and *depends_on* are ids of revisions it stands on. *id* carries its history's name
    (``history:id``) only where another history of the project has the same id; *number* is always
    the id that the history itself knows. *beside* are more files that belong to it. One that
    *is_repeatable* is run anew whenever its file changes, and has no way down.
    """

    id: str
    number: str
    down: tuple[str, ...]
    depends_on: tuple[str, ...]
    labels: tuple[str, ...]
    message: str
    path: Path | None
    history: str
    is_head: bool = False
    beside: tuple[Path, ...] = ()
    is_repeatable: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that the revision is made of."""
        return (*((self.path,) if self.path is not None else ()), *self.beside)

    @property
    def way_up(self) -> str:
        """What its upgrade is written in."""
        is_sql = self.path is not None and self.path.suffix != ".py"
        return self.path.name if self.path is not None and is_sql else "upgrade()"

    @property
    def way_down(self) -> str:
        """What its downgrade is written in."""
        is_sql = self.path is not None and self.path.suffix != ".py"
        return "its undo file" if is_sql else "downgrade()"

    @property
    def is_merge(self) -> bool:
        """Whether it joins branches."""
        return len(self.down) > 1

    @property
    def is_base(self) -> bool:
        """Whether it stands on nothing."""
        return not self.down and not self.depends_on


def read_revision(row: Mapping[str, Any], *, history: str, names: Mapping[str, str]) -> Revision:
    """Return the revision that a strand described; *names* gives the id to show for each."""
    return Revision(
        id=names[row["id"]],
        number=row["id"],
        down=tuple(names.get(name, name) for name in row["down"]),
        depends_on=tuple(names.get(name, name) for name in row["depends_on"]),
        labels=tuple(row["labels"]),
        message=row["message"] or "",
        path=Path(row["path"]) if row["path"] else None,
        history=history,
        is_head=bool(row["is_head"]),
        beside=tuple(map(Path, row.get("beside") or ())),
        is_repeatable=bool(row.get("is_repeatable")),
    )
