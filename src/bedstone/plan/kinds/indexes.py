# SPDX-License-Identifier: Apache-2.0
"""Indexes that no constraint owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import option_names, options, path, relation_path
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Key, Object, Value
    from bedstone.plan.change import Change, Scene


def columns_of(value: Value) -> list[str]:
    """Return the columns of an index as CREATE INDEX writes each."""
    return [_column(part) for part in value] if isinstance(value, tuple) else []


def _column(value: Value) -> str:
    if not isinstance(value, tuple):
        return str(value)
    text, collation, operator_class, class_options, order, nulls = value
    found = str(text)
    if collation:
        found += f" collate {collation}"
    if operator_class:
        found += f" {operator_class}"
    if class_options:
        found += f" ({class_options})"
    if order == "desc":
        found += " desc"
    if nulls is not None and nulls != ("first" if order == "desc" else "last"):
        found += f" nulls {nulls}"
    return found


def tail_of(attributes: Attributes, *, tablespace_word: str = "using index tablespace") -> str:
    """Return INCLUDE, WITH and TABLESPACE of an index or of a constraint's index."""
    text = ""
    if include := words(attributes["include"]):
        text += f" include ({', '.join(map(quote_identifier, include))})"
    if found := pairs(attributes["options"]):
        text += f" with ({options(found)})"
    if attributes["tablespace"]:
        text += f" {tablespace_word} {quote_identifier(str(attributes['tablespace']))}"
    return text


class Indexes(Writer):
    """Indexes of tables and materialized views."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Build the index; concurrently where others may be writing."""
        table = scene.b.table_of(item.key)
        _check_validity(item, scene)
        yield from self._build(item, scene, quote_identifier(item.key.name))
        yield from set_statistics(item.key, None, item.attributes["statistics"])
        if item.attributes["attached_to"] and table in scene.a and not scene.is_moved(table):
            yield attach_index(item)

    def _build(self, item: Object, scene: Scene, name: str) -> Iterator[Statement]:
        key, attributes = item.key, item.attributes
        table = scene.b.table_of(key)
        tree = scene.b.is_partitioned(table)
        parent = tree and not scene.is_kept_by_manager(table)
        online = scene.is_online(table) and not tree
        kind = "unique index" if attributes["unique"] else "index"
        text = f"create {kind} {'concurrently ' if online else ''}{name} on "
        text += f"{'only ' if parent else ''}{relation_path(key)} using {attributes['method']} "
        text += f"({', '.join(columns_of(attributes['columns']))})"
        rest = tail_of(attributes, tablespace_word="tablespace")
        if attributes["nulls_not_distinct"]:
            head, word, after = rest.partition(" with (")
            rest = f"{head} nulls not distinct{word}{after}"
        text += rest
        text += f" where {attributes['where']}" if attributes["where"] else ""
        hazards = [Hazard.MAY_FAIL] if attributes["unique"] and scene.may_have_rows(table) else []
        if scene.may_have_rows(table) and not online and not parent:
            hazards.append(Hazard.BLOCKS)
        yield Statement(
            text, key, "built while others write" if online else "",
            LockMode.SHARE_UPDATE_EXCLUSIVE if online else LockMode.SHARE, relation_path(key),
            tuple(hazards), Transaction.NONE if online else Transaction.SHARED,
        )  # fmt: skip

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the index."""
        attributes, key = item.attributes, item.key
        table = scene.a.table_of(key)
        parent = table is not None and bool(scene.a[table].attributes.get("partition_by"))
        stays = table is not None and table in scene.b
        online = stays and scene.is_online(table) and not parent and not attributes["attached_to"]
        yield Statement(
            f"drop index {'concurrently ' if online else ''}{path(key)}", key,
            "" if not online else "waits for others, keeps nobody out",
            LockMode.SHARE_UPDATE_EXCLUSIVE if online else LockMode.ACCESS_EXCLUSIVE,
            relation_path(key), (), Transaction.NONE if online else Transaction.SHARED,
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether the index itself can stay."""
        if change.has("valid") and not change.after["valid"]:
            return True
        return change.only("options", "tablespace", "statistics", "valid", "attached_to")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change what the index has beside its columns."""
        key, after = change.key, change.after
        table = change.scene.b.table_of(key)
        if change.has("valid"):
            _check_validity(change.new, change.scene)
        parent = table is not None and change.scene.b[table].attributes.get("partition_by")
        if change.has("valid") and after["valid"] and not parent and not change.has("attached_to"):
            yield Statement(
                f"reindex index concurrently {path(key)}", key, "it was not valid",
                LockMode.SHARE_UPDATE_EXCLUSIVE, relation_path(key),
                transaction=Transaction.NONE,
            )  # fmt: skip
        if change.has("options"):
            yield from change_index_options(key, change.before, after)
        if change.has("tablespace"):
            name = quote_identifier(str(after["tablespace"] or "pg_default"))
            yield Statement(
                f"alter index {path(key)} set tablespace {name}", key, "",
                LockMode.ACCESS_EXCLUSIVE, relation_path(key), (Hazard.BLOCKS,),
            )  # fmt: skip
        if change.has("statistics"):
            yield from set_statistics(key, change.before["statistics"], after["statistics"])
        if change.has("attached_to") and not change.scene.is_moved(table):
            yield attach_index(change.new)


def set_statistics(key: Key, old: Value, new: Value) -> Iterator[Statement]:
    """Write the statistics targets of an index's columns, which go by number."""
    before, after = (dict(e.split("=") for e in words(value)) for value in (old, new))
    name = quote_identifier(key.schema or "", key.name)
    for number in dict.fromkeys((*before, *after)):
        if before.get(number) != after.get(number):
            target = after.get(number, "-1")
            yield Statement(
                f"alter index {name} alter column {number} set statistics {target}", key
            )


def _check_validity(item: Object, scene: Scene) -> None:
    """Refuse what a failed build left behind; of parents not to be valid means another thing."""
    table = scene.b.table_of(item.key)
    parent = table is not None and scene.b[table].attributes.get("partition_by")
    if not item.attributes["valid"] and not parent:
        raise NotPlannable(
            f"{item.key} is not valid",
            detail="A build that failed left it behind; nobody can want another such index.",
            hint=f"Where it is wanted: reindex index concurrently {path(item.key)}",
        )


def attach_index(item: Object) -> Statement:
    """Write ATTACH PARTITION of an index."""
    parent = item.attributes["attached_to"]
    sql = f"alter index {parent} attach partition {path(item.key)}"
    return Statement(sql, item.key, "", LockMode.ACCESS_EXCLUSIVE, path(item.key))


def change_index_options(key: Key, before: Attributes, after: Attributes) -> Iterator[Statement]:
    """Write what turns the storage parameters of an index into others."""
    name = quote_identifier(key.schema or "", key.name)
    old, new = pairs(before["options"]), pairs(after["options"])
    gone = [option for option in old if option not in new]
    changed = {option: value for option, value in new.items() if old.get(option) != value}
    if gone:
        yield Statement(f"alter index {name} reset ({option_names(gone)})", key)
    if changed:
        yield Statement(f"alter index {name} set ({options(changed)})", key)
