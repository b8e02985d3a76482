# SPDX-License-Identifier: Apache-2.0
"""Which differences follow from another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog.difference import Change, Difference
from bedstone.catalog.kinds import PARENTS, RELATIONS
from bedstone.catalog.model import Attributes, Catalog, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What columns and constraints of a table are because of the tables it inherits from.
_OF_PARENTS = frozenset({"local", "not_null_local", "inherited_from"})


class Causes:
    """Knows, of the differences between two catalogs, which object's change each follows from."""

    def __init__(self, a: Catalog, b: Catalog, differences: Iterable[Difference]) -> None:
        self._sides = {Change.REMOVED: a, Change.ADDED: b}
        self._catalogs = (a, b)
        self._whole: dict[Change, set[Key]] = {Change.REMOVED: set(), Change.ADDED: set()}
        self._changed: dict[Key, set[str]] = {}
        for item in differences:
            if item.attribute is None:
                self._whole[item.change].add(item.key)
            else:
                self._changed.setdefault(item.key, set()).add(item.attribute)
        #: Tables that have other parents than before: what is local to them follows from that.
        self._uprooted = {
            key
            for key, attributes in self._changed.items()
            if attributes & {"partition_of", "inherits"}
        }

    def of(self, item: Difference) -> Key | None:
        """Return the object that *item* follows from, or ``None`` where it stands alone."""
        if item.attribute is not None:
            return self._of_attribute(item)
        whole = self._whole[item.change]
        for candidate in self._candidates(item):
            if candidate in whole and candidate != item.key:
                return candidate
        if item.key.kind == "sequence":
            column = self._sides[item.change].objects[item.key].owning_column
            if column in self._changed and self._changed[column] & {"identity", "default"}:
                return column
        return None

    def _candidates(self, item: Difference) -> Iterator[Key]:
        """Yield the objects that *item*'s cannot be without, the closest last."""
        key, catalog = item.key, self._sides[item.change]
        if key.schema is not None and key.kind != "schema":
            yield Key("schema", None, key.schema)
        parent = catalog.parent_of(key)
        if parent is not None:
            yield parent
        if key.kind == "sequence":
            column = catalog.objects[key].owning_column
            if column is not None:
                yield from filter(None, [catalog.parent_of(column)])
                yield column
        if key.kind in {"constraint", "index", "policy", "trigger", "statistics"}:
            for needed in catalog.objects[key].depends:
                if needed.kind == "column" and needed.parent == key.parent:
                    yield needed
        yield from self._ancestors(item, catalog)

    def _ancestors(self, item: Difference, catalog: Catalog) -> Iterator[Key]:
        """Yield what an object of a partition or child table was inherited from."""
        key = item.key
        attributes = catalog.objects[key].attributes
        if key.kind == "index" and isinstance(attributes.get("attached_to"), str):
            yield from (k for k in catalog.objects[key].depends if k.kind == "index")
        if key.kind in {"constraint", "trigger"} and attributes.get("inherited_from"):
            yield from (k for k in catalog.objects[key].depends if k.kind == key.kind)
        if key.kind in {"column", "constraint"} and self._inherits(attributes):
            table = catalog.parent_of(key)
            for above in catalog.objects[table].depends if table else ():
                if above.kind in RELATIONS:
                    yield Key(key.kind, above.schema, key.name, above.name)

    @staticmethod
    def _inherits(attributes: Attributes) -> bool:
        return attributes.get("local") is False

    def _of_attribute(self, item: Difference) -> Key | None:
        """A key makes its columns NOT NULL; partitions follow their parents' columns."""
        key = item.key
        if key.kind == "column":
            if item.attribute in {"not_null", "not_null_name"} and item.new:
                whole = self._whole[Change.ADDED]
                for other in whole:
                    if other.kind == "constraint" and (other.schema, other.parent) == (
                        key.schema,
                        key.parent,
                    ):
                        attributes = self._catalogs[1].objects[other].attributes
                        columns = attributes["columns"]
                        primary = attributes["type"] == "primary key"
                        if primary and isinstance(columns, tuple) and key.name in columns:
                            return other
            return self._inherited_change(item)
        if key.kind in PARENTS:
            return self._inherited_change(item)
        return None

    def _inherited_change(self, item: Difference) -> Key | None:
        old = self._catalogs[0].objects[item.key]
        table = self._catalogs[0].parent_of(item.key)
        if item.attribute in _OF_PARENTS and table in self._uprooted:
            return table
        if item.key.kind == "column":
            for above in self._catalogs[0].objects[table].depends if table else ():
                column = Key("column", above.schema, item.key.name, above.name)
                if item.attribute in self._changed.get(column, ()):
                    return column
            return None
        for needed in old.depends:
            if needed.kind == item.key.kind and item.attribute in self._changed.get(needed, ()):
                return needed
        return None
