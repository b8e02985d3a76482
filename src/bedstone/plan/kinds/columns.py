# SPDX-License-Identifier: Apache-2.0
"""Columns of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.casts import Conversion, conversion
from bedstone.plan.defaults import is_volatile
from bedstone.plan.kinds.sequences import go_on, identity_options
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs
from bedstone.plan.spelling import (
    changed_foreign_options,
    foreign_options,
    option_names,
    options,
    relation_path,
)
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Key, Object
    from bedstone.plan.change import Change, Scene
    from bedstone.plan.side import Side

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
#: How the types that can be stored in more than one way are stored, all others: extended.
_STORAGES = {"numeric": "main", "inet": "main", "cidr": "main", "tsquery": "plain"}
#: What cannot stand on a column whose type changes: PostgreSQL rebuilds indexes and constraints
#: by itself, and refuses the rest.
_DISTURBED = frozenset(
    {"view", "materialized view", "rule", "policy", "trigger", "function", "procedure",
     "publication table", "statistics"}
)  # fmt: skip


def definition(item: Object, side: Side, *, inherited: bool = False) -> str:
    """Return a column as CREATE TABLE and ADD COLUMN write it.

    The identity of an *inherited* column comes from the partitioned table.
    """
    attributes = item.attributes
    parts = [quote_identifier(item.key.name), str(attributes["type"])]
    if attributes["foreign_options"]:
        parts.append(foreign_options(pairs(attributes["foreign_options"])).strip())
    if attributes["compression"]:
        parts.append(f"compression {attributes['compression']}")
    if attributes["collation"]:
        parts.append(f"collate {attributes['collation']}")
    if not (inherited and attributes["identity"]):
        return " ".join([*parts, *_conditions(item, side)])
    return " ".join([*parts, *_conditions(item)])


def options_of(item: Object, side: Side) -> str:
    """Return what a column of a typed table has beside its type; nothing where that is all."""
    found = _conditions(item, side)
    return " ".join([quote_identifier(item.key.name), "with options", *found]) if found else ""


def _conditions(item: Object, side: Side | None = None) -> list[str]:
    """Return NOT NULL and, with a *side*, where the column's values come from."""
    attributes = item.attributes
    not_null = attributes["not_null"] and attributes["not_null_validated"]
    found = [_not_null(item)] if not_null else []
    return found if side is None else found + _value(item, side)


def _not_null(item: Object) -> str:
    name = item.attributes["not_null_name"]
    named = f"constraint {quote_identifier(str(name))} " if name else ""
    return f"{named}not null" + (" no inherit" if item.attributes["not_null_no_inherit"] else "")


def _value(item: Object, side: Side) -> list[str]:
    attributes = item.attributes
    if attributes["generated"]:
        return [f"generated always as ({attributes['expression']}) {attributes['generated']}"]
    if attributes["identity"]:
        sequence = identity_sequence(item.key, side)
        table = side.wholes[item.key]
        inner = identity_options(sequence, side[table]) if sequence is not None else ""
        return [f"generated {attributes['identity']} as identity{inner}"]
    if attributes["default"] is not None:
        return [f"default {attributes['default']}"]
    return []


def identity_sequence(column: Key, side: Side) -> Object | None:
    """Return the sequence of an identity column."""
    table = side.table_of(column)
    for part in side.parts.get(table, ()) if table else ():
        sequence = part.kind == "sequence" and side[part].attributes["identity"]
        if sequence and side[part].owning_column == column:
            return side[part]
    return None


def extras(item: Object) -> Iterator[Statement]:
    """Write what a new column has that no definition can say."""
    attributes = item.attributes
    if attributes["storage"]:
        yield _alter(item.key, f"set storage {attributes['storage']}", _EXCLUSIVE)
    if attributes["statistics"] is not None:
        yield _alter(item.key, f"set statistics {attributes['statistics']}", _SHARED)
    if attributes["options"]:
        yield _alter(item.key, f"set ({options(pairs(attributes['options']))})", _SHARED)
    if attributes["not_null"] and not attributes["not_null_validated"]:
        yield _add_not_null(item, "not valid")


