# SPDX-License-Identifier: Apache-2.0
"""Privileges of what is the system's or an extension's, default privileges, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.plan.annotations import (
    Grant,
    acl_at_first,
    acl_of,
    by_grantee,
    grants,
    privileges_of,
)
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.spelling import granted_name, role, setting_value
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Object
    from bedstone.plan.change import Change, Scene


#: Where the privileges of an object are, by its kind: catalogue, prefix of its columns, letter
#: of ``acldefault``, how its name becomes an OID.
_CATALOGUES = {
    **dict.fromkeys(
        ("function", "procedure", "aggregate"), ("pg_proc", "pro", "f", "regprocedure")
    ),
    **dict.fromkeys(
        ("table", "view", "materialized view", "foreign table"),
        ("pg_class", "rel", "r", "regclass"),
    ),
    "sequence": ("pg_class", "rel", "s", "regclass"),
    "type": ("pg_type", "typ", "T", "regtype"),
    "schema": ("pg_namespace", "nsp", "n", "regnamespace"),
}
#: Everything that a role has is taken from it, then what initdb or CREATE EXTENSION gave is given.
_AS_AT_FIRST = """do $do$ declare step text; begin
for step in
  with it as (
    select o.{prefix}acl as now,
      coalesce(i.initprivs, pg_catalog.acldefault({letter}, o.{prefix}owner)) as was
    from pg_catalog.{catalogue} as o
    left join pg_catalog.pg_init_privs as i
      on i.classoid = 'pg_catalog.{catalogue}'::pg_catalog.regclass
      and i.objoid = o.oid and i.objsubid = 0
    where o.oid = {oid}
  )
  select pg_catalog.format('revoke all on %s from %s', {on},
    case x.grantee when 0 then 'public' else x.grantee::pg_catalog.regrole::text end)
  from it cross join lateral pg_catalog.aclexplode(it.now) as x
  union all
  select pg_catalog.format('grant %s on %s to %s', x.privilege_type, {on},
    case x.grantee when 0 then 'public' else x.grantee::pg_catalog.regrole::text end)
    || case when x.is_grantable then ' with grant option' else '' end
  from it cross join lateral pg_catalog.aclexplode(it.was) as x
loop
  execute step;
end loop; end $do$"""


class Privileges(Writer):
    """Privileges of what is the system's or an extension's, where they are not the first."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Grant them; what everybody has at first is taken back where it is not wanted."""
        wanted = acl_of(item)
        word = _FOR_ALL.get(item.key.parent or "", "select")
        given: list[Grant] = (
            [] if item.key.parent in _EMPTY_AT_FIRST else [("public", word, False, None)]
        )
        if item.key.parent != "table column":
            given += [grant for grant in wanted if grant[0] is None]
        yield from grants(item, wanted, given)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Bring them back to what they were at first."""
        key = item.key
        if item.extension is not None and Key("extension", None, item.extension) not in scene.b:
            return
        found = _CATALOGUES.get(key.parent or "")
        if found is None:
            yield from grants(item, [], acl_of(item))
            return
        catalogue, prefix, letter, name = found
        oid = f"{quote_literal(key.name)}::pg_catalog.{name}"
        on = quote_literal(granted_name(key.parent or "", key.name))
        yield Statement(
            _AS_AT_FIRST.format(
                catalogue=catalogue, prefix=prefix, letter=quote_literal(letter), oid=oid, on=on
            ),
            key, "privileges as they were at first", hazards=(Hazard.PRIVILEGES,),
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """They can be granted and revoked."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Grant and revoke."""
        yield from grants(change.new, acl_of(change.new), acl_of(change.old))


#: What everybody has at first, where that is not SELECT.
_FOR_ALL = {
    **dict.fromkeys(("function", "procedure", "aggregate"), "execute"),
    **dict.fromkeys(("type", "language"), "usage"),
}
#: Columns and schemas give nothing to everybody at first.
_EMPTY_AT_FIRST = frozenset({"table column", "schema", "sequence"})


class DefaultPrivileges(Writer):
    """Privileges that later objects get."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Grant them, relative to what PostgreSQL gives by itself."""
        yield from _default_grants(item.key, _initial(item.key, scene), acl_of(item), scene)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Bring them back to what PostgreSQL gives by itself."""
        yield from _default_grants(item.key, acl_of(item), _initial(item.key, scene), scene)

    def can_alter(self, change: Change) -> bool:
        """They can be granted and revoked."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Grant and revoke."""
        yield from _default_grants(change.key, acl_of(change.old), acl_of(change.new), change.scene)


#: What acldefault() gives to an owner, and to everybody.
_TO_OWNERS = {
    "tables": ("delete", "insert", "maintain", "references", "select", "trigger", "truncate",
               "update"),
    "sequences": ("select", "update", "usage"),
    "functions": ("execute",), "types": ("usage",), "schemas": ("create", "usage"),
    "large objects": ("select", "update"),
}  # fmt: skip
_TO_ALL = {"functions": "execute", "types": "usage"}


def _initial(key: Key, scene: Scene) -> list[Grant]:
    """Return what acldefault() gives; nothing for the privileges of one schema."""
    if key.schema is not None:
        return []
    kind = key.parent or ""
    return acl_at_first(_TO_OWNERS.get(kind, ()), _TO_ALL.get(kind), scene)


def _default_grants(
    key: Key, before: list[Grant], after: list[Grant], scene: Scene
) -> Iterator[Statement]:
    """Write REVOKE for what is too much, GRANT for what lacks; one statement for each grantee."""
    old, new = ({grant[:2]: grant for grant in found} for found in (before, after))
    gone = [grant for to, grant in old.items() if to not in new]
    less = [grant for to, grant in old.items() if grant[2] and to in new and not new[to][2]]
    more = [grant for to, grant in new.items() if to not in old or (grant[2] and not old[to][2])]
    head = f"alter default privileges for role {quote_identifier(key.name)}"
    if key.schema is not None:
        head += f" in schema {quote_identifier(key.schema)}"
    for found, verb, word in (
        (gone, "revoke", "from"),
        (less, "revoke grant option for", "from"),
        (more, "grant", "to"),
    ):
        told = [g for g in found if scene.has_maintain or not _is_maintain_of_owner(g, key)]
        for (who, grantable, _), names in by_grantee(told).items():
            option = " with grant option" if verb == "grant" and grantable else ""
            to = role(who) if who is not None else quote_identifier(key.name)
            what = privileges_of(key, sorted(names))
            yield Statement(f"{head} {verb} {what} on {key.parent} {word} {to}{option}", key)


def _is_maintain_of_owner(grant: Grant, key: Key) -> bool:
    return grant[0] is None and grant[1] == "maintain" and key.schema is None


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
