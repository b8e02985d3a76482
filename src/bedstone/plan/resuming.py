# SPDX-License-Identifier: Apache-2.0
"""What a run that was cut off left beside what is there, so that the next one goes on from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from bedstone.catalog import Key
from bedstone.errors import NotPlannable
from bedstone.plan.differences import find_differences
from bedstone.plan.kinds.beside import Beside
from bedstone.plan.kinds.recasting import twin
from bedstone.plan.preparing import Replacement, prepared
from bedstone.plan.side import Side
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bedstone.catalog import Attributes, Object, Value
    from bedstone.plan.change import Options, Scene
    from bedstone.plan.kinds.beside import Pair

_BEGINNINGS = ("bedstone", "~bedstone")
_KINDS = frozenset({"column", "constraint", "index", "trigger", "function", "enum", "domain"})
_OF_COLUMN = ("type", "collation", "generated", "storage", "compression", "statistics", "options",
              "default", "not_null", "identity")  # fmt: skip
_OF_INDEX = ("method", "columns", "unique", "where", "nulls_not_distinct", "include", "options",
             "tablespace")  # fmt: skip
_OF_TYPE = ("labels", "type", "collation", "default", "not_null")


class _Wanted(NamedTuple):
    """An object as the plan would make it: what it has to be like."""

    key: Key
    said: Mapping[str, Value]

    def is_in(self, side: Side) -> bool:
        """Whether it is there."""
        item = side.get(self.key)
        return item is not None and all(
            item.attributes.get(name) == value for name, value in self.said.items()
        )


def go_on(a: Side, b: Side, options: Options) -> tuple[Side, Mapping[Key, Object]]:
    """Return side a without what the plan to *b* would make beside what is there, and that.

    What only looks like it stays on the side, and is dropped like all that *b* has not.
    """
    candidates = {key for key in a.catalog.objects if _is_candidate(key, b)}
    if not candidates or not options.online:
        return a, {}
    try:
        left = {*_found(a, _without(candidates, a), b, options)} & candidates
    except NotPlannable:
        return a, {}
    left |= {below for key in left for below in a.below(key)}
    if any(not a.dependants.get(key, frozenset()) <= candidates for key in left):
        return a, {}  # somebody made use of it
    return _without(left, a), {key: a[key] for key in left}


def _is_candidate(key: Key, b: Side) -> bool:
    return key.kind in _KINDS and key.name.startswith(_BEGINNINGS) and key not in b


def _without(keys: Iterable[Key], side: Side) -> Side:
    gone = {*keys}
    kept = {key: item for key, item in side.catalog.objects.items() if key not in gone}
    return Side(replace(side.catalog, objects=kept))


def _found(a: Side, bare: Side, b: Side, options: Options) -> Iterator[Key]:
    """Yield what of side a is as the plan from the *bare* side would make it."""
    work = find_differences(bare, b, options)
    scene = prepared(work, bare, b, options)
    types = list(_of_types(scene))
    if all(wanted.is_in(a) for wanted in types):
        yield from (wanted.key for wanted in types)
    for columns in scene.swaps.values():
        beside = Beside(columns, scene)
        if all(wanted.is_in(a) for wanted in (*types, *_of_rows(beside))):
            found = (*_of_rows(beside), *_of_checks(beside), *_of_indexes(beside))
            yield from (wanted.key for wanted in found if wanted.is_in(a))
    for key in scene.replaced:
        if (wanted := _index(Replacement(key, scene).form, b)).is_in(a):
            yield wanted.key


def _of_types(scene: Scene) -> Iterator[_Wanted]:
    for key in sorted(scene.twins):
        item = twin(scene.b[key], scene)
        names = [name for name in _OF_TYPE if name in item.attributes]
        yield _Wanted(item.key, {name: item.attributes[name] for name in names})


def _of_rows(beside: Beside) -> Iterator[_Wanted]:
    """Yield what keeps the columns in step: it comes in one transaction, so it is all there."""
    for pair in beside.pairs:
        column = pair.beside(beside.scene)
        yield _Wanted(column.key, {name: column.attributes[name] for name in _OF_COLUMN})
    table, schema = beside.table, beside.table.schema
    yield _Wanted(
        Key("function", schema, beside.function_name, ""),
        {
            "body": beside.body, "language": "plpgsql", "result": "trigger",
            # those that are taken from the session may have been others
            "settings": (("search_path", '""'),),
        },
    )  # fmt: skip
    yield _Wanted(
        Key("trigger", table.schema, beside.trigger_name, table.name),
        {
            "timing": "before", "events": ("insert", "update"), "level": "row", "when": None,
            "columns": None, "function": beside.function, "enabled": "always",
        },
    )  # fmt: skip


def _of_checks(beside: Beside) -> Iterator[_Wanted]:
    for pair in beside.pairs:
        key = Key("constraint", beside.table.schema, beside.check_name(pair), beside.table.name)
        yield _Wanted(key, {"type": "check", "expression": _condition(pair)})


def _condition(pair: Pair) -> str:
    """Return the check as PostgreSQL prints it."""
    name, old = quote_identifier(pair.name), quote_identifier(pair.old.key.name)
    return f"({name} IS NOT NULL)" if pair.is_required else f"(({name} IS NULL) = ({old} IS NULL))"


def _of_indexes(beside: Beside) -> Iterator[_Wanted]:
    for key, name in beside.carried.items():
        if not beside.scene.b.is_partitioned(beside.scene.b.wholes[key]):
            item = beside.carried_form(key)
            yield _index(replace(item, key=item.key._replace(name=name)), beside.scene.b)


def _index(item: Object, b: Side) -> _Wanted:
    """Return an index, or that of a key, as it is built."""
    attributes = item.attributes
    said = {name: attributes.get(name) for name in _OF_INDEX}
    if item.key.kind == "constraint":
        said |= _as_index(attributes)
    if not b.is_partitioned(Key("table", item.key.schema, item.key.parent or "")):
        said["valid"] = True
    return _Wanted(item.key._replace(kind="index"), said)


def _as_index(attributes: Attributes) -> dict[str, Value]:
    names = attributes["columns"]
    assert isinstance(names, tuple)  # noqa: S101  a key has columns
    columns = tuple(
        (quote_identifier(str(name)), None, None, None, "asc", "last") for name in names
    )
    return {"method": "btree", "unique": True, "columns": columns, "where": None}
