# SPDX-License-Identifier: Apache-2.0
"""Schemas, extensions, languages, access methods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.spelling import path
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object, Value
    from bedstone.plan.change import Change, Scene


class Schemas(Writer):
    """Schemas."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the schema."""
        yield Statement(f"create schema {path(item.key)}", item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the schema, which is empty by then."""
        yield Statement(f"drop schema {path(item.key)}", item.key, hazards=(Hazard.BREAKS_CLIENTS,))

    def can_alter(self, change: Change) -> bool:
        """A schema has nothing but what all kinds have."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Nothing."""
        yield from ()


class Extensions(Writer):
    """Extensions; what is in them is theirs."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Create the extension in its schema, in its version."""
        attributes = item.attributes
        name = quote_identifier(item.key.name)
        schema = quote_identifier(str(attributes["schema"]))
        version = quote_literal(str(attributes["version"]))
        yield Statement(f"create extension {name} with schema {schema} version {version}", item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the extension with what is in it."""
        sql = f"drop extension {quote_identifier(item.key.name)}"
        yield Statement(sql, item.key, hazards=(Hazard.LOSES_DATA,))

    def can_alter(self, change: Change) -> bool:
        """Whether it goes on to a later version: none comes with a way back."""
        old, new = (_number(s["version"]) for s in (change.before, change.after))
        return old <= new

    def alter(self, change: Change) -> Iterator[Statement]:
        """Update it, move it."""
        name, after = quote_identifier(change.key.name), change.after
        if change.has("version"):
            version = quote_literal(str(after["version"]))
            yield Statement(f"alter extension {name} update to {version}", change.key)
        if change.has("schema"):
            schema = quote_identifier(str(after["schema"]))
            yield Statement(f"alter extension {name} set schema {schema}", change.key)


def _number(version: Value) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", str(version))]


class Languages(Writer):
    """Procedural languages."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        yield self._write(item, "create")

    def can_alter(self, change: Change) -> bool:
        """It can be replaced as a whole."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        yield self._write(change.new, "create or replace")

    @staticmethod
    def _write(item: Object, verb: str) -> Statement:
        attributes = item.attributes
        trusted = "trusted " if attributes["trusted"] else ""
        text = f"{verb} {trusted}language {path(item.key)}"
        for name in ("handler", "inline", "validator"):
            if attributes[name]:
                text += f" {name} {attributes[name]}"
        return Statement(text, item.key)


class AccessMethods(Writer):
    """Access methods of tables and indexes."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        yield Statement(
            f"create access method {path(item.key)} type {attributes['type']} "
            f"handler {attributes['handler']}",
            item.key,
        )
