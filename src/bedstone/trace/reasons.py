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
#: Types of the server's own: with a constant default, none of them has a file written.
_BUILT_IN = frozenset(
    """
    pg_catalog text uuid json jsonb date timestamptz timetz bytea inet cidr int2 int4 int8 float4
    float8 bool xml money
    """.split()  # noqa: SIM905  reads better
)
_SERIAL = frozenset(
    "serial bigserial smallserial serial2 serial4 serial8".split()  # noqa: SIM905  reads better
)


def read_reason(kind: str, stmt: Any) -> str | None:
    """Return why this statement writes a new file, if it does; ``None`` where nobody knows.

    That it does was seen, or it was not. Of several commands that may be the reason, each alone,
    nobody can tell from the words which one is.
    """
    if kind == "alter_table":
        commands = [item.alter_table_cmd for item in stmt.cmds]
        if len(commands) > 1:
            commands = [command for command in commands if not _is_kept_apart(command)]
        reasons = [reason for command in commands for reason in _command(command)]
        return ("one or more of: " if len(reasons) > 1 else "") + "; ".join(reasons) or None
    return _KINDS.get(kind)


def _is_kept_apart(command: Any) -> bool:
    """Whether it adds a column whose default is a constant."""
    column = getattr(command, "def").column_def
    if _COMMANDS.Name(command.subtype) != "AT_AddColumn":
        return False
    constraints = [item.constraint for item in column.constraints]
    defaults = [c.raw_expr for c in constraints if _CONSTRAINTS.Name(c.contype) == "CONSTR_DEFAULT"]
    types = [part.string.sval for part in column.type_name.names]
    return types[:1] != [] and types[0] in _BUILT_IN and any(map(_is_constant, defaults))


def _is_constant(node: Any) -> bool:
    return bool(node.WhichOneof("node") == "a_const")


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
