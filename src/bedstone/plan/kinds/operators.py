# SPDX-License-Identifier: Apache-2.0
"""Operators, operator classes, operator families."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.catalog.deparsed import split
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import words
from bedstone.plan.spelling import path
from bedstone.plan.statement import Statement
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Object, Value
    from bedstone.plan.change import Change, Scene

#: What ``regprocedure`` and ``regoperator`` print: a name, and the types in parentheses.
_SIGNED = re.compile(r'((?:"(?:[^"]|"")*"|[^"(])*)(\(.*\))', re.DOTALL)
#: A function of an operator class: its number, the types it is for, the function.
_SUPPORT = re.compile(r"(\d+) (\(.*?\)) (.*)", re.DOTALL)
_ESTIMATES = ("restrict", "join")
_PARTNERS = ("commutator", "negator")


def _signed(value: Value) -> tuple[str, str]:
    match = _SIGNED.match(str(value))
    return (match[1], match[2]) if match else (str(value), "")


def operator_name(value: Value) -> str:
    """Return the qualified name out of what ``regoperator`` prints."""
    name, _ = _signed(value)
    return name if "." in name else f"pg_catalog.{name}"


class Operators(Writer):
    """Operators."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it; a commutator or negator that is made later finds a place kept for it."""
        attributes = item.attributes
        left, right = split(item.key.parent or "NONE, NONE")
        found = [f"function = {_signed(attributes['function'])[0]}"]
        found += [
            f"{word} = {type_.strip()}"
            for word, type_ in (("leftarg", left), ("rightarg", right))
            if type_.strip() != "NONE"
        ]
        found += [
            f"{name} = operator({operator_name(attributes[name])})"
            for name in _PARTNERS
            if attributes[name]
        ]
        found += [f"{name} = {attributes[name]}" for name in _ESTIMATES if attributes[name]]
        found += [name for name in ("hashes", "merges") if attributes[name]]
        schema = quote_identifier(item.key.schema or "")
        yield Statement(f"create operator {schema}.{item.key.name} ({', '.join(found)})", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether only estimates differ, or partners that come or go themselves."""
        if not change.only(*_ESTIMATES, *_PARTNERS):
            return False
        sides = ((change.before, change.scene.b), (change.after, change.scene.a))
        there = [
            other
            for attributes, side in sides
            for name in _PARTNERS
            if change.has(name) and attributes[name]
            for other in side.catalog.of_kind("operator")
            if _is_named(other, attributes[name]) and other.key != change.key
        ]
        return not there

    def alter(self, change: Change) -> Iterator[Statement]:
        """Set the estimates."""
        found = [f"{n} = {change.after[n] or 'none'}" for n in _ESTIMATES if change.has(n)]
        if found:
            yield Statement(
                f"alter operator {path(change.key)} set ({', '.join(found)})", change.key
            )


def _is_named(item: Object, printed: Value) -> bool:
    name, types = _signed(printed)
    schema = quote_identifier(item.key.schema or "")
    own = (item.key.parent or "").replace(", ", ",")
    return (name, types) == (f"{schema}.{item.key.name}", f"({own})")


class OperatorFamilies(Writer):
    """Operator families with the members that no operator class holds."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        yield Statement(f"create operator family {path(item.key)}", item.key)
        yield from _change_members(item, (), _members(item.attributes))

    def can_alter(self, change: Change) -> bool:
        """Members come and go."""
        return True

    def alter(self, change: Change) -> Iterator[Statement]:
        """Add and drop members."""
        yield from _change_members(change.new, _members(change.before), _members(change.after))


def _change_members(
    item: Object, old: tuple[str, ...], new: tuple[str, ...]
) -> Iterator[Statement]:
    head = f"alter operator family {path(item.key)}"
    if gone := [_dropped(member) for member in old if member not in new]:
        yield Statement(f"{head} drop {', '.join(gone)}", item.key)
    if more := [member for member in new if member not in old]:
        yield Statement(f"{head} add {', '.join(more)}", item.key)


def _dropped(member: str) -> str:
    """Return a member as DROP names it: its number and its types."""
    kind, number, rest = member.split(" ", 2)
    if kind == "function":
        match = _SUPPORT.match(f"{number} {rest}")
        return f"function {number} {match[2] if match else rest}"
    _, types = _signed(rest.partition(" for order by ")[0])
    return f"operator {number} {types}"


def _members(attributes: Attributes) -> tuple[str, ...]:
    """Return operators and functions as CREATE OPERATOR CLASS writes them."""
    found = []
    for entry in words(attributes["operators"]):
        number, rest = entry.split(" ", 1)
        signed, order, family = rest.partition(" for order by ")
        found.append(
            f"operator {number} {operator_name(signed)} {_signed(signed)[1]}{order}{family}"
        )
    found += [f"function {entry}" for entry in words(attributes["functions"])]
    return tuple(found)


class OperatorClasses(Writer):
    """Operator classes with their own operators and functions."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it in its family."""
        attributes = item.attributes
        default = " default" if attributes["default"] else ""
        name = quote_identifier(item.key.schema or "", item.key.name)
        found = list(_members(attributes))
        if attributes["storage"] or not found:
            found.append(f"storage {attributes['storage'] or attributes['type']}")
        yield Statement(
            f"create operator class {name}{default} for type {attributes['type']} using "
            f"{quote_identifier(item.key.parent or '')} family {attributes['family']} as "
            f"{', '.join(found)}",
            item.key,
        )
