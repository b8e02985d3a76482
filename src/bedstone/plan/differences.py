# SPDX-License-Identifier: Apache-2.0
"""What has to be made, changed, dropped and made anew on the way from one side to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedstone.catalog import Change as Kind
from bedstone.catalog import Key, Meaning, compare
from bedstone.catalog.printing import differ_in_print_only, is_printed_again
from bedstone.errors import NotPlannable
from bedstone.plan.annotations import NAMES, own_names
from bedstone.plan.change import Change, Scene
from bedstone.plan.containers import check_containers
from bedstone.plan.following import follow
from bedstone.plan.kinds import WRITERS
from bedstone.plan.kinds.retyping import is_carried, is_swapped
from bedstone.plan.order import misplaced, named_otherwise, said_otherwise
from bedstone.plan.shells import check_shells
from bedstone.plan.side import (
    WITH_DEFAULT,
    is_identity,
    is_key_column,
    is_moved,
    stands_on_index,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Difference, Object
    from bedstone.plan.change import Options
    from bedstone.plan.side import Side

#: What follows from other statements: the parents of a partition decide what is local to it.
_FOLLOWS = frozenset({"local", "inherited_from", "not_null_local", "column_order"})
#: What a column takes over from the table that its own is a partition or child of.
_INHERITED = frozenset(
    {"type", "collation", "not_null", "not_null_name", "not_null_validated", "generated",
     "expression", "identity"}
)  # fmt: skip
#: Kinds that hold rows or values: they are not dropped because something that they needed goes.
_STAYS = frozenset({"table", "column", "foreign table", "sequence"})
#: Roles are of the server, not of one of its databases.
_LEFT_ALONE = frozenset({"role"})
_ROUTINES = frozenset({"function", "procedure", "aggregate"})
_TYPES = frozenset({"enum", "composite", "domain", "range", "base type"})


@dataclass
class Differences:
    """The work, by kind of work.

    A table that is renewed has its rows copied.

    *renewed* are on both sides and are dropped and made again. *unset* are columns whose default
    is taken off while what it calls is made anew, and partitions that are detached while an index
    that one of their keys is attached to is dropped; among them are the *untyped*, which are tables
    that let go of their type while that changes. *remade* are the types that are made anew, to
    which all that is of them is moved over.
    """

    added: set[Key] = field(default_factory=set)
    removed: set[Key] = field(default_factory=set)
    changed: dict[Key, frozenset[str]] = field(default_factory=dict)
    renewed: set[Key] = field(default_factory=set)
    unset: set[Key] = field(default_factory=set)
    untyped: set[Key] = field(default_factory=set)
    remade: frozenset[Key] = frozenset()


def find_differences(
    a: Side,
    b: Side,
    options: Options,
    *,
    beside: bool = True,
    anew: frozenset[Key] = frozenset(),
) -> Differences:
    """Compare both sides and decide what cannot be changed where it is.

    *beside* says that something may be made beside what it is to replace; *anew* is not to be
    changed where it is, though it could be.

    Raises:
        NotPlannable: an object of a kind that is not written yet differs, or a table cannot be
            brought to the other form with its rows in place.
    """
    found = Differences()
    changed: dict[Key, frozenset[str]] = {}
    for item in compare(a.catalog, b.catalog):
        if not _is_wanted(item, options) or item.key.kind in _LEFT_ALONE:
            continue
        if item.change is Kind.ADDED:
            found.added.add(item.key)
        elif item.change is Kind.REMOVED:
            found.removed.add(item.key)
        elif item.attribute is not None and not _follows(item.key, item.attribute, a, b):
            changed[item.key] = changed.get(item.key, frozenset()) | {item.attribute}
    for column in _of_another_sequence(found, a, b):
        changed[column] = changed.get(column, frozenset()) | {"identity"}
    _check_kinds({*found.added, *found.removed, *changed})
    found.changed = changed
    found.remade = follow(found, Scene(a, b, options, beside=beside))
    found.changed = _without_inherited(changed, a, b)
    _decide(found, Scene(a, b, options, beside=beside, remade=found.remade), anew)
    found.remade &= found.changed.keys()
    _give_back(changed, found, a, b, options)
    _check_managed(found, a)
    _check_identities(found, a, b)
    _check_row_types(found, a)
    _check_parents(found, a)
    check_containers(found, a, b)
    check_shells(found, a)
    return found


def _is_wanted(item: Difference, options: Options) -> bool:
    """Whether a difference is planned; strict plans leave only what no statement can bring about.

    What is printed in a form that is read as another one comes out in that other form.
    """
    if item.meaning is not Meaning.COSMETIC:
        return True
    if not options.strict:
        return False
    printed = item.change is Kind.CHANGED and differ_in_print_only(item.old, item.new)
    return not printed or is_printed_again(item.new, item.old)


def _of_another_sequence(found: Differences, a: Side, b: Side) -> Iterator[Key]:
    """Yield the identity columns that are to have a sequence of another name."""
    before = {a[key].owning_column for key in found.removed if is_identity(a[key])}
    for key in found.added:
        column = b[key].owning_column if is_identity(b[key]) else None
        if column is not None and column in before and column in b:
            yield column


def _check_identities(found: Differences, a: Side, b: Side) -> None:
    """Refuse to give the sequence of one identity column to another."""
    for key in sorted(found.changed):
        if key.kind == "sequence" and is_identity(a[key]) and is_identity(b[key]):
            old, new = a[key].owning_column, b[key].owning_column
            if old != new:
                raise NotPlannable(
                    f"{key} is that of {old}, and is to be that of {new}",
                    detail="PostgreSQL leaves the sequence of an identity column with it.",
                    hint="Give the one of FROM another name first: alter sequence … rename to …",
                )


def _follows(key: Key, attribute: str, a: Side, b: Side) -> bool:
    """Whether a difference comes about by itself; to attach an index is a statement."""
    if attribute not in _FOLLOWS:
        return False
    return not stands_on_index(b[key]) or a.brought.get(key) == b.brought.get(key)


def _without_inherited(
    changed: dict[Key, frozenset[str]], a: Side, b: Side
) -> dict[Key, frozenset[str]]:
    """Leave out what the change of a parent's column or constraint brings to its children."""
    found = {}
    for key, names in changed.items():
        above = b.brought.get(key)
        rest = set(names)
        apart = is_moved(table, a, b) if (table := b.wholes.get(key)) is not None else False
        if above is not None and not apart and a.brought.get(key) == above and above in changed:
            same = changed[above] - NAMES
            rest -= same & _brought(key, a, b) if key.kind == "column" else same
        elif key.kind == "column" and not apart and _has_same_parents(table, a, b):
            for parent in b.parents_of(key):  # a column of its own that is one with a parent's
                rest -= changed.get(parent, set()) & {"type", "collation"}
        if rest:
            found[key] = frozenset(rest)
    return found


