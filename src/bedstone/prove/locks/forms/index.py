# SPDX-License-Identifier: Apache-2.0
"""Indexes built, built again and dropped while everybody goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import postgast

from bedstone.prove.locks.forms.form import Form, Step, brief, long
from bedstone.prove.locks.forms.scene import copy_of, name_of, write
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.prove.locks.forms.scene import Scene
    from bedstone.prove.locks.ground import Index

OUTSIDE = "outside of a transaction block"
_BUILD = f"build it CONCURRENTLY, {OUTSIDE}"


def create_index(scene: Scene, stmt: Any) -> Form:
    """Return CREATE INDEX CONCURRENTLY; for a partitioned table, one for each partition."""
    table = scene.seat(stmt.relation)
    if table is not None and table.kind == "p" and stmt.relation.inh:
        made = scene.new_indexes(table)
        if len(made) != 1:
            return Form(f"{_BUILD}, on each partition, and attach them to one made ON ONLY")
        return partitioned_index(scene, made[0], stmt)
    copy = copy_of(stmt)
    copy.concurrent = True
    return Form(_BUILD, (long(write("index_stmt", copy)),))


def partitioned_index(scene: Scene, index: Index, stmt: Any) -> Form:
    """Return the index on the parent alone, then one on each partition, then attached."""
    copy = copy_of(stmt)
    copy.relation.inh = False
    copy.idxname = index.name
    words = "build it on each partition CONCURRENTLY and attach it to one that is made ON ONLY"
    steps = (brief(write("index_stmt", copy)), *attach_below(scene, index))
    return Form(words, steps)


def attach_below(scene: Scene, index: Index) -> Iterator[Step]:
    """Yield the steps that build what is attached to a partitioned index, and attach it."""
    for below in scene.below(index):
        definition = parse_index(below.definition)
        definition.concurrent = not below.is_partitioned
        text = write("index_stmt", definition)
        if below.is_partitioned:
            yield brief(text)
            yield from attach_below(scene, below)
        else:
            yield long(text)
        yield attach_index(index, below)


def attach_index(index: Index, below: Index) -> Step:
    """Return the step that makes a partition's index part of its parent's."""
    names = [quote_identifier(i.schema, i.name) for i in (index, below)]
    return brief(f"ALTER INDEX {names[0]} ATTACH PARTITION {names[1]}")


def parse_index(definition: str) -> Any:
    """Return the tree of an index's definition."""
    return copy_of(postgast.parse(definition).stmts[0].stmt.index_stmt)


def drop_index(stmt: Any) -> Form | None:
    """Return DROP INDEX CONCURRENTLY, which takes one index at a time; ``None`` for the rest."""
    if postgast.pg_query_pb2.ObjectType.Name(stmt.remove_type) != "OBJECT_INDEX":
        return None
    if stmt.concurrent:
        return None
    steps = []
    for item in stmt.objects:
        copy = copy_of(stmt)
        copy.concurrent = True
        copy.behavior = postgast.pg_query_pb2.DropBehavior.Value("DROP_RESTRICT")
        del copy.objects[:]
        copy.objects.add().CopyFrom(item)
        steps.append(long(write("drop_stmt", copy)))
    return Form(f"drop it CONCURRENTLY, {OUTSIDE}", tuple(steps))


def reindex(stmt: Any) -> Form:
    """Return REINDEX CONCURRENTLY."""
    kind = postgast.pg_query_pb2.ReindexObjectType.Name(stmt.kind).removeprefix("REINDEX_OBJECT_")
    name = name_of(stmt.relation) if stmt.relation.relname else quote_identifier(stmt.name)
    words = f"build it again CONCURRENTLY, {OUTSIDE}"
    return Form(words, (long(f"REINDEX {kind} CONCURRENTLY {name}"),))
