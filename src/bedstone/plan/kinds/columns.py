# SPDX-License-Identifier: Apache-2.0
"""Columns of tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes
from bedstone.plan.backfill import backfill, has_children, has_triggers, may_go_past
from bedstone.plan.coercion import is_checked_type
from bedstone.plan.defaults import is_volatile
from bedstone.plan.kinds.retyping import Way, convert, disturbed, retyping
from bedstone.plan.kinds.sequences import go_on, identity_options
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs
from bedstone.plan.spelling import (
    changed_foreign_options,
    foreign_options,
    not_null_name,
    option_names,
    options,
    relation_path,
)
from bedstone.plan.stand_in import part_name
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change, Scene
    from bedstone.plan.side import Side

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
#: How the types that can be stored in more than one way are stored, all others: extended.
_STORAGES = {"numeric": "main", "inet": "main", "cidr": "main", "tsquery": "plain"}


def definition(item: Object, side: Side, *, inherited: bool = False, named: bool = False) -> str:
    """Return a column as CREATE TABLE and ADD COLUMN write it.

    The identity of an *inherited* column comes from the partitioned table. A NOT NULL that is not
    *named* gets a name that PostgreSQL makes up, which depends on those that there are.
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
        return " ".join([*parts, *_conditions(item, side, named=named)])
    return " ".join([*parts, *_conditions(item, named=named)])


def options_of(item: Object, side: Side, *, named: bool = False) -> str:
    """Return what a column of a typed table has beside its type; nothing where that is all."""
    found = _conditions(item, side, named=named)
    return " ".join([quote_identifier(item.key.name), "with options", *found]) if found else ""


def _conditions(item: Object, side: Side | None = None, *, named: bool) -> list[str]:
    """Return NOT NULL and, with a *side*, where the column's values come from."""
    attributes = item.attributes
    not_null = attributes["not_null"] and attributes["not_null_validated"]
    if side is not None and attributes["not_null_local"] is False:
        table = side.table_of(item.key)
        not_null = not_null and table is not None and not side[table].attributes.get("inherits")
    found = [_not_null(item, named=named)] if not_null else []
    return found if side is None else found + _value(item, side)


def _not_null(item: Object, *, named: bool) -> str:
    named = named or bool(item.attributes["not_null_name"])
    name = f"constraint {quote_identifier(not_null_name(item))} " if named else ""
    return f"{name}not null" + (" no inherit" if item.attributes["not_null_no_inherit"] else "")


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
        yield alter_column(item.key, f"set storage {attributes['storage']}", _EXCLUSIVE)
    if attributes["statistics"] is not None:
        yield alter_column(item.key, f"set statistics {attributes['statistics']}", _SHARED)
    if attributes["options"]:
        yield alter_column(item.key, f"set ({options(pairs(attributes['options']))})", _SHARED)
    if attributes["not_null"] and not attributes["not_null_validated"]:
        yield add_not_null(item, "not valid")


def own_values(item: Object, side: Side) -> Iterator[Statement]:
    """Write what a column that a parent brings has otherwise than the parent's."""
    above = side.brought.get(item.key)
    if above is None:
        return
    attributes, parent = item.attributes, side[above].attributes
    if attributes["not_null"] and (not parent["not_null"] or parent["not_null_no_inherit"]):
        yield alter_column(item.key, "set not null", _EXCLUSIVE)
    if not attributes["generated"] and attributes["default"] != parent["default"]:
        value = attributes["default"]
        action = "drop default" if value is None else f"set default {value}"
        yield alter_column(item.key, action, _EXCLUSIVE)


def add_not_null(item: Object, suffix: str, *, reason: str = "") -> Statement:
    """Write NOT NULL as a constraint with its name."""
    name = not_null_name(item)
    no_inherit = " no inherit" if item.attributes["not_null_no_inherit"] else ""
    column = quote_identifier(item.key.name)
    return Statement(
        f"alter table {relation_path(item.key)} add constraint {quote_identifier(str(name))} "
        f"not null {column}{no_inherit} {suffix}".rstrip(),
        item.key,
        reason,
        _EXCLUSIVE,
        relation_path(item.key),
    )


