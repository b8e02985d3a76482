# SPDX-License-Identifier: Apache-2.0
"""Views, materialized views, what is set on their columns, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.plan.kinds.columns import storage
from bedstone.plan.kinds.tables import all_options, change_options
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import option_names, options, path, relation_path, word_of
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object
    from bedstone.plan.change import Change, Scene


def _query(item: Object) -> str:
    return str(item.attributes["definition"]).rstrip().removesuffix(";")


class Views(Writer):
    """Views."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the view."""
        yield _view(item)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the view."""
        yield Statement(
            f"drop view {path(item.key)}", item.key, "", LockMode.ACCESS_EXCLUSIVE, path(item.key),
            (Hazard.BREAKS_CLIENTS,),
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether OR REPLACE takes it: columns can only be added, at the end."""
        old, new = words(change.before["columns"]), words(change.after["columns"])
        return new[: len(old)] == old

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace the query; options go with it."""
        key = change.key
        if change.has("definition"):
            yield _view(change.new, replace=True)
            gone = pairs(change.before["options"]).keys() - pairs(change.after["options"]).keys()
            if not gone:
                return
        if change.has("options"):
            yield from change_options(key, all_options(change.before), all_options(change.after))


def _view(item: Object, *, replace: bool = False) -> Statement:
    key, attributes = item.key, item.attributes
    head = "create or replace view" if replace else "create view"
    found = pairs(attributes["options"])
    with_ = f" with ({options(found)})" if found else ""
    return Statement(
        f"{head} {path(key)}{with_} as\n{_query(item)}", key, "", LockMode.ACCESS_EXCLUSIVE,
        path(key) if replace else None,
    )  # fmt: skip


class MaterializedViews(Writer):
    """Materialized views."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the view, with its rows where it has some."""
        key, attributes = item.key, item.attributes
        parts = [f"create materialized view {path(key)}"]
        if attributes["access_method"]:
            parts.append(f"using {quote_identifier(str(attributes['access_method']))}")
        if found := all_options(attributes):
            parts.append(f"with ({options(found)})")
        if attributes["tablespace"]:
            parts.append(f"tablespace {quote_identifier(str(attributes['tablespace']))}")
        populated = "with data" if attributes["populated"] else "with no data"
        yield Statement(f"{' '.join(parts)} as\n{_query(item)}\n{populated}", key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the view; its rows can be computed again."""
        yield Statement(
            f"drop materialized view {path(item.key)}", item.key, "", LockMode.ACCESS_EXCLUSIVE,
            path(item.key), (Hazard.BREAKS_CLIENTS,),
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether the query is the same."""
        return not change.has("definition", "persistence")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change what the view has beside its query."""
        key, after = change.key, change.after
        if change.has("options", "toast_options"):
            yield from change_options(key, all_options(change.before), all_options(after))
        for name, default in (("tablespace", "pg_default"), ("access_method", "heap")):
            if change.has(name):
                value = quote_identifier(str(after[name] or default))
                yield Statement(
                    f"alter materialized view {path(key)} set {name.replace('_', ' ')} {value}",
                    key, "", LockMode.ACCESS_EXCLUSIVE, path(key), (Hazard.BLOCKS,),
                )  # fmt: skip


class ViewColumns(Writer):
    """What was set on a column of a view; nothing of it is the column itself."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Set it."""
        attributes = item.attributes
        table = scene.b.table_of(item.key)
        head = self._head(item.key, table)
        if attributes["default"] is not None:
            yield Statement(f"{head} set default {attributes['default']}", item.key)
        if attributes["storage"]:
            yield Statement(f"{head} set storage {attributes['storage']}", item.key)
        if attributes["compression"]:
            yield Statement(f"{head} set compression {attributes['compression']}", item.key)
        if attributes["statistics"] is not None:
            yield Statement(f"{head} set statistics {attributes['statistics']}", item.key)
        if attributes["options"]:
            yield Statement(f"{head} set ({options(pairs(attributes['options']))})", item.key)

    @staticmethod
    def _head(key: Key, table: Key | None) -> str:
        word = word_of(table) if table is not None else "view"
        return f"alter {word} {relation_path(key)} alter column {quote_identifier(key.name)}"

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Take back what was set."""
        attributes = item.attributes
        head = self._head(item.key, scene.a.table_of(item.key))
        if attributes["default"] is not None:
            yield Statement(f"{head} drop default", item.key)
        if attributes["statistics"] is not None:
            yield Statement(f"{head} set statistics -1", item.key)
        if attributes["storage"]:
            yield Statement(
                f"{head} set storage {storage(item.attributes, scene, usual=True)}", item.key
            )
        if attributes["compression"]:
            yield Statement(f"{head} set compression default", item.key)
        if attributes["options"]:
            names = option_names(list(pairs(attributes["options"])))
            yield Statement(f"{head} reset ({names})", item.key)
        if attributes["comment"] is not None:
            column = quote_identifier(item.key.schema or "", item.key.parent or "", item.key.name)
            yield Statement(f"comment on column {column} is null", item.key)

    def can_alter(self, change: Change) -> bool:
        """Each can be set anew."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set anew what differs."""
        head = self._head(change.key, change.scene.b.table_of(change.key))
        if change.has("default"):
            value = change.after["default"]
            yield Statement(
                f"{head} drop default" if value is None else f"{head} set default {value}",
                change.key,
            )
        if change.has("statistics"):
            value = change.after["statistics"]
            yield Statement(f"{head} set statistics {-1 if value is None else value}", change.key)
        if change.has("storage"):
            yield Statement(f"{head} set storage {storage(change.after, change.scene)}", change.key)
        if change.has("compression"):
            value = change.after["compression"] or "default"
            yield Statement(f"{head} set compression {value}", change.key)
        if change.has("options"):
            yield from _change_options(head, change)


def _change_options(head: str, change: Change) -> Iterator[Statement]:
    old, new = pairs(change.before["options"]), pairs(change.after["options"])
    gone = [name for name in old if name not in new]
    if gone:
        yield Statement(f"{head} reset ({option_names(gone)})", change.key)
    if new:
        yield Statement(f"{head} set ({options(new)})", change.key)


class Rules(Writer):
    """Rewrite rules that are not views."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the rule."""
        text = str(item.attributes["definition"]).rstrip().removesuffix(";")
        yield Statement(text, item.key)
        if item.attributes["enabled"] != "origin":
            yield _enable(item, scene)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the rule."""
        name = quote_identifier(item.key.name)
        yield Statement(f"drop rule {name} on {relation_path(item.key)}", item.key)

    def can_alter(self, change: Change) -> bool:
        """A rule can be replaced."""
        return change.has("definition", "enabled")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        if change.has("definition"):
            text = str(change.after["definition"]).rstrip().removesuffix(";")
            yield Statement(text.replace("CREATE RULE", "CREATE OR REPLACE RULE", 1), change.key)
        yield _enable(change.new, change.scene)


def _enable(item: Object, scene: Scene) -> Statement:
    words_ = {"origin": "enable", "disabled": "disable", "replica": "enable replica",
              "always": "enable always"}  # fmt: skip
    word = words_[str(item.attributes["enabled"])]
    table = scene.b.table_of(item.key) or Key("table", item.key.schema, item.key.parent or "")
    name = quote_identifier(item.key.name)
    kind = "table" if table.kind == "view" else word_of(table)
    kind += " only" if table in scene.b and scene.b.is_partitioned(table) else ""
    return Statement(f"alter {kind} {path(table)} {word} {item.key.kind} {name}", item.key)


enable = _enable
