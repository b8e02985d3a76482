# SPDX-License-Identifier: Apache-2.0
"""What a statement about rows does, as the planner sees it: what it writes, what it reads whole.

On an empty table the planner reads all of it whatever indexes there are, so it is asked what it
would do if that were forbidden, and if rows could only be found one by one.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import postgast
import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from bedstone.prove.locks.ways import Plan, read_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bedstone.prove.locks.ways import Server

_NAME = "bedstone_question"
#: What the planner says where the type of a value that is left out decides.
_UNTYPED = frozenset({"42883", "42804", "42P18", "42725", "42846"})
UNPLANNED = "it cannot be planned any more in the state that the revision leaves"
UNTYPED = "without its values, whose types are not known, it cannot be planned"
UNREAD = "the text that was kept of it cannot be read"
#: What such a value may be; the first with which the statement can be planned is taken.
_TYPES = ("bigint", "text", "uuid", "timestamptz", "numeric", "boolean")
_FORBIDDEN = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material")


@contextmanager
def unanalyzed(connection: psycopg.Connection, tables: Collection[int]) -> Iterator[None]:
    """Have the planner know nothing of the rows of *tables* for the block.

    Of a table that was analyzed while it was empty it knows that there are none, and then any way
    is as good as another. TRUNCATE has it forget, and is rolled back.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("set local lock_timeout = '5s'")
        known = connection.execute(
            "select c.oid::regclass::text from pg_catalog.pg_class as c "
            "where c.oid = any(%s::oid[]) and c.relkind = 'r' and c.reltuples >= 0",
            [sorted(tables)],
        ).fetchall()
        with suppress(psycopg.Error), connection.transaction():
            if known:
                names = sql.SQL(", ").join(sql.SQL(name) for (name,) in known)
                connection.execute(sql.SQL("truncate only {} cascade").format(names))
        yield


def ask_plan(connection: psycopg.Connection, text: str, servers: Sequence[Server]) -> Plan | str:
    """Return how a statement would be done, or why nobody knows. Nothing is executed."""
    try:
        # PostgreSQL itself refuses a typed literal whose text was left out: date $1
        tree = postgast.parse(text)
        _join_arrays(tree)
        texts = [postgast.deparse(tree), *(_typed(tree, name) for name in _TYPES)]
    except postgast.PgQueryError:
        return UNREAD
    reason = UNPLANNED
    for attempt in dict.fromkeys(texts):
        try:
            with connection.transaction(force_rollback=True):
                plan = _plan(connection, attempt)
            return read_plan(plan[0]["Plan"], servers)
        except psycopg.Error as error:
            if "$" not in attempt or error.sqlstate not in _UNTYPED:
                return reason
            reason = UNTYPED
        finally:
            connection.execute("deallocate all")
    return reason


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
    for child in _below(node):
        _join_arrays(child)
    if node.DESCRIPTOR.name != "A_Expr" or not node.rexpr.HasField("a_array_expr"):
        return
    if postgast.pg_query_pb2.A_Expr_Kind.Name(node.kind) not in {"AEXPR_OP_ANY", "AEXPR_OP_ALL"}:
        return
    elements = node.rexpr.a_array_expr.elements
    if elements and all(element.HasField("param_ref") for element in elements):
        node.rexpr.param_ref.CopyFrom(elements[0].param_ref)


def _typed(tree: Any, name: str) -> str:
    """Return the text with a type for each value of VALUES or a SELECT's list."""
    copy = type(tree)()
    copy.CopyFrom(tree)
    cast = postgast.parse(f"select null::{name}").stmts[0].stmt.select_stmt
    _give_type(copy, cast.target_list[0].res_target.val)
    return str(postgast.deparse(copy))


def _give_type(node: Any, cast: Any) -> None:
    if node.DESCRIPTOR.name == "SelectStmt":
        values = [item for row in node.values_lists for item in row.list.items]
        values += [target.res_target.val for target in node.target_list]
        for value in values:
            if value.HasField("param_ref"):
                number = value.param_ref.number
                value.CopyFrom(cast)
                value.type_cast.arg.param_ref.number = number
    for child in _below(node):
        _give_type(child, cast)


def _below(node: Any) -> Iterator[Any]:
    for field, value in node.ListFields():
        if field.type == field.TYPE_MESSAGE:
            yield from (value,) if hasattr(value, "ListFields") else value
