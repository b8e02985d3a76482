# SPDX-License-Identifier: Apache-2.0
"""The order of columns: a table that is altered gets what is new at its end."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bedstone.plan.side import number
from bedstone.plan.spelling import not_null_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side

_TABLES = frozenset({"table", "foreign table"})


def misplaced(work: Differences, a: Side, b: Side) -> Iterator[Key]:
    """Yield the tables on both sides that have another order of columns when *work* is done."""
    for table in sorted(b.parts):
        altered = table.kind in _TABLES and table in a and table not in work.renewed
        if altered and not _is_reached(table, work, a, b):
            yield table


def _is_reached(table: Key, work: Differences, a: Side, b: Side) -> bool:
    wanted = [column.key for column in b.columns(table)]
    kept = [
        column.key
        for column in a.columns(table)
        if column.key in b and column.key not in work.renewed
    ]
    new = wanted[len(kept) :]
    return wanted[: len(kept)] == kept and not _needs_a_later_one(new, b) and _comes_so(new, b)


def _needs_a_later_one(new: list[Key], b: Side) -> bool:
    """Whether a column that is added is computed from one that is added after it."""
    return any(not b[key].depends.isdisjoint(new[at:]) for at, key in enumerate(new))


def _comes_so(new: list[Key], b: Side) -> bool:
    """Whether the columns that a parent brings are in the order in which the parent gets them."""
    places: dict[Key | None, list[int]] = {}
    for key in new:
        above = b.brought.get(key)
        if above is not None:
            position = number(b[above].attributes["position"])
            places.setdefault(b.wholes.get(above), []).append(position)
    return all(found == sorted(found) for found in places.values())


def retyped(work: Differences, a: Side) -> Iterator[Key]:
    """Yield the composite types of which an attribute changes its type while columns are of them.

    PostgreSQL does not alter those: no row would be rewritten.
    """
    for key, names in work.changed.items():
        whole = a.wholes.get(key) if key.kind == "attribute" else None
        if whole is not None and names & {"type", "collation"} and a.is_stored(whole):
            yield whole


def misplaced_types(a: Side, b: Side) -> Iterator[Key]:
    """Yield the composite types that cannot get the order of their attributes by adding some."""
    for key in sorted(b.parts):
        if key.kind == "composite" and key in a:
            old, new = (_attributes(key, side) for side in (a, b))
            kept = [part for part in old if part in new]
            if new[: len(kept)] != kept:
                yield key


def _attributes(key: Key, side: Side) -> list[Key]:
    found = [side[part] for part in side.parts.get(key, ()) if part.kind == "attribute"]
    return [i.key for i in sorted(found, key=lambda i: number(i.attributes["position"]))]


def said_otherwise(work: Differences, a: Side, b: Side) -> Iterator[Key]:
    """Yield the children that say by themselves what the parent said, or the other way round.

    A child that inherits from another parent by now says all by itself.
    """
    for key, item in b.catalog.objects.items():
        table = b.wholes.get(key)
        if table is None or table in work.renewed or "local" not in item.attributes:
            continue
        parents = b[table].attributes.get("inherits")
        if parents is None or table.kind not in _TABLES or table not in a:
            continue
        same = a[table].attributes["inherits"] == parents
        local = (a.get(key) or item).attributes["local"] if same else True
        if local != item.attributes["local"]:
            yield table


def named_otherwise(work: Differences, a: Side, b: Side) -> Iterator[Key]:
    """Yield the children and partitions whose NOT NULL has, or must get, a name of its own.

    The parent gives its name to a child that had none, and its new name to one that had the same;
    an inherited constraint can be renamed by nothing else.
    """
    for key, above in b.brought.items():
        table = b.wholes.get(key)
        if table is None or table in work.renewed or a.brought.get(key) != above:
            continue
        not_null = key.kind == "column" and b[key].attributes["not_null"]
        if not_null and not _gets_its_name(key, above, a, b):
            yield table


def _gets_its_name(key: Key, above: Key, a: Side, b: Side) -> bool:
    wanted, parents = not_null_name(b[key]), not_null_name(b[above])
    if not a[key].attributes["not_null"]:
        return wanted == parents if b[above].attributes["not_null"] else True
    old, old_parents = not_null_name(a[key]), not_null_name(a[above])
    both = a[above].attributes["not_null"] and b[above].attributes["not_null"]
    if both and old_parents != parents:  # the parent's is renamed, and its children's with it
        return old == old_parents and wanted == parents
    return old == wanted


def logged_in_order(work: Differences, a: Side, b: Side) -> Iterator[tuple[Key, Key]]:
    """Yield what is changed first, and what then, where tables become logged or unlogged.

    A logged table never refers to an unlogged one: the tables and the foreign keys between them.
    """
    for table, names in work.changed.items():
        if table.kind not in _TABLES or "persistence" not in names:
            continue
        unlogged = b[table].attributes["persistence"] == "unlogged"
        for side, moved in ((a, work.removed | work.renewed), (b, work.added | work.renewed)):
            own = [k for k in side.parts.get(table, ()) if _is_foreign_key(k, side)]
            for key in moved.intersection((*own, *side.referring(table))):
                yield (key, table) if side is a else (table, key)
            for key in side.referring(table):
                pair = (side.wholes[key], table)
                if "persistence" in work.changed.get(pair[0], ()):
                    yield pair if unlogged else pair[::-1]


def _is_foreign_key(key: Key, side: Side) -> bool:
    return key.kind == "constraint" and side[key].attributes["type"] == "foreign key"


def added_in_order(work: Differences, b: Side) -> Iterator[tuple[Key, Key]]:
    """Yield each column that is added, and the one of its table that is to be added after it."""
    made = work.added | work.renewed
    for table in sorted({b.wholes[key] for key in made if key.kind == "column"} - made):
        columns = [column.key for column in b.columns(table) if column.key in made]
        yield from pairwise(columns)
