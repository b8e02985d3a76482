# SPDX-License-Identifier: Apache-2.0
"""Whether a statement may run in a transaction.

The server refuses these in one (``PreventInTransactionBlock`` in its source). CREATE and DROP
SUBSCRIPTION are refused depending on their options; like Flyway, they are run in none.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any

import postgast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NEVER = frozenset(
    {
        "createdb_stmt",
        "dropdb_stmt",
        "alter_system_stmt",
        "create_table_space_stmt",
        "drop_table_space_stmt",
        "create_subscription_stmt",
        "drop_subscription_stmt",
    }
)
_SESSION = frozenset({"variable_set_stmt", "variable_show_stmt"})
_LONGEST_PARSED = 1 << 18
_PB = postgast.pg_query_pb2


class Needs(Enum):
    """What a statement asks of the transaction around it."""

    EITHER = "either"
    TRANSACTION = "transaction"
    NONE = "none"


def needs_of(text: str) -> Needs:
    """Return what one statement needs; what cannot be parsed is taken to want a transaction."""
    node = _parsed(text)
    if node is None:
        return Needs.TRANSACTION
    kind = node.WhichOneof("node")
    if kind in _SESSION:
        return Needs.EITHER
    refuses = _SOMETIMES.get(kind)
    if kind in _NEVER or (refuses is not None and refuses(getattr(node, kind))):
        return Needs.NONE
    return Needs.TRANSACTION


def concurrent_index(text: str) -> tuple[str, str, str] | None:
    """Return schema and table, and the name of the index that a CREATE INDEX CONCURRENTLY builds.

    ``None`` for anything else, and where the server makes up the name.
    """
    node = _parsed(text)
    if node is None or node.WhichOneof("node") != "index_stmt":
        return None
    stmt = node.index_stmt
    if not stmt.concurrent or not stmt.idxname:
        return None
    return stmt.relation.schemaname, stmt.relation.relname, stmt.idxname


def _parsed(text: str) -> Any:
    if len(text) > _LONGEST_PARSED:
        return None
    try:
        statements = postgast.parse(text).stmts
    except postgast.PgQueryError:
        return None
    return statements[0].stmt if len(statements) == 1 else None


def _is_on(options: Sequence[Any], name: str) -> bool:
    for option in options:
        element = option.def_elem
        if element.defname.lower() == name:
            value = element.arg.string.sval or str(element.arg.integer.ival)
            said = element.HasField("arg")
            return not said or not re.fullmatch(r"off|false|0", value, re.IGNORECASE)
    return False


def _reindex(stmt: Any) -> bool:
    whole = {"REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"}
    kind = _PB.ReindexObjectType.Name(stmt.kind)
    return kind in whole or _is_on(stmt.params, "concurrently")


def _detaches(stmt: Any) -> bool:
    return any(
        getattr(command.alter_table_cmd, "def").partition_cmd.concurrent for command in stmt.cmds
    )


_SOMETIMES: dict[str, Callable[[Any], bool]] = {
    "index_stmt": lambda stmt: stmt.concurrent,
    "drop_stmt": lambda stmt: stmt.concurrent,
    "reindex_stmt": _reindex,
    "vacuum_stmt": lambda stmt: stmt.is_vacuumcmd,
    "cluster_stmt": lambda stmt: not stmt.relation.relname,
    "discard_stmt": lambda stmt: _PB.DiscardMode.Name(stmt.target) == "DISCARD_ALL",
    "alter_table_stmt": _detaches,
}
