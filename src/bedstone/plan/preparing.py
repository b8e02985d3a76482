# SPDX-License-Identifier: Apache-2.0
"""What is made beside what is there before anything else, because it takes long."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.plan.change import Scene
from bedstone.plan.kinds.constraints import build_key, take_index
from bedstone.plan.kinds.indexes import attach_index, build_index, rename_index, set_statistics
from bedstone.plan.kinds.retyping import is_swapped
from bedstone.plan.side import number, stands_on_index
from bedstone.plan.stand_in import relation_name
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Options
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side
    from bedstone.plan.statement import Statement

#: What of a column, if it is another, lets no index be built before.
_OF_VALUES = frozenset({"type", "collation", "generated", "expression"})


def find_swaps(work: Differences, scene: Scene) -> Mapping[Key, tuple[Key, ...]]:
    """Return the columns that are swapped, those of a table together under the first of them."""
    found: defaultdict[Key, list[Key]] = defaultdict(list)
    for key in sorted(work.changed):
        if key.kind == "column" and is_swapped(key, work.changed, scene):
            found[scene.a.wholes[key]].append(key)
    for columns in found.values():
        columns.sort(key=lambda column: number(scene.b[column].attributes["position"]))
    return {columns[0]: tuple(columns) for columns in found.values()}


def find_twins(work: Differences, scene: Scene) -> frozenset[Key]:
    """Return the types that are made anew, and have to be there for columns that are swapped."""
    waiting = [
        needed for keys in scene.swaps.values() for k in keys for needed in scene.b[k].depends
    ]
    found: set[Key] = set()
    while waiting:
        key = waiting.pop()
        if key in work.remade and key not in found:
            found.add(key)
            waiting += scene.b[key].depends
    return frozenset(found)


def find_proven(work: Differences, scene: Scene) -> frozenset[Key]:
    """Return the partitions that go to another bound while all that it is about stays."""
    return frozenset(key for key in scene.detached if _is_provable(key, work, scene))


def _is_provable(key: Key, work: Differences, scene: Scene) -> bool:
    if key.kind != "table" or not scene.is_online(key) or not scene.may_have_rows(key):
        return False
    whole = scene.b.whole_of(key)
    if whole is None or whole != scene.a.whole_of(key) or not scene.may_have_rows(whole):
        return False
    if any(whole in list(scene.a.above(part))[1:] for part in scene.detached):
        return False  # the check would go to what is then detached, and stay there
    tables = (key, *scene.b.above(key))
    touched = work.added | work.renewed | work.changed.keys()
    return not any(
        part.kind == "column" and part in touched
        for table in tables for part in scene.b.parts.get(table, ())
    )  # fmt: skip


def find_replaced(work: Differences, scene: Scene) -> frozenset[Key]:
    """Return the indexes and keys whose successors can be built while they are still there."""
    candidates = {k for k in work.renewed | work.added if _is_replaceable(k, work, scene)}
    found = set()
    for key in candidates:
        chain = [key]
        while (above := scene.b.brought.get(chain[-1])) is not None:
            chain.append(above)
        if candidates.issuperset(chain) and chain[-1] in work.renewed:
            found.add(key)
    return frozenset(found)


def _is_replaceable(key: Key, work: Differences, scene: Scene) -> bool:
    a, b = scene.a, scene.b
    table = b.wholes.get(key)
    if table is None or table.kind != "table" or not scene.is_online(table):
        return False
    if a.wholes.get(key, table) != table or scene.is_moved(table):
        return False
    if scene.is_kept_by_manager(table) or not b.catalog.objects.keys() >= {*a.partitions(table)}:
        return False
    item = b[key]
    if stands_on_index(item):
        plain = item.attributes["type"] != "exclude" and not item.attributes["period"]
        if not plain or b.is_partitioned(table) or key in a.brought or key in b.brought:
            return False
    elif key.kind != "index" or (key in a and a.brought.get(key) != b.brought.get(key)):
        return False
    return all(_is_there(needed, work, scene) for needed in item.depends - {table})


def _is_there(needed: Key, work: Differences, scene: Scene) -> bool:
    """Whether *needed* is before the change what it is after it."""
    if needed.kind == "index":
        return True  # that of the partitioned table, which is asked about by itself
    if needed not in scene.a or needed in work.renewed:
        return False
    if needed.kind == "column" and not work.remade.isdisjoint(scene.b[needed].depends):
        return False
    top = scene.a.top_of(needed)
    changed = work.changed.get(needed, frozenset()) | work.changed.get(top, frozenset())
    return needed.kind == "column" and not changed & _OF_VALUES if changed else True


def _name(key: Key, scene: Scene) -> str:
    """Return the name that an index has until the old one is gone: its own where that is free."""
    return relation_name(key, scene) if key in scene.a else key.name


def prepared(
    work: Differences, a: Side, b: Side, options: Options, *, beside: bool = True
) -> Scene:
    """Return the scene of *work*, with all that is made beside."""
    scene = Scene(
        a, b, options, frozenset(work.renewed), frozenset(work.unset - work.untyped),
        beside=beside, untyped=frozenset(work.untyped), remade=work.remade,
    )  # fmt: skip
    if not beside:
        return scene
    scene = replace(
        scene, swaps=find_swaps(work, scene), replaced=find_replaced(work, scene),
        proven=find_proven(work, scene),
    )  # fmt: skip
    return replace(scene, twins=find_twins(work, scene))


@dataclass(frozen=True)
class Replacement:
    """An index or key that is built under another name, until the old one is gone."""

    key: Key
    scene: Scene

    @property
    def _name(self) -> str:
        return quote_identifier(_name(self.key, self.scene))

    @property
    def form(self) -> Object:
        """The index or key under the name that it has meanwhile."""
        item = self.scene.b[self.key]
        return replace(item, key=self.key._replace(name=_name(self.key, self.scene)))

    def prepare(self) -> Iterator[Statement]:
        """Write what builds it beside the old one."""
        item = self.scene.b[self.key]
        left = self.scene.left.get(self.form.key._replace(kind="index"))
        if self.key.kind != "index":
            if left is None:
                yield build_key(item, self._name)
            return
        if left is None:
            yield build_index(item, self.scene, self._name)
        above = self.scene.b.brought.get(self.key)
        if above is not None and (left is None or not left.attributes["attached_to"]):
            schema = quote_identifier(above.schema or "")
            parent = f"{schema}.{quote_identifier(_name(above, self.scene))}"
            yield attach_index(self.form, parent)

    def take_over(self) -> Iterator[Statement]:
        """Write what puts it in the place of the old one, which is gone."""
        item = self.scene.b[self.key]
        if self.key.kind != "index":
            yield take_index(item, self._name)
        elif self.key in self.scene.a:
            yield rename_index(self.key, self._name)
        yield from set_statistics(self.key, None, item.attributes["statistics"])
