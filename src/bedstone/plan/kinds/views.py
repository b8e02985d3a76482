# SPDX-License-Identifier: Apache-2.0
"""Views, materialized views, what is set on their columns, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.plan.annotations import acl_of, grants
from bedstone.plan.kinds.columns import storage
from bedstone.plan.kinds.tables import all_options, change_options
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import option_names, options, path, relation_path, word_of
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object
    from bedstone.plan.change import Change, Scene


_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE


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
            f"drop view {path(item.key)}", item.key, "", _EXCLUSIVE, path(item.key),
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
            old, new = all_options(change.before), all_options(change.after)
            yield from change_options(key, old, new, lock=_EXCLUSIVE)


def _view(item: Object, *, replace: bool = False) -> Statement:
    key, attributes = item.key, item.attributes
    head = "create or replace view" if replace else "create view"
    found = pairs(attributes["options"])
    with_ = f" with ({options(found)})" if found else ""
    return Statement(
        f"{head} {path(key)}{with_} as\n{_query(item)}", key, "",
        _EXCLUSIVE if replace else None, path(key) if replace else None,
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
        yield Statement(
            f"{' '.join(parts)} as\n{_query(item)}\n{populated}", key,
            transaction=Transaction.OWN if attributes["populated"] else Transaction.SHARED,
        )  # fmt: skip

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the view; its rows can be computed again."""
        yield Statement(
            f"drop materialized view {path(item.key)}", item.key, "", _EXCLUSIVE,
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
                    key, "", _EXCLUSIVE, path(key), (Hazard.BLOCKS,),
                )  # fmt: skip


class ViewColumns(Writer):
    """What was set on a column of a view; nothing of it is the column itself."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Set it."""
        attributes = item.attributes
        table = scene.b.table_of(item.key)
        head = self._head(item.key, table)
        if attributes["default"] is not None:
            yield _set(_EXCLUSIVE, f"{head} set default {attributes['default']}", item.key)
        if attributes["storage"]:
            yield _set(_EXCLUSIVE, f"{head} set storage {attributes['storage']}", item.key)
        if attributes["compression"]:
            yield _set(_EXCLUSIVE, f"{head} set compression {attributes['compression']}", item.key)
        if attributes["statistics"] is not None:
            yield _set(_SHARED, f"{head} set statistics {attributes['statistics']}", item.key)
        if attributes["options"]:
            yield _set(_SHARED, f"{head} set ({options(pairs(attributes['options']))})", item.key)

    @staticmethod
    def _head(key: Key, table: Key | None) -> str:
        word = word_of(table) if table is not None else "view"
        return f"alter {word} {relation_path(key)} alter column {quote_identifier(key.name)}"

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Take back what was set."""
        attributes = item.attributes
        yield from grants(item, [], acl_of(item))
        head = self._head(item.key, scene.a.table_of(item.key))
        if attributes["default"] is not None:
            yield _set(_EXCLUSIVE, f"{head} drop default", item.key)
        if attributes["statistics"] is not None:
            yield _set(_SHARED, f"{head} set statistics -1", item.key)
        if attributes["storage"]:
            yield _set(
                _EXCLUSIVE,
                f"{head} set storage {storage(item.attributes, scene, usual=True)}",
                item.key,
            )
        if attributes["compression"]:
            yield _set(_EXCLUSIVE, f"{head} set compression default", item.key)
        if attributes["options"]:
            names = option_names(list(pairs(attributes["options"])))
            yield _set(_SHARED, f"{head} reset ({names})", item.key)
        if attributes["comment"] is not None:
            column = quote_identifier(item.key.schema or "", item.key.parent or "", item.key.name)
            yield _set(_SHARED, f"comment on column {column} is null", item.key)

    def can_alter(self, change: Change) -> bool:
        """Each can be set anew."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set anew what differs."""
        head = self._head(change.key, change.scene.b.table_of(change.key))
        if change.has("default"):
            value = change.after["default"]
            yield _set(
                _EXCLUSIVE,
                f"{head} drop default" if value is None else f"{head} set default {value}",
                change.key,
            )
        if change.has("statistics"):
            value = change.after["statistics"]
            yield _set(
                _SHARED, f"{head} set statistics {-1 if value is None else value}", change.key
            )
        if change.has("storage"):
            yield _set(
                _EXCLUSIVE, f"{head} set storage {storage(change.after, change.scene)}", change.key
            )
        if change.has("compression"):
            value = change.after["compression"] or "default"
            yield _set(_EXCLUSIVE, f"{head} set compression {value}", change.key)
        if change.has("options"):
            yield from _change_options(head, change)


def _change_options(head: str, change: Change) -> Iterator[Statement]:
    old, new = pairs(change.before["options"]), pairs(change.after["options"])
    gone = [name for name in old if name not in new]
    if gone:
        yield _set(_SHARED, f"{head} reset ({option_names(gone)})", change.key)
    if new:
        yield _set(_SHARED, f"{head} set ({options(new)})", change.key)


def _set(lock: LockMode, sql: str, key: Key) -> Statement:
    return Statement(sql, key, "", lock, relation_path(key))


class Rules(Writer):
    """Rewrite rules that are not views."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the rule."""
        text = str(item.attributes["definition"]).rstrip().removesuffix(";")
        yield Statement(text, item.key, "", _EXCLUSIVE, relation_path(item.key))
        if item.attributes["enabled"] != "origin":
            yield _enable(item, scene)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the rule."""
        name = quote_identifier(item.key.name)
        table = relation_path(item.key)
        yield Statement(f"drop rule {name} on {table}", item.key, "", _EXCLUSIVE, table)

    def can_alter(self, change: Change) -> bool:
        """A rule can be replaced."""
        return change.has("definition", "enabled")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        if change.has("definition"):
            text = str(change.after["definition"]).rstrip().removesuffix(";")
            text = text.replace("CREATE RULE", "CREATE OR REPLACE RULE", 1)
            table = relation_path(change.key)
            yield Statement(text, change.key, "", _EXCLUSIVE, table)
        yield _enable(change.new, change.scene)


def _enable(item: Object, scene: Scene) -> Statement:
    words_ = {"origin": "enable", "disabled": "disable", "replica": "enable replica",
              "always": "enable always"}  # fmt: skip
    word = words_[str(item.attributes["enabled"])]
    table = scene.b.table_of(item.key) or Key("table", item.key.schema, item.key.parent or "")
    name = quote_identifier(item.key.name)
    kind = "table" if table.kind == "view" else word_of(table)
    kind += " only" if table in scene.b and scene.b.is_partitioned(table) else ""
    lock = LockMode.SHARE_ROW_EXCLUSIVE if item.key.kind == "trigger" else _EXCLUSIVE
    return Statement(
        f"alter {kind} {path(table)} {word} {item.key.kind} {name}", item.key, "", lock,
        path(table),
    )  # fmt: skip


enable = _enable
