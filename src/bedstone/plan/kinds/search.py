# SPDX-License-Identifier: Apache-2.0
"""Text search: parsers, templates, dictionaries, configurations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import words
from bedstone.plan.spelling import path
from bedstone.plan.statement import Statement
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object, Value
    from bedstone.plan.change import Change, Scene

#: An option of a dictionary as the server keeps it.
_OPTION = re.compile(r"""((?:\w+|"(?:[^"]|"")*")) = (E?'(?:[^']|'')*'|[^\s,]+)""")


class SearchDictionaries(Writer):
    """Text search dictionaries."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes = item.attributes
        text = f"template = {attributes['template']}"
        if attributes["options"]:
            text += f", {attributes['options']}"
        yield Statement(f"create text search dictionary {path(item.key)} ({text})", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether the template is the same."""
        return change.only("options")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set and unset options."""
        old, new = (_options(side["options"]) for side in (change.before, change.after))
        found = [f"{name} = {value}" for name, value in new.items() if old.get(name) != value]
        found += [name for name in old if name not in new]
        name = path(change.key)
        yield Statement(f"alter text search dictionary {name} ({', '.join(found)})", change.key)


def _options(text: Value) -> dict[str, str]:
    return dict(_OPTION.findall(str(text or "")))


class SearchTemplates(Writer):
    """Text search templates."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        found = _functions(item, {"init": "init", "lexize": "lexize"})
        yield Statement(f"create text search template {path(item.key)} ({found})", item.key)


class SearchParsers(Writer):
    """Text search parsers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        named = {"start": "start", "token": "gettoken", "end": "end", "headline": "headline",
                 "lextypes": "lextypes"}  # fmt: skip
        found = _functions(item, named)
        yield Statement(f"create text search parser {path(item.key)} ({found})", item.key)


def _functions(item: Object, named: dict[str, str]) -> str:
    attributes = item.attributes
    return ", ".join(f"{w} = {attributes[n]}" for n, w in named.items() if attributes[n])


class SearchConfigurations(Writer):
    """Text search configurations."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it with its mappings."""
        name = path(item.key)
        parser = item.attributes["parser"]
        yield Statement(f"create text search configuration {name} (parser = {parser})", item.key)
        for entry in words(item.attributes["mappings"]):
            yield _mapping_of(item.key, entry, "add")

    def can_alter(self, change: Change) -> bool:
        """Whether the parser is the same."""
        return not change.has("parser")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the mappings that differ."""
        old = dict(e.split(" ", 1) for e in words(change.before["mappings"]))
        new = dict(e.split(" ", 1) for e in words(change.after["mappings"]))
        for token in old:
            if token not in new:
                yield Statement(
                    f"alter text search configuration {path(change.key)} drop mapping for "
                    f"{quote_identifier(token)}",
                    change.key,
                )
        for token, text in new.items():
            if old.get(token) != text:
                verb = "alter" if token in old else "add"
                yield _mapping_of(change.key, f"{token} {text}", verb)


def _mapping_of(key: Key, entry: str, verb: str) -> Statement:
    token, dictionaries = entry.split(" ", 1)
    return Statement(
        f"alter text search configuration {path(key)} {verb} mapping for "
        f"{quote_identifier(token)} with {dictionaries}",
        key,
    )