def own_values(item: Object, side: Side) -> Iterator[Statement]:
    """Write what a column that a parent brings has otherwise than the parent's."""
    above = side.brought.get(item.key)
    if above is None:
        return
    attributes, parent = item.attributes, side[above].attributes
    if attributes["not_null"] and (not parent["not_null"] or parent["not_null_no_inherit"]):
        yield _alter(item.key, "set not null", _EXCLUSIVE)
    if not attributes["generated"] and attributes["default"] != parent["default"]:
        value = attributes["default"]
        action = "drop default" if value is None else f"set default {value}"
        yield _alter(item.key, action, _EXCLUSIVE)


def _add_not_null(item: Object, suffix: str) -> Statement:
    name = item.attributes["not_null_name"] or f"{item.key.parent}_{item.key.name}_not_null"
    no_inherit = " no inherit" if item.attributes["not_null_no_inherit"] else ""
    column = quote_identifier(item.key.name)
    return Statement(
        f"alter table {relation_path(item.key)} add constraint {quote_identifier(str(name))} "
        f"not null {column}{no_inherit} {suffix}".rstrip(),
        item.key,
        lock=_EXCLUSIVE,
        on=relation_path(item.key),
    )


def _alter(
    key: Key, action: str, lock: LockMode, *, reason: str = "", only: bool = False,
    hazards: tuple[Hazard, ...] = (),
) -> Statement:  # fmt: skip
    table = relation_path(key)
    sql = f"alter table {'only ' if only else ''}{table} alter column {quote_identifier(key.name)}"
    return Statement(f"{sql} {action}", key, reason, lock, table, hazards)


