# SPDX-License-Identifier: Apache-2.0
"""How a value of one type becomes one of another, told from the names of the types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bedstone.plan.side import Side

_MODIFIER = re.compile(r"\((\d+(?:,-?\d+)?)\)")
_MODIFIERS = re.compile(r"\(.*?\)")
#: PostgreSQL's own types, in families within which an explicit cast leads from each to each
#: (``pg_cast`` of releases 15 to 18).
_FAMILIES = (
    frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"}),
    frozenset({"text", "character varying", "character", "name", '"char"'}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
    frozenset({"time without time zone", "interval"}),
    frozenset({"time without time zone", "time with time zone"}),
    frozenset({"json", "jsonb"}),
    frozenset({"inet", "cidr"}),
    frozenset({"bit", "bit varying"}),
    frozenset({"boolean", "integer"}),
    frozenset({"bit", "integer"}),
    frozenset({"bit", "bigint"}),
    frozenset({"money", "numeric"}),
    frozenset({"macaddr", "macaddr8"}),
)
_OTHERS = frozenset(
    {"uuid", "bytea", "xml", "money", "point", "line", "lseg", "box", "path", "polygon", "circle",
     "tsvector", "tsquery", "pg_lsn", "oid"}
)  # fmt: skip
_BUILT_IN = frozenset().union(*_FAMILIES) | _OTHERS
_NUMBERS, _TEXTS = _FAMILIES[0], _FAMILIES[1]
#: Each value of the first is one of the second, and is printed as it was.
_EXACT_NUMBERS = frozenset(
    {
        ("smallint", second)
        for second in ("integer", "bigint", "numeric", "real", "double precision")
    }
    | {("integer", wide) for wide in ("bigint", "numeric", "double precision")}
    | {("bigint", "numeric")}
)
#: Texts that hold less than is given to them, without an error.
_CUT = frozenset({"name", '"char"'})
#: Directed: a time can be taken out of these, and nothing be made of a time.
_ONE_WAY = frozenset(
    {
        ("timestamp without time zone", "time without time zone"),
        ("timestamp with time zone", "time without time zone"),
        ("timestamp with time zone", "time with time zone"),
        ("integer", "money"), ("bigint", "money"), ("oid", "bigint"), ("bigint", "oid"),
        ("integer", "oid"), ("oid", "integer"), ("smallint", "oid"),
    }
)  # fmt: skip


class Conversion(NamedTuple):
    """How a column comes to another type.

    *using* is the expression, ``None`` where assignment does it, which refuses what would not
    fit. *exact* says that each value stays what it is: a number is equal to what it was, though it
    may be written with more zeros after its point.
    """

    using: str | None
    exact: bool


def conversion(  # noqa: C901, PLR0911  one return for each kind of pair
    name: str, old: str, new: str, side: Side
) -> Conversion | None:
    """Return how column *name* of type *old* becomes one of type *new*.

    ``None`` where PostgreSQL has no cast between the two, so that no value has a meaning in the
    new type. Every type can be written as text and read from it; that is used where one of the
    two is text, or one of the user's.
    """
    first, second = _base(old), _base(new)
    if old.endswith("[]") != new.endswith("[]"):
        mixed = _TEXTS & {first, second}
        return Conversion(f"{name}::{new}", exact=False) if mixed else None
    if first == second:
        return Conversion(None, _is_wider(old, new))
    if first.startswith("interval") and second.startswith("interval"):
        return Conversion(None, exact=second == "interval")
    if first in _TEXTS and second in _TEXTS:
        return Conversion(None, exact=second not in _CUT)
    if {first, second} <= _NUMBERS:
        rounded = ",-" in new  # numeric(10,-2)
        return Conversion(None, (first, second) in _EXACT_NUMBERS and not rounded)
    if any({first, second} <= family for family in _FAMILIES):
        return Conversion(f"{name}::{new}", exact=False)
    if (first, second) in _ONE_WAY or _has_cast(first, second, side):
        return Conversion(f"{name}::{new}", exact=False)
    if second in _TEXTS:
        return Conversion(
            f"{name}::text{'[]' if new.endswith('[]') else ''}", exact=first != "bytea"
        )
    if first in _TEXTS:
        return Conversion(f"{name}::{new}", exact=second not in _BUILT_IN)
    if first in _BUILT_IN and second in _BUILT_IN:
        return None
    array = "[]" if new.endswith("[]") else ""
    return Conversion(f"{name}::text{array}::{new}", exact=True)


def _is_wider(old: str, new: str) -> bool:
    """Whether a modifier leaves every value as it is, or PostgreSQL refuses the value."""
    before, after = _MODIFIER.search(old), _MODIFIER.search(new)
    if after is None or old.startswith(("character", "bit")):
        return True
    if before is None:
        return False
    first = [int(part) for part in before.group(1).split(",")]
    second = [int(part) for part in after.group(1).split(",")]
    return first[-1] <= second[-1] if len(first) == len(second) else False


def _base(type_: str) -> str:
    return _MODIFIERS.sub("", type_).replace("[]", "").replace("  ", " ").strip()


def _has_cast(first: str, second: str, side: Side) -> bool:
    return any(item.key.name == f"{first} AS {second}" for item in side.catalog.of_kind("cast"))
