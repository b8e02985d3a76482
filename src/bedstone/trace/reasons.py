# SPDX-License-Identifier: Apache-2.0
"""Why a relation gets a new file, as far as the statement's own words say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import postgast

from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMANDS = postgast.pg_query_pb2.AlterTableType
_CONSTRAINTS = postgast.pg_query_pb2.ConstrType
#: What stands for itself.
_PLAIN = {
    "AT_SetLogged": "SET LOGGED",
    "AT_SetUnLogged": "SET UNLOGGED",
    "AT_SetAccessMethod": "SET ACCESS METHOD",
    "AT_SetTableSpace": "SET TABLESPACE",
}
_KINDS = {
    "truncate": "truncated",
    "cluster": "CLUSTER",
    "reindex": "REINDEX",
    "refresh_mat_view": "refreshed",
    "vacuum": "VACUUM FULL",
}
_SERIAL = frozenset(
    "serial bigserial smallserial serial2 serial4 serial8".split()  # noqa: SIM905  reads better
)


def read_reason(kind: str, stmt: Any) -> str | None:
    """Return why this statement writes a new file, if it does; ``None`` where nobody knows.

    That it does was seen, or it was not; of several reasons in one statement all are given.
    """
    if kind == "alter_table":
        commands = [item.alter_table_cmd for item in stmt.cmds]
        return "; ".join(reason for c in commands for reason in _command(c)) or None
    return _KINDS.get(kind)


def _command(command: Any) -> Iterator[str]:
    name = _COMMANDS.Name(command.subtype)
    column = quote_identifier(command.name) if command.name else ""
    if name in _PLAIN:
        yield _PLAIN[name]
    elif name == "AT_AlterColumnType":
        yield f"type of column {column} changes"
    elif name == "AT_SetExpression":
        yield f"expression of column {column} changes"
    elif name == "AT_AddColumn":
        yield from _added(getattr(command, "def").column_def)


def _added(column: Any) -> Iterator[str]:
    """A default that is the same for all rows is kept beside the table."""
    name = quote_identifier(column.colname)
    kinds = {_CONSTRAINTS.Name(item.constraint.contype) for item in column.constraints}
    types = [part.string.sval for part in column.type_name.names]
    if "CONSTR_GENERATED" in kinds:
        yield f"generated column {name}"
    elif "CONSTR_IDENTITY" in kinds:
        yield f"identity column {name}"
    elif types and types[-1] in _SERIAL:
        yield f"serial column {name}"
    elif "CONSTR_DEFAULT" in kinds:
        yield f"volatile default of column {name}"
