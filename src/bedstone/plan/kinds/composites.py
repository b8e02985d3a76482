# SPDX-License-Identifier: Apache-2.0
"""Composite types with their attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.kinds.types import Replaced, move
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import number
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

    def move(self, column: Object, scene: Scene) -> Iterator[Statement]:
        """Take each value apart, and put it together in the other order."""
        key, type_ = column.key, str(scene.b[column.key].attributes["type"])
        whole = next((k for k in scene.b.parts if k.kind == "composite" and k.path == type_), None)
        if type_.endswith("]"):
            raise NotPlannable(
                f"{key} holds arrays of a type that has to be made anew",
                detail="No expression without a query can take the elements of an array apart.",
                hint="Add a column of the new type, and fill it by hand.",
            )
        if whole is None:  # the column becomes one of another type
            yield from super().move(column, scene)
            return
        name = quote_identifier(key.name)
        old = {part.name for part in scene.a.parts.get(whole, ()) if part.kind == "attribute"}
        values = [
            f"({name}).{quote_identifier(part.key.name)}" if part.key.name in old else "null"
            for part in attributes_of(whole, scene.b)
        ]
        value = f"case when {name} is distinct from null then row({', '.join(values)})::{type_} end"
        yield from move(column, value, "attribute by attribute", scene)


def attributes_of(key: Key, side: Side) -> list[Object]:
    """Return the attributes of a composite type in their order."""
    found = [side[k] for k in side.parts.get(key, ()) if k.kind == "attribute"]
    return sorted(found, key=lambda item: number(item.attributes["position"]))


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
