# SPDX-License-Identifier: Apache-2.0
"""Composite types with their attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.plan.kinds.recasting import attributes_of, lost_attributes
from bedstone.plan.kinds.types import Replaced
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.spelling import path
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change, Scene
    from bedstone.plan.side import Side


class Composites(Replaced):
    """Composite types with their attributes."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the type with its attributes."""
        yield Statement(
            f"create type {path(item.key)} as ({_attributes(item.key, scene.b)})", item.key
        )

    def can_stay(self, change: Change) -> bool:
        """Whether attributes are changed one by one: a new one comes at the end."""
        return not change.has("attribute_order")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace the type where that is not enough; all else is done to the attributes."""
        if not self.can_stay(change):
            yield from self.replace(change)

    def clear(self, key: Key, scene: Scene) -> Iterator[Statement]:
        """Drop the old form, with what attributes hold that the new one has not."""
        lost = lost_attributes(key, scene)
        hazards = (Hazard.LOSES_DATA,) if lost else ()
        for statement in super().clear(key, scene):
            yield replace(statement, hazards=hazards, losses=lost)


def _attributes(key: Key, side: Side) -> str:
    return ", ".join(_attribute(item) for item in attributes_of(key, side))


def _attribute(item: Object) -> str:
    collate = f" collate {item.attributes['collation']}" if item.attributes["collation"] else ""
    return f"{quote_identifier(item.key.name)} {item.attributes['type']}{collate}"


class AttributesOfTypes(Writer):
    """Attributes of composite types."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Add it."""
        yield Statement(f"alter type {_type(item.key)} add attribute {_attribute(item)}", item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop it with its values."""
        name = quote_identifier(item.key.name)
        yield Statement(
            f"alter type {_type(item.key)} drop attribute {name}", item.key,
            hazards=(Hazard.LOSES_DATA,),
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether the type of the attribute is the question, or only where it stands."""
        return change.only("type", "collation", "position")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the attribute's type."""
        if change.has("type", "collation"):
            name = quote_identifier(change.key.name)
            after = change.after
            collate = f" collate {after['collation']}" if after["collation"] else ""
            yield Statement(
                f"alter type {_type(change.key)} alter attribute {name} set data type "
                f"{after['type']}{collate}",
                change.key,
            )


def _type(key: Key) -> str:
    return quote_identifier(key.schema or "", key.parent or "")
