# SPDX-License-Identifier: Apache-2.0
"""What stands beside tables: schemas, extensions, languages, publications, settings and more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import (
    changed_foreign_options,
    foreign_options,
    path,
    role,
    setting_value,
)
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Key, Object, Value
    from bedstone.plan.change import Change, Scene


class Schemas(Writer):
    """Schemas."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make the schema."""
        yield Statement(f"create schema {path(item.key)}", item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Drop the schema, which is empty by then."""
        yield Statement(f"drop schema {path(item.key)}", item.key, hazards=(Hazard.BREAKS_CLIENTS,))

    def can_alter(self, change: Change) -> bool:  # noqa: ARG002  one shape
        """A schema has nothing but what all kinds have."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:  # noqa: ARG002  one shape
        """Nothing."""
        yield from ()


class Extensions(Writer):
    """Extensions; what is in them is theirs."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Create the extension in its schema, in its version."""
        attributes = item.attributes
        name = quote_identifier(item.key.name)
        schema = quote_identifier(str(attributes["schema"]))
        version = quote_literal(str(attributes["version"]))
        yield Statement(
            f"create extension {name} with schema {schema} version {version}", item.key
        )

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
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


class Publications(Writer):
    """Publications; their tables and schemas are parts."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
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
        yield Statement(f"alter publication {name} set ({_published(change.after)})", change.key)


def _published(attributes: Attributes) -> str:
    actions = [n for n in ("insert", "update", "delete", "truncate") if attributes[n]]
    found = [f"publish = {quote_literal(', '.join(actions))}"]
    found.append(f"publish_via_partition_root = {str(attributes['via_root']).lower()}")
    if attributes["generated_columns"] != "none":
        found.append(f"publish_generated_columns = {attributes['generated_columns']}")
    return ", ".join(found)


class PublicationMembers(Writer):
    """Tables and schemas in publications."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Add it."""
        yield Statement(f"alter publication {_publication(item)} add {_member(item)}", item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Take it out."""
        yield Statement(f"alter publication {_publication(item)} drop {_named(item)}", item.key)


def _publication(item: Object) -> str:
    return quote_identifier(item.key.parent or "")


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


class DefaultPrivileges(Writer):
    """Privileges that later objects get."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Grant them, relative to what PostgreSQL gives by itself."""
        yield from _default_grants(item.key, _initial(item.key), item.attributes["acl"])

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Bring them back to what PostgreSQL gives by itself."""
        yield from _default_grants(item.key, item.attributes["acl"], _initial(item.key))

    def can_alter(self, change: Change) -> bool:  # noqa: ARG002  one shape
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

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Set it."""
        yield self._set(item)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Reset it."""
        yield self._write(item.key, f"reset {_setting(item.key)}")

    def can_alter(self, change: Change) -> bool:  # noqa: ARG002  one shape
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


class ForeignDataWrappers(Writer):
    """Foreign data wrappers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make it."""
        attributes = item.attributes
        text = f"create foreign data wrapper {path(item.key)}"
        for name in ("handler", "validator"):
            if attributes[name]:
                text += f" {name} {attributes[name]}"
        yield Statement(text + foreign_options(pairs(attributes["foreign_options"])), item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether only options differ."""
        return change.only("foreign_options")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the options."""
        yield _change_options("foreign data wrapper", change)


class Servers(Writer):
    """Foreign servers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
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
        return change.only("foreign_options")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the options."""
        yield _change_options("server", change)


class UserMappings(Writer):
    """User mappings of foreign servers."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make it."""
        text = f"create user mapping {_mapping(item.key)}"
        yield Statement(text + foreign_options(pairs(item.attributes["foreign_options"])), item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
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


def _change_options(word: str, change: Change) -> Statement:
    return Statement(f"alter {word} {path(change.key)} {_changed(change)}", change.key)


class Collations(Writer):
    """Collations."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
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


class Languages(Writer):
    """Procedural languages."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make it."""
        attributes = item.attributes
        trusted = "trusted " if attributes["trusted"] else ""
        text = f"create {trusted}language {path(item.key)}"
        for name in ("handler", "inline", "validator"):
            if attributes[name]:
                text += f" {name} {attributes[name]}"
        yield Statement(text, item.key)


class Casts(Writer):
    """Casts."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make it."""
        attributes = item.attributes
        how = {"function": f"with function {attributes['function']}", "inout": "with inout"}.get(
            str(attributes["method"]), "without function"
        )
        context = attributes["context"]
        as_ = "" if context == "explicit" else f" as {context}"
        yield Statement(f"create cast ({item.key.name}) {how}{as_}", item.key)


class Conversions(Writer):
    """Operators."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make it."""
        attributes = item.attributes
        left, right = (item.key.parent or "NONE, NONE").split(", ", 1)
        found = [f"function = {str(attributes['function']).partition('(')[0]}"]
        if left != "NONE":
            found.append(f"leftarg = {left}")
        if right != "NONE":
            found.append(f"rightarg = {right}")
        for name in ("commutator", "negator"):
            if attributes[name]:
                text = str(attributes[name]).partition("(")[0]
                found.append(f"{name} = operator({text if '.' in text else 'pg_catalog.' + text})")
        for name in ("restrict", "join"):
            if attributes[name]:
                found.append(f"{name} = {attributes[name]}")
        for name in ("hashes", "merges"):
            if attributes[name]:
                found.append(name)
        schema = quote_identifier(item.key.schema or "")
        yield Statement(f"create operator {schema}.{item.key.name} ({', '.join(found)})", item.key)


class SearchConfigurations(Writer):
    """Text search configurations."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
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


class SearchDictionaries(Writer):
    """Text search dictionaries."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:  # noqa: ARG002
        """Make it."""
        attributes = item.attributes
        text = f"template = {attributes['template']}"
        if attributes["options"]:
            text += f", {attributes['options']}"
        yield Statement(f"create text search dictionary {path(item.key)} ({text})", item.key)
