# SPDX-License-Identifier: Apache-2.0
"""Compare two catalogs, completely; fold what was found for a reader."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog.causes import Causes
from bedstone.catalog.difference import Change, Difference, Fold
from bedstone.catalog.kinds import COSMETIC, UNCOMPARED, Meaning
from bedstone.catalog.model import Catalog, Key, Object
from bedstone.catalog.printing import differ_in_print_only
from bedstone.catalog.spacing import differ_in_spacing_only
from bedstone.catalog.versions import level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Parts that have an order, and what tells one whole with such parts from another.
_ORDERED = frozenset({"column", "attribute"})
_Whole = tuple[str, str | None, str | None]


def compare(a: Catalog, b: Catalog) -> tuple[Difference, ...]:
    """Return every difference on the way from *a* to *b*, ordered by kind and name.

    Complete: a removed table is there, and so is each of its columns; those name the table as
    their cause. Renamed objects are removed and added. The order of the columns of a table, or
    of the attributes of a type, is one cosmetic difference of the whole. What servers of
    different major versions say differently of the same schema is none.
    """
    a, b = level(a, b)
    found = [*_one_sided(a, b), *_changed(a, b)]
    causes = Causes(a, b, found)
    return tuple(
        sorted(
            (replace(item, cause=causes.of(item)) for item in found),
            key=lambda item: item.sort_key,
        )
    )


def fold(differences: Iterable[Difference]) -> tuple[Fold, ...]:
    """Gather differences under their causes: one for each thing that somebody did.

    A consequence of a consequence is put under the first cause.
    """
    all_of_them = tuple(differences)
    by_key: dict[Key, Difference] = {}
    for item in all_of_them:
        by_key.setdefault(item.key, item)
    followers: defaultdict[int, list[Difference]] = defaultdict(list)
    leaders: list[Difference] = []
    for item in all_of_them:
        leader = _first_cause(item, by_key)
        if leader is item:
            leaders.append(item)
        else:
            followers[id(leader)].append(item)
    return tuple(Fold(item, tuple(followers[id(item)])) for item in leaders)


def _first_cause(item: Difference, by_key: dict[Key, Difference]) -> Difference:
    seen = {item.key}
    while item.cause is not None and item.cause in by_key and item.cause not in seen:
        item = by_key[item.cause]
        seen.add(item.key)
    return item


def _one_sided(a: Catalog, b: Catalog) -> Iterator[Difference]:
    for key, item in a.objects.items():
        if key not in b.objects:
            yield Difference(Change.REMOVED, key, old=item.attributes)
    for key, item in b.objects.items():
        if key not in a.objects:
            yield Difference(Change.ADDED, key, new=item.attributes)


def _changed(a: Catalog, b: Catalog) -> Iterator[Difference]:
    moved: dict[_Whole, None] = {}
    others = b.objects
    for key, old in a.objects.items():
        new = others.get(key)
        if new is None or (old.attributes == new.attributes and old.extension == new.extension):
            continue
        yield from _attributes(key, old, new)
        if key.kind in _ORDERED and old.attributes["position"] != new.attributes["position"]:
            moved[key.kind, key.schema, key.parent] = None
    if moved:
        yield from _reordered(a, b, moved)


def _attributes(key: Key, old: Object, new: Object) -> Iterator[Difference]:
    before, after = old.attributes, new.attributes
    for name in dict.fromkeys((*before, *after)):
        first, second = before.get(name), after.get(name)
        if first != second and (key.kind, name) not in UNCOMPARED:
            cosmetic = (
                (key.kind, name) in COSMETIC
                or (
                    name == "body"
                    and before.get("language") == after.get("language")
                    and differ_in_spacing_only(first, second, after.get("language"))
                )
                or differ_in_print_only(first, second)
            )
            meaning = Meaning.COSMETIC if cosmetic else Meaning.MEANINGFUL
            yield Difference(Change.CHANGED, key, name, first, second, meaning)
    if old.extension != new.extension:
        yield Difference(Change.CHANGED, key, "extension", old.extension, new.extension)


def _reordered(a: Catalog, b: Catalog, wholes: dict[_Whole, None]) -> Iterator[Difference]:
    before, after = _orders(a, wholes), _orders(b, wholes)
    for whole, old in before.items():
        new = after.get(whole, [])
        common = set(old) & set(new)
        first = tuple(name for name in old if name in common)
        second = tuple(name for name in new if name in common)
        if first != second:
            key, name = _whole_key(a, whole), f"{whole[0]}_order"
            yield Difference(Change.CHANGED, key, name, first, second, Meaning.COSMETIC)


def _orders(catalog: Catalog, wholes: dict[_Whole, None]) -> dict[_Whole, list[str]]:
    found: dict[_Whole, list[tuple[object, str]]] = {whole: [] for whole in wholes}
    for key, item in catalog.objects.items():
        if key.kind in _ORDERED and (key.kind, key.schema, key.parent) in found:
            place = (item.attributes["position"], key.name)
            found[key.kind, key.schema, key.parent].append(place)
    return {
        whole: [name for _, name in sorted(places, key=lambda p: str(p[0]).rjust(5))]
        for whole, places in found.items()
    }


def _whole_key(catalog: Catalog, whole: _Whole) -> Key:
    part, schema, name = whole
    if part == "attribute":
        return Key("composite", schema, name or "")
    foreign = Key("foreign table", schema, name or "")
    return foreign if foreign in catalog.objects else Key("table", schema, name or "")
