# SPDX-License-Identifier: Apache-2.0
"""Types that are made anew: how values come to them, and what stands in for them meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes
from bedstone.plan.casts import Conversion, conversion
from bedstone.plan.references import retyped
from bedstone.plan.side import number
from bedstone.plan.stand_in import type_name
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Scene
    from bedstone.plan.side import Side


def recast(
    name: str, old: Object, new: Object, scene: Scene, *, beside: bool = False
) -> Conversion | None:
    """Return how column *name* comes to its other type, or to the same one that is made anew.

    *beside* says that twins of types stand in for them.
    """
    before, after = str(old.attributes["type"]), str(new.attributes["type"])
    return _value(name, before, after, scene, beside=beside)


def _value(name: str, before: str, after: str, scene: Scene, *, beside: bool) -> Conversion | None:
    type_ = by_twins(after, scene) if beside else after
    key = remade(before, scene)
    if before != after or key is None:
        return conversion(name, before, type_, scene.b)
    if is_taken_apart(before, scene):
        if before.endswith("]"):
            return None
        if key.kind == "composite":
            return _by_attributes(name, key, type_, scene)
        first, then = (str(side[key].attributes["type"]) for side in (scene.a, scene.b))
        found = _value(name, first, then, scene, beside=beside)
        return found and found._replace(using=f"({found.using})::{type_}")
    array = "[]" if before.endswith("]") else ""
    return Conversion(f"{name}::text{array}::{type_}", exact=True)


def is_taken_apart(type_: str, scene: Scene) -> bool:
    """Whether values of a type that is made anew go over by their attributes."""
    key = remade(type_, scene)
    if key is None or key.kind != "domain":
        return key is not None and key.kind == "composite"
    return is_taken_apart(str(scene.a[key].attributes["type"]), scene)


def _by_attributes(name: str, key: Key, type_: str, scene: Scene) -> Conversion:
    """Take each value apart, and put it together in the other order."""
    values, exact = [], True
    for part in attributes_of(key, scene.b):
        found = _attribute(name, part.key, scene)
        values.append(found.using or "null" if found is not None else "null")
        exact = exact and (found is None or found.exact)
    row = f"row({', '.join(values)})::{type_}"
    return Conversion(f"case when {name} is distinct from null then {row} end", exact=exact)


def _attribute(name: str, part: Key, scene: Scene) -> Conversion | None:
    """Return how an attribute comes to its other type; ``None`` where it comes from nowhere."""
    if part not in scene.a:
        return None
    value = f"({name}).{quote_identifier(part.name)}"
    before, after = (str(side[part].attributes["type"]) for side in (scene.a, scene.b))
    found = _value(value, before, after, scene, beside=False)
    return found and found._replace(using=found.using or value)


def lost_attributes(key: Key, scene: Scene) -> tuple[Key, ...]:
    """Return the attributes of a type that is made anew whose values do not go over."""
    old = (part.key for part in attributes_of(key, scene.a))
    return tuple(k for k in old if k not in scene.b or _attribute("", k, scene) is None)


def attributes_of(key: Key, side: Side) -> list[Object]:
    """Return the attributes of a composite type in their order."""
    found = [side[k] for k in side.parts.get(key, ()) if k.kind == "attribute"]
    return sorted(found, key=lambda item: number(item.attributes["position"]))


def remade(type_: str, scene: Scene) -> Key | None:
    """Return the type that is made anew which *type_* is, or is arrays of."""
    return next((key for key in scene.remade if is_of(type_, key)), None)


def is_of(type_: str, key: Key) -> bool:
    """Whether *type_* is the type *key*, or arrays of it."""
    return type_.removesuffix("[]") == key.path


def twin(item: Object, scene: Scene) -> Object:
    """Return a type as it is made beside the old one, under another name."""
    attributes = dict(item.attributes)
    if item.key.kind == "domain":
        attributes["type"] = by_twins(str(attributes["type"]), scene)
        if attributes["default"] is not None:
            attributes["default"] = in_twins(str(attributes["default"]), scene)
    key = item.key._replace(name=type_name(item.key, scene))
    return replace(item, key=key, attributes=Attributes.of(item.key.kind, attributes))


def by_twins(type_: str, scene: Scene) -> str:
    """Return a type as it is called while the new one stands beside the old one."""
    base = type_.removesuffix("[]")
    return _twins(scene).get(base, base) + type_[len(base) :]


def in_twins(expression: str, scene: Scene) -> str:
    """Return an expression with the types that it names as they are called meanwhile."""
    twins = _twins(scene)
    return retyped(expression, twins) if twins else expression


def _twins(scene: Scene) -> dict[str, str]:
    return {
        key.path: quote_identifier(key.schema or "", type_name(key, scene)) for key in scene.twins
    }
