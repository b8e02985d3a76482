# SPDX-License-Identifier: Apache-2.0
"""Names for what a plan makes for a while only: none that anything has, and short enough."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bedstone.plan.side import stands_on_index

if TYPE_CHECKING:
    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Scene
    from bedstone.plan.side import Side

#: In bytes: PostgreSQL cuts longer ones.
_LONGEST = 63
_DIGEST = 8
_RELATIONS = frozenset(
    {"table", "foreign table", "view", "materialized view", "index", "sequence", "composite"}
)
_TYPES = frozenset({"enum", "domain", "range", "base type", "shell type"})


def made_name(name: str, taken: frozenset[str] = frozenset(), *, word: str = "bedstone") -> str:
    """Return a name for what stands in for *name*, that is not among those *taken*."""
    wanted = f"{word}_{name}"
    number = 1
    while (found := _cut(wanted)) in taken:
        number += 1
        wanted = f"{word}{number}_{name}"
    return found


def _cut(name: str) -> str:
    """Return a name of at most 63 bytes; two long ones that begin alike stay apart."""
    text = name.encode()
    if len(text) <= _LONGEST:
        return name
    digest = hashlib.sha256(text).hexdigest()[:_DIGEST]
    head = text[: _LONGEST - _DIGEST - 1].decode("utf-8", "ignore")
    return f"{head}_{digest}"


def relation_name(key: Key, scene: Scene) -> str:
    """Return a name for what stands in for a table, index or key of the same schema."""
    return made_name(key.name, _relations(key.schema, scene.a) | _relations(key.schema, scene.b))


def part_name(table: Key, kind: str, name: str, scene: Scene) -> str:
    """Return a name for a column, constraint or trigger of *table*."""
    return made_name(name, parts_of(table, kind, scene))


def parts_of(table: Key, kind: str, scene: Scene) -> frozenset[str]:
    """Return the names of the columns, constraints or triggers of *table* on both sides."""
    return frozenset(
        part.name
        for side in (scene.a, scene.b)
        for part in side.parts.get(table, ())
        if part.kind == kind
    )


def _relations(schema: str | None, side: Side) -> frozenset[str]:
    return side.names("relations", schema, _is_relation)


def _is_relation(item: Object) -> bool:
    return item.key.kind in _RELATIONS or stands_on_index(item)


def type_name(key: Key, scene: Scene, *, word: str = "bedstone") -> str:
    """Return a name for what stands in for a type of the same schema."""
    sides = (scene.a, scene.b)
    taken = [side.names("types", key.schema, _is_type) for side in sides]
    return made_name(key.name, frozenset().union(*taken), word=word)


def _is_type(item: Object) -> bool:
    return item.key.kind in _TYPES or item.key.kind in _RELATIONS - {"index"}


def routine_name(schema: str | None, name: str, scene: Scene) -> str:
    """Return a name for a function of *schema*."""
    sides = (scene.a, scene.b)
    taken = [side.names("routines", schema, _is_routine) for side in sides]
    return made_name(name, frozenset().union(*taken))


def _is_routine(item: Object) -> bool:
    return item.key.kind in {"function", "procedure", "aggregate"}
