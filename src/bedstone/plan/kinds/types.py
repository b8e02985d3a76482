# SPDX-License-Identifier: Apache-2.0
"""Enums, domains, ranges, base types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.kinds.constraints import locked_by_domain
from bedstone.plan.kinds.retyping import is_computed, is_index
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.shells import ALTERABLE
from bedstone.plan.side import words
from bedstone.plan.spelling import not_null_name, path
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change, Scene
    from bedstone.plan.side import Side

#: What cannot stand while the type of a column is another for a moment.
_FREE_OF_TYPES = frozenset({"column", "table", "foreign table"})


class Replaced(Writer):
    """A type that is replaced as a whole: renamed, made anew, its columns moved over, dropped."""

    def disturbs(self, change: Change) -> Iterator[Key]:
        """Yield what names the type or a column of it, but for indexes that PostgreSQL keeps."""
        if self.can_stay(change):
            return
        a = change.scene.a
        columns = _columns_of(change.key, a)
        direct = a.dependants.get(change.key, frozenset())
        around = set(direct)
        for column in columns:
            around |= {
                key for key in a.dependants.get(column.key, ())
                if not is_index(a[key]) or is_computed(a[key])
            }  # fmt: skip
        for key in sorted(around):
            if key.kind not in _FREE_OF_TYPES or _is_computed(key, a):
                yield key

    def can_stay(self, change: Change) -> bool:
        """Whether ALTER TYPE is enough."""
        raise NotImplementedError

    def can_alter(self, change: Change) -> bool:
        """Replacing is a change too: no column is lost."""
        return True

    def makes_anew(self, change: Change) -> bool:
        """Whether ALTER TYPE is not enough."""
        return not self.can_stay(change)

    def replace(self, change: Change) -> Iterator[Statement]:
        """Write the four steps."""
        key, scene = change.key, change.scene
        word = "domain" if key.kind == "domain" else "type"
        temporary = f"bedstone_{key.name}"[:63]
        old = quote_identifier(key.schema or "", temporary)
        why = "PostgreSQL cannot take it apart"
        name = quote_identifier(temporary)
        yield Statement(f"alter {word} {path(key)} rename to {name}", key, why)
        yield from self.set_aside(change, temporary)
        yield from self.create(change.new, scene)
        for column in _columns_of(key, scene.a):
            stays = column.key in scene.b and column.key not in scene.renewed
            if stays and scene.b[column.key].attributes["local"] is not False:
                yield from self.move(column, scene)
        yield Statement(f"drop {word} {old}", key)

    def set_aside(self, change: Change, temporary: str) -> Iterator[Statement]:
        """Rename what came with the old type and would be in the way of the new one."""
        yield from ()

    def move(self, column: Object, scene: Scene) -> Iterator[Statement]:
        """Move a column of the old type to the new one, its default aside meanwhile."""
        name = quote_identifier(column.key.name)
        type_ = str(scene.b[column.key].attributes["type"])
        array = "[]" if type_.endswith("]") else ""
        value = f"{name}::text{array}::{type_}"
        yield from move(column, value, "by the text of each value", scene)


def _is_computed(key: Key, side: Side) -> bool:
    return key.kind == "column" and side[key].attributes["generated"] is not None


def _columns_of(key: Key, side: Side) -> list[Object]:
    """Return the columns of a type, of arrays of it too, in tables that hold rows."""
    plain = key.path
    return [
        side[k]
        for k in sorted(side.dependants.get(key, ()))
        if k.kind == "column"
        and str(side[k].attributes["type"]).split("[")[0] == plain
        and not side[k].attributes["generated"]
    ]


def move(column: Object, value: str, reason: str, scene: Scene) -> Iterator[Statement]:
    """Write *value*, of the new type, into a column of the old one."""
    key = column.key
    new = scene.b[key]
    table = quote_identifier(key.schema or "", key.parent or "")
    name = quote_identifier(key.name)
    type_ = str(new.attributes["type"])
    head = f"alter table {table} alter column {name}"
    lock = LockMode.ACCESS_EXCLUSIVE
    if column.attributes["default"] is not None:
        yield Statement(f"{head} drop default", key, lock=lock, on=table)
    yield Statement(
        f"{head} set data type {type_} using {value}", key, reason, lock, table,
        (Hazard.BLOCKS, Hazard.MAY_FAIL),
    )  # fmt: skip
    if new.attributes["default"] is not None:
        yield Statement(f"{head} set default {new.attributes['default']}", key, "", lock, table)


class Enums(Replaced):
    """Enumerated types."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the type."""
        labels = ", ".join(quote_literal(label) for label in words(item.attributes["labels"]))
        yield Statement(f"create type {path(item.key)} as enum ({labels})", item.key)

    def can_stay(self, change: Change) -> bool:
        """Whether labels are only added."""
        old, new = words(change.before["labels"]), words(change.after["labels"])
        return [label for label in new if label in old] == list(old)

    def alter(self, change: Change) -> Iterator[Statement]:
        """Add labels; they can be used once that is committed. Or replace the type."""
        if not change.has("labels"):
            return
        if not self.can_stay(change):
            yield from self.replace(change)
            return
        old, new = words(change.before["labels"]), words(change.after["labels"])
        known = list(old)
        for position, label in enumerate(new):
            if label in known:
                continue
            following = next((other for other in new[position + 1 :] if other in known), None)
            where = f" before {quote_literal(following)}" if following is not None else ""
            yield Statement(
                f"alter type {path(change.key)} add value {quote_literal(label)}{where}",
                change.key, "it can be used once this is committed",
                transaction=Transaction.OWN,
            )  # fmt: skip
            known.append(label)


