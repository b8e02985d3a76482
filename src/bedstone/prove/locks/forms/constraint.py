# SPDX-License-Identifier: Apache-2.0
"""Constraints: first for new rows only, then checked while everybody goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import postgast

from bedstone.prove.locks.forms.form import Form, Step, brief, long
from bedstone.prove.locks.forms.index import attach_index, parse_index
from bedstone.prove.locks.forms.scene import copy_of, made_name, name_of, write, write_command
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.ground import Index, Seat

_LETTERS = {
    "CONSTR_CHECK": "c",
    "CONSTR_FOREIGN": "f",
    "CONSTR_UNIQUE": "u",
    "CONSTR_PRIMARY": "p",
    "CONSTR_NOTNULL": "n",
}
_LATER = "add it NOT VALID, then VALIDATE it in a transaction of its own"
_USING = "build its index CONCURRENTLY first, then add the constraint USING INDEX"


def kind_of(constraint: Any) -> str:
    """Return what kind a constraint is, by its name in the grammar."""
    return str(postgast.pg_query_pb2.ConstrType.Name(constraint.contype))


def add_constraint(scene: Scene, stmt: Any, constraint: Any) -> Form | None:
    """Return the safe form of ADD CONSTRAINT, ``None`` where it is safe as it is."""
    table, kind = scene.seat(stmt.relation), kind_of(constraint)
    if kind == "CONSTR_EXCLUSION":
        return Form(
            "PostgreSQL has no such form: an exclusion constraint is checked as it is added",
            remark="Add it while the table is small, or to a new table that is filled and swapped.",
        )
    letter = _LETTERS.get(kind)
    if letter is None or constraint.skip_validation or constraint.indexname or table is None:
        return None
    name = constraint.conname or scene.new_constraint(table, letter)
    name = name or made_name(table.name, *_columns(constraint), _SUFFIXES[letter])
    if letter in "up":
        return _by_index(scene, stmt, constraint, table, name)
    if letter == "f" and table.kind == "p":
        return _foreign_key_of_partitions(scene, stmt, constraint, name)
    return Form(_LATER, _later(stmt, constraint, name))


_SUFFIXES = {"c": "check", "f": "fkey", "u": "key", "p": "pkey", "n": "not_null"}


def _columns(constraint: Any) -> list[str]:
    names = [*constraint.keys, *constraint.fk_attrs]
    return [item.string.sval for item in names]


def _later(stmt: Any, constraint: Any, name: str) -> tuple[Step, ...]:
    copy = copy_of(constraint)
    copy.conname, copy.skip_validation, copy.initially_valid = name, True, False
    validate = f"ALTER TABLE {name_of(stmt.relation)} VALIDATE CONSTRAINT {quote_identifier(name)}"
    return brief(write_command(stmt, _add(copy))), long(validate)


def _add(constraint: Any) -> Any:
    command = postgast.pg_query_pb2.AlterTableCmd()
    command.subtype = postgast.pg_query_pb2.AlterTableType.Value("AT_AddConstraint")
    command.behavior = postgast.pg_query_pb2.DropBehavior.Value("DROP_RESTRICT")
    getattr(command, "def").constraint.CopyFrom(constraint)
    return command


def _foreign_key_of_partitions(scene: Scene, stmt: Any, constraint: Any, name: str) -> Form:
    """Each partition gets its own first; the parent's then finds them and checks no row."""
    steps: list[Step] = []
    owners = {p.parent_oid for p in scene.traced.details.partitions}
    leaves = [p for p in scene.traced.details.partitions if p.oid not in owners]
    for leaf in leaves:
        one = copy_of(stmt)
        one.relation.schemaname, one.relation.relname = leaf.schema, leaf.name
        steps += _later(one, constraint, name)
    named = copy_of(constraint)
    named.conname = name
    steps.append(brief(write_command(stmt, _add(named))))
    return Form("add it to each partition NOT VALID, VALIDATE, then to the parent", tuple(steps))


def _by_index(scene: Scene, stmt: Any, constraint: Any, table: Seat, name: str) -> Form:
    steps: list[Step] = []
    if kind_of(constraint) == "CONSTR_PRIMARY":
        for column in _columns(constraint):
            if (table.oid, column) not in scene.traced.before.required:
                steps += not_null_steps(scene, stmt, column)
    if table.kind == "p":
        return Form(_USING, (*steps, *_of_partitions(scene, stmt, constraint, table, name)))
    index = postgast.pg_query_pb2.IndexStmt(
        idxname=name, unique=True, concurrent=True, access_method="btree"
    )
    index.nulls_not_distinct = constraint.nulls_not_distinct
    index.relation.CopyFrom(stmt.relation)
    for names, params in (
        (constraint.keys, index.index_params),
        (constraint.including, index.index_including_params),
    ):
        for item in names:
            element = params.add().index_elem
            element.name = item.string.sval
            element.ordering = postgast.pg_query_pb2.SortByDir.Value("SORTBY_DEFAULT")
            element.nulls_ordering = postgast.pg_query_pb2.SortByNulls.Value("SORTBY_NULLS_DEFAULT")
    steps.append(long(write("index_stmt", index)))
    steps.append(brief(write_command(stmt, _add(using_index(constraint, name)))))
    return Form(_USING, tuple(steps))


def using_index(constraint: Any, name: str) -> Any:
    """Return a unique constraint or primary key over an index that is there already."""
    copy = copy_of(constraint)
    copy.conname = copy.indexname = name
    copy.nulls_not_distinct = False
    del copy.keys[:]
    del copy.including[:]
    return copy


def _of_partitions(
    scene: Scene, stmt: Any, constraint: Any, table: Seat, name: str
) -> tuple[Step, ...]:
    """Return the constraint on the parent alone, then one on each partition, then attached."""
    made = next((i for i in scene.new_indexes(table) if i.name == name), None)
    if made is None:
        return ()
    only = copy_of(stmt)
    only.relation.inh = False
    named = copy_of(constraint)
    named.conname = name
    return (brief(write_command(only, _add(named))), *_below(scene, stmt, constraint, made))


def _below(scene: Scene, stmt: Any, constraint: Any, index: Index) -> Iterator[Step]:
    """Yield the steps that give each partition the constraint, and attach its index."""
    for below in scene.below(index):
        definition = parse_index(below.definition)
        one = copy_of(stmt)
        one.relation.CopyFrom(definition.relation)
        if below.is_partitioned:
            named = copy_of(constraint)
            named.conname = below.name
            yield brief(write_command(one, _add(named)))
            yield from _below(scene, stmt, constraint, below)
        else:
            definition.concurrent = True
            yield long(write("index_stmt", definition))
            yield brief(write_command(one, _add(using_index(constraint, below.name))))
        yield attach_index(index, below)


def not_null_steps(scene: Scene, stmt: Any, column: str) -> tuple[Step, ...]:
    """Return SET NOT NULL by a valid CHECK, which then goes: no row is read under its lock."""
    seat = scene.seat(stmt.relation)
    table, name = name_of(stmt.relation), quote_identifier(column)
    check = quote_identifier(made_name(seat.name if seat else "", column, "is_there"))
    return (
        brief(f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID"),
        long(f"ALTER TABLE {table} VALIDATE CONSTRAINT {check}"),
        brief(f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL"),
        brief(f"ALTER TABLE {table} DROP CONSTRAINT {check}"),
    )
