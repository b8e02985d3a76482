# SPDX-License-Identifier: Apache-2.0
"""What a statement about rows does, as the planner sees it: what it writes, what it reads whole.

On an empty table the planner reads all of it whatever indexes there are, so it is asked what it
would do if that were forbidden, and if rows could only be found one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import postgast
import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from bedstone.prove.locks.ways import Plan, read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.prove.locks.ways import Server

_NAME = "bedstone_question"
#: What the planner says where the type of a value that is left out decides.
_UNTYPED = frozenset({"42883", "42804", "42P18", "42725", "42846"})
UNPLANNED = "it cannot be planned any more in the state that the revision leaves"
UNTYPED = "without its values, whose types are not known, it cannot be planned"
UNREAD = "the text that was kept of it cannot be read"
_FORBIDDEN = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material")


def ask_plan(connection: psycopg.Connection, text: str, servers: Sequence[Server]) -> Plan | str:
    """Return how a statement would be done, or why nobody knows. Nothing is executed."""
    try:
        # PostgreSQL itself refuses a typed literal whose text was left out: date $1
        tree = postgast.parse(text)
        _join_arrays(tree)
        text = postgast.deparse(tree)
    except postgast.PgQueryError:
        return UNREAD
    try:
        with connection.transaction(force_rollback=True):
            plan = _plan(connection, text)
    except psycopg.Error as error:
        return UNTYPED if "$" in text and error.sqlstate in _UNTYPED else UNPLANNED
    finally:
        connection.execute("deallocate all")
    return read_plan(plan[0]["Plan"], servers)


def _plan(connection: psycopg.Connection, text: str) -> Any:
    for setting in _FORBIDDEN:
        connection.execute(sql.SQL("set local {} = off").format(sql.Identifier(setting)))
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


def _join_arrays(node: Any) -> None:
    """Write ``= any (array[$1, $2])`` as ``= any ($1)``, whose type the planner can tell."""
    for field, value in node.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for item in (value,) if hasattr(value, "ListFields") else value:
                _join_arrays(item)
    if node.DESCRIPTOR.name != "A_Expr" or not node.rexpr.HasField("a_array_expr"):
        return
    if postgast.pg_query_pb2.A_Expr_Kind.Name(node.kind) not in {"AEXPR_OP_ANY", "AEXPR_OP_ALL"}:
        return
    elements = node.rexpr.a_array_expr.elements
    if elements and all(element.HasField("param_ref") for element in elements):
        node.rexpr.param_ref.CopyFrom(elements[0].param_ref)