class Domains(Replaced):
    """Domains; their checks are parts."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the domain."""
        attributes = item.attributes
        parts = [f"create domain {path(item.key)} as {attributes['type']}"]
        if attributes["collation"]:
            parts.append(f"collate {attributes['collation']}")
        if attributes["default"] is not None:
            parts.append(f"default {attributes['default']}")
        if attributes["not_null"]:
            name = attributes["not_null_name"]
            parts.append(
                f"constraint {quote_identifier(str(name))} not null" if name else "not null"
            )
        yield Statement(" ".join(parts), item.key)

    def can_stay(self, change: Change) -> bool:
        """Whether what it is made of is the same."""
        return not change.has("type", "collation")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change default and NOT NULL, or replace the domain."""
        key, after = change.key, change.after
        if not self.can_stay(change):
            yield from self.replace(change)
            for part in change.scene.b.parts.get(key, ()):
                stays = part in change.scene.a and part not in change.scene.renewed
                if part.kind == "domain constraint" and stays:
                    item = change.scene.b[part]
                    name = quote_identifier(part.name)
                    check = f"check ({item.attributes['expression']})"
                    yield Statement(f"alter domain {path(key)} add constraint {name} {check}", part)
            return
        head = f"alter domain {path(key)}"
        if change.has("default") and key not in change.scene.detached:
            value = after["default"]
            yield Statement(
                f"{head} drop default" if value is None else f"{head} set default {value}", key
            )
        if change.has("not_null_name") and change.before["not_null"] and after["not_null"]:
            old, new = (quote_identifier(not_null_name(i)) for i in (change.old, change.new))
            yield Statement(f"{head} rename constraint {old} to {new}", key, "its name only")
        if change.has("not_null"):
            if not after["not_null"]:
                action = "drop not null"
            elif after["not_null_name"]:
                name = quote_identifier(not_null_name(change.new))
                action = f"add constraint {name} not null"
            else:
                action = "set not null"
            hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL) if after["not_null"] else ()
            lock = locked_by_domain(key, change.scene) if after["not_null"] else (None, None)
            yield Statement(f"{head} {action}", key, "", *lock, hazards)


class Ranges(Replaced):
    """Range types with their multiranges."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the type."""
        attributes = item.attributes
        found = [f"subtype = {attributes['subtype']}"]
        named = {
            "operator_class": "subtype_opclass", "collation": "collation",
            "canonical": "canonical", "subtype_diff": "subtype_diff",
        }  # fmt: skip
        found += [f"{word} = {attributes[n]}" for n, word in named.items() if attributes[n]]
        name = quote_identifier(item.key.schema or "", str(attributes["multirange"]))
        found.append(f"multirange_type_name = {name}")
        yield Statement(f"create type {path(item.key)} as range ({', '.join(found)})", item.key)

    def can_stay(self, change: Change) -> bool:
        """Nothing of a range can be altered."""
        return change.only()

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        yield from self.replace(change)

    def set_aside(self, change: Change, temporary: str) -> Iterator[Statement]:
        """Rename the constructors, which keep the name of the type, and the multirange."""
        key, before = change.key, change.before
        many, other = str(before["multirange"]), f"bedstone_{before['multirange']}"[:63]
        old = quote_identifier(temporary)
        subtype = before["subtype"]
        signatures = [(key.name, f"{subtype}, {subtype}{more}", old) for more in ("", ", text")]
        signatures.append((many, "", quote_identifier(other)))
        name = quote_identifier(key.schema or "", many)
        yield Statement(f"alter type {name} rename to {quote_identifier(other)}", key)
        for function, arguments, new in signatures:
            written = f"{quote_identifier(key.schema or '', function)}({arguments})"
            yield Statement(f"alter function {written} rename to {new}", key)


