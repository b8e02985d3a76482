# SPDX-License-Identifier: Apache-2.0
"""What is dropped and made may be one thing with a new name: found, never decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.catalog.kinds import COSMETIC, UNCOMPARED
from bedstone.plan.annotations import NAMES
from bedstone.plan.hints import Rename, labels_of
from bedstone.plan.naming import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bedstone.catalog import Catalog, Object

#: They are the same where all but their name is.
_SAME = frozenset(
    {"view", "materialized view", "sequence", "function", "procedure", "enum", "domain"}
)
_TABLES = frozenset({"table", "foreign table"})
_COLUMNS = frozenset({"column", "attribute"})
_CERTAIN = frozenset({"index", "constraint", "sequence"})
_POSSIBLE = _SAME | _TABLES | _COLUMNS | {"composite", "schema"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that the plan drops, and new names of its shape, the likeliest first.

    *key* names it as the first side does, before any rename.
    """

    key: Key
    names: tuple[str, ...]

    @property
    def renames(self) -> tuple[Rename, ...]:
        """The renames that may be meant; one of them at most."""
        return tuple(Rename(self.key, name) for name in self.names)


class _Sides:
    """What only one of two sides has, of some kinds."""

    def __init__(self, a: Catalog, b: Catalog, kinds: frozenset[str]) -> None:
        self.a = a
        self.b = b
        self.gone = [i for i in a.of_kind(*kinds) if i.key not in b and i.extension is None]
        self._made: defaultdict[tuple[object, ...], list[Object]] = defaultdict(list)
        for item in b.of_kind(*kinds) if self.gone else ():
            if item.key not in a:
                self._made[_place(item.key)].append(item)

    def made_beside(self, gone: Object) -> list[Object]:
        """Return what only the second side has, of the same kind in the same place."""
        return self._made.get(_place(gone.key), [])

    def loses_whole(self, part: Object) -> bool:
        """Whether what *part* is a part of goes, too."""
        whole = self.a.parent_of(part.key)
        return whole is not None and whole not in self.b

    @cached_property
    def content(self) -> Mapping[Key, frozenset[object]]:
        """The columns of each table and composite type of both sides, with their types."""
        found: defaultdict[Key, set[object]] = defaultdict(set)
        for side in (self.a, self.b):
            for item in side.of_kind(*_COLUMNS):
                whole = side.parent_of(item.key)
                if whole is not None:
                    found[whole].add((item.key.name, item.attributes["type"]))
        return {key: frozenset(columns) for key, columns in found.items()}


def _place(key: Key) -> tuple[object, ...]:
    return (key.kind, key.schema, key.parent)


# --- certain ---------------------------------------------------------------------------------


def equal_but_for_name(a: Catalog, b: Catalog) -> tuple[Rename, ...]:
    """Return the renames that need no word of the user's: they lead to *b* and lose nothing.

    An index or constraint of one table that has the same definition under another name, and the
    sequence of one column.
    """
    sides, names = _Sides(a, b, _CERTAIN), Names(a)
    found = []
    taken: set[Key] = set()
    for gone in sides.gone:
        if sides.loses_whole(gone) or _follows(gone):
            continue
        for made in sides.made_beside(gone):
            free = made.key not in taken and not names.holds(gone.key, made.key.name)
            if _is_the_same(gone, made, sides) and free:
                taken.add(made.key)
                found.append(Rename(gone.key, made.key.name))
                break
    return tuple(found)


def _follows(item: Object) -> bool:
    """Whether a parent's name goes to it, so that it cannot be renamed alone."""
    return item.attributes.get("local") is False and item.attributes["type"] == "check"


def _is_the_same(gone: Object, made: Object, sides: _Sides) -> bool:
    if gone.key.kind != "sequence":
        return _form(gone) == _form(made)
    if gone.owning_column is None or gone.owning_column != made.owning_column:
        return False
    return _is_its_own(gone, sides.a) and _is_its_own(made, sides.b)


def _is_its_own(sequence: Object, side: Catalog) -> bool:
    """Whether a column takes its values from the sequence that goes with it."""
    column = sequence.owning_column
    if column is None or column not in side:
        return False
    wanted = f"nextval('{sequence.key.path}'::regclass)"
    identity = bool(sequence.attributes["identity"])
    return identity or side[column].attributes["default"] == wanted


def _form(item: Object) -> dict[str, object]:
    kind = item.key.kind
    return {
        name: value
        for name, value in item.attributes.items()
        if name not in NAMES and (kind, name) not in COSMETIC and (kind, name) not in UNCOMPARED
    }


# --- possible --------------------------------------------------------------------------------


def find_candidates(a: Catalog, b: Catalog) -> tuple[Candidate, ...]:
    """Return what is in *a* alone and looks like something that is in *b* alone.

    Of the same kind, in the same place, of the same shape: columns of one type, tables and
    schemas that share half of what is in them, labels at the same position of an enum, and what
    differs in nothing but its name.
    """
    sides = _Sides(a, b, _POSSIBLE)
    found = []
    for gone in sides.gone:
        if sides.loses_whole(gone) or gone.attributes.get("local") is False:
            continue
        like = [new for new in sides.made_beside(gone) if _look_alike(gone, new, sides)]
        if like:
            distances = {new.key.name: _distance(gone, new) for new in like}
            found.append(Candidate(gone.key, tuple(sorted(distances, key=distances.__getitem__))))
    return (*found, *_labels(a, b))


def _distance(gone: Object, new: Object) -> tuple[bool, float, str]:
    there, here = (item.attributes.get("position") for item in (gone, new))
    unlike = 1 - SequenceMatcher(None, gone.key.name, new.key.name).ratio()
    return (there != here, unlike, new.key.name)


def _look_alike(gone: Object, new: Object, sides: _Sides) -> bool:
    kind = gone.key.kind
    if kind in _COLUMNS:
        computed = gone.attributes.get("generated")
        return _same(gone, new, ("type", "collation")) and not computed
    if kind == "schema":
        return _half(_names_within(gone.key, sides.a), _names_within(new.key, sides.b))
    if kind in _TABLES or kind == "composite":
        columns = [sides.content.get(item.key, frozenset()) for item in (gone, new)]
        if kind == "composite":
            return columns[0] == columns[1]
        placed = _same(gone, new, ("partition_of", "partition_bound", "partition_by"))
        return placed and _half(*columns)
    return _same(gone, new, _form(gone))


def _same(one: Object, other: Object, names: Iterable[str]) -> bool:
    return all(one.attributes.get(name) == other.attributes.get(name) for name in names)


def _names_within(schema: Key, side: Catalog) -> frozenset[object]:
    return frozenset(
        (key.kind, key.name, key.parent) for key in side.objects if key.schema == schema.name
    )


def _half(one: frozenset[object], other: frozenset[object]) -> bool:
    """Whether half of the larger is in the other, or more."""
    return bool(one) and 2 * len(one & other) >= max(len(one), len(other))


def _labels(a: Catalog, b: Catalog) -> Iterator[Candidate]:
    for item in a.of_kind("enum"):
        if item.key not in b or item.extension is not None:
            continue
        old, new = labels_of(item.key, a), labels_of(item.key, b)
        for verb, i, j, k, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if verb != "replace" or j - i != end - k:
                continue
            for gone, made in zip(old[i:j], new[k:end], strict=True):
                if gone not in new and made not in old:
                    key = Key("value", item.key.schema, gone, item.key.name)
                    yield Candidate(key, (made,))
