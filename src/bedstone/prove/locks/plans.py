# SPDX-License-Identifier: Apache-2.0
"""Whether an index could serve a statement that read a whole table, as the planner sees it.

On an empty table the planner reads all of it whatever indexes there are, so it is asked what it
would do if that were forbidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import postgast
import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "bedstone_question"
_INDEX_SCANS = frozenset({"Index Scan", "Index Only Scan"})


def ask_ways(connection: psycopg.Connection, text: str) -> dict[tuple[str, str], bool] | None:
    """Return the tables that a statement names, and whether it can only read them whole.

    Nothing is executed. What a LIMIT stands above is not read to the end. ``None`` where the
    statement cannot be planned in the state that the database is in now.
    """
    try:
        # PostgreSQL itself refuses a typed literal whose text was left out: date $1
        text = postgast.deparse(postgast.parse(text))
        with connection.transaction(force_rollback=True):
            plan = _plan(connection, text)
    except (psycopg.Error, postgast.PgQueryError):
        return None
    finally:
        connection.execute("deallocate all")
    ways: dict[tuple[str, str], bool] = {}
    for table, whole in _ways(plan[0]["Plan"], limited=False):
        ways[table] = ways.get(table, False) or whole
    return ways


def _plan(connection: psycopg.Connection, text: str) -> Any:
    connection.execute("set local enable_seqscan = off")
    connection.execute("set local plan_cache_mode = force_generic_plan")
    connection.execute("set local statement_timeout = '5s'")
    # the user's own statement with $1 for each value, as it was run on this database before
    statement = sql.SQL("prepare {} as {}").format(sql.Identifier(_NAME), sql.SQL(text))
    connection.execute(statement)
    count = connection.execute(
        "select cardinality(parameter_types) from pg_catalog.pg_prepared_statements "
        "where name = %s",
        [_NAME],
    ).fetchone()
    nulls = sql.SQL(", ").join([sql.NULL] * (count[0] if count else 0))
    arguments = sql.SQL("({})").format(nulls) if count and count[0] else sql.SQL("")
    explain = sql.SQL("explain (verbose, format json) execute {}{}").format(
        sql.Identifier(_NAME), arguments
    )
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(explain).fetchone()


def _ways(node: Any, *, limited: bool) -> Iterator[tuple[tuple[str, str], bool]]:
    kind = node["Node Type"]
    if "Relation Name" in node:
        whole = kind == "Seq Scan" or (kind in _INDEX_SCANS and "Index Cond" not in node)
        yield (node["Schema"], node["Relation Name"]), whole and not limited
    for child in node.get("Plans", ()):
        yield from _ways(child, limited=limited or kind == "Limit")