_ALIGNMENTS = {"c": "char", "s": "int2", "i": "int4", "d": "double"}
_STORAGES = {"p": "plain", "e": "external", "m": "main", "x": "extended"}


class BaseTypes(Writer):
    """Base types, which are made of functions in C that declare the type first."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the type of its functions."""
        attributes = item.attributes
        found = {name: attributes[name] for name in ("input", "output", *ALTERABLE)}
        length = attributes["length"]
        found["internallength"] = "variable" if length == -1 else length
        found["alignment"] = _ALIGNMENTS[str(attributes["alignment"])]
        found["storage"] = _STORAGES[str(attributes["storage"])]
        found["category"] = quote_literal(str(attributes["category"]))
        found["delimiter"] = quote_literal(str(attributes["delimiter"]))
        found["element"] = attributes["element"]
        if attributes["default"] is not None:
            found["default"] = quote_literal(str(attributes["default"]))
        words_ = {"by_value": "passedbyvalue", "preferred": "preferred", "collatable": "collatable"}
        found |= {word: "true" for name, word in words_.items() if attributes[name]}
        text = ", ".join(f"{n} = {v}" for n, v in found.items() if v is not None)
        yield Statement(f"create type {path(item.key)} ({text})", item.key)

    def can_alter(self, change: Change) -> bool:
        """So that nothing that stands on it is dropped."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set what can be set.

        Raises:
            NotPlannable: the rest, for which the type would have to be dropped.
        """
        key, after = change.key, change.after
        if not change.only(*ALTERABLE) or (change.has("storage") and after["storage"] == "p"):
            raise NotPlannable(
                f"{key} is a base type, and ALTER TYPE cannot change its "
                f"{', '.join(sorted(change.names - {*ALTERABLE}) or ['storage to plain'])}",
                detail="It and its functions in C need each other: only CASCADE would drop them.",
                hint="Make it anew by hand, best in an extension.",
            )
        found = {name: after[name] or "none" for name in ALTERABLE if change.has(name)}
        if "storage" in found:
            found["storage"] = _STORAGES[str(found["storage"])]
        text = ", ".join(f"{name} = {value}" for name, value in found.items())
        yield Statement(f"alter type {path(key)} set ({text})", key)


class ShellTypes(Writer):
    """Types that are declared only."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Declare it."""
        yield Statement(f"create type {path(item.key)}", item.key)
