# SPDX-License-Identifier: Apache-2.0
"""Columns of tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes
from bedstone.errors import NotPlannable
from bedstone.plan.annotations import NAMES
from bedstone.plan.backfill import backfill, fill_at_once, has_children, has_triggers, may_go_past
from bedstone.plan.change import Change
from bedstone.plan.coercion import is_checked_type
from bedstone.plan.defaults import is_volatile
from bedstone.plan.kinds.retyping import Way, convert, disturbed, retyping, takes_updates
from bedstone.plan.kinds.sequences import go_on, identity_options
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import identity_sequence, pairs
from bedstone.plan.spelling import (
    changed_foreign_options,
    foreign_options,
    not_null_name,
    not_null_now,
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
    from bedstone.plan.change import Scene
    from bedstone.plan.side import Side

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
#: What a column is by being brought by a parent, and what is cosmetic.
_OF_PARENTS = frozenset(
    {"position", "local", "inherited_from", "not_null_local", "not_null_name", "identity",
     "not_null_no_inherit"}
)  # fmt: skip
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


def own_values(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write what a column that a parent brings has otherwise than the parent's."""
    above = scene.b.brought.get(item.key)
    if above is None:
        return
    attributes, parent = item.attributes, scene.b[above].attributes
    if not attributes["generated"] and attributes["default"] != parent["default"]:
        value = attributes["default"]
        action = "drop default" if value is None else f"set default {value}"
        yield alter_column(item.key, action, _EXCLUSIVE, only=True)
    if attributes["not_null"] and (not parent["not_null"] or parent["not_null_no_inherit"]):
        yield from set_not_null(item, scene)


def not_null(item: Object) -> str:
    """Return NOT NULL as a constraint of the table, with its name."""
    name, column = (quote_identifier(text) for text in (not_null_name(item), item.key.name))
    no_inherit = " no inherit" if item.attributes["not_null_no_inherit"] else ""
    return f"constraint {name} not null {column}{no_inherit}"


def as_brought(key: Key, scene: Scene) -> Change:
    """Return the change from the column that a parent has just brought to what it is to be."""
    item, parent = scene.b[key], scene.b[scene.b.brought[key]].attributes
    bare = dict.fromkeys(parent.keys() & {*NAMES, "options"})
    not_null = parent["not_null"] and not parent["not_null_no_inherit"]
    brought = Attributes.of("column", {**parent, **bare, "not_null": not_null})
    names = {name for name in brought if brought[name] != item.attributes[name]} - _OF_PARENTS
    return Change(replace(item, attributes=brought), item, frozenset(names), scene)


