# SPDX-License-Identifier: Apache-2.0
"""Another type for a column: beside the old one, filled, then swapped in a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.prove.locks.forms.column import column_references, keep_up, of_new_row
from bedstone.prove.locks.forms.constraint import not_null_steps
from bedstone.prove.locks.forms.form import Form, Step, brief, long
from bedstone.prove.locks.forms.index import parse_index
from bedstone.prove.locks.forms.rows import backfill
from bedstone.prove.locks.forms.scene import (
    made_name,
    name_of,
    write,
    write_expression,
    write_type,
)
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.ground import Index, Seat

_WORDS = "add a column of the new type, keep it by a trigger, fill it in batches, then swap"
_REMARK = (
    "Views, foreign keys and CHECKs on the column are to be made anew in the same way; the new "
    "column comes last."
)


def change_type(scene: Scene, stmt: Any, command: Any) -> Form | None:
    """Return ALTER COLUMN … TYPE as expand, fill and swap."""
    table = scene.seat(stmt.relation)
    if table is None:
        return None
    return _Change(scene, stmt, command, table).form()


class _Change:
    """One change of a column's type."""

    def __init__(self, scene: Scene, stmt: Any, command: Any, table: Seat) -> None:
        self._scene = scene
        self._stmt = stmt
        self._table = table
        self._column = command.name
        definition = getattr(command, "def").column_def
        self._type = write_type(definition.type_name)
        self._using = definition.raw_default if definition.HasField("raw_default") else None
        self._new = made_name(command.name, "new")
        self._name = name_of(stmt.relation)

    def form(self) -> Form:
        """Return the steps."""
        old, new = quote_identifier(self._column), quote_identifier(self._new)
        function = quote_identifier(made_name(self._table.name, self._column, "sync"))
        head = f"ALTER TABLE {self._name}"
        if self._using is not None:
            value, of_new = write_expression(self._using), write_expression(of_new_row(self._using))
        else:
            value, of_new = f"{old}::{self._type}", f"new.{old}::{self._type}"
        left = f"{new} is distinct from {value}"
        required = (self._table.oid, self._column) in self._scene.traced.before.required
        swap = [
            f"DROP TRIGGER {function} ON {self._name}",
            f"DROP FUNCTION {function}()",
            f"{head} DROP COLUMN {old}",
            f"{head} RENAME COLUMN {new} TO {old}",
            *(text for index in self._indexes() for text in self._swap_index(index)),
        ]
        steps: list[Step] = [
            brief(f"{head} ADD COLUMN {new} {self._type}"),
            *keep_up(function, self._name, f"new.{new} := {of_new}"),
            backfill(self._scene, self._table, self._name, self._new, value=value, left=left),
            *(not_null_steps(self._scene, self._stmt, self._new) if required else ()),
            *self._default(new),
            *(long(self._build(index)) for index in self._indexes()),
            brief(*swap),
        ]
        return Form(_WORDS, tuple(steps), _REMARK)

    def _default(self, new: str) -> tuple[Step, ...]:
        column = self._scene.traced.details.column(self._table.oid, self._column)
        if column is None or column.default_value is None:
            return ()
        sql = f"ALTER TABLE {self._name} ALTER COLUMN {new} SET DEFAULT {column.default_value}"
        return (brief(sql),)

    def _indexes(self) -> list[Index]:
        return [
            index
            for index in self._scene.traced.details.indexes
            if index.table_oid == self._table.oid and self._renamed(index)[1]
        ]

    def _build(self, index: Index) -> str:
        tree, _ = self._renamed(index)
        tree.idxname = self._beside(index)
        tree.concurrent = True
        return write("index_stmt", tree)

    def _renamed(self, index: Index) -> tuple[Any, int]:
        """Return an index's definition over the new column, and how often it named the old one."""
        tree = parse_index(index.definition)
        elements = [p.index_elem for p in (*tree.index_params, *tree.index_including_params)]
        named = [element for element in elements if element.name == self._column]
        for element in named:
            element.name = self._new
        fields = [reference.fields[-1].string for reference in column_references(tree)]
        referred = [field for field in fields if field.sval == self._column]
        for field in referred:
            field.sval = self._new
        return tree, len(named) + len(referred)

    def _beside(self, index: Index) -> str:
        return made_name(index.name[:59], "new")

    def _swap_index(self, index: Index) -> list[str]:
        beside, name = quote_identifier(self._beside(index)), quote_identifier(index.name)
        kinds = {
            constraint.kind
            for constraint in self._scene.traced.after.constraints.values()
            if (constraint.table_oid, constraint.name) == (self._table.oid, index.name)
        }
        for kind, word in (("p", "PRIMARY KEY"), ("u", "UNIQUE")):
            if kind in kinds:
                head = f"ALTER TABLE {self._name} ADD CONSTRAINT {name}"
                return [f"{head} {word} USING INDEX {beside}"]
        return [f"ALTER INDEX {quote_identifier(index.schema)}.{beside} RENAME TO {name}"]
