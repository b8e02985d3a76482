# SPDX-License-Identifier: Apache-2.0
"""The rows of a table that has to be made anew: put aside, and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.recasting import recast
from bedstone.plan.kinds.sequences import go_on
from bedstone.plan.spelling import path
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Scene


def _aside(key: Key) -> str:
    return quote_identifier(key.schema or "", f"bedstone_rows_{key.name}"[:63])


def holds_rows(key: Key, scene: Scene) -> bool:
    """Whether a table has rows that are in none of its partitions, or in one that goes."""
    if not scene.a.is_partitioned(key):
        return True
    dependants = scene.a.dependants.get(key, frozenset())
    return any(
        child.kind == "table"
        and child not in scene.b
        and scene.a[child].attributes["partition_of"] == key.path
        for child in dependants
    )


def save(item: Object, scene: Scene) -> Iterator[Statement]:
    """Copy the rows into a table beside; those of partitions that go are among them."""
    key = item.key
    yield Statement(
        f"lock table {path(key)} in access exclusive mode", key, "nobody writes meanwhile",
        LockMode.ACCESS_EXCLUSIVE, path(key),
    )  # fmt: skip
    if not holds_rows(key, scene):
        return
    only = "" if scene.a.is_partitioned(key) else "only "
    yield Statement(
        f"create table {_aside(key)} as select * from {only}{path(key)}", key,
        "the table cannot be changed where it is", LockMode.ACCESS_EXCLUSIVE, path(key),
        (Hazard.BLOCKS,),
    )  # fmt: skip


def load(item: Object, scene: Scene) -> Iterator[Statement]:
    """Bring the rows back, and every sequence behind them."""
    key = item.key
    if not holds_rows(key, scene):
        return
    old = {column.key.name: column for column in scene.a.columns(key)}
    targets, sources, identity = [], [], False
    for column in scene.b.columns(key):
        name = quote_identifier(column.key.name)
        before = old.get(column.key.name)
        if before is None or column.attributes["generated"]:
            continue
        found = recast(name, before, column, scene)
        if found is not None:
            targets.append(name)
            sources.append(found.using or name)
            identity = identity or column.attributes["identity"] == "always"
    if targets:
        overriding = " overriding system value" if identity else ""
        yield Statement(
            f"insert into {path(key)} ({', '.join(targets)}){overriding} "
            f"select {', '.join(sources)} from {_aside(key)}",
            key, "the rows come back", LockMode.ROW_EXCLUSIVE, path(key),
            (Hazard.BLOCKS, Hazard.MAY_FAIL),
        )  # fmt: skip
    yield from _sequences(key, scene)
    lost = tuple(
        column.key for name, column in old.items()
        if not column.attributes["generated"] and quote_identifier(name) not in targets
    )  # fmt: skip
    hazards = (Hazard.LOSES_DATA,) if lost else ()
    yield Statement(f"drop table {_aside(key)}", key, hazards=hazards, losses=lost)


def _sequences(key: Key, scene: Scene) -> Iterator[Statement]:
    for part in scene.b.parts.get(key, ()):
        column = scene.b[part].owning_column if part.kind == "sequence" else None
        if column is not None:
            yield go_on(part, column, scene)
