# SPDX-License-Identifier: Apache-2.0
"""New columns whose value each row has to be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.prove.locks.forms.constraint import add_constraint, kind_of, not_null_steps
from bedstone.prove.locks.forms.form import Form, Step, brief, joined
from bedstone.prove.locks.forms.rows import backfill
from bedstone.prove.locks.forms.scene import (
    copy_of,
    made_name,
    name_of,
    write_command,
    write_expression,
)
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.ground import Seat

_SERIAL = {
    "serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8",
    "smallserial": "int2", "serial2": "int2",
}  # fmt: skip
#: What stands in a column's definition and becomes a step of its own.
_APART = frozenset({"CONSTR_UNIQUE", "CONSTR_PRIMARY", "CONSTR_CHECK", "CONSTR_FOREIGN"})
_WORDS = "add it without a value, give it the default, fill it in batches"


def add_column(scene: Scene, stmt: Any, command: Any) -> Form | None:
    """Return the safe form of ADD COLUMN, ``None`` where it is safe as it is."""
    table = scene.seat(stmt.relation)
    if table is None:
        return None
    adding = _Adding(scene, stmt, command, table)
    found = {kind_of(c.constraint): c.constraint for c in adding.column.constraints}
    if "CONSTR_GENERATED" in found:
        return adding.generated(found["CONSTR_GENERATED"])
    if "CONSTR_IDENTITY" in found:
        return adding.identity(found["CONSTR_IDENTITY"])
    if adding.serial is not None:
        return adding.numbered()
    return adding.plain(found)


class _Adding:
    """One ADD COLUMN and its parts."""

    def __init__(self, scene: Scene, stmt: Any, command: Any, table: Seat) -> None:
        self._scene = scene
        self._stmt = stmt
        self._command = command
        self._table = table
        self.column = getattr(command, "def").column_def
        self._name = name_of(stmt.relation)
        self._quoted = quote_identifier(self.column.colname)
        word = self.column.type_name.names[-1].string.sval
        self.serial = _SERIAL.get(word) if len(self.column.type_name.names) == 1 else None

    def plain(self, found: dict[str, Any]) -> Form | None:
        """A column with a default that each row is given anew, or that has to have a value."""
        default, required = found.get("CONSTR_DEFAULT"), "CONSTR_NOTNULL" in found
        fill = default is not None and self._scene.is_rewritten
        apart = joined(self._apart())
        if not fill and not (required and default is None):
            return Form(_WORDS, (self._bare(_APART),)).then(apart) if apart else None
        steps = [self._bare({*_APART, "CONSTR_DEFAULT", "CONSTR_NOTNULL"})]
        remark = None
        if default is not None:
            value = write_expression(default.raw_expr)
            steps.append(self._default(value))
        else:
            value = "…"
            remark = "… stands for the value that the rows there are to have."
        steps.append(self._fill(value))
        if required:
            steps += not_null_steps(self._scene, self._stmt, self.column.colname)
        form = Form(_WORDS + (", then SET NOT NULL" if required else ""), tuple(steps), remark)
        return form.then(apart) if apart else form

    def _apart(self) -> list[Form]:
        """Return the constraints of the definition as constraints of the table."""
        forms = []
        for item in self.column.constraints:
            if kind_of(item.constraint) not in _APART:
                continue
            constraint = copy_of(item.constraint)
            names = constraint.fk_attrs if constraint.HasField("pktable") else constraint.keys
            names.add().string.sval = self.column.colname
            if kind_of(constraint) == "CONSTR_CHECK":
                del constraint.keys[:]
            form = add_constraint(self._scene, self._stmt, constraint)
            forms += [form] if form else []
        return forms

    def numbered(self) -> Form:
        """A serial: its sequence, default and owner made one by one."""
        column = self._scene.traced.details.column(self._table.oid, self.column.colname)
        sequence = column.sequence if column is not None and column.sequence else None
        sequence = sequence or quote_identifier(
            self._table.schema, made_name(self._table.name, self.column.colname, "seq")
        )
        steps = (
            self._bare({"CONSTR_NOTNULL", *_APART}),
            brief(f"CREATE SEQUENCE {sequence} AS {self.serial}"),
            brief(f"ALTER SEQUENCE {sequence} OWNED BY {self._name}.{self._quoted}"),
            *self._count(sequence),
        )
        form = Form(_WORDS + " from its sequence, then SET NOT NULL", steps)
        apart = joined(self._apart())
        return form.then(apart) if apart else form

    def identity(self, constraint: Any) -> Form:
        """An identity: filled from a sequence that is there for a while only."""
        kind = "ALWAYS" if constraint.generated_when == "a" else "BY DEFAULT"
        sequence = quote_identifier(
            self._table.schema, made_name(self._table.name, self.column.colname, "fill")
        )
        owned = f"{quote_literal(self._name)}, {quote_literal(self.column.colname)}"
        head = f"ALTER TABLE {self._name} ALTER COLUMN {self._quoted}"
        steps = (
            self._bare({"CONSTR_IDENTITY", "CONSTR_NOTNULL", *_APART}),
            brief(f"CREATE SEQUENCE {sequence}"),
            *self._count(sequence),
            brief(
                f"{head} DROP DEFAULT",
                f"{head} ADD GENERATED {kind} AS IDENTITY",
                f"SELECT setval(pg_get_serial_sequence({owned}), "
                f"nextval({quote_literal(sequence)}), false)",
                f"DROP SEQUENCE {sequence}",
            ),
        )
        remark = "Options of the identity are to be repeated in ADD GENERATED."
        return Form(
            _WORDS + ", then make it an identity", steps, remark if constraint.options else None
        )

    def generated(self, constraint: Any) -> Form | None:
        """A stored generated column: an ordinary one, kept by a trigger."""
        if constraint.generated_kind == "v":
            return None
        value = write_expression(constraint.raw_expr)
        function = quote_identifier(made_name(self._table.name, self.column.colname, "fill"))
        new = write_expression(of_new_row(constraint.raw_expr))
        steps = (
            self._bare({"CONSTR_GENERATED", *_APART}),
            *keep_up(function, self._name, f"new.{self._quoted} := {new}"),
            self._fill(value),
        )
        return Form(
            "add an ordinary column, kept by a trigger and filled in batches",
            steps,
            "PostgreSQL cannot make a column that is there a generated one; from 18 on, "
            "GENERATED … VIRTUAL rewrites nothing.",
            same=False,
        )

    def _bare(self, without: set[str] | frozenset[str]) -> Step:
        command = copy_of(self._command)
        column = getattr(command, "def").column_def
        kept = [copy_of(c) for c in column.constraints if kind_of(c.constraint) not in without]
        del column.constraints[:]
        for item in kept:
            column.constraints.add().CopyFrom(item)
        if self.serial is not None:
            column.type_name.names[0].string.sval = "pg_catalog"
            column.type_name.names.add().string.sval = self.serial
        return brief(write_command(self._stmt, command))

    def _count(self, sequence: str) -> tuple[Step, ...]:
        value = f"nextval({quote_literal(sequence)})"
        filled = self._default(value), self._fill(value)
        return (*filled, *not_null_steps(self._scene, self._stmt, self.column.colname))

    def _default(self, value: str) -> Step:
        return brief(f"ALTER TABLE {self._name} ALTER COLUMN {self._quoted} SET DEFAULT {value}")

    def _fill(self, value: str) -> Step:
        return backfill(self._scene, self._table, self._name, self.column.colname, value=value)


def keep_up(function: str, table: str, assignment: str) -> tuple[Step, ...]:
    """Return the trigger that gives each row that is written a column's value."""
    return (
        brief(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ begin {assignment}; return new; end $$"
        ),
        brief(
            f"CREATE TRIGGER {function} BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        ),
    )


def of_new_row(expression: Any) -> Any:
    """Return an expression with each column as that of a trigger's new row."""
    copy = copy_of(expression)
    for reference in column_references(copy):
        last = copy_of(reference.fields[-1])
        del reference.fields[:]
        reference.fields.add().string.sval = "new"
        reference.fields.add().CopyFrom(last)
    return copy


def column_references(message: Any) -> list[Any]:
    """Return every reference to a column in a tree."""
    found = []
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if descriptor.name == "column_ref":
            found.append(value)
            continue
        values = [value] if hasattr(value, "ListFields") else list(value)
        for item in values:
            found += column_references(item)
    return found
