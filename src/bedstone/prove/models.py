# SPDX-License-Identifier: Apache-2.0
"""The project's models as a database: built by the project's own SQLAlchemy and read back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.history import Run
    from bedstone.prove.evidence import Evidence

#: SQLSTATEs of a name that does not exist: something is expected that somebody else makes.
MISSING = frozenset({"42883", "42704", "42P01", "3F000", "42P17", "42703"})


@dataclass(frozen=True, slots=True)
class ModelsBuilt:
    """What ``create_all`` of the models made, or the run that failed.

    *leaning* says that the models lean on functions or types that only a migration makes, so they
    were built where those are.
    """

    run: Run
    catalog: Catalog | None = None
    leaning: bool = False


def build_models(evidence: Evidence, ground: Catalog | None = None) -> ModelsBuilt:
    """Build the models in an empty database that has the history's extensions and schemas.

    Or those of *ground*, where there is no history. Where that fails because a function or type is
    missing, they are built once more in a copy of the history's head whose tables and enum types
    were dropped.
    """
    head = evidence.head.catalog
    scratch = evidence.at(None)
    if head is not None:
        with scratch.connect() as connection:
            _make_room(connection, ground or head)
    run = evidence.history.create_models(scratch)
    if run.ok:
        return ModelsBuilt(run, evidence.read())
    state = run.error.sqlstate if run.error else None
    if state not in MISSING or head is None:
        return ModelsBuilt(run)
    if not evidence.ladder.come_to(len(evidence.selected)).ok:
        return ModelsBuilt(run)
    with scratch.connect() as connection:
        _clear(connection, head)
    run = evidence.history.create_models(scratch)
    return ModelsBuilt(run, evidence.read() if run.ok else None, leaning=True)


def _make_room(connection: psycopg.Connection, head: Catalog) -> None:
    """Make the schemas and extensions of *head*, which plain models cannot express.

    An extension that this server has not is left out: the models may do without it.
    """
    for item in head.of_kind("schema"):
        connection.execute(
            sql.SQL("create schema if not exists {}").format(sql.Identifier(item.key.name))
        )
    for item in head.of_kind("extension"):
        statement = sql.SQL("create extension if not exists {} with schema {} cascade").format(
            sql.Identifier(item.key.name),
            sql.Identifier(str(item.attributes.get("schema") or "public")),
        )
        with suppress(psycopg.errors.FeatureNotSupported), connection.transaction():
            connection.execute(statement)
    connection.commit()


def _clear(connection: psycopg.Connection, head: Catalog) -> None:
    """Drop what the models make themselves; functions and domains stay."""
    for kind, word in (("table", sql.SQL("table")), ("enum", sql.SQL("type"))):
        for item in head.of_kind(kind):
            name = sql.Identifier(item.key.schema or "public", item.key.name)
            connection.execute(sql.SQL("drop {} if exists {} cascade").format(word, name))
    connection.commit()
