# SPDX-License-Identifier: Apache-2.0
"""A project's history and the database that it is to be run on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedstone.cli.options import open_project
from bedstone.errors import DatabaseNotNamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.history import History
    from bedstone.server import Database
    from bedstone.settings import Settings


@dataclass(frozen=True, slots=True)
class Migration:
    """A history, the database that matters, and the project's settings."""

    history: History
    database: Database
    settings: Settings


@contextmanager
def open_migration(target: str, url: str | None, **given: Any) -> Iterator[Migration]:
    """Open the history of *target* for the database at *url*.

    Raises:
        DatabaseNotNamed: *url* is not given; bedstone never takes it from the project itself.
    """
    from bedstone.dsn import parse_dsn
    from bedstone.history import open_history
    from bedstone.server import database_at

    if url is None:
        raise DatabaseNotNamed(
            "no database is named",
            detail="Bedstone never guesses which database to write to.",
            hint="Set BEDSTONE_DATABASE, or give --database postgresql://user@host/dbname",
        )
    project = open_project(target, **given)
    database = database_at(parse_dsn(url))
    with open_history(project, database) as history:
        yield Migration(history, database, project.settings)
