# SPDX-License-Identifier: Apache-2.0
"""Default privileges, and settings of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.spelling import role, setting_value
from bedstone.plan.statement import Statement
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object, Value
    from bedstone.plan.change import Change, Scene


class DefaultPrivileges(Writer):
    """Privileges that later objects get."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Grant them, relative to what PostgreSQL gives by itself."""
        yield from _default_grants(item.key, _initial(item.key), item.attributes["acl"])

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Bring them back to what PostgreSQL gives by itself."""
        yield from _default_grants(item.key, item.attributes["acl"], _initial(item.key))

    def can_alter(self, change: Change) -> bool:
        """They can be granted and revoked."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Grant and revoke."""
        yield from _default_grants(change.key, change.before["acl"], change.after["acl"])


_TABLE_WORDS = ("delete", "insert", "references", "select", "trigger", "truncate", "update")


def _initial(key: Key) -> Value:
    """Return what acldefault() gives; nothing for the privileges of one schema."""
    if key.schema is not None:
        return ()
    owner = {
        "tables": _TABLE_WORDS, "sequences": ("select", "update", "usage"),
        "functions": ("execute",), "types": ("usage",), "schemas": ("create", "usage"),
        "large objects": ("select", "update"),
    }  # fmt: skip
    everybody = {"functions": "execute", "types": "usage"}
    kind = key.parent or ""
    found = [(None, word, False, None) for word in owner.get(kind, ())]
    if kind in everybody:
        found.append(("public", everybody[kind], False, None))  # type: ignore[arg-type]
    return tuple(found)


def _default_grants(key: Key, before: Value, after: Value) -> Iterator[Statement]:
    old = {g[:2]: g for g in before if isinstance(g, tuple)} if isinstance(before, tuple) else {}
    new = {g[:2]: g for g in after if isinstance(g, tuple)} if isinstance(after, tuple) else {}
    head = f"alter default privileges for role {quote_identifier(key.name)}"
    if key.schema is not None:
        head += f" in schema {quote_identifier(key.schema)}"
    for grant in old.values():
        if grant[:2] not in new and not _is_maintain_of_owner(grant, key):
            who = _who(grant[0], key)
            yield Statement(f"{head} revoke {grant[1]} on {key.parent} from {who}", key)
        elif grant[2] and grant[:2] in new and not new[grant[:2]][2]:
            who = _who(grant[0], key)
            yield Statement(
                f"{head} revoke grant option for {grant[1]} on {key.parent} from {who}", key
            )
    for grant in new.values():
        if old.get(grant[:2], (0, 0, None))[2] != grant[2] and not _is_maintain_of_owner(grant, key):
            option = " with grant option" if grant[2] else ""
            if grant[:2] in old and not grant[2]:
                continue
            who = _who(grant[0], key)
            yield Statement(f"{head} grant {grant[1]} on {key.parent} to {who}{option}", key)


def _is_maintain_of_owner(grant: tuple[Value, ...], key: Key) -> bool:
    return grant[0] is None and grant[1] == "maintain" and key.schema is None


def _who(name: Value, key: Key) -> str:
    return role(str(name)) if name is not None else quote_identifier(key.name)


class Settings(Writer):
    """Settings of the database, for all roles or for one."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Set it."""
        yield self._set(item)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Reset it."""
        yield self._write(item.key, f"reset {_setting(item.key)}")

    def can_alter(self, change: Change) -> bool:
        """A setting is set anew."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set it anew."""
        yield self._set(change.new)

    def _set(self, item: Object) -> Statement:
        value = setting_value(item.key.name, str(item.attributes["value"]))
        return self._write(item.key, f"set {_setting(item.key)} to {value}")

    @staticmethod
    def _write(key: Key, words_: str) -> Statement:
        """Name the database at run time: the script may run on one of another name."""
        role_ = f"role {quote_identifier(key.parent)} in " if key.parent else ""
        text = quote_literal(f"alter {role_}database %I {words_.replace('%', '%%')}")
        return Statement(
            "do $do$ begin execute pg_catalog.format("
            f"{text}, pg_catalog.current_database()); end $do$",
            key,
        )


def _setting(key: Key) -> str:
    return ".".join(quote_identifier(part) for part in key.name.split("."))
