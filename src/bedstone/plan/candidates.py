# SPDX-License-Identifier: Apache-2.0
"""What is dropped and made may be one thing with a new name: found, never decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.catalog.kinds import COSMETIC, UNCOMPARED
from bedstone.plan.annotations import NAMES
from bedstone.plan.hints import Rename, labels_of
from bedstone.plan.naming import names_in, space
from bedstone.plan.side import Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bedstone.catalog import Catalog, Object

#: They are the same where all but their name is.
_SAME = frozenset(
    {"view", "materialized view", "sequence", "function", "procedure", "enum", "domain"}
)
_TABLES = frozenset({"table", "foreign table"})
_PLACES = ("position", "local", "owner", "acl")


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


def equal_but_for_name(a: Catalog, b: Catalog) -> tuple[Rename, ...]:
    """Return the renames that need no word of the user's: they lead to *b* and lose nothing.

    An index or constraint of one table that has the same definition under another name, and the
    sequence of one column.
    """
    before, after = Side(a), Side(b)
    found = []
    taken: set[Key] = set()
    for gone in _only_in(a, b, {"index", "constraint", "sequence"}):
        if gone.extension is not None or _follows(gone.key, before):
            continue
        for made in _alike(gone, before, after):
            rename = Rename(gone.key, made.name)
            if made not in taken and made.name not in names_in(a, space(gone.key)):
                taken.add(made)
                found.append(rename)
                break
    return tuple(found)


def _follows(key: Key, side: Side) -> bool:
    """Whether a parent's name goes to it, so that it cannot be renamed alone."""
    return key in side.brought and side[key].attributes.get("type") == "check"


def _alike(gone: Object, before: Side, after: Side) -> list[Key]:
    key = gone.key
    if key.kind == "sequence":
        column = gone.owning_column
        if column is None or column not in after or not _is_its_own(gone, before):
            return []
        return [
            k for k in after.parts.get(after.wholes[column], ())
            if k.kind == "sequence" and k.schema == key.schema and k not in before
            and after[k].owning_column == column and _is_its_own(after[k], after)
        ]  # fmt: skip
    table = before.wholes.get(key)
    if table is None or table not in after:
        return []
    return [
        k for k in after.parts.get(table, ())
        if k.kind == key.kind and k not in before and _form(after[k]) == _form(gone)
    ]  # fmt: skip


def _is_its_own(sequence: Object, side: Side) -> bool:
    """Whether a column takes its values from the sequence that goes with it."""
    column = sequence.owning_column
    if column is None or column not in side:
        return False
    default = side[column].attributes["default"]
    wanted = f"nextval('{sequence.key.path}'::regclass)"
    return bool(sequence.attributes["identity"]) or default == wanted


def _form(item: Object) -> dict[str, object]:
    kind = item.key.kind
    return {
        name: value
        for name, value in item.attributes.items()
        if name not in NAMES and (kind, name) not in COSMETIC and (kind, name) not in UNCOMPARED
    }


def find_candidates(a: Catalog, b: Catalog) -> tuple[Candidate, ...]:
    """Return what is in *a* alone and looks like something that is in *b* alone.

    Of the same kind, in the same place, of the same shape: columns of one type, tables and
    schemas that share most of what is in them, labels at the same position of an enum, and what
    differs in nothing but its name.
    """
    before, after = Side(a), Side(b)
    made: defaultdict[tuple[object, ...], list[Object]] = defaultdict(list)
    kinds = _SAME | _TABLES | {"column", "attribute", "composite", "schema"}
    for item in _only_in(b, a, kinds):
        made[_place(item.key)].append(item)
    found = []
    for gone in _only_in(a, b, kinds):
        whole = before.wholes.get(gone.key)
        if gone.extension is not None or gone.key in before.brought:
            continue
        if (whole is not None and whole not in after) or _is_owned(gone):
            continue
        like = [
            new for new in made.get(_place(gone.key), ())
            if new.key not in after.brought and _look_alike(gone, new, before, after)
        ]  # fmt: skip
        if like:
            like.sort(key=lambda new: _distance(gone, new))
            found.append(Candidate(gone.key, tuple(new.key.name for new in like)))
    return (*found, *_labels(a, b))


def _only_in(one: Catalog, other: Catalog, kinds: Iterable[str]) -> Iterator[Object]:
    return (item for item in one.of_kind(*kinds) if item.key not in other)


def _place(key: Key) -> tuple[object, ...]:
    return (key.kind, key.schema, key.parent)


def _is_owned(item: Object) -> bool:
    return item.key.kind == "sequence" and item.owning_column is not None


def _distance(gone: Object, new: Object) -> tuple[bool, float, str]:
    there, here = (item.attributes.get("position") for item in (gone, new))
    unlike = 1 - SequenceMatcher(None, gone.key.name, new.key.name).ratio()
    return (there != here, unlike, new.key.name)


def _look_alike(gone: Object, new: Object, before: Side, after: Side) -> bool:
    kind = gone.key.kind
    if kind in {"column", "attribute"}:
        return _same(gone, new, ("type", "collation")) and not gone.attributes.get("generated")
    if kind in _TABLES:
        if not _same(gone, new, ("partition_of", "partition_bound", "partition_by")):
            return False
        return _mostly(*(_content(item.key, side, _column) for item, side in
                         ((gone, before), (new, after))))  # fmt: skip
    if kind == "composite":
        there, here = (
            _content(item.key, side, _column) for item, side in ((gone, before), (new, after))
        )
        return there == here
    if kind == "schema":
        return _mostly(*(
            frozenset((k.kind, k.name, k.parent) for k in side.catalog.objects
                      if k.schema == item.key.name)
            for item, side in ((gone, before), (new, after))
        ))  # fmt: skip
    names = (name for name in _form(gone) if name not in _PLACES)
    return not _is_owned(new) and _same(gone, new, names)


def _same(one: Object, other: Object, names: Iterable[str]) -> bool:
    return all(one.attributes.get(name) == other.attributes.get(name) for name in names)


def _content(key: Key, side: Side, what: Callable[[Object], object]) -> frozenset[object]:
    parts = (side[k] for k in side.parts.get(key, ()) if k.kind in {"column", "attribute"})
    return frozenset(map(what, parts))


def _column(item: Object) -> object:
    return (item.key.name, item.attributes["type"])


def _mostly(one: frozenset[object], other: frozenset[object]) -> bool:
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
