# SPDX-License-Identifier: Apache-2.0
"""One side of a plan: a catalog, and who is a part of whom, who needs whom."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.catalog.kinds import PARENTS, RELATIONS
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bedstone.catalog import Catalog, Object, Value

#: What of a column can change under views, policies and the like.
QUIET = frozenset(
    {"not_null", "not_null_validated", "not_null_no_inherit", "not_null_name", "default", "comment",
     "constraint_comment", "statistics", "storage", "compression", "options", "acl"}
)  # fmt: skip
#: Kinds of which only the default is taken off while what it calls is made anew.
WITH_DEFAULT = frozenset({"column", "domain"})
#: Kinds of parts that PostgreSQL makes and drops with the whole.
_INBORN = frozenset({"column", "view column", "attribute"})
_INHERITED = frozenset({"column", "constraint", "index", "trigger"})
#: Constraints that stand on an index, which is attached to that of a partitioned table.
_KEYS = frozenset({"primary key", "unique", "exclude"})


class Side:
    """A catalog with what a planner asks of it again and again."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._names: dict[str, dict[str | None, set[str]]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self.catalog.objects

    def __getitem__(self, key: Key) -> Object:
        return self.catalog.objects[key]

    def get(self, key: Key) -> Object | None:
        """Return the object, if it is there."""
        return self.catalog.objects.get(key)

    @cached_property
    def wholes(self) -> Mapping[Key, Key]:
        """What each part is a part of; an owned sequence is a part of its column's table."""
        found: dict[Key, Key] = {}
        for key, item in self.catalog.objects.items():
            whole = self.catalog.parent_of(key) if key.kind in PARENTS else None
            if key.kind == "sequence":
                whole = self._owner_of(item)
            if whole is not None:
                found[key] = whole
        return found

    def _owner_of(self, sequence: Object) -> Key | None:
        column = sequence.owning_column
        if column is None or column not in self:
            return None
        return self.catalog.parent_of(column)

    @cached_property
    def parts(self) -> Mapping[Key, tuple[Key, ...]]:
        """The parts of each whole, in the order of the catalog."""
        found: defaultdict[Key, list[Key]] = defaultdict(list)
        for part, whole in self.wholes.items():
            found[whole].append(part)
        return {whole: tuple(parts) for whole, parts in found.items()}

    @cached_property
    def dependants(self) -> Mapping[Key, frozenset[Key]]:
        """What needs each object, directly."""
        found: defaultdict[Key, set[Key]] = defaultdict(set)
        for key, item in self.catalog.objects.items():
            for needed in item.depends:
                found[needed].add(key)
        return {key: frozenset(keys) for key, keys in found.items()}

    def columns(self, table: Key) -> list[Object]:
        """Return the columns of a table in their order."""
        found = [self[k] for k in self.parts.get(table, ()) if k.kind == "column"]
        return sorted(found, key=lambda item: number(item.attributes["position"]))

    @cached_property
    def brought(self) -> Mapping[Key, Key]:
        """What a parent table's object brings to a child or partition, and by which object.

        Columns, checks, foreign keys and triggers that are not the child's own; indexes and keys
        that are attached to one of the parent's.
        """
        found: dict[Key, Key] = {}
        for key in self.catalog.objects:
            if key.kind in _INHERITED and (above := self._above(key)) is not None:
                found[key] = above
        return found

    def _above(self, key: Key) -> Key | None:
        item = self[key]
        if key.kind == "constraint" and item.attributes["type"] == "foreign key":
            return self._foreign_key_above(item)
        if key.kind in {"column", "constraint"} and item.attributes["type"] not in _KEYS:
            if item.attributes["local"] is not False:
                return None
            table = self.wholes.get(key)
            for parent in sorted(self[table].depends) if table is not None else ():
                above = Key(key.kind, parent.schema, key.name, parent.name)
                if parent.kind in RELATIONS and above in self:
                    return above
        if key.kind == "trigger" and not item.attributes["inherited_from"]:
            return None
        kinds = {"index", "constraint"} if key.kind != "trigger" else {"trigger"}
        for needed in sorted(item.depends):
            if needed.kind in kinds and (needed.schema, needed.parent) != (key.schema, key.parent):
                return needed
        return None

    def parents_of(self, part: Key) -> Iterator[Key]:
        """Yield the columns or checks of parents that *part* is merged with, or brought by."""
        check = part.kind == "constraint" and self[part].attributes["type"] == "check"
        table = self.wholes.get(part) if check or part.kind == "column" else None
        for needed in sorted(self[table].depends) if table is not None else ():
            above = Key(part.kind, needed.schema, part.name, needed.name)
            if needed.kind in RELATIONS and above in self:
                yield above

    def heirs(self, column: Key) -> list[Key]:
        """Return the columns of children and partitions that are of one type with *column*."""
        found: dict[Key, None] = {}
        for child in sorted(self.dependants.get(self.wholes[column], ())):
            part = Key("column", child.schema, column.name, child.name)
            if child.kind in RELATIONS and part in self:
                found |= dict.fromkeys((part, *self.heirs(part)))
        return list(found)

    def _foreign_key_above(self, item: Object) -> Key | None:
        """Return the partitioned table's, which may have another name."""
        above = item.attributes["inherited_from"]
        for needed in item.depends if above else ():
            if needed.kind == "constraint":
                table = quote_identifier(needed.schema or "", needed.parent or "")
                if above == f"{table} {quote_identifier(needed.name)}":
                    return needed
        return None

    def is_adopted(self, key: Key) -> bool:
        """Whether *key* is a foreign key of a partition that was there before it was attached.

        Told by its name: one that the partitioned table brings has the name of that.
        """
        above = self.brought.get(key)
        foreign = key.kind == "constraint" and self[key].attributes["type"] == "foreign key"
        return foreign and above is not None and above.name != key.name

    def below(self, key: Key) -> Iterator[Key]:
        """Yield what *key* brings to children and partitions, all the way down."""
        for child in self._brings.get(key, ()):
            yield child
            yield from self.below(child)

    @cached_property
    def _brings(self) -> Mapping[Key, list[Key]]:
        found: defaultdict[Key, list[Key]] = defaultdict(list)
        for child, above in self.brought.items():
            found[above].append(child)
        return found

    def names(
        self, space: str, schema: str | None, belongs: Callable[[Object], bool]
    ) -> frozenset[str]:
        """Return the names in *schema* of all that *belongs* to a space of names."""
        if space not in self._names:
            found: defaultdict[str | None, set[str]] = defaultdict(set)
            for key in self.catalog.objects:
                if belongs(self[key]):
                    found[key.schema].add(key.name)
            self._names[space] = found
        return frozenset(self._names[space].get(schema, ()))

    def table_of(self, key: Key) -> Key | None:
        """Return the relation that *key* is, or is a part of."""
        return key if key.kind in RELATIONS else self.wholes.get(key)

    def whole_of(self, partition: Key) -> Key | None:
        """Return the partitioned table that *partition* is attached to."""
        path = self[partition].attributes.get("partition_of")
        found = (k for k in self[partition].depends if k.kind == "table" and k.path == path)
        return next(found, None) if path else None

    def referring(self, table: Key) -> list[Key]:
        """Return the foreign keys that lead to *table*."""
        found = {
            key
            for column in self.parts.get(table, ())
            for key in self.dependants.get(column, ())
            if key.kind == "constraint" and self[key].attributes["references"] == table.path
        }
        return sorted(found)

    def holders(self, table: Key) -> list[Key]:
        """Return what holds rows of *table* as values."""
        kinds = {"column", "attribute", "domain"}
        found = (key for key in self.dependants.get(table, ()) if key.kind in kinds)
        return sorted(key for key in found if self.wholes.get(key) != table)

    def is_stored(self, type_: Key) -> bool:
        """Whether a column is of *type_*, or of a type that is made of it."""
        waiting, found = [type_], {type_}
        for key in waiting:
            users = {self.wholes.get(k, k) if k.kind == "attribute" else k
                     for k in self.dependants.get(key, ())}  # fmt: skip
            if any(user.kind == "column" for user in users):
                return True
            new = {k for k in users if k.kind in {"composite", "domain", "range"}} - found
            found |= new
            waiting += new
        return False

    def type_of(self, table: Key) -> Key | None:
        """Return the composite type that *table* is of."""
        path = self[table].attributes.get("of_type")
        found = (k for k in self[table].depends if k.kind == "composite" and k.path == path)
        return next(found, None) if path else None

    def typed(self, type_: Key) -> list[Key]:
        """Return the tables that were made of a composite type."""
        found = (key for key in self.dependants.get(type_, ()) if key.kind == "table")
        return sorted(k for k in found if self[k].attributes["of_type"] == type_.path)

    def partitions(self, table: Key) -> list[Key]:
        """Return what is attached to *table*."""
        found = (key for key in self.dependants.get(table, ()) if key.kind in RELATIONS)
        return sorted(k for k in found if self[k].attributes.get("partition_of") == table.path)

    def above(self, partition: Key) -> Iterator[Key]:
        """Yield the table that *partition* is attached to, what that is attached to, and so on."""
        while (whole := self.whole_of(partition)) is not None:
            yield whole
            partition = whole

    def is_partitioned(self, table: Key | None) -> bool:
        """Whether *table* is there and has partitions or is made for them."""
        return table is not None and bool(self[table].attributes.get("partition_by"))

    def partitions_below(self, table: Key) -> Iterator[Key]:
        """Yield the partitions of a table, and theirs, each before its own."""
        for child in sorted(self.dependants.get(table, ())):
            if self[child].attributes.get("partition_of") == table.path:
                yield child
                yield from self.partitions_below(child)

    def top_of(self, key: Key) -> Key:
        """Return the object of a parent table that brought *key*, or *key*."""
        while (above := self.brought.get(key)) is not None:
            key = above
        return key

    def inborn(self, key: Key) -> Iterator[Key]:
        """Yield what is made in the same statement as *key*: its columns, identity sequences."""
        for part in self.parts.get(key, ()):
            if self.is_inborn(part):
                yield part

    def is_inborn(self, part: Key) -> bool:
        """Whether *part* is made in the same statement as its whole."""
        return part.kind in _INBORN or is_identity(self[part])

    def is_inborn_check(self, part: Key) -> bool:
        """Whether *part* is a check that a new partition has to have when it is attached."""
        if part.kind != "constraint" or self[part].attributes["type"] != "check":
            return False
        inherited = self[part].attributes["local"] is False
        return inherited and bool(self[self.wholes[part]].attributes.get("partition_of"))


