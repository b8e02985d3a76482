# SPDX-License-Identifier: Apache-2.0
"""The three schemas that a project has: of its models, of its history, of its live database."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.claims import read_lock
from bedstone.dsn import parse_dsn
from bedstone.errors import DatabaseNotNamed
from bedstone.history import open_history
from bedstone.prove.evidence import Evidence, silent
from bedstone.prove.live import read_live
from bedstone.prove.wanted import history_of, want
from bedstone.server import database_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Catalog, Limits
    from bedstone.project import Project
    from bedstone.prove.evidence import Progress
    from bedstone.prove.live import Live
    from bedstone.server import Server


class ProjectSides:
    """Reads each of the three where it is asked for; all on one workspace."""

    def __init__(
        self, evidence: Evidence, project: Project, database: str | None, limits: Limits | None
    ) -> None:
        self.evidence = evidence
        self._project = project
        self._database = database
        self._limits = limits
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of what was read, in one line each."""
        return tuple(self._notes)

    @property
    def has_live(self) -> bool:
        """Whether somebody said where the live database is."""
        return self._database is not None

    @cached_property
    def accepted(self) -> frozenset[tuple[str, str, str, str]]:
        """The keys of the findings that the project has accepted."""
        root = self._project.root
        return read_lock(root).keys if root is not None else frozenset()

    def history(self) -> Catalog:
        """Return what the history makes of an empty database.

        Raises:
            SideUnusable: a revision fails.
        """
        return history_of(self.evidence)

    def models(self, other: Catalog) -> Catalog:
        """Return what the models want of *other*; what stays against their will is noted.

        Raises:
            SideUnusable: there are no models, or they cannot be built.
        """
        wanted = want(self.evidence, other, self.accepted)
        for key, needed_by in wanted.kept:
            self._note(f"{key} is not in the models and stays: {needed_by} needs it")
        for key in wanted.accepted:
            self._note(f"{key} stays as it is: bedstone.lock accepts that the models differ")
        return wanted.catalog

    def live(self) -> Catalog:
        """Return what the live database contains, less the version tables.

        Raises:
            DatabaseNotNamed: nobody said where it is.
            CatalogUnreadable: the server refused.
        """
        return self.looked_at.catalog

    @cached_property
    def looked_at(self) -> Live:
        """The live database and where it stands, read once."""
        if self._database is None:
            raise DatabaseNotNamed(
                "no database is named, and live is asked for",
                detail="Bedstone never takes it from the project itself.",
                hint="Set BEDSTONE_DATABASE, or give --database postgresql://user@host/dbname",
            )
        database = database_at(parse_dsn(self._database))
        return read_live(self.evidence.history, database, self._limits)

    def _note(self, text: str) -> None:
        self._notes[text] = None


@contextmanager
def open_sides(
    project: Project,
    server: Server,
    *,
    database: str | None = None,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Iterator[ProjectSides]:
    """Load *project* for the block, on a workspace of *server*.

    *database* is the address of the live one, which is only ever read.
    """
    with server.workspace(project.name) as workspace:
        scratch = workspace.scratch("history")
        with open_history(project, scratch) as history:
            evidence = Evidence(
                history, workspace, scratch, exclude=project.settings.exclude, progress=progress
            )
            yield ProjectSides(evidence, project, database, limits)
