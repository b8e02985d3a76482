# SPDX-License-Identifier: Apache-2.0
"""Which safe form a statement has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.prove.locks.forms import column, column_type, constraint, index, partition, rows
from bedstone.prove.locks.forms.form import Form, brief, joined, long
from bedstone.prove.locks.forms.scene import name_of, write_command
from bedstone.prove.locks.reading import read_sentence, subtype

if TYPE_CHECKING:
    from bedstone.prove.locks.effects import Effect
    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.reading import Sentence

_COPY = (
    "PostgreSQL has no such form: the whole table is written anew under the lock; pg_repack and "
    "pg_squeeze do it beside the table"
)
_WHOLE = frozenset({"AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod"})


def safe_form(scene: Scene) -> Form | None:
    """Return how the scene's statement is done without holding anybody up, if that is known."""
    forms = [_of_sentence(scene, sentence) for sentence in scene.effect.sentences]
    forms += [_of_new_index(scene)] if not any(forms) else []
    return joined(form for form in forms if form is not None)


def apart(scene: Scene, worker: Scene) -> Form:
    """Return two statements in transactions of their own; the second in its safe form."""
    words = "let each be a transaction of its own"
    first = tuple(brief(sql) for sql in scene.effect.statement.sql)
    form = safe_form(worker)
    if form is None:
        form = Form(words, tuple(long(sql) for sql in worker.effect.statement.sql))
    elif not form.steps:
        return Form(f"{words}; {form.words}")
    return Form(f"{words}; {form.words}" if form.words != words else words, first).then(form)


def _of_sentence(scene: Scene, sentence: Sentence) -> Form | None:
    kind, node = sentence.kind, sentence.node
    if node is None:
        return None
    if kind == "alter_table":
        return _alter_table(scene, node)
    if kind == "index":
        return None if node.concurrent else index.create_index(scene, node)
    if kind in {"update", "delete"}:
        return rows.rows_form(scene, kind, node)
    if kind == "drop":
        return index.drop_index(node)
    if kind == "reindex":
        return index.reindex(node)
    if kind == "create":
        return partition.create_partition(scene, node)
    if kind == "refresh_mat_view":
        return _refresh(scene, node)
    if kind == "vacuum":
        names = [name_of(item.vacuum_relation.relation) for item in node.rels]
        steps = tuple(long(f"VACUUM (ANALYZE) {name}") for name in names)
        words = "a plain VACUUM makes the room free for new rows; pg_repack gives it back"
        return Form(words, steps, same=True)
    return Form(_COPY) if kind == "cluster" else None


def _alter_table(scene: Scene, stmt: Any) -> Form | None:
    """Return the safe form of each command, those that are safe as they are between them."""
    found: list[tuple[Form | None, str]] = []
    for item in stmt.cmds:
        command = item.alter_table_cmd
        found.append((_command(scene, stmt, command), write_command(stmt, command)))
    if not any(form for form, _ in found):
        return None
    first = next(form for form, _ in found if form is not None)
    return joined(form or Form(first.words, (brief(text),)) for form, text in found)


def _command(scene: Scene, stmt: Any, command: Any) -> Form | None:
    name = subtype(command)
    if name == "AT_AddConstraint":
        return constraint.add_constraint(scene, stmt, getattr(command, "def").constraint)
    if name == "AT_SetNotNull":
        steps = constraint.not_null_steps(scene, stmt, command.name)
        return Form(
            "prove it first by a CHECK that is VALIDATEd; PostgreSQL then reads no row; "
            "from 18 on, ADD CONSTRAINT … NOT NULL … NOT VALID does as well",
            steps,
        )
    if name == "AT_AddColumn":
        return column.add_column(scene, stmt, command)
    if name == "AT_AlterColumnType":
        return column_type.change_type(scene, stmt, command)
    if name == "AT_AttachPartition":
        return partition.attach(scene, stmt, command)
    if name == "AT_DetachPartition":
        return partition.detach(scene, stmt, command)
    return Form(_COPY) if name in _WHOLE else None


def _refresh(scene: Scene, stmt: Any) -> Form:
    seat = scene.seat(stmt.relation)
    unique = seat is not None and any(
        i.is_unique and i.table_oid == seat.oid for i in scene.traced.details.indexes
    )
    name = name_of(stmt.relation)
    steps = [long(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}")]
    words = "refresh it CONCURRENTLY, which readers do not notice"
    if unique:
        return Form(words, tuple(steps))
    steps.insert(0, long(f"CREATE UNIQUE INDEX CONCURRENTLY ON {name} (…)"))
    return Form(words, tuple(steps), "… stands for columns that no two rows share.", same=False)


def _of_new_index(scene: Scene) -> Form | None:
    """Return the safe form of indexes that were built where no text tells of them."""
    effect: Effect = scene.effect
    made = [i for i in scene.traced.details.indexes if i.oid in scene.created]
    tops = [i for i in made if i.above is None or i.above not in scene.created]
    forms = []
    for item in tops:
        node = read_sentence(item.definition, "index").node
        if node is not None and effect.grips:
            forms.append(
                index.partitioned_index(scene, item, node)
                if item.is_partitioned
                else index.create_index(scene, node)
            )
    return joined(forms)
