# SPDX-License-Identifier: Apache-2.0
"""What partitions and child tables take over from tables that change above them.

Models know the partitioned table only. What PostgreSQL brings to each partition is followed here,
so that a plan builds a new index for each of them and expects their columns to change.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.prove.ownership import with_values
from bedstone.sql.quote import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, MutableMapping

    from bedstone.catalog import Object, Value

_PARTS = frozenset({"column", "constraint", "index"})
#: Attributes of a column that PostgreSQL changes below, too. A default is each table's own, and
#: goes with that of the parent where it was the same.
_HANDED_DOWN = ("type", "collation", "not_null", "generated", "expression", "identity")
#: What is a part's own in each table.
_OWN = ("acl", "comment", "constraint_comment", "index_comment", "security_labels", "not_null_name")
_OF_DEFAULTS = frozenset({"sequence", "function"})
_ENDINGS = {"primary key": "pkey", "unique": "key", "exclude": "excl"}
_LONGEST_NAME = 63


def hand_down(
    objects: MutableMapping[Key, Object], before: Mapping[Key, Object], known: Collection[Key]
) -> None:
    """Change in *objects* the parts of children whose parents are other than *before*.

    But for children that are *known* to the models: those say themselves what they have.
    """
    changed = {
        Key("table", key.schema, key.parent or "")
        for key in objects.keys() | before.keys()
        if key.kind in _PARTS and _differs(key, objects, before)
    }
    for child, parent in _descendants(objects, changed):
        if child.key not in known:
            _Child(child, parent, objects, before).follow()


def _differs(key: Key, objects: Mapping[Key, Object], before: Mapping[Key, Object]) -> bool:
    new, old = objects.get(key), before.get(key)
    return new is not old and (new is None or old is None or new.attributes != old.attributes)


def _descendants(
    objects: Mapping[Key, Object], changed: set[Key]
) -> Iterator[tuple[Object, Object]]:
    """Yield each child of a changed table with its parent, from the top down."""
    children: dict[Key, list[Object]] = {}
    for key, item in objects.items():
        attributes = item.attributes
        if key.kind == "table" and (attributes["partition_of"] or attributes["inherits"]):
            for above in item.depends:
                if above.kind == "table":
                    children.setdefault(above, []).append(item)
    waiting = sorted(changed & children.keys())
    while waiting:
        parent = waiting.pop(0)
        for child in children.get(parent, ()):
            yield child, objects[parent]
            waiting.append(child.key)


class _Child:
    """One child table and one of its parents."""

    def __init__(
        self,
        child: Object,
        parent: Object,
        objects: MutableMapping[Key, Object],
        before: Mapping[Key, Object],
    ) -> None:
        self._child = child.key
        self._parent = parent.key
        self._is_partition = child.attributes["partition_of"] is not None
        self._objects = objects
        self._before = before

    def follow(self) -> None:
        """Change each part of the child that comes from a changed part of the parent."""
        place = (self._parent.schema, self._parent.name)
        for key in sorted(self._objects.keys() | self._before.keys()):
            is_part = (key.schema, key.parent) == place and key.kind in _PARTS
            if is_part and _differs(key, self._objects, self._before):
                self._follow(key)

    def _follow(self, key: Key) -> None:
        new = self._objects.get(key)
        mine = self._counterpart(key, (new or self._before[key]))
        if new is None:
            if mine is not None and self._is_brought(mine):
                del self._objects[mine.key]
        elif key.kind == "column":
            self._follow_column(new, mine)
        elif self._is_inherited(new):
            name = mine.key.name if mine is not None else self._name_for(new)
            self._objects[self._own(key, name)] = self._copy(new, name)

    def _is_brought(self, part: Object) -> bool:
        attributes = part.attributes
        return attributes.get("local") is False or attributes.get("attached_to") is not None

    def _is_inherited(self, part: Object) -> bool:
        if part.attributes.get("type") == "check":
            return part.attributes["no_inherit"] is False
        return self._is_partition

    def _counterpart(self, key: Key, part: Object) -> Object | None:
        """Return the child's part that comes from *key*: by its name, or attached to it."""
        if key.kind == "column" or part.attributes.get("type") in {"check", "foreign key"}:
            return self._objects.get(self._own(key, key.name))
        mine = [
            item
            for k, item in self._objects.items()
            if (k.schema, k.parent) == (self._child.schema, self._child.name)
            and k.kind in {"constraint", "index"}
        ]
        attached = (item for item in mine if key in item.depends)
        key_there = (item for item in mine if item.attributes.get("type") == "primary key")
        is_key = part.attributes.get("type") == "primary key"
        return next(attached, next(key_there, None) if is_key else None)

    def _own(self, key: Key, name: str) -> Key:
        return Key(key.kind, self._child.schema, name, self._child.name)

    def _follow_column(self, new: Object, mine: Object | None) -> None:
        key = self._own(new.key, new.key.name)
        old = self._before.get(new.key)
        names: list[str] = []
        if mine is None:
            values: dict[str, Value] = {"position": self._next_position(), "local": False}
            if "not_null_local" in new.attributes and new.attributes["not_null"]:
                values["not_null_local"] = False
            item = with_values(replace(new, key=key), self._unsaid(new) | values)
        else:
            names = [n for n in _HANDED_DOWN if old and old.attributes[n] != new.attributes[n]]
            if old and mine.attributes["default"] == old.attributes["default"]:
                names.append("default")
            item = with_values(mine, {name: new.attributes[name] for name in names})
        own = () if mine is None or "default" in names else mine.depends
        depends = self._mapped(new) | {k for k in own if k.kind in _OF_DEFAULTS}
        self._objects[key] = replace(item, depends=depends)

    def _copy(self, part: Object, name: str) -> Object:
        values = self._unsaid(part)
        depends = set(self._mapped(part))
        if part.key.kind == "index":
            values["attached_to"] = part.key.path
        else:
            values["local"] = False
        if part.attributes.get("type") != "check":
            depends |= {part.key, self._child}
        if part.key.kind == "constraint" and part.attributes["type"] != "check":
            values["inherited_from"] = f"{self._parent.path} {quote_identifier(part.key.name)}"
        copied = replace(part, key=self._own(part.key, name), depends=frozenset(depends))
        return with_values(copied, values)

    def _unsaid(self, part: Object) -> dict[str, Value]:
        return {name: None for name in _OWN if name in part.attributes}

    def _mapped(self, part: Object) -> frozenset[Key]:
        """Return what *part* needs, its own table's columns as those of the child."""
        place = (self._parent.schema, self._parent.name)
        return frozenset(
            self._own(key, key.name)
            if key.kind == "column" and (key.schema, key.parent) == place
            else key
            for key in part.depends
            if key != self._parent
        )

    def _next_position(self) -> int:
        positions = (
            item.attributes["position"]
            for key, item in self._objects.items()
            if key.kind == "column"
            and (key.schema, key.parent) == (self._child.schema, self._child.name)
        )
        return max((p for p in positions if isinstance(p, int)), default=0) + 1

    def _name_for(self, part: Object) -> str:
        """Return a name as PostgreSQL makes it up, which nothing in the schema has."""
        kind = str(part.attributes.get("type"))
        if kind in {"check", "foreign key"}:
            return part.key.name
        columns = part.attributes["columns"]
        words = [_word(column) for column in columns] if isinstance(columns, tuple) else []
        ending = _ENDINGS.get(kind, "idx")
        middle = [] if kind == "primary key" else words
        base = "_".join([self._child.name, *middle])
        taken = {key.name for key in self._objects if key.schema == self._child.schema}
        for number in range(len(taken) + 1):
            tail = f"_{ending}{number or ''}"
            room = _LONGEST_NAME - len(tail)
            name = base.encode()[:room].decode(errors="ignore") + tail
            if name not in taken:
                break
        return name


def _word(column: Value) -> str:
    """Return what stands for a column in a name: its own, or of an expression the function's."""
    text = str(column[0] if isinstance(column, tuple) else column)
    word = text.partition("(")[0].strip('"')
    return word or "expr"
