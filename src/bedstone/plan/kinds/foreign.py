# SPDX-License-Identifier: Apache-2.0
"""Foreign data wrappers, servers, user mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs
from bedstone.plan.spelling import changed_foreign_options, foreign_options, path, role
from bedstone.plan.statement import Statement
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change, Scene


class ForeignDataWrappers(Writer):
    """Foreign data wrappers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        text = f"create foreign data wrapper {path(item.key)}"
        for name in ("handler", "validator"):
            if attributes[name]:
                text += f" {name} {attributes[name]}"
        yield Statement(text + foreign_options(pairs(attributes["foreign_options"])), item.key)

    def can_alter(self, change: Change) -> bool:
        """All of it can be set anew."""
        return change.only("foreign_options", "handler", "validator")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change functions and options."""
        found = [
            f"{name} {change.after[name]}" if change.after[name] else f"no {name}"
            for name in ("handler", "validator")
            if change.has(name)
        ]
        if change.has("foreign_options"):
            found.append(_changed(change))
        yield Statement(
            f"alter foreign data wrapper {path(change.key)} {' '.join(found)}", change.key
        )


class Servers(Writer):
    """Foreign servers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        text = f"create server {path(item.key)}"
        for name in ("type", "version"):
            if attributes[name] is not None:
                text += f" {name} {quote_literal(str(attributes[name]))}"
        text += f" foreign data wrapper {quote_identifier(str(attributes['wrapper']))}"
        yield Statement(text + foreign_options(pairs(attributes["foreign_options"])), item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether type and wrapper are the same."""
        return change.only("foreign_options", "version")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change version and options."""
        text = f"alter server {path(change.key)}"
        if change.has("version"):
            version = change.after["version"]
            text += f" version {'null' if version is None else quote_literal(str(version))}"
        if change.has("foreign_options"):
            text += f" {_changed(change)}"
        yield Statement(text, change.key)


class UserMappings(Writer):
    """User mappings of foreign servers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        text = f"create user mapping {_mapping(item.key)}"
        yield Statement(text + foreign_options(pairs(item.attributes["foreign_options"])), item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop it."""
        yield Statement(f"drop user mapping {_mapping(item.key)}", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether only options differ."""
        return change.only("foreign_options")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the options."""
        text = _changed(change)
        yield Statement(f"alter user mapping {_mapping(change.key)} {text}", change.key)


def _mapping(key: Key) -> str:
    return f"for {role(key.name)} server {quote_identifier(key.parent or '')}"


def _changed(change: Change) -> str:
    old, new = (pairs(s["foreign_options"]) for s in (change.before, change.after))
    return changed_foreign_options(old, new)
