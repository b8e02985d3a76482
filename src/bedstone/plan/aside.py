# SPDX-License-Identifier: Apache-2.0
"""What stands aside for a moment and comes back: defaults, types of tables, partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.attaching import detach
from bedstone.plan.kinds.columns import set_default, unset_default
from bedstone.plan.spelling import path
from bedstone.plan.statement import Statement
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object
    from bedstone.plan.change import Scene


def set_aside(item: Object, scene: Scene) -> Iterator[Statement]:
    """Take off the default of a column or domain, a table from its type, a partition."""
    if item.key.kind == "column":
        yield from unset_default(item)
    elif item.key.kind == "domain":
        if item.attributes["default"] is not None:
            yield Statement(f"alter domain {path(item.key)} drop default", item.key)
    elif item.attributes["of_type"]:
        table = path(item.key)
        yield Statement(
            f"alter table {table} not of", item.key, "", LockMode.ACCESS_EXCLUSIVE, table
        )
    else:
        yield from detach(item, scene)


def give_back(item: Object) -> Iterator[Statement]:
    """Give a default back; a partition is attached with all that it names."""
    if item.key.kind == "column":
        yield from set_default(item)
    elif item.attributes["default"] is not None:
        default = item.attributes["default"]
        yield Statement(f"alter domain {path(item.key)} set default {default}", item.key)
