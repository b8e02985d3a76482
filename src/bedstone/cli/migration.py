# SPDX-License-Identifier: Apache-2.0
"""A project's history and the database that it is to be run on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.cli.options import database_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.cli.options import ProjectOptions
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
def open_migration(target: str, url: str | None, given: ProjectOptions) -> Iterator[Migration]:
    """Open the history of *target* for the database at *url*.

    Raises:
        DatabaseNotNamed: *url* is not given.
    """
    from bedstone.dsn import parse_dsn
    from bedstone.history import open_history
    from bedstone.server import database_at

    address = database_named(url)
    project = given.open(target)
    database = database_at(parse_dsn(address))
    with open_history(project, database) as history:
        yield Migration(history, database, project.settings)
