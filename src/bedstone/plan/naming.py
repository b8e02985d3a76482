# SPDX-License-Identifier: Apache-2.0
"""The statements that rename, in an order in which every name is free when it is taken."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from bedstone.plan.hints import LONGEST, Rename, enum_of, is_there, labels_of
from bedstone.plan.spelling import path, relation_path, word_of
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bedstone.catalog import Catalog, Key

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_PARTS = frozenset(
    {"value", "column", "view column", "attribute", "constraint", "domain constraint", "trigger",
     "rule", "policy"}
)  # fmt: skip
_RELATIONS = frozenset(
    {"table", "foreign table", "view", "materialized view", "sequence", "index", "composite"}
)
_TYPES = frozenset({"enum", "domain", "base type", "shell type"})
_ROUTINES = frozenset({"function", "procedure", "aggregate"})
#: What is altered to rename a part, and the word for the part; ALTER TABLE takes views as well.
_ALTERED = {
    "value": ("type", "value"),
    "column": ("table", "column"),
    "view column": ("table", "column"),
    "attribute": ("type", "attribute"),
    "constraint": ("table", "constraint"),
    "domain constraint": ("domain", "constraint"),
}
#: What only DDL names.
_UNSEEN = frozenset(
    {"constraint", "domain constraint", "index", "trigger", "rule", "policy", "statistics"}
)
#: What is of the whole database; it comes last, so that all before it is named as FROM does.
_OUTERMOST = frozenset({"schema", "server", "foreign data wrapper", "language"})


class RenameStatements(NamedTuple):
    """The way there and the way back."""

    there: tuple[Statement, ...]
    back: tuple[Statement, ...]


def rename_statements(renames: Iterable[Rename], catalog: Catalog) -> RenameStatements:
    """Write *renames* of objects of *catalog*, each named as it is there.

    Parts come before what they are part of, and functions before types: so every statement finds
    the names of *catalog* around what it renames. Names that change places go by way of another.
    """
    steps = list(_in_order(renames, catalog))
    back = (Rename(s.key._replace(name=s.to), s.key.name) for s in reversed(steps))
    return RenameStatements(tuple(map(_write, steps)), tuple(map(_write, back)))


def _rank(key: Key) -> int:
    if key.kind in _PARTS:
        return 0
    if key.kind in _OUTERMOST:
        return 3
    return 2 if key.kind in _RELATIONS | _TYPES else 1


def _in_order(renames: Iterable[Rename], catalog: Catalog) -> Iterator[Rename]:
    names = Names(catalog)
    ranked: list[dict[tuple[object, ...], Rename]] = [{}, {}, {}, {}]
    for rename in sorted(renames, key=lambda r: r.key.sort_key):
        ranked[_rank(rename.key)][*space(rename.key), rename.key.name] = rename
    for waiting in ranked:
        while waiting:
            free = [at for at, r in waiting.items() if (*at[:-1], r.to) not in waiting]
            if free:
                yield waiting.pop(free[0])
                continue
            at, rename = next(iter(waiting.items()))
            aside = _unused(rename.key, names)
            del waiting[at]
            yield Rename(rename.key, aside)
            waiting[*at[:-1], aside] = Rename(rename.key._replace(name=aside), rename.to)


def space(key: Key) -> tuple[object, ...]:
    """Return that within which PostgreSQL allows one object of a name."""
    if key.kind in _RELATIONS:
        return ("relation", key.schema)
    if key.kind in _TYPES:
        return ("type", key.schema)
    if key.kind in _ROUTINES:
        return ("routine", key.schema, key.parent)
    return (key.kind, key.schema, key.parent)


class Names:
    """The names that are taken in a catalog, by space."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def holds(self, place: Key, name: str) -> bool:
        """Whether *name* is taken in the space of *place*."""
        if place.kind == "value":
            return name in labels_of(enum_of(place), self._catalog)
        if place.kind == "view column":
            return is_there(place._replace(name=name), self._catalog)
        return name in self._found.get(space(place), ())

    @cached_property
    def _found(self) -> Mapping[tuple[object, ...], set[str]]:
        found: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
        for key in self._catalog.objects:
            found[space(key)].add(key.name)
        return found


def _unused(key: Key, names: Names) -> str:
    number = 0
    while True:
        head = f"bedstone_{number or ''}"
        room = LONGEST - len(head)
        name = head + key.name.encode()[:room].decode(errors="ignore")
        if not names.holds(key, name):
            return name
        number += 1


def _write(rename: Rename) -> Statement:
    key, old, new = rename.key, quote_identifier(rename.key.name), quote_identifier(rename.to)
    hazards = () if key.kind in _UNSEEN else (Hazard.BREAKS_CLIENTS,)
    lock, on = _lock(key)
    reason = "a rename: no row is touched"
    return Statement(_sql(rename, old, new), key, reason, lock, on, hazards)


def _sql(rename: Rename, old: str, new: str) -> str:
    key = rename.key
    if key.kind not in _PARTS:
        return f"alter {word_of(key)} {path(key)} rename to {new}"
    whole = relation_path(key)
    if key.kind in {"trigger", "rule", "policy"}:
        return f"alter {key.kind} {old} on {whole} rename to {new}"
    if key.kind == "value":
        old, new = quote_literal(key.name), quote_literal(rename.to)
    altered, part = _ALTERED[key.kind]
    return f"alter {altered} {whole} rename {part} {old} to {new}"


def _lock(key: Key) -> tuple[LockMode | None, str | None]:
    if key.kind == "index":
        return LockMode.SHARE_UPDATE_EXCLUSIVE, path(key)
    if key.kind in _RELATIONS:
        return _EXCLUSIVE, path(key)
    if key.kind in _PARTS - {"value", "domain constraint"}:
        return _EXCLUSIVE, relation_path(key)
    return None, None
