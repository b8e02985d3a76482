# SPDX-License-Identifier: Apache-2.0
"""Which safe form a statement has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.prove.locks.forms import column, column_type, constraint, index, partition, rows
from bedstone.prove.locks.forms.form import Form, brief, joined, long
from bedstone.prove.locks.forms.scene import name_of, write_command
from bedstone.prove.locks.reading import read_sentence, subtype

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.reading import Sentence

    _OfStatement = Callable[[Scene, Any], Form | None]
    _OfCommand = Callable[[Scene, Any, Any], Form | None]

_COPY = Form(
    "PostgreSQL has no such form: the whole table is written anew under the lock; pg_repack and "
    "pg_squeeze do it beside the table"
)
_NOT_NULL = (
    "prove it first by a CHECK that is VALIDATEd, and PostgreSQL reads no row; from 18 on, ADD "
    "CONSTRAINT … NOT NULL … NOT VALID does as well"
)


def safe_form(scene: Scene) -> Form | None:
    """Return how the scene's statement is done without holding anybody up, if that is known."""
    found = joined(
        form for s in scene.effect.sentences if (form := _of_sentence(scene, s)) is not None
    )
    return found or _of_new_indexes(scene)


def apart(scene: Scene, worker: Scene) -> Form:
    """Return two statements in transactions of their own; the second in its safe form."""
    words = "let each be a transaction of its own"
    first = Form(words, tuple(brief(sql) for sql in scene.effect.statement.sql))
    form = safe_form(worker)
    if form is None:
        return first.then(Form(words, tuple(long(s) for s in worker.effect.statement.sql)))
    return first.then(form) if form.steps else Form(f"{words}; {form.words}", remark=form.remark)


def _of_sentence(scene: Scene, sentence: Sentence) -> Form | None:
    form = _OF_STATEMENTS.get(sentence.kind)
    return None if sentence.node is None or form is None else form(scene, sentence.node)


def _alter_table(scene: Scene, stmt: Any) -> Form | None:
    """Return the safe form of each command, those that are safe as they are between them."""
    commands = [item.alter_table_cmd for item in stmt.cmds]
    forms = [_of_command(scene, stmt, command) for command in commands]
    first = next((form for form in forms if form is not None), None)
    if first is None:
        return None
    plain = [Form(first.words, (brief(write_command(stmt, c)),)) for c in commands]
    return joined(form or other for form, other in zip(forms, plain, strict=True))


def _of_command(scene: Scene, stmt: Any, command: Any) -> Form | None:
    form = _OF_COMMANDS.get(subtype(command))
    return None if form is None else form(scene, stmt, command)


def _add_constraint(scene: Scene, stmt: Any, command: Any) -> Form | None:
    return constraint.add_constraint(scene, stmt, getattr(command, "def").constraint)


def _set_not_null(scene: Scene, stmt: Any, command: Any) -> Form:
    return Form(_NOT_NULL, constraint.not_null_steps(scene, stmt, command.name))


def _no_form(*_: Any) -> Form:
    return _COPY


def _refresh(scene: Scene, stmt: Any) -> Form | None:
    if stmt.concurrent:
        return None
    seat = scene.seat(stmt.relation)
    unique = seat is not None and any(
        i.is_unique and i.table_oid == seat.oid for i in scene.traced.details.indexes
    )
    name = name_of(stmt.relation)
    words = "refresh it CONCURRENTLY, which readers do not notice"
    refresh = long(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}")
    if unique:
        return Form(words, (refresh,))
    index = long(f"CREATE UNIQUE INDEX CONCURRENTLY ON {name} (…)")
    remark = "… stands for columns that no two rows share."
    return Form(words, (index, refresh), remark, same=False)


def _vacuum(_: Scene, stmt: Any) -> Form:
    names = [name_of(item.vacuum_relation.relation) for item in stmt.rels]
    words = "a plain VACUUM makes the room free for new rows; pg_repack gives it back to the disk"
    return Form(words, tuple(long(f"VACUUM (ANALYZE) {name}") for name in names))


def _of_new_indexes(scene: Scene) -> Form | None:
    """Return the safe form of indexes that were built where no text tells of them."""
    made = [i for i in scene.traced.details.indexes if i.oid in scene.created]
    tops = [i for i in made if i.above is None or i.above not in scene.created]
    forms = []
    for item in tops:
        node = read_sentence(item.definition, "index").node
        if node is not None and item.is_partitioned:
            forms.append(index.partitioned_index(scene, item, node))
        elif node is not None:
            forms.append(index.create_index(scene, node))
    return joined(forms)


_OF_STATEMENTS: dict[str, _OfStatement] = {
    "alter_table": _alter_table,
    "index": index.create_index,
    "drop": lambda _, stmt: index.drop_index(stmt),
    "reindex": lambda _, stmt: index.reindex(stmt),
    "create": partition.create_partition,
    "refresh_mat_view": _refresh,
    "cluster": _no_form,
    "vacuum": _vacuum,
    "update": lambda scene, stmt: rows.rows_form(scene, "update", stmt),
    "delete": lambda scene, stmt: rows.rows_form(scene, "delete", stmt),
}
_OF_COMMANDS: dict[str, _OfCommand] = {
    "AT_AddConstraint": _add_constraint,
    "AT_SetNotNull": _set_not_null,
    "AT_AddColumn": column.add_column,
    "AT_AlterColumnType": column_type.change_type,
    "AT_AttachPartition": partition.attach,
    "AT_DetachPartition": partition.detach,
    "AT_SetLogged": _no_form,
    "AT_SetUnLogged": _no_form,
    "AT_SetTableSpace": _no_form,
    "AT_SetAccessMethod": _no_form,
}
