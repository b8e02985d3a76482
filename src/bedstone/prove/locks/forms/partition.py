# SPDX-License-Identifier: Apache-2.0
"""Partitions attached and detached while everybody goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.prove.locks.forms.form import Form, brief, long
from bedstone.prove.locks.forms.scene import (
    copy_of,
    made_name,
    name_of,
    write,
    write_command,
)
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.prove.locks.forms.form import Step
    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.ground import Partition

_WORDS = "put a valid CHECK of the bounds on it first; it is dropped again afterwards"


def attach(scene: Scene, stmt: Any, command: Any) -> Form | None:
    """Return ATTACH PARTITION behind CHECKs that say what it would have to look for."""
    relation = getattr(command, "def").partition_cmd.name
    parent = scene.seat(stmt.relation)
    if parent is None:
        return None
    steps = _around(scene, parent.oid, relation.relname, brief(write_command(stmt, command)))
    return Form(_WORDS, steps) if len(steps) > 1 else None


def create_partition(scene: Scene, stmt: Any) -> Form | None:
    """Return CREATE TABLE … PARTITION OF as a table that is attached."""
    if not stmt.HasField("partbound") or len(stmt.inh_relations) != 1:
        return None
    above = stmt.inh_relations[0].range_var
    parent = scene.seat(above)
    default = _default(scene, parent.oid) if parent is not None else None
    if parent is None or default is None:
        return None
    name = name_of(stmt.relation)
    bound = copy_of(stmt)
    del bound.table_elts[:]
    text = write("create_stmt", bound)
    values = text[text.index(" FOR VALUES ") :] if " FOR VALUES " in text else " DEFAULT"
    like = f"CREATE TABLE {name} (LIKE {name_of(above)} INCLUDING ALL)"
    attached = f"ALTER TABLE {name_of(above)} ATTACH PARTITION {name}{values}"
    new = _named(scene, stmt.relation.relname)
    if new is None or not new.condition:
        return None
    check, rest = _checked(str(default), default.name, f"NOT ({new.condition})")
    return Form(
        "make it a table of its own, and attach it behind a valid CHECK on the default partition",
        (brief(like), *check, brief(attached), rest),
    )


def _around(scene: Scene, parent: int, name: str, step: Step) -> tuple[Step, ...]:
    """Return *step* with a CHECK on the new and the default partition before, dropped after."""
    before: list[Step] = []
    after: list[Step] = []
    new = _named(scene, name)
    if new is None or not new.condition:
        return (step,)
    read = {scan.relation.oid for scan in scene.effect.statement.scans}
    conditions = [(new, new.condition), (_default(scene, parent), f"NOT ({new.condition})")]
    for partition, condition in conditions:
        if partition is not None and partition.oid in read:
            check, rest = _checked(str(partition), partition.name, condition)
            before += check
            after.append(rest)
    return (*before, step, *after)


def _named(scene: Scene, name: str) -> Partition | None:
    return next((p for p in scene.traced.details.partitions if p.name == name), None)


def _default(scene: Scene, parent: int) -> Partition | None:
    partitions = scene.traced.details.partitions
    return next((p for p in partitions if p.parent_oid == parent and p.is_default), None)


def _checked(table: str, name: str, condition: str) -> tuple[tuple[Step, ...], Step]:
    check = quote_identifier(made_name(name, "bounds"))
    head = f"ALTER TABLE {table}"
    return (
        brief(f"{head} ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID"),
        long(f"{head} VALIDATE CONSTRAINT {check}"),
    ), brief(f"{head} DROP CONSTRAINT {check}")


def detach(scene: Scene, stmt: Any, command: Any) -> Form | None:
    """Return DETACH PARTITION CONCURRENTLY."""
    copy = copy_of(command)
    partition = getattr(copy, "def").partition_cmd
    parent = scene.seat(stmt.relation)
    if partition.concurrent or (parent is not None and _default(scene, parent.oid)):
        return None
    partition.concurrent = True
    return Form(
        "detach it CONCURRENTLY, outside of a transaction block",
        (long(write_command(stmt, copy)),),
        "It leaves a CHECK of the bounds on the partition.",
        same=False,
    )