def add_not_null(item: Object, suffix: str, *, reason: str = "") -> Statement:
    """Write NOT NULL as a constraint with its name."""
    return Statement(
        f"alter table {relation_path(item.key)} add {not_null(item)} {suffix}".rstrip(),
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
        _check_holders(item, table, scene)
        word = "foreign table" if table is not None and table.kind == "foreign table" else "table"
        path = relation_path(item.key)
        rewritten = _is_rewritten(item, scene.b) and scene.may_have_rows(table)
        hazards: tuple[Hazard, ...] = (Hazard.BLOCKS,) if rewritten else ()
        virtual = item.attributes["generated"] == "virtual" and item.attributes["not_null"]
        if virtual and scene.may_have_rows(table):
            hazards = (Hazard.BLOCKS,)  # each row is computed once
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
        if past and scene.is_online(table):
            yield may_go_past(key)
        bare = {"not_null": False, "default": None}
        plain = replace(item, attributes=Attributes.of("column", {**attributes, **bare}))
        why = "a volatile default in ADD COLUMN would rewrite the table"
        if holders := scene.a.holders(table):
            why = f"{holders[0]} holds rows of the table, for which there is no default"
        yield Statement(
            f"alter table {path} add column {definition(plain, scene.b)}", key, why, _EXCLUSIVE,
            path,
        )  # fmt: skip
        action = f"set default {attributes['default']}"
        yield alter_column(key, action, _EXCLUSIVE, reason="rows that come get their value")
        name = quote_identifier(key.name)
        if not scene.is_online(table):
            yield fill_at_once(key, path, {name: "default"}, past_triggers=past)
        else:
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
        gone = (key, *(child for child in scene.a.below(key) if _goes_by_itself(child, scene)))
        if not item.attributes["generated"]:
            loses = (Hazard.LOSES_DATA, *loses)
        only = "only " if scene.is_left_to_children(key) else ""
        yield Statement(
            f"alter {word} {only}{relation_path(key)} drop column {name}",
            key,
            lock=_EXCLUSIVE,
            on=relation_path(key),
            hazards=loses,
            losses=gone if len(gone) > 1 else (),
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
        before, after, key = change.before, change.after, change.key
        if change.has("generated"):
            yield alter_column(key, "drop expression", _EXCLUSIVE)
        if change.has("identity") and (not after["identity"] or _takes_another(change)):
            yield alter_column(key, "drop identity", _EXCLUSIVE)
        retyped = change.has("type", "collation")
        default_gone = before["default"] is not None and (retyped or after["default"] is None)
        if default_gone and (retyped or change.has("default")):
            yield alter_column(key, "drop default", _EXCLUSIVE, only=True)
        if change.has("not_null") and not after["not_null"]:
            yield alter_column(key, "drop not null", _EXCLUSIVE)
        if retyped:
            yield from self._retype_with_heirs(change)
        given_back = key in change.scene.detached
        if after["default"] is not None and not given_back and (change.has("default") or retyped):
            yield alter_column(key, f"set default {after['default']}", _EXCLUSIVE, only=True)
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

    def _retype_with_heirs(self, change: Change) -> Iterator[Statement]:
        """Change the type; a default of a child's stands aside, and its own change sets another."""
        heirs = _heirs_with_default(change)
        for old, _ in heirs:
            yield from unset_default(old)
        yield self._retype(change)
        for old, new in heirs:
            if old.attributes["default"] == new.attributes["default"]:
                yield from set_default(new)

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
            name = not_null_now(change)
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
            yield _validate_not_null(key, not_null_now(change))
        elif not before["not_null"]:
            yield from set_not_null(change.new, change.scene)

    def _identity(self, change: Change) -> Iterator[Statement]:
        key, after, before = change.key, change.after, change.before
        if before["identity"] and not _takes_another(change):
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


def _goes_by_itself(column: Key, scene: Scene) -> bool:
    """Whether the values of a child's column go with its parent's; those of partitions are its."""
    table = scene.a.wholes[column]
    stays = table in scene.b and column not in scene.b
    return stays and not scene.a[table].attributes.get("partition_of")


def _heirs_with_default(change: Change) -> list[tuple[Object, Object]]:
    """Return the columns of children that get the other type, too, and may not have a default."""
    scene = change.scene
    found = []
    for key in scene.a.heirs(change.key):
        old, new, table = scene.a[key], scene.b.get(key), scene.a.wholes[key]
        apart = table in scene.renewed or scene.is_apart(table) or scene.is_uprooted(table)
        if new is not None and not apart and not old.attributes["generated"]:
            found.append((old, new))
    return found


def _takes_another(change: Change) -> bool:
    """Whether an identity column is to have a sequence of another name."""
    scene = change.scene
    old, new = (identity_sequence(change.key, side) for side in (scene.a, scene.b))
    return old is not None and new is not None and old.key != new.key


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
    if table is None or table.kind != "table" or default is None:
        return False
    if scene.may_have_rows(table) and scene.a.holders(table):
        return not is_checked_type(str(item.attributes["type"]), scene.b)
    if not scene.is_online(table):
        return False
    hidden = scene.a[table].attributes["force_row_security"]
    if hidden or not takes_updates(table, scene.a):
        return False
    if is_checked_type(str(item.attributes["type"]), scene.b):
        return False
    return is_volatile(str(default), scene.b)


def _check_holders(item: Object, table: Key | None, scene: Scene) -> None:
    """Refuse what would have to be within rows that other rows hold."""
    if table is None or not scene.may_have_rows(table) or not _is_rewritten(item, scene.b):
        return
    for user in scene.a.holders(table):
        raise NotPlannable(
            f"{item.key} needs a value in each row, and {user} holds rows of {table}",
            detail="PostgreSQL writes nothing into the rows that other rows hold.",
            hint=f"Take the values out of {user} first, by hand.",
        )


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
    attributes = item.attributes
    comment = attributes["constraint_comment"] is not None
    named = scene.has_names or comment or attributes["not_null_no_inherit"]
    if table is None or not scene.is_online(table):
        rows = scene.may_have_rows(table)
        hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL) if rows else ()
        plain = alter_column(key, "set not null", _EXCLUSIVE, hazards=hazards)
        yield replace(add_not_null(item, ""), hazards=hazards) if named else plain
        return
    if named or scene.options.lowest >= 18:
        # names of NOT NULL, comments on it, and NOT VALID came with 18
        yield add_not_null(item, "not valid")
        yield _validate_not_null(key, not_null_name(item))
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


def _validate_not_null(key: Key, name: str) -> Statement:
    table = relation_path(key)
    return Statement(
        f"alter table {table} validate constraint {quote_identifier(name)}",
        key, "reads the rows, writers go on", _SHARED, table, (Hazard.MAY_FAIL,), Transaction.OWN,
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
