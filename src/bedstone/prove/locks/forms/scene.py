# SPDX-License-Identifier: Apache-2.0
"""The statement whose safe form is wanted, and what is known of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import postgast

from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.prove.locks.effects import Effect
    from bedstone.prove.locks.ground import Index, Seat
    from bedstone.prove.locks.traced import Traced

_LONGEST_NAME = 63


@dataclass(frozen=True)
class Scene:
    """A statement of a revision."""

    traced: Traced
    effect: Effect

    def seat(self, relation: Any) -> Seat | None:
        """Return the table that a name in the statement means."""
        return self.traced.before.find(relation.schemaname or None, relation.relname)

    @property
    def created(self) -> frozenset[int]:
        """The relations that the statement made."""
        return frozenset(relation.oid for relation in self.effect.statement.created)

    @property
    def is_rewritten(self) -> bool:
        """Whether it gave a table a new file."""
        return bool(self.effect.statement.rewrites)

    def new_constraint(self, table: Seat, kind: str) -> str | None:
        """Return the name that the server gave to the only new constraint of a kind."""
        old, new = self.traced.before.constraints, self.traced.after.constraints
        names = [
            constraint.name
            for oid, constraint in new.items()
            if oid not in old and (constraint.table_oid, constraint.kind) == (table.oid, kind)
        ]
        return names[0] if len(names) == 1 else None

    def new_indexes(self, table: Seat) -> tuple[Index, ...]:
        """Return the indexes that the statement gave to a table."""
        return tuple(
            index
            for index in self.traced.details.indexes
            if index.table_oid == table.oid and index.oid in self.created
        )

    def below(self, index: Index) -> tuple[Index, ...]:
        """Return the indexes of partitions that are attached to a partitioned one."""
        return tuple(i for i in self.traced.details.indexes if i.above == index.oid)


def name_of(relation: Any) -> str:
    """Return a relation's name as SQL, qualified where the statement did so."""
    if relation.schemaname:
        return quote_identifier(relation.schemaname, relation.relname)
    return quote_identifier(relation.relname)


def made_name(*parts: str) -> str:
    """Return a name for something that is there for a while only."""
    return "_".join(parts).encode()[:_LONGEST_NAME].decode("utf-8", "ignore")


def write(kind: str, node: Any) -> str:
    """Return a statement's text from its tree."""
    tree = postgast.pg_query_pb2.ParseResult()
    getattr(tree.stmts.add().stmt, kind).CopyFrom(node)
    return str(postgast.deparse(tree))


def copy_of(node: Any) -> Any:
    """Return a copy of a tree, to be changed."""
    copy = type(node)()
    copy.CopyFrom(node)
    return copy


def write_command(stmt: Any, command: Any) -> str:
    """Return ALTER TABLE with one of its commands."""
    single = copy_of(stmt)
    del single.cmds[:]
    single.cmds.add().alter_table_cmd.CopyFrom(command)
    return write("alter_table_stmt", single)


def write_expression(node: Any) -> str:
    """Return an expression's text from its tree."""
    select = postgast.pg_query_pb2.SelectStmt()
    select.target_list.add().res_target.val.CopyFrom(node)
    return write("select_stmt", select).removeprefix("SELECT ")


def write_type(node: Any) -> str:
    """Return a type's text from its tree."""
    cast = postgast.pg_query_pb2.Node()
    cast.type_cast.type_name.CopyFrom(node)
    cast.type_cast.arg.a_const.isnull = True
    return write_expression(cast).removeprefix("NULL::")
