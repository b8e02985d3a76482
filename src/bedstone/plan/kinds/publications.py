# SPDX-License-Identifier: Apache-2.0
"""Publications with their members, subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import words
from bedstone.plan.spelling import readable
from bedstone.plan.statement import Statement
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bedstone.catalog import Attributes, Object
    from bedstone.plan.change import Change, Scene


class Publications(Writer):
    """Publications; their tables and schemas are parts."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the publication, with no table in it yet."""
        every = " for all tables" if item.attributes["all_tables"] else ""
        name = quote_identifier(item.key.name)
        with_ = _published(item.attributes)
        yield Statement(f"create publication {name}{every} with ({with_})", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether it is for all tables or not stays as it is."""
        return not change.has("all_tables")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set what is published."""
        name = quote_identifier(change.key.name)
        found = _published(change.after)
        if change.has("generated_columns") and change.after["generated_columns"] == "none":
            found += ", publish_generated_columns = none"
        yield Statement(f"alter publication {name} set ({found})", change.key)


def _published(attributes: Attributes) -> str:
    actions = [n for n in ("insert", "update", "delete", "truncate") if attributes[n]]
    found = [f"publish = {quote_literal(', '.join(actions))}"]
    found.append(f"publish_via_partition_root = {str(attributes['via_root']).lower()}")
    if attributes["generated_columns"] != "none":
        found.append(f"publish_generated_columns = {attributes['generated_columns']}")
    return ", ".join(found)


class PublicationMembers(Writer):
    """Tables and schemas in publications."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Add it."""
        sql = f"alter publication {_publication(item)} add {_member(item)}"
        yield Statement(sql, item.key, "", *_locked(item))

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Take it out."""
        sql = f"alter publication {_publication(item)} drop {_named(item)}"
        yield Statement(sql, item.key, "", *_locked(item))


def _publication(item: Object) -> str:
    return quote_identifier(item.key.parent or "")


def _locked(item: Object) -> tuple[LockMode | None, str | None]:
    """Return the lock on a table that joins or leaves; those of a schema are not touched."""
    if item.key.kind == "publication schema":
        return None, None
    return LockMode.SHARE_UPDATE_EXCLUSIVE, quote_identifier(item.key.schema or "", item.key.name)


def _named(item: Object) -> str:
    if item.key.kind == "publication schema":
        return f"tables in schema {quote_identifier(item.key.name)}"
    return f"table {quote_identifier(item.key.schema or '', item.key.name)}"


def _member(item: Object) -> str:
    text = _named(item)
    if columns := words(item.attributes.get("columns")):
        text += f" ({', '.join(map(quote_identifier, columns))})"
    where = item.attributes.get("where")
    return f"{text} where ({where})" if where else text


#: Options of subscriptions, and what each is where nothing is said.
_USUAL = {
    "binary": False, "two_phase": False, "disable_on_error": False, "password_required": True,
    "run_as_owner": False, "failover": False, "origin": "any", "synchronous_commit": "off",
}  # fmt: skip
_STREAMING = {"f": "off", "t": "on", "p": "parallel", "false": "off", "true": "on"}


class Subscriptions(Writer):
    """Subscriptions; nobody connects to the publisher, and its slots are left alone."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it without connecting; whoever runs the plan enables it when the slot is there."""
        attributes, name = item.attributes, quote_identifier(item.key.name)
        found = ["connect = false", f"slot_name = {_slot(attributes)}"]
        found += _subscribed({n for n in _USUAL if attributes[n] != _USUAL[n]}, attributes)
        found.append(f"streaming = {_STREAMING[str(attributes['streaming'])]}")
        published = ", ".join(map(quote_identifier, words(attributes["publications"])))
        yield Statement(
            f"create subscription {name} connection {_connection(item)} publication {published} "
            f"with ({', '.join(found)})",
            item.key, "without connecting",
        )  # fmt: skip
        if attributes["enabled"]:
            yield Statement(f"alter subscription {name} enable", item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop it; a slot stays on the publisher."""
        name = quote_identifier(item.key.name)
        if item.attributes["slot"] is not None:
            yield Statement(f"alter subscription {name} disable", item.key)
            yield Statement(
                f"alter subscription {name} set (slot_name = none)", item.key,
                "the slot stays on the publisher until it is dropped there",
            )  # fmt: skip
        yield Statement(f"drop subscription {name}", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether it is not two-phase commit: that is said when it is made."""
        return not change.has("two_phase")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set what differs."""
        after, name = change.after, quote_identifier(change.key.name)
        head = f"alter subscription {name}"
        if change.has("connection"):
            yield Statement(f"{head} connection {_connection(change.new)}", change.key)
        if change.has("publications"):
            published = ", ".join(map(quote_identifier, words(after["publications"])))
            yield Statement(
                f"{head} set publication {published} with (refresh = false)", change.key
            )
        if change.has("enabled") and not after["enabled"]:
            yield Statement(f"{head} disable", change.key)
        found = _subscribed(change.names & _USUAL.keys(), after)
        if change.has("streaming"):
            found.append(f"streaming = {_STREAMING[str(after['streaming'])]}")
        if change.has("slot"):
            found.append(f"slot_name = {_slot(after)}")
        if found:
            yield Statement(f"{head} set ({', '.join(found)})", change.key)
        if change.has("enabled") and after["enabled"]:
            yield Statement(f"{head} enable", change.key)


def _subscribed(names: Collection[str], attributes: Attributes) -> list[str]:
    return [f"{name} = {str(attributes[name]).lower()}" for name in sorted(names)]


def _slot(attributes: Attributes) -> str:
    slot = attributes["slot"]
    return "none" if slot is None else quote_literal(str(slot))


def _connection(item: Object) -> str:
    return quote_literal(readable(item.key, "connection", str(item.attributes["connection"])))
