# SPDX-License-Identifier: Apache-2.0
"""Triggers, event triggers, policies, extended statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.views import enable
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import words
from bedstone.plan.spelling import path, relation_path, role
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object
    from bedstone.plan.change import Change, Scene


class Triggers(Writer):
    """Triggers of tables and views."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the trigger, unless a partitioned table brings it, as it is there at that time."""
        attributes = item.attributes
        above = scene.b.brought.get(item.key)
        states = {side["enabled"] for side in (attributes, scene.b[above or item.key].attributes)}
        if not attributes["inherited_from"]:
            lock = LockMode.SHARE_ROW_EXCLUSIVE
            yield Statement(_definition(item), item.key, "", lock, relation_path(item.key))
        if states != {"origin"}:
            yield enable(item, scene)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the trigger, unless it goes with that of the partitioned table."""
        if not item.attributes["inherited_from"]:
            name, table = quote_identifier(item.key.name), relation_path(item.key)
            sql = f"drop trigger {name} on {table}"
            yield Statement(sql, item.key, "", LockMode.ACCESS_EXCLUSIVE, table)

    def can_alter(self, change: Change) -> bool:
        """Whether it is to be switched on or off only, or OR REPLACE takes it.

        That takes no constraint trigger, and switches on all that a partitioned table brings.
        """
        if change.only("enabled"):
            return True
        family = change.has("inherited_from") or any(change.scene.b.below(change.key))
        constraint = change.before["constraint"] or change.after["constraint"]
        return not (family or constraint or change.after["inherited_from"])

    def alter(self, change: Change) -> Iterator[Statement]:
        """Switch it, or replace it, by which it is switched on."""
        replaced = not change.only("enabled")
        if replaced:
            sql = _definition(change.new, replace=True)
            lock = LockMode.SHARE_ROW_EXCLUSIVE
            yield Statement(sql, change.key, "", lock, relation_path(change.key))
        if not replaced or change.after["enabled"] != "origin":
            yield enable(change.new, change.scene)


def _definition(item: Object, *, replace: bool = False) -> str:
    attributes = item.attributes
    kind = "constraint trigger" if attributes["constraint"] else "trigger"
    kind = f"or replace {kind}" if replace else kind
    events = []
    for event in words(attributes["events"]):
        columns = words(attributes["columns"]) if event == "update" else ()
        of = f" of {', '.join(map(quote_identifier, columns))}" if columns else ""
        events.append(event + of)
    parts = [f"create {kind} {quote_identifier(item.key.name)} {attributes['timing']}"]
    parts.append(f"{' or '.join(events)} on {relation_path(item.key)}")
    if attributes["references"]:
        parts.append(f"from {attributes['references']}")
    if attributes["deferrable"]:
        late = attributes["initially_deferred"]
        parts.append("deferrable initially deferred" if late else "deferrable")
    tables = []
    for name, word in (("old_table", "old"), ("new_table", "new")):
        if attributes[name]:
            tables.append(f"{word} table as {quote_identifier(str(attributes[name]))}")
    if tables:
        parts.append(f"referencing {' '.join(tables)}")
    parts.append(f"for each {attributes['level']}")
    if attributes["when"]:
        parts.append(f"when ({attributes['when']})")
    arguments = ", ".join(quote_literal(text) for text in words(attributes["arguments"]))
    parts.append(f"execute function {attributes['function']}({arguments})")
    return " ".join(parts)


class EventTriggers(Writer):
    """Event triggers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        attributes, name = item.attributes, quote_identifier(item.key.name)
        tags = ", ".join(quote_literal(tag) for tag in words(attributes["tags"]))
        when = f" when tag in ({tags})" if tags else ""
        yield Statement(
            f"create event trigger {name} on {attributes['event']}{when} "
            f"execute function {attributes['function']}()",
            item.key,
        )
        if attributes["enabled"] != "origin":
            yield _switch(item)

    def can_alter(self, change: Change) -> bool:
        """Whether it is to be switched only."""
        return change.only("enabled")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Switch it."""
        yield _switch(change.new)


def _switch(item: Object) -> Statement:
    words_ = {"origin": "enable", "disabled": "disable", "replica": "enable replica",
              "always": "enable always"}  # fmt: skip
    word = words_[str(item.attributes["enabled"])]
    return Statement(f"alter event trigger {quote_identifier(item.key.name)} {word}", item.key)


class Policies(Writer):
    """Row security policies."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the policy."""
        attributes, table = item.attributes, relation_path(item.key)
        kind = "permissive" if attributes["permissive"] else "restrictive"
        sql = f"create policy {quote_identifier(item.key.name)} on {table} as {kind} "
        sql += f"for {attributes['command']} to {_roles(item)}"
        sql += f" using ({attributes['using']})" if attributes["using"] is not None else ""
        sql += f" with check ({attributes['check']})" if attributes["check"] is not None else ""
        yield Statement(sql, item.key, "", LockMode.ACCESS_EXCLUSIVE, table, (Hazard.PRIVILEGES,))

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the policy."""
        table = relation_path(item.key)
        sql = f"drop policy {quote_identifier(item.key.name)} on {table}"
        hazards = (Hazard.PRIVILEGES,)
        yield Statement(sql, item.key, "", LockMode.ACCESS_EXCLUSIVE, table, hazards)

    def can_alter(self, change: Change) -> bool:
        """Whether ALTER POLICY can: it takes no condition away."""
        if not change.only("roles", "using", "check"):
            return False
        return all(change.after[n] is not None for n in ("using", "check") if change.has(n))

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change roles and conditions."""
        after, table = change.after, relation_path(change.key)
        sql = f"alter policy {quote_identifier(change.key.name)} on {table}"
        sql += f" to {_roles(change.new)}" if change.has("roles") else ""
        sql += f" using ({after['using']})" if change.has("using") else ""
        sql += f" with check ({after['check']})" if change.has("check") else ""
        yield Statement(sql, change.key, "", LockMode.ACCESS_EXCLUSIVE, table, (Hazard.PRIVILEGES,))


def _roles(item: Object) -> str:
    return ", ".join(role(name) for name in words(item.attributes["roles"]))


class Statistics(Writer):
    """Extended statistics."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make them."""
        attributes = item.attributes
        expressions = words(attributes["expressions"])
        columns = [quote_identifier(c) for c in words(attributes["columns"])]
        columns += [text if text.startswith("(") else f"({text})" for text in expressions]
        kinds = words(attributes["kinds"])
        of = f" ({', '.join(kinds)})" if kinds and len(columns) > 1 else ""
        yield Statement(
            f"create statistics {path(item.key)}{of} on {', '.join(columns)} "
            f"from {attributes['table']}",
            item.key, "", LockMode.SHARE_UPDATE_EXCLUSIVE, str(attributes["table"]),
        )  # fmt: skip
        if attributes["target"] is not None:
            yield self._target(item)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop them."""
        yield Statement(
            f"drop statistics {path(item.key)}", item.key, "", LockMode.SHARE_UPDATE_EXCLUSIVE,
            str(item.attributes["table"]),
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether only the target differs."""
        return change.only("target")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set the target."""
        yield self._target(change.new)

    @staticmethod
    def _target(item: Object) -> Statement:
        value = item.attributes["target"]
        number = -1 if value is None else value
        return Statement(f"alter statistics {path(item.key)} set statistics {number}", item.key)
