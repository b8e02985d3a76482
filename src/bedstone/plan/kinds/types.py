# SPDX-License-Identifier: Apache-2.0
"""Enums, domains, ranges, base types."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.coercion import domain_of
from bedstone.plan.kinds.constraints import locked_by_domain
from bedstone.plan.kinds.recasting import is_of, remade, twin
from bedstone.plan.kinds.retyping import is_computed, is_index, is_swapped
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.shells import ALTERABLE
from bedstone.plan.side import words
from bedstone.plan.spelling import dollar_quoted, not_null_name, path, word_of
from bedstone.plan.stand_in import type_name
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change, Scene
    from bedstone.plan.side import Side

#: What a type that is made anew takes along, or does not hold: all else that names it stands aside.
_FOLLOWS = frozenset({"column", "table", "foreign table", "domain", "range", "attribute"})
_ASIDE = "bedstone_old"


class Replaced(Writer):
    """A type that is replaced as a whole: the old one renamed, made anew, at last dropped.

    What is of the type is moved over in between, each column by itself.
    """

    def disturbs(self, change: Change) -> Iterator[Key]:
        """Yield what names the type or a column of it, but for indexes that go over or stay."""
        if self.can_stay(change):
            return
        scene, a = change.scene, change.scene.a
        columns = _columns_of(change.key, a)
        around = set(a.dependants.get(change.key, frozenset()))
        for column in columns:
            around |= {
                key for key in a.dependants.get(column, ())
                if not is_index(a[key]) or is_computed(a[key])
            }  # fmt: skip
        for key in sorted(around):
            computed = key.kind == "column" and a[key].attributes["generated"] is not None
            if computed or (key.kind not in _FOLLOWS and not _goes_over(key, columns, scene)):
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

    def prepare(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the new form beside the old one; what it lacks is refused in time."""
        yield from self.refuse(item, scene)
        why = "beside the old type, whose columns would keep everybody out"
        made = twin(item, scene)
        for statement in self.create(made, scene) if made.key not in scene.left else ():
            yield replace(statement, subject=item.key, reason=why)

    def replace(self, change: Change) -> Iterator[Statement]:
        """Put the new form in the place of the old one, which stands aside until it is dropped."""
        key, scene = change.key, change.scene
        aside = type_name(key, scene, word=_ASIDE)
        why = "PostgreSQL cannot take it apart; what was prepared with it has to be prepared again"
        yield _rename(key, key.name, aside, why, (Hazard.BREAKS_CLIENTS,))
        if key in scene.twins:
            yield _rename(key, type_name(key, scene), key.name, "in the place of the old one")
            return
        yield from self.set_aside(change, aside)
        yield from self.create(change.new, scene)

    def refuse(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Write what fails before any work is done where values have no place in the new form."""
        yield from ()

    def clear(self, key: Key, scene: Scene) -> Iterator[Statement]:
        """Drop the old form."""
        aside = quote_identifier(key.schema or "", type_name(key, scene, word=_ASIDE))
        yield Statement(f"drop {word_of(key)} {aside}", key, "nothing is of it any more")

    def set_aside(self, change: Change, temporary: str) -> Iterator[Statement]:
        """Rename what came with the old type and would be in the way of the new one."""
        yield from ()


def _rename(
    key: Key, old: str, new: str, reason: str, hazards: tuple[Hazard, ...] = ()
) -> Statement:
    path_ = quote_identifier(key.schema or "", old)
    sql = f"alter {word_of(key)} {path_} rename to {quote_identifier(new)}"
    return Statement(sql, key, reason, hazards=hazards)


def _columns_of(key: Key, side: Side) -> set[Key]:
    """Return the columns of a type, of arrays of it too, in tables that hold rows."""
    return {
        k for k in side.dependants.get(key, ())
        if k.kind == "column" and is_of(str(side[k].attributes["type"]), key)
        and not side[k].attributes["generated"]
    }  # fmt: skip


def _goes_over(key: Key, columns: set[Key], scene: Scene) -> bool:
    """Whether an index is built anew on columns beside those of the type that it has."""
    item = scene.a[key]
    own = columns & item.depends
    return bool(own) and is_index(item) and all(_is_swapped(column, scene) for column in own)


def _is_swapped(column: Key, scene: Scene) -> bool:
    changed = {column: frozenset({"type"})} if column in scene.b else {}
    return bool(changed) and is_swapped(column, changed, scene)


_REFUSAL = """
declare
    found bigint;
    said text := '';
begin{counts}
    if said <> '' then
        raise check_violation using message = {message} || pg_catalog.substr(said, 3),
            hint = 'Give these rows other values first.';
    end if;
end
"""
_COUNT = """
    select count(*) from {table} where {condition} into found;
    if found > 0 then
        said := said || pg_catalog.format(', %s in ', found) || {column};
    end if;"""


class Enums(Replaced):
    """Enumerated types."""

    def refuse(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Count the rows that have a label that goes."""
        key, new = item.key, words(item.attributes["labels"])
        gone = [label for label in words(scene.a[key].attributes["labels"]) if label not in new]
        if not gone:
            return
        labels = ", ".join(map(quote_literal, gone))
        counts = "".join(
            _COUNT.format(
                table=quote_identifier(column.schema or "", column.parent or ""),
                condition=_has_one_of(column, labels, scene.a), column=quote_literal(column.path),
            )
            for column in sorted(_holding(key, scene.a))
            if column not in scene.a.brought and scene.a.wholes[column].kind == "table"
        )  # fmt: skip
        message = quote_literal(f"{path(key)} is to lose {labels}, and rows have that: ")
        body = _REFUSAL.format(counts=counts, message=message)
        yield Statement(
            f"do {dollar_quoted(body)}", key,
            "rows with a label that goes are counted, and refused, before any work is done",
            hazards=(Hazard.MAY_FAIL,), transaction=Transaction.OWN,
        )  # fmt: skip

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


def _holding(key: Key, side: Side) -> set[Key]:
    """Return the columns of an enum, of arrays of it, and of domains over these."""
    found = _columns_of(key, side)
    for user in side.dependants.get(key, ()):
        if user.kind == "domain" and is_of(str(side[user].attributes["type"]), key):
            found |= _holding(user, side)
    return found


def _has_one_of(column: Key, labels: str, side: Side) -> str:
    type_, array = str(side[column].attributes["type"]), False
    while (domain := domain_of(type_.removesuffix("[]"), side)) is not None:
        array = array or type_.endswith("]")
        type_ = str(side[domain].attributes["type"])
    name = quote_identifier(column.name)
    if array or type_.endswith("]"):
        return f"{name}::text::text[] && array[{labels}]"
    return f"{name}::text in ({labels})"


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
            named = scene.has_names or attributes["not_null_name"]
            name = f"constraint {quote_identifier(not_null_name(item))} " if named else ""
            parts.append(f"{name}not null")
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
        subtype = str(before["subtype"])
        if (made := remade(subtype, change.scene)) is not None:  # and stands aside by now
            name = type_name(made, change.scene, word=_ASIDE)
            subtype = quote_identifier(made.schema or "", name) + subtype[len(made.path) :]
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
