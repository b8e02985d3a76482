# SPDX-License-Identifier: Apache-2.0
"""The database that matters, looked at once and left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.catalog import Limits, in_snapshot, read_snapshot
from bedstone.errors import BedstoneError
from bedstone.prove.evidence import without_versions

if TYPE_CHECKING:
    from bedstone.catalog import Catalog, Snapshot
    from bedstone.history import History, Standing
    from bedstone.server import Database


@dataclass(frozen=True, slots=True)
class Live:
    """What a database contains, less its version tables, and where it stands in the history.

    *standing* is ``None`` where a version table may not be read; *unread* says why.
    """

    catalog: Catalog
    standing: Standing | None
    unread: BedstoneError | None = None


def read_live(history: History, database: Database, limits: Limits | None = None) -> Live:
    """Read *database* in one read-only snapshot, and where it stands in *history* with it.

    Nothing of the project is run on it, nothing is written, no lock but ACCESS SHARE is taken; it
    needs no privilege but CONNECT. A version table is read where the role may read it.

    Raises:
        CatalogUnreadable: the server refused, or *limits* were passed.
        BedstoneError: the database cannot be reached; one class for each reason.
    """
    with database.connect(autocommit=True) as connection:
        row = connection.execute(
            "select coalesce(pg_catalog.current_schema(), 'public')"
        ).fetchone()
        schema = str(row[0]) if row else "public"
        tables = [(own or schema, name) for own, name in history.version_tables]

        def look(snapshot: Snapshot) -> Live:
            catalog = without_versions(read_snapshot(snapshot), tables)
            try:
                return Live(catalog, history.standing_in(connection, schema))
            except BedstoneError as error:
                return Live(catalog, None, error)

        return in_snapshot(connection, look, limits or Limits())