def alter_column(
    key: Key, action: str, lock: LockMode, *, reason: str = "", only: bool = False,
    hazards: tuple[Hazard, ...] = (),
) -> Statement:  # fmt: skip
    """Write ALTER COLUMN."""
    table = relation_path(key)
    sql = f"alter table {'only ' if only else ''}{table} alter column {quote_identifier(key.name)}"
    return Statement(f"{sql} {action}", key, reason, lock, table, hazards)


class Columns(Writer):
    """Columns of tables and foreign tables."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Add the column; a default that would rewrite the table comes after it."""
        table = scene.b.table_of(item.key)
        if _is_filled_later(item, table, scene):
            assert table is not None  # noqa: S101  it has rows
            yield from self._filled_later(item, table, scene)
            return
        word = "foreign table" if table is not None and table.kind == "foreign table" else "table"
        path = relation_path(item.key)
        rewritten = _is_rewritten(item, scene.b) and scene.may_have_rows(table)
        hazards: tuple[Hazard, ...] = (Hazard.BLOCKS,) if rewritten else ()
        if scene.may_have_rows(table) and _must_be_given(item, scene.b):
            hazards = (*hazards, Hazard.MAY_FAIL)
        yield Statement(
            f"alter {word} {path} add column {definition(item, scene.b)}", item.key,
            "each row gets a value of its own" if rewritten else "", _EXCLUSIVE, path, hazards,
        )  # fmt: skip
        yield from extras(item)

    @staticmethod
    def _filled_later(item: Object, table: Key, scene: Scene) -> Iterator[Statement]:
        key, attributes, path = item.key, item.attributes, relation_path(item.key)
        past = has_triggers(table, scene.a)
        if past:
            yield may_go_past(key)
        bare = {"not_null": False, "default": None}
        plain = replace(item, attributes=Attributes.of("column", {**attributes, **bare}))
        why = "a volatile default in ADD COLUMN would rewrite the table"
        yield Statement(
            f"alter table {path} add column {definition(plain, scene.b)}", key, why, _EXCLUSIVE,
            path,
        )  # fmt: skip
        action = f"set default {attributes['default']}"
        yield alter_column(key, action, _EXCLUSIVE, reason="rows that come get their value")
        name = quote_identifier(key.name)
        yield backfill(
            key, path, {name: "default"}, f"{name} is null",
            "rows that are there get their value in batches", past_triggers=past,
            spread=scene.b.is_partitioned(table) or has_children(table, scene.b),
        )  # fmt: skip
        if attributes["not_null"] and attributes["not_null_validated"]:
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
        if change.has("type") and after["generated"] is None and convert(change) is None:
            return False
        if after["generated"] is not None and change.has("expression"):
            return change.scene.options.lowest >= 17  # SET EXPRESSION came with 17
        return True

    def disturbs(self, change: Change) -> Iterator[Key]:
        """Yield what PostgreSQL does not let stand while a column's type changes."""
        if change.has("type", "collation"):
            yield from disturbed(change)

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change the column where it is."""
        after, key = change.after, change.key
        if change.has("generated"):
            yield alter_column(key, "drop expression", _EXCLUSIVE)
        if change.has("identity") and not after["identity"]:
            yield alter_column(key, "drop identity", _EXCLUSIVE)
        if change.has("not_null") and not after["not_null"]:
            yield alter_column(key, "drop not null", _EXCLUSIVE)
        yield from self._values(change)
        if change.has("not_null", "not_null_validated", "not_null_no_inherit", "not_null_name"):
            yield from self._not_null(change)
        if change.has("identity") and after["identity"]:
            yield from self._identity(change)
        if change.has("expression") and after["generated"] and not change.has("generated"):
            hazards = (Hazard.BLOCKS,) if after["generated"] == "stored" else ()
            yield alter_column(
                key, f"set expression as ({after['expression']})", _EXCLUSIVE, hazards=hazards
            )
        yield from self._rest(change)

    def _values(self, change: Change) -> Iterator[Statement]:
        """Change type and default; one default of the old type is in the way of the other."""
        before, after, key = change.before, change.after, change.key
        retyped = change.has("type", "collation")
        default_gone = before["default"] is not None and (retyped or after["default"] is None)
        if default_gone and (retyped or change.has("default")):
            yield alter_column(key, "drop default", _EXCLUSIVE, only=True)
        below = list(_retyped_below(change)) if retyped else []
        for child in below:
            yield from unset_default(change.scene.a[child])
        if retyped:
            yield self._retype(change)
        given_back = key in change.scene.detached
        if after["default"] is not None and not given_back and (change.has("default") or retyped):
            yield alter_column(key, f"set default {after['default']}", _EXCLUSIVE, only=True)
        for child in below:
            item = change.scene.b[child]
            if item.attributes["default"] == change.scene.a[child].attributes["default"]:
                yield from set_default(item)  # another one comes by itself

    def _retype(self, change: Change) -> Statement:
        key, after = change.key, change.after
        collate = f" collate {after['collation']}" if after["collation"] else ""
        if not collate and change.has("collation") and not change.has("type"):
            collate = ' collate pg_catalog."default"'
        found = convert(change)
        table = change.scene.b.table_of(key)
        foreign = (
            table is not None and table.kind == "foreign table"
        )  # there are no rows to tell of
        using = f" using {found.using}" if found is not None and found.using and not foreign else ""
        made = retyping(change)
        hazards: list[Hazard] = []
        if made.way is Way.REWRITE:
            exact = found is not None and found.exact
            hazards += [] if exact else [Hazard.CHANGES_VALUES]
            hazards += [Hazard.BLOCKS, Hazard.MAY_FAIL]
        if change.has("type"):
            hazards.append(Hazard.BREAKS_CLIENTS)
        action = f"set data type {after['type']}{collate}{using}"
        return alter_column(key, action, _EXCLUSIVE, reason=made.reason, hazards=tuple(hazards))

    def _not_null(self, change: Change) -> Iterator[Statement]:
        after, before, key = change.after, change.before, change.key
        if not after["not_null"]:
            return
        if change.has("not_null_name") and before["not_null"]:
            yield _rename_not_null(change)
        if before["not_null"] and change.has("not_null_no_inherit"):
            inherit = "no inherit" if after["not_null_no_inherit"] else "inherit"
            name = not_null_name(change.new)
            yield Statement(
                f"alter table {relation_path(key)} alter constraint "
                f"{quote_identifier(str(name))} {inherit}", key, "", _EXCLUSIVE,
                relation_path(key),
            )  # fmt: skip
        if not after["not_null_validated"]:
            if before["not_null"]:
                yield alter_column(key, "drop not null", _EXCLUSIVE)
            yield add_not_null(change.new, "not valid")
        elif before["not_null"] and not before["not_null_validated"]:
            yield _validate_not_null(change.new)
        elif not before["not_null"]:
            yield from set_not_null(change.new, change.scene)

    def _identity(self, change: Change) -> Iterator[Statement]:
        key, after, before = change.key, change.after, change.before
        if before["identity"]:
            yield alter_column(key, f"set generated {after['identity']}", _EXCLUSIVE)
            return
        sequence = identity_sequence(key, change.scene.b)
        table = change.scene.b[change.scene.b.wholes[key]]
        inner = identity_options(sequence, table) if sequence is not None else ""
        yield alter_column(key, f"add generated {after['identity']} as identity{inner}", _EXCLUSIVE)
        if sequence is not None and change.scene.may_have_rows(change.scene.b.table_of(key)):
            yield go_on(sequence.key, key, change.scene)

    def _rest(self, change: Change) -> Iterator[Statement]:
        key, before, after = change.key, change.before, change.after
        if change.has("storage") or (change.has("type") and after["storage"]):
            yield alter_column(key, f"set storage {storage(after, change.scene)}", _EXCLUSIVE)
        if change.has("compression"):
            yield alter_column(
                key, f"set compression {after['compression'] or 'default'}", _EXCLUSIVE
            )
        if change.has("statistics"):
            value = -1 if after["statistics"] is None else after["statistics"]
            yield alter_column(key, f"set statistics {value}", _SHARED)
        if change.has("options"):
            old, new = pairs(before["options"]), pairs(after["options"])
            gone = [name for name in old if name not in new]
            if gone:
                yield alter_column(key, f"reset ({option_names(gone)})", _SHARED)
            if new:
                yield alter_column(key, f"set ({options(new)})", _SHARED)
        if change.has("foreign_options"):
            text = changed_foreign_options(
                pairs(before["foreign_options"]), pairs(after["foreign_options"])
            )
            name = quote_identifier(key.name)
            sql = f"alter foreign table {relation_path(key)} alter column {name} {text}"
            yield Statement(sql, key, lock=_EXCLUSIVE, on=relation_path(key))


def _retyped_below(change: Change) -> Iterator[Key]:
    """Yield the columns that get the other type with this one, and have defaults of their own."""
    scene, a, b = change.scene, change.scene.a, change.scene.b
    for key in a.columns_below(change.key):
        table = a.wholes[key]
        apart = scene.is_apart(table) or scene.is_moved(table) or scene.is_uprooted(table)
        if key in b and not apart and key not in scene.detached and key not in scene.renewed:
            yield key


def _rename_not_null(change: Change) -> Statement:
    table = relation_path(change.key)
    old, new = (quote_identifier(not_null_name(item)) for item in (change.old, change.new))
    return Statement(
        f"alter table {table} rename constraint {old} to {new}", change.key, "its name only",
        _EXCLUSIVE, table,
    )  # fmt: skip


def _is_filled_later(item: Object, table: Key | None, scene: Scene) -> bool:
    """Whether rows get the column's default after it is there."""
    default = item.attributes["default"]
    if table is None or table.kind != "table" or not scene.is_online(table) or default is None:
        return False
    hidden = scene.a[table].attributes["force_row_security"]
    if hidden or is_checked_type(str(item.attributes["type"]), scene.b):
        return False
    return is_volatile(str(default), scene.b)


