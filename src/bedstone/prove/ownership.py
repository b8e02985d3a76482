# SPDX-License-Identifier: Apache-2.0
"""Whose the objects are of a schema that was made here.

What a scratch database holds belongs to whoever works in it, which says nothing of the owner that
an object has, or is to have, in the database that matters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedstone.catalog import Catalog, Object, Value


def unowned(catalog: Catalog, user: str | None) -> Catalog:
    """Return *catalog* with no owner for what *user* owns."""
    objects = {
        key: owned_by(item, None) if item.attributes.get("owner") == user else item
        for key, item in catalog.objects.items()
    }
    return replace(catalog, objects=objects)


def with_owners_of(other: Catalog, made: Catalog, user: str | None) -> Catalog:
    """Return *made* with the owners of *other* for what *user* owns; none where that has none."""
    objects = dict(made.objects)
    for key, item in made.objects.items():
        if item.attributes.get("owner") == user:
            there = other.objects.get(key)
            owner = there.attributes.get("owner") if there is not None else None
            objects[key] = owned_by(item, owner)
    return replace(made, objects=objects)


def owned_by(item: Object, owner: Value) -> Object:
    """Return *item* with another owner, where its kind has one."""
    return with_values(item, {"owner": owner}) if "owner" in item.attributes else item


def with_values(item: Object, values: Mapping[str, Value]) -> Object:
    """Return *item* with other values of some attributes."""
    shape, row = item.attributes.shape, list(item.attributes.row)
    for name, value in values.items():
        row[shape.index[name]] = value
    return replace(item, attributes=Attributes(shape, tuple(row)))


def owned_by_nobody(catalog: Catalog) -> Catalog:
    """Leave out owners: those of a database that matters are nothing for a revision to say."""
    objects = {key: owned_by(item, None) for key, item in catalog.objects.items()}
    return replace(catalog, objects=objects)