def _brought(column: Key, a: Side, b: Side) -> frozenset[str]:
    """Return what a child's column has from its parent's; a NOT NULL of its own stays there."""
    own = a.catalog.major >= 18 and a[column].attributes["not_null_local"] is not False
    return _INHERITED - {"not_null"} if own and not b[column].attributes["not_null"] else _INHERITED


def _has_same_parents(table: Key | None, a: Side, b: Side) -> bool:
    if table is None or table not in a:
        return False
    old, new = (side[table].attributes.get("inherits") for side in (a, b))
    return old == new


def _give_back(
    changed: dict[Key, frozenset[str]], found: Differences, a: Side, b: Side, options: Options
) -> None:
    """Take up again what no parent brings: its change does not reach a partition that is apart."""
    scene = Scene(a, b, options, frozenset(found.renewed), frozenset(found.unset - found.untyped))
    for key, names in changed.items():
        table = b.wholes.get(key)
        if key in found.renewed or not scene.is_apart(table):
            continue
        change = Change(a[key], b[key], names, scene)
        if key.kind == "column" and WRITERS[key.kind].can_alter(change):
            found.changed[key] = names


def _check_kinds(keys: set[Key]) -> None:
    for key in sorted(keys):
        if key.kind not in WRITERS:
            raise NotPlannable(
                f"{key} differs, and plans do not write a {key.kind} yet",
                hint=f"Leave it out, and change it by hand: --exclude '{key}'",
            )


def _check_managed(found: Differences, a: Side) -> None:
    for key in sorted(found.removed | found.renewed):
        if (manager := a[key].attributes.get("managed_by")) is not None:
            what = "is to be dropped" if key in found.removed else "cannot be changed in place"
            raise NotPlannable(
                f"{key} {what}, and {manager} looks after its partitions",
                detail="Its partitions would be dropped with it, and no side shows them.",
                hint=f"Take it out of {manager}'s configuration first; its partitions are then "
                "shown and planned like all others.",
            )


def _check_row_types(found: Differences, a: Side) -> None:
    """Refuse another type of a column of a table whose rows are values elsewhere."""
    for key in sorted(k for k in found.changed if k.kind == "column"):
        table = a.wholes[key]
        if not found.changed[key] & {"type", "collation"} or table in found.renewed:
            continue
        for user in a.holders(table):
            raise NotPlannable(
                f"{key} has another type, and {user} holds rows of {table}",
                detail="PostgreSQL changes no type within the rows that other rows hold.",
                hint=f"Take the values out of {user} first, by hand.",
            )