def _is_rewritten(item: Object, side: Side) -> bool:
    """Whether ADD COLUMN writes every row anew."""
    attributes = item.attributes
    if attributes["generated"] == "stored" or attributes["identity"]:
        return True
    if attributes["generated"] is None and is_checked_type(str(attributes["type"]), side):
        return True
    default = attributes["default"]
    return default is not None and is_volatile(str(default), side)


def _must_be_given(item: Object, side: Side) -> bool:
    """Whether rows that are there may not be without a value, and get none."""
    attributes = item.attributes
    given = attributes["default"] is not None or attributes["identity"]
    checked = is_checked_type(str(attributes["type"]), side)
    return checked or bool(attributes["not_null"] and not given)


def set_not_null(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write NOT NULL so that no rows are read while somebody waits."""
    key, table = item.key, scene.b.table_of(item.key)
    named = scene.has_names
    if table is None or not scene.is_online(table):
        rows = scene.may_have_rows(table)
        hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL) if rows else ()
        plain = alter_column(key, "set not null", _EXCLUSIVE, hazards=hazards)
        yield replace(add_not_null(item, ""), hazards=hazards) if named else plain
        return
    comment = item.attributes["constraint_comment"] is not None
    if named or comment or scene.options.lowest >= 18:
        # names of NOT NULL, comments on it, and NOT VALID came with 18
        yield add_not_null(item, "not valid")
        yield _validate_not_null(item)
        return
    path, column = relation_path(key), quote_identifier(key.name)
    check = quote_identifier(part_name(table, "constraint", f"{key.name}_not_null", scene))
    yield Statement(
        f"alter table {path} add constraint {check} check ({column} is not null) not valid",
        key, "NOT NULL alone would read the table under its lock", _EXCLUSIVE, path,
    )  # fmt: skip
    yield Statement(
        f"alter table {path} validate constraint {check}", key, "reads the rows, writers go on",
        _SHARED, path, (Hazard.MAY_FAIL,), Transaction.OWN,
    )  # fmt: skip
    yield alter_column(key, "set not null", _EXCLUSIVE, reason="believes the validated check")
    yield Statement(
        f"alter table {path} drop constraint {check}", key, "it was there for NOT NULL",
        _EXCLUSIVE, path,
    )  # fmt: skip


def _validate_not_null(item: Object) -> Statement:
    name = not_null_name(item)
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
        yield alter_column(item.key, "drop default", _EXCLUSIVE, only=True)


def set_default(item: Object) -> Iterator[Statement]:
    """Give a default back."""
    if item.attributes["default"] is not None:
        yield alter_column(
            item.key, f"set default {item.attributes['default']}", _EXCLUSIVE, only=True
        )
