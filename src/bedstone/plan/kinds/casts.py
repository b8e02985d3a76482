# SPDX-License-Identifier: Apache-2.0
"""Casts, transforms, collations, conversions between encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.spelling import path
from bedstone.plan.statement import Statement
from bedstone.sql import quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object
    from bedstone.plan.change import Change, Scene


class Casts(Writer):
    """Casts."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        how = {"function": f"with function {attributes['function']}", "inout": "with inout"}.get(
            str(attributes["method"]), "without function"
        )
        context = attributes["context"]
        as_ = "" if context == "explicit" else f" as {context}"
        yield Statement(f"create cast ({item.key.name}) {how}{as_}", item.key)


class Collations(Writer):
    """Collations."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        found = [f"provider = {attributes['provider']}"]
        if not attributes["deterministic"]:
            found.append("deterministic = false")
        if attributes["provider"] == "libc":
            found.append(f"lc_collate = {quote_literal(str(attributes['lc_collate']))}")
            found.append(f"lc_ctype = {quote_literal(str(attributes['lc_ctype']))}")
        else:
            found.append(f"locale = {quote_literal(str(attributes['locale']))}")
        if attributes["rules"]:
            found.append(f"rules = {quote_literal(str(attributes['rules']))}")
        yield Statement(f"create collation {path(item.key)} ({', '.join(found)})", item.key)


class Transforms(Writer):
    """Transforms between a type and a language."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        yield self._write(item, "create transform")

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop it."""
        yield Statement(f"drop transform for {item.key.name}", item.key)

    def can_alter(self, change: Change) -> bool:
        """It can be replaced as a whole."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        yield self._write(change.new, "create or replace transform")

    @staticmethod
    def _write(item: Object, head: str) -> Statement:
        named = (("from_sql", "from sql"), ("to_sql", "to sql"))
        found = [
            f"{word} with function {item.attributes[name]}"
            for name, word in named
            if item.attributes[name]
        ]
        return Statement(f"{head} for {item.key.name} ({', '.join(found)})", item.key)


class EncodingConversions(Writer):
    """Conversions between encodings."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        default = "default " if attributes["default"] else ""
        source, target = (quote_literal(str(attributes[n])) for n in ("source", "target"))
        yield Statement(
            f"create {default}conversion {path(item.key)} for {source} to {target} "
            f"from {attributes['function']}",
            item.key,
        )