class Columns(Writer):
    """Columns of tables and foreign tables."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Add the column; a default that would rewrite the table comes after it."""
        key, attributes = item.key, item.attributes
        table = scene.b.table_of(key)
        word = "foreign table" if table is not None and table.kind == "foreign table" else "table"
        head = f"alter {word} {relation_path(key)} add column"
        default = attributes["default"]
        path = relation_path(key)
        if not scene.is_online(table) or default is None or not is_volatile(str(default), scene.b):
            hazards = []
            rewrites = attributes["generated"] == "stored" or attributes["identity"]
            if scene.may_have_rows(table):
                if rewrites or (default is not None and is_volatile(str(default), scene.b)):
                    hazards.append(Hazard.BLOCKS)
                if attributes["not_null"] and default is None and not rewrites:
                    hazards.append(Hazard.MAY_FAIL)
            yield Statement(
                f"{head} {definition(item, scene.b)}", key, "", _EXCLUSIVE, path, tuple(hazards)
            )
            yield from extras(item)
            return
        plain = [quote_identifier(key.name), str(attributes["type"])]
        if attributes["compression"]:
            plain.append(f"compression {attributes['compression']}")
        if attributes["collation"]:
            plain.append(f"collate {attributes['collation']}")
        why = "a volatile default in ADD COLUMN would rewrite the table"
        yield Statement(f"{head} {' '.join(plain)}", key, why, _EXCLUSIVE, path)
        yield _alter(key, f"set default {default}", _EXCLUSIVE)
        name = quote_identifier(key.name)
        yield Statement(
            f"update {relation_path(key)} set {name} = default where {name} is null",
            key,
            "rows that are there get their value",
            LockMode.ROW_EXCLUSIVE,
            relation_path(key),
            transaction=Transaction.OWN,
        )
        if attributes["not_null"]:
            yield from set_not_null(item, scene)
        yield from extras(item)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the column with its values."""
        key = item.key
        table = scene.a.table_of(key)
        word = "foreign table" if table is not None and table.kind == "foreign table" else "table"
        name = quote_identifier(key.name)
        loses: tuple[Hazard, ...] = (Hazard.BREAKS_CLIENTS,)
        if not item.attributes["generated"]:
            loses = (Hazard.LOSES_DATA, *loses)
        yield Statement(
            f"alter {word} {relation_path(key)} drop column {name}",
            key,
            lock=_EXCLUSIVE,
            on=relation_path(key),
            hazards=loses,
        )

    def can_alter(self, change: Change) -> bool:
        """Whether no new column is needed: one cannot begin to be computed from others."""
        before, after = change.before, change.after
        if after["generated"] is not None and change.has("generated"):
            return False
        if before["generated"] == "virtual" and change.has("generated"):
            return False
        if change.has("type") and after["generated"] is None and _conversion(change) is None:
            return False
        if after["generated"] is not None and change.has("expression"):
            return change.scene.options.lowest >= 17  # SET EXPRESSION came with 17
        return True

    def disturbs(self, change: Change) -> Iterator[Key]:
        """Yield what PostgreSQL does not let stand while a column's type changes."""
        a = change.scene.a
        if not change.has("type", "collation"):
            return
        for dependant in a.dependants.get(change.key, ()):
            computed = dependant.kind == "column" and a[dependant].attributes["generated"]
            if dependant.kind in _DISTURBED or (computed and dependant != change.key):
                yield dependant

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the column where it is."""
        before, after, key = change.before, change.after, change.key
        if change.has("generated"):
            yield _alter(key, "drop expression", _EXCLUSIVE)
        if change.has("identity") and not after["identity"]:
            yield _alter(key, "drop identity", _EXCLUSIVE)
        retyped = change.has("type", "collation")
        default_gone = before["default"] is not None and (retyped or after["default"] is None)
        if default_gone and (retyped or change.has("default")):
            yield _alter(key, "drop default", _EXCLUSIVE, only=True)
        if change.has("not_null") and not after["not_null"]:
            yield _alter(key, "drop not null", _EXCLUSIVE)
        if retyped:
            yield self._retype(change)
        given_back = key in change.scene.detached
        if after["default"] is not None and not given_back and (change.has("default") or retyped):
            yield _alter(key, f"set default {after['default']}", _EXCLUSIVE, only=True)
        if change.has("not_null", "not_null_validated", "not_null_no_inherit"):
            yield from self._not_null(change)
        if change.has("identity") and after["identity"]:
            yield from self._identity(change)
        if change.has("expression") and after["generated"] and not change.has("generated"):
            hazards = (Hazard.BLOCKS,) if after["generated"] == "stored" else ()
            yield _alter(
                key, f"set expression as ({after['expression']})", _EXCLUSIVE, hazards=hazards
            )
        yield from self._rest(change)

    def _retype(self, change: Change) -> Statement:
        key, after = change.key, change.after
        collate = f" collate {after['collation']}" if after["collation"] else ""
        if not collate and change.has("collation") and not change.has("type"):
            collate = ' collate pg_catalog."default"'
        found = _conversion(change)
        using = f" using {found.using}" if found is not None and found.using else ""
        table = change.scene.a.table_of(key)
        hazards: tuple[Hazard, ...] = (Hazard.BREAKS_CLIENTS,)
        if change.scene.may_have_rows(table):
            hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL, *hazards)
            if found is not None and not found.exact:
                hazards = (Hazard.CHANGES_VALUES, *hazards)
        action = f"set data type {after['type']}{collate}{using}"
        return _alter(key, action, _EXCLUSIVE, reason="another type", hazards=hazards)

    def _not_null(self, change: Change) -> Iterator[Statement]:
        after, before, key = change.after, change.before, change.key
        if not after["not_null"]:
            return
        if before["not_null"] and change.has("not_null_no_inherit"):
            inherit = "no inherit" if after["not_null_no_inherit"] else "inherit"
            name = after["not_null_name"] or f"{key.parent}_{key.name}_not_null"
            yield Statement(
                f"alter table {relation_path(key)} alter constraint "
                f"{quote_identifier(str(name))} {inherit}", key
            )  # fmt: skip
        if not after["not_null_validated"]:
            if before["not_null"]:
                yield _alter(key, "drop not null", _EXCLUSIVE)
            yield _add_not_null(change.new, "not valid")
        elif before["not_null"] and not before["not_null_validated"]:
            yield _validate_not_null(change.new)
        elif not before["not_null"]:
            yield from set_not_null(change.new, change.scene)

    def _identity(self, change: Change) -> Iterator[Statement]:
        key, after, before = change.key, change.after, change.before
        if before["identity"]:
            yield _alter(key, f"set generated {after['identity']}", _EXCLUSIVE)
            return
        sequence = identity_sequence(key, change.scene.b)
        table = change.scene.b[change.scene.b.wholes[key]]
        inner = identity_options(sequence, table) if sequence is not None else ""
        yield _alter(key, f"add generated {after['identity']} as identity{inner}", _EXCLUSIVE)
        if sequence is not None and change.scene.may_have_rows(change.scene.b.table_of(key)):
            yield go_on(sequence.key, key)

    def _rest(self, change: Change) -> Iterator[Statement]:
        key, before, after = change.key, change.before, change.after
        if change.has("storage") or (change.has("type") and after["storage"]):
            yield _alter(key, f"set storage {storage(after, change.scene)}", _EXCLUSIVE)
        if change.has("compression"):
            yield _alter(key, f"set compression {after['compression'] or 'default'}", _EXCLUSIVE)
        if change.has("statistics"):
            value = -1 if after["statistics"] is None else after["statistics"]
            yield _alter(key, f"set statistics {value}", _SHARED)
        if change.has("options"):
            old, new = pairs(before["options"]), pairs(after["options"])
            gone = [name for name in old if name not in new]
            if gone:
                yield _alter(key, f"reset ({option_names(gone)})", _SHARED)
            if new:
                yield _alter(key, f"set ({options(new)})", _SHARED)
        if change.has("foreign_options"):
            text = changed_foreign_options(
                pairs(before["foreign_options"]), pairs(after["foreign_options"])
            )
            name = quote_identifier(key.name)
            sql = f"alter foreign table {relation_path(key)} alter column {name} {text}"
            yield Statement(sql, key, lock=_EXCLUSIVE, on=relation_path(key))


def _conversion(change: Change) -> Conversion | None:
    name = quote_identifier(change.key.name)
    old, new = str(change.before["type"]), str(change.after["type"])
    return conversion(name, old, new, change.scene.b)


def set_not_null(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write NOT NULL so that no rows are read while somebody waits."""
    key = item.key
    if not scene.is_online(scene.b.table_of(key)):
        yield _alter(key, "set not null", _EXCLUSIVE)
        return
    if scene.options.lowest >= 18:  # NOT NULL NOT VALID came with 18
        yield _add_not_null(item, "not valid")
        yield _validate_not_null(item)
        return
    table, column = relation_path(key), quote_identifier(key.name)
    check = quote_identifier(f"bedstone_{key.name}"[:50] + "_not_null")
    yield Statement(
        f"alter table {table} add constraint {check} check ({column} is not null) not valid",
        key, "NOT NULL alone would read the table under its lock", _EXCLUSIVE, table,
    )  # fmt: skip
    yield Statement(
        f"alter table {table} validate constraint {check}", key, "reads the rows, writers go on",
        _SHARED, table, (Hazard.MAY_FAIL,), Transaction.OWN,
    )  # fmt: skip
    yield _alter(key, "set not null", _EXCLUSIVE, reason="believes the validated check")
    yield Statement(f"alter table {table} drop constraint {check}", key, "", _EXCLUSIVE, table)