def _check_parents(found: Differences, a: Side) -> None:
    """Refuse another type of a column that a child has from two tables."""
    for key in sorted(k for k in found.changed if k.kind == "column"):
        if "type" not in found.changed[key] or a.wholes[key] in found.renewed:
            continue
        for heir in a.heirs(key):
            parents = list(a.parents_of(heir))
            if len(parents) > 1:
                raise NotPlannable(
                    f"{key} has another type, and {heir} is a column of {len(parents)} tables",
                    detail="PostgreSQL changes no type of a column that has two parents.",
                    hint=f"Let {a.wholes[heir]} go on its own first: alter table … no inherit …",
                )


def _decide(found: Differences, scene: Scene, anew: frozenset[Key]) -> None:
    """Find what must be renewed, and all that must be because of that."""
    a, b, options = scene.a, scene.b, scene.options
    replaced = {key for key in found.remade if key.kind == "composite"}
    for key in sorted(replaced):
        _leave_parts(key, found, a, b)
    for key in _carried(found, scene):
        found.changed.pop(key, None)
    waiting = _first_renewed(found, scene)
    waiting += sorted(anew & found.changed.keys())
    waiting += _bound_to_removed(found, a, b)
    waiting += _taken_for_another(found, a, b)
    waiting += _referring_to_moved(found, a, b)
    _renew(waiting, found, a, b)
    while options.strict and (tables := _made_otherwise(found, a, b)):
        _renew(tables, found, a, b)
    _take_off(found, a, b)
    for key in (*found.renewed, *replaced):
        _leave_parts(key, found, a, b)


def _leave_parts(whole: Key, found: Differences, a: Side, b: Side) -> None:
    """Leave out what comes with the whole when that is made."""
    for part in (*a.parts.get(whole, ()), *b.parts.get(whole, ())):
        if part.kind in {"view column", "attribute"}:
            found.changed.pop(part, None)
            found.removed.discard(part)
            if part.kind == "attribute":
                found.added.discard(part)
                found.renewed.discard(part)


def _made_otherwise(found: Differences, a: Side, b: Side) -> list[Key]:
    named = named_otherwise(found, a, b) if a.catalog.major >= 18 else ()  # 18 keeps names
    return [*misplaced(found, a, b), *said_otherwise(found, a, b), *named]


def _renew(waiting: list[Key], found: Differences, a: Side, b: Side) -> None:
    """Renew these, and all that is in the way of that."""
    while waiting:
        key = waiting.pop()
        if a.wholes.get(key) not in found.renewed:
            waiting += [k for k in a.below(key) if k in b and k not in found.renewed]
        if key in found.renewed or key in found.removed or key not in b:
            continue
        found.renewed.add(key)
        found.changed.pop(key, None)
        waiting += _in_the_way(key, found, a, b)


def _carried(found: Differences, scene: Scene) -> list[Key]:
    """Return the indexes and keys that are built anew, as they are to be, with a column."""
    return [
        key
        for key in found.changed
        if is_carried(key, scene)
        for column in map(scene.a.top_of, scene.a[key].depends)
        if column.kind == "column" and is_swapped(column, found.changed, scene)
    ]


def _first_renewed(found: Differences, scene: Scene) -> list[Key]:
    """Return what cannot be altered, and what cannot stand while something is altered."""
    a, b = scene.a, scene.b
    waiting: list[Key] = []
    for key, names in found.changed.items():
        own = own_names(key, names)
        if not own or _is_detached_part(key, own, a, b):
            continue
        if key.kind == "column" and "type" in own:
            columns = [column for column in (key, *a.below(key)) if is_key_column(column, a)]
            waiting += [a.wholes[column] for column in columns]
            if key in columns:
                continue
        change = Change(a[key], b[key], own, scene)
        writer = WRITERS[key.kind]
        above = a.brought.get(key)
        if above is not None and own & {"attached_to", "inherited_from"}:
            waiting += [key, above, *a.below(above)]  # an index cannot be taken off its parent's
        elif writer.can_alter(change):
            waiting += [other for other in writer.disturbs(change) if other in b]
        else:
            waiting.append(key)
    return waiting


def _take_off(found: Differences, a: Side, b: Side) -> None:
    """Find the partitions and defaults that are in the way only for a moment."""
    for key, names in found.changed.items():
        moved = names & {"partition_of", "partition_bound"}
        old = a[key].attributes
        if moved and old["partition_of"] and not old.get("detach_pending"):
            found.unset.add(key)
    for key in found.renewed:
        if key.kind == "sequence":  # of an identity column, and of a default: the name is one
            columns = (side[key].owning_column for side in (a, b))
            found.unset |= {c for c in columns if c is not None and c in found.changed}
    found.untyped = set(_untyped(found, a, b)) - found.renewed
    found.unset = (found.unset | found.untyped) - found.renewed
    for key in (*found.removed, *found.renewed):
        for child in a.below(key) if key.kind == "index" else ():
            table = a.wholes[child]
            if child.kind == "constraint" and table in b and a[table].attributes["partition_of"]:
                found.unset.add(table)