def is_identity(item: Object) -> bool:
    """Whether *item* is the sequence of an identity column."""
    return item.key.kind == "sequence" and item.attributes["identity"] is True


def identity_sequence(column: Key, side: Side) -> Object | None:
    """Return the sequence of an identity column."""
    table = side.table_of(column)
    for part in side.parts.get(table, ()) if table else ():
        sequence = part.kind == "sequence" and side[part].attributes["identity"]
        if sequence and side[part].owning_column == column:
            return side[part]
    return None


def stands_on_index(item: Object) -> bool:
    """Whether *item* is a key or an exclusion constraint, which has an index of its own."""
    return item.key.kind == "constraint" and item.attributes["type"] in _KEYS


def is_key_column(column: Key, side: Side) -> bool:
    """Whether the partitions of a table are told apart by *column*."""
    key = side[side.wholes[column]].attributes.get("partition_by")
    name = re.escape(quote_identifier(column.name))
    return key is not None and re.search(rf'(?<![\w"]){name}(?![\w"])', str(key)) is not None


def is_moved(table: Key, a: Side, b: Side) -> bool:
    """Whether a table is on both sides, and a partition of another one or none."""
    if table not in a or table not in b:
        return False
    old, new = (side[table].attributes for side in (a, b))
    return any(old.get(name) != new.get(name) for name in ("partition_of", "partition_bound"))


def number(value: Value) -> int:
    """Return an attribute that is a whole number."""
    assert isinstance(value, int)  # noqa: S101  the reader's queries say so
    return value


def words(value: Value) -> tuple[str, ...]:
    """Return an attribute that is a list of texts; empty where there is none."""
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()


def pairs(value: Value) -> dict[str, str]:
    """Return an attribute that holds options as a mapping."""
    if not isinstance(value, tuple):
        return {}
    return {str(p[0]): str(p[1]) for p in value if isinstance(p, tuple)}
