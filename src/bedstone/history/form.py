# SPDX-License-Identifier: Apache-2.0
"""What a history of any form can do; Alembic's and SQL files' implement it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import psycopg

    from bedstone.errors import BedstoneError
    from bedstone.history.run import Run
    from bedstone.history.writing import Language, NewRevision, Placement
    from bedstone.server import Database
    from bedstone.settings import HistorySettings

    Direction = Literal["up", "down"]
    #: A table by its schema, ``None`` for the default one, and its name.
    TableName = tuple[str | None, str]
    #: Told of each revision as it begins (``step``) and ends (``stepped``).
    Listener = Callable[[Mapping[str, Any]], None]
    #: Turns a history's own revision ids into those to show.
    Namer = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one database stands in a history.

    *current* is what its version table holds. *applied* names each revision that it has; ``None``
    means those in *current* and all that they stand on. *unknown* are applied and not in the
    history, *amiss* is what keeps it from going on, and *notes* what is worth knowing.
    """

    current: tuple[str, ...]
    applied: frozenset[str] | None = None
    unknown: tuple[str, ...] = ()
    amiss: tuple[BedstoneError, ...] = ()
    notes: tuple[str, ...] = ()


@runtime_checkable
class Following(Protocol):
    """A database that wants to know which revision and which line each statement is of."""

    def follow(self, path: Path, name: Namer) -> AbstractContextManager[None]:
        """Read, for the block, what is noted in the file *path* of what is about to be sent."""


class Strand(Protocol):
    """One history of a project, or its models alone, ready to be run.

    Revisions go by the numbers that the history itself has for them; ``History`` gives them the
    ids that are unique among several. *timeout* is the seconds that one revision may take.
    """

    settings: HistorySettings
    cwd: Path
    timeout: float
    listen: Listener | None
    name_of: Namer

    @property
    def name(self) -> str:
        """What reports call the history."""

    @property
    def has_history(self) -> bool:
        """Whether there are revisions at all, not only models."""

    @property
    def place(self) -> str | None:
        """Where the revisions were looked for."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The revisions, base first, as ``read_revision`` takes them."""

    @property
    def has_models(self) -> bool:
        """Whether there are models to build."""

    @property
    def startup_seconds(self) -> float:
        """How long loading took."""

    @property
    def version_tables(self) -> Sequence[TableName]:
        """The tables that hold where a database stands."""

    @property
    def versions(self) -> Mapping[str, Any]:
        """The versions of what runs the history."""

    @property
    def notes(self) -> Sequence[str]:
        """What was seen while loading and is worth knowing."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that runs depend on, beside those of the revisions."""

    def upgrade(self, database: Database) -> Run:
        """Run all that is missing up to the heads of the settings."""

    def downgrade(self, database: Database) -> Run:
        """Run down to base."""

    def steps(
        self,
        database: Database,
        numbers: Sequence[str],
        direction: Direction,
        *,
        destination: str,
        record: bool,
    ) -> Run:
        """Run exactly *numbers*, in this order, in one run that leads to *destination*.

        With *record* the result is a list of ``statement`` and ``bound`` for each one sent.
        """

    def prepare(self, database: Database) -> Run:
        """Make in an empty *database* what the first revision expects."""

    def create_models(self, database: Database) -> Run:
        """Create everything that the models describe."""

    def standing(self, database: Database) -> Standing:
        """Read where *database* stands."""

    def standing_in(self, connection: psycopg.Connection, schema: str) -> Standing:
        """Read the version tables by *connection*, as it is; nothing of the project is run.

        *schema* is where the project's own sessions find what is not qualified.
        """

    def filtered(
        self, database: Database, names: Iterable[TableName]
    ) -> frozenset[TableName] | None:
        """Return which tables the project's own filters leave out, ``None`` without an answer."""

    @property
    def language(self) -> Language:
        """What its revisions are written in."""

    def write(
        self, database: Database, revisions: Sequence[NewRevision], place: Placement, journal: Path
    ) -> tuple[str, ...]:
        """Write *revisions* into the project, a chain; return their numbers.

        What is about to be made is noted in the file *journal* first, as ``note_path`` does.
        """

    def close(self) -> None:
        """Give back what the strand holds."""