def _untyped(found: Differences, a: Side, b: Side) -> Iterator[Key]:
    """Yield the tables whose type changes, which only CASCADE would change with it."""
    touched = found.added | found.removed | found.renewed | found.changed.keys()
    types = {side.wholes.get(key, key) for side in (a, b) for key in touched if key in side}
    for type_ in types:
        if type_.kind == "composite" and type_ in a:
            yield from (table for table in a.typed(type_) if table in b)
    for table, names in found.changed.items():
        if "of_type" in names and a[table].attributes["of_type"]:
            yield table


def _is_detached_part(key: Key, names: frozenset[str], a: Side, b: Side) -> bool:
    """Whether an index differs only because its table goes to or from a partitioned one."""
    table = a.table_of(key)
    if table is None or not names <= {"attached_to", "valid", "inherited_from", "local"}:
        return False
    return is_moved(table, a, b)


def _bound_to_removed(found: Differences, a: Side, b: Side) -> list[Key]:
    """Return what needs something that goes on the one side and does not on the other."""
    waiting = []
    for key in found.removed:
        above, table = a.brought.get(key), a.wholes.get(key)
        attached = key.kind == "index" or stands_on_index(a[key])
        stays = table is not None and table in b and not is_moved(table, a, b)
        if above is not None and above in b and attached and stays:
            waiting += [above, *a.below(above)]  # an index cannot be taken off its parent's
        other = _is_overloaded(key, found)
        for dependant in a.dependants.get(key, ()):
            needed = a[dependant].depends
            if dependant not in b or a.brought.get(key) in needed:
                continue  # by way of the partitioned table
            if dependant in found.changed and not other:
                continue
            if dependant.kind in WITH_DEFAULT:
                waiting += _column_in_the_way(dependant, key, found, a)
            elif dependant.kind not in _STAYS:
                waiting.append(dependant)
    return waiting


def _is_overloaded(key: Key, found: Differences) -> bool:
    """Whether a routine goes and another of its name comes: the same call is of another one."""
    return key.kind in _ROUTINES and any(
        new.kind in _ROUTINES and (new.schema, new.name) == (key.schema, key.name)
        for new in found.added
    )


def _taken_for_another(found: Differences, a: Side, b: Side) -> list[Key]:
    """Return the indexes that ATTACH PARTITION might take instead of the one it is to take."""
    waiting = []
    for table, names in found.changed.items():
        if table.kind != "table" or not names & {"partition_of", "partition_bound"}:
            continue
        indexes = [part for part in b.parts.get(table, ()) if part.kind == "index"]
        wanted = [_form(b[key]) for key in indexes if key in b.brought]
        waiting += [
            key for key in indexes
            if key in a and key not in b.brought and _form(b[key]) in wanted
        ]  # fmt: skip
    return waiting


def _referring_to_moved(found: Differences, a: Side, b: Side) -> list[Key]:
    """Return the foreign keys that a partition is taken from for a moment: rows refer to it."""
    waiting = []
    for table, names in found.changed.items():
        if table.kind == "table" and names & {"partition_of", "partition_bound"}:
            wholes = set(a.above(table)) & set(b.above(table))
            waiting += [key for whole in sorted(wholes) for key in a.referring(whole) if key in b]
    return waiting


def _form(index: Object) -> tuple[object, ...]:
    names = ("method", "columns", "unique", "where", "nulls_not_distinct")
    return tuple(index.attributes[name] for name in names)


def _in_the_way(key: Key, found: Differences, a: Side, b: Side) -> list[Key]:
    """Return what has to be renewed with *key*: its parts, and what needs it."""
    waiting = [part for part in a.parts.get(key, ()) if part in b]
    for dependant in a.dependants.get(key, ()):
        if dependant not in b:
            continue
        if dependant.kind in WITH_DEFAULT:
            waiting += _column_in_the_way(dependant, key, found, a)
        elif dependant.kind in {"table", "foreign table"}:
            if key.kind in {"server", "access method"}:
                waiting.append(dependant)
            elif key.kind == "table" and a[dependant].attributes["partition_of"] == key.path:
                found.unset.add(dependant)
            elif key.kind == "table" and key.path in words(a[dependant].attributes["inherits"]):
                waiting.append(dependant)
        elif dependant.kind != "sequence":
            waiting.append(dependant)
    return waiting


def _column_in_the_way(column: Key, key: Key, found: Differences, a: Side) -> list[Key]:
    """Return a column that is computed by *key*; a default of it is taken off for a moment."""
    if key.kind in {"table", "foreign table"}:
        return []  # of a child
    if a[column].attributes.get("generated"):
        return [column]
    if key.kind not in _TYPES:
        found.unset.add(column)
    return []
