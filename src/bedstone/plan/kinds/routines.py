# SPDX-License-Identifier: Apache-2.0
"""Functions, procedures, aggregates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.catalog.deparsed import split
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import dollar_quoted, setting_value
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Object
    from bedstone.plan.change import Change, Scene

_DEFAULT = re.compile(r" DEFAULT ")


def _name(item: Object) -> str:
    return quote_identifier(item.key.schema or "", item.key.name)


def _definition(item: Object, *, replace: bool) -> str:
    attributes, kind = item.attributes, item.key.kind
    head = "create or replace" if replace else "create"
    parts = [f"{head} {kind} {_name(item)}({attributes['arguments']})"]
    if kind == "function":
        parts.append(f"returns {attributes['result']}")
    parts.append(f"language {quote_identifier(str(attributes['language']))}")
    if attributes["transforms"]:
        parts.append(
            "transform " + ", ".join(f"for type {t}" for t in words(attributes["transforms"]))
        )
    parts += _properties(attributes, kind)
    if attributes["sql_body"] is not None:
        parts.append(str(attributes["sql_body"]))
    elif attributes["library"]:
        library, symbol = quote_literal(str(attributes["library"])), attributes["body"]
        parts.append(f"as {library}, {quote_literal(str(symbol))}")
    else:
        parts.append(f"as {dollar_quoted(str(attributes['body']))}")
    return "\n".join(parts)


def _properties(attributes: Attributes, kind: str) -> list[str]:
    found = []
    if kind == "function":
        if attributes["window"]:
            found.append("window")
        found.append(str(attributes["volatility"]))
        if attributes["leakproof"]:
            found.append("leakproof")
        if attributes["strict"]:
            found.append("strict")
        found.append(f"parallel {attributes['parallel']}")
        found.append(f"cost {attributes['cost']:g}")
        if attributes["rows"]:
            found.append(f"rows {attributes['rows']:g}")
        if attributes["support"]:
            found.append(f"support {attributes['support']}")
    if attributes["security_definer"]:
        found.append("security definer")
    for name, value in pairs(attributes["settings"]).items():
        found.append(f"set {_setting_name(name)} to {setting_value(name, value)}")
    return found


def _setting_name(name: str) -> str:
    return ".".join(quote_identifier(part) for part in name.split("."))


class Routines(Writer):
    """Functions and procedures."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        yield Statement(_definition(item, replace=False), item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop it."""
        sql = f"drop {item.key.kind} {item.key.path}"
        yield Statement(sql, item.key, hazards=(Hazard.BREAKS_CLIENTS,))

    def can_alter(self, change: Change) -> bool:
        """Whether OR REPLACE takes it: the same names of arguments, the same result."""
        before, after = change.before, change.after
        old, new = str(before["arguments"]), str(after["arguments"])
        same = before["result"] == after["result"] and before["window"] == after["window"]
        if old == new:
            return same
        fewer = len(_DEFAULT.findall(new)) < len(_DEFAULT.findall(old))
        return same and not fewer and _without_defaults(old) == _without_defaults(new)

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        yield Statement(_definition(change.new, replace=True), change.key)


def _without_defaults(arguments: str) -> list[str]:
    return [part.partition(" DEFAULT ")[0] for part in split(arguments)]


class Aggregates(Writer):
    """Aggregate functions."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make it."""
        yield Statement(_aggregate(item), item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop it."""
        sql = f"drop aggregate {_name(item)}({_arguments(item)})"
        yield Statement(sql, item.key, hazards=(Hazard.BREAKS_CLIENTS,))

    def can_alter(self, change: Change) -> bool:
        """Whether OR REPLACE takes it: the same arguments, the same result."""
        return not change.has("arguments", "direct_arguments", "result", "class")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Replace it."""
        yield Statement(_aggregate(change.new, replace=True), change.key)


def _arguments(item: Object) -> str:
    return str(item.attributes["arguments"]) or "*"


def _aggregate(item: Object, *, replace: bool = False) -> str:
    attributes = item.attributes
    found = [f"sfunc = {attributes['transition']}", f"stype = {attributes['state_type']}"]
    named = {
        "state_size": "sspace", "final": "finalfunc", "combine": "combinefunc",
        "serialize": "serialfunc", "deserialize": "deserialfunc",
        "moving_transition": "msfunc", "moving_inverse": "minvfunc",
        "moving_state_type": "mstype", "moving_state_size": "msspace",
        "moving_final": "mfinalfunc",
    }  # fmt: skip
    for name, word in named.items():
        if attributes[name]:
            found.append(f"{word} = {attributes[name]}")
    for name, word in (
        ("final_extra", "finalfunc_extra"),
        ("moving_final_extra", "mfinalfunc_extra"),
    ):
        if attributes[name]:
            found.append(word)
    for name, word in (("initial", "initcond"), ("moving_initial", "minitcond")):
        if attributes[name] is not None:
            found.append(f"{word} = {quote_literal(str(attributes[name]))}")
    found += _modes(attributes)
    if attributes["sort_operator"]:
        name = str(attributes["sort_operator"]).partition("(")[0]
        found.append(f"sortop = operator({name if '.' in name else 'pg_catalog.' + name})")
    if attributes["parallel"] != "unsafe":
        found.append(f"parallel = {attributes['parallel']}")
    if attributes["class"] == "hypothetical set":
        found.append("hypothetical")
    head = "create or replace aggregate" if replace else "create aggregate"
    return f"{head} {_name(item)}({_arguments(item)}) ({', '.join(found)})"


def _modes(attributes: Attributes) -> Iterator[str]:
    """Yield whether the final functions change the state, where it is not as usual."""
    modes = {"r": "read_only", "s": "shareable", "w": "read_write"}
    usual = "r" if attributes["class"] == "normal" else "w"
    for name in ("final", "moving_final"):
        mode = attributes[f"{name}_modify"]
        if attributes[name] and mode != usual:
            yield f"{'m' if name != 'final' else ''}finalfunc_modify = {modes[str(mode)]}"