def _validate_not_null(item: Object) -> Statement:
    name = item.attributes["not_null_name"] or f"{item.key.parent}_{item.key.name}_not_null"
    table = relation_path(item.key)
    return Statement(
        f"alter table {table} validate constraint {quote_identifier(str(name))}",
        item.key, "reads the rows, writers go on", _SHARED, table, (Hazard.MAY_FAIL,),
        Transaction.OWN,
    )  # fmt: skip


def storage(attributes: Attributes, scene: Scene, *, usual: bool = False) -> str:
    """Return a column's storage as SET STORAGE takes it; PostgreSQL 15 has no DEFAULT there."""
    if attributes["storage"] and not usual:
        return str(attributes["storage"])
    if scene.options.lowest >= 16:  # SET STORAGE DEFAULT came with 16
        return "default"
    return _STORAGES.get(str(attributes.get("type")).partition("(")[0], "extended")


def unset_default(item: Object) -> Iterator[Statement]:
    """Take a default off while what it calls is made anew."""
    if item.attributes["default"] is not None:
        yield _alter(item.key, "drop default", _EXCLUSIVE, only=True)


def set_default(item: Object) -> Iterator[Statement]:
    """Give a default back."""
    if item.attributes["default"] is not None:
        yield _alter(item.key, f"set default {item.attributes['default']}", _EXCLUSIVE, only=True)
