# SPDX-License-Identifier: Apache-2.0
"""An upgrade tried with rows in the tables that it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.fill import insert_rows

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.fill import Filled
    from bedstone.history import Run
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.stairs import Stair
    from bedstone.server import Template


@dataclass(frozen=True, slots=True)
class RowsTried:
    """One upgrade with rows in the tables it changes, and which tables got none and why."""

    tables: tuple[Key, ...]
    filled: Filled
    up: Run | None


def try_with_rows(
    evidence: Evidence, stair: Stair, template: Template | None, before: Catalog
) -> RowsTried | None:
    """Run the upgrade again with rows; ``None`` where no table that was there gets a column."""
    tables = tuple(sorted(_changed_tables(stair, before)))
    if not tables:
        return None
    scratch = evidence.at(template)
    with scratch.connect() as connection:
        filled = insert_rows(connection, tables)
    if not filled.tables:
        return RowsTried(tables, filled, None)
    return RowsTried(tables, filled, evidence.history.step(scratch, stair.revision.id, "up"))


def _changed_tables(stair: Stair, before: Catalog) -> set[Key]:
    """Return the tables of *before* that get a column, or another form of one."""
    found: set[Key] = set()
    for difference in stair.changes.meaningful if stair.changes else ():
        key = difference.key
        if key.kind != "column" or key.schema is None or key.parent is None:
            continue
        table = Key("table", key.schema, key.parent)
        if table in before.objects:
            found.add(table)
    return found
