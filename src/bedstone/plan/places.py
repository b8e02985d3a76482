# SPDX-License-Identifier: Apache-2.0
"""The names that an object takes: another one can have them only when it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog.kinds import RELATIONS
from bedstone.plan.side import stands_on_index

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.catalog import Key
    from bedstone.plan.side import Side

#: Kinds whose names are in one space: a new table cannot have the name of an old view.
_SPACES = {
    **dict.fromkeys((*RELATIONS, "index", "sequence", "composite"), "relation"),
    **dict.fromkeys(("enum", "domain", "range", "base type"), "type"),
    **dict.fromkeys(("function", "procedure", "aggregate"), "routine"),
}


def places(key: Key, side: Side) -> Iterable[tuple[str, str | None, str]]:
    """Yield the places that *key* takes: its names, and that of its table's one primary key."""
    space = _SPACES.get(key.kind)
    if space is not None:
        yield (space, key.schema, key.name)  # of routines: a call could be of two of them
    if space == "relation" and key.kind != "index":
        yield ("type", key.schema, key.name)
    if stands_on_index(side[key]):
        yield ("relation", key.schema, key.name)
        if side[key].attributes["type"] == "primary key":
            yield ("primary key", key.schema, key.parent or "")
