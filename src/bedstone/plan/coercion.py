# SPDX-License-Identifier: Apache-2.0
"""Which changes of a column's type PostgreSQL makes without writing its rows anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from bedstone.catalog import Key
    from bedstone.plan.side import Side

_MODIFIER = re.compile(r" ?\(([\d,-]+)\)")
_MOST_PRECISE = 6
_Modifier: TypeAlias = "tuple[int, ...] | None"
_TIMES = frozenset(
    {"timestamp without time zone", "timestamp with time zone", "interval",
     "time without time zone", "time with time zone"}
)  # fmt: skip
_WITHOUT_COLLATION = _TIMES | {
    "smallint", "integer", "bigint", "oid", "numeric", "real", "double precision", "uuid", "date",
    "boolean", "bytea", "inet",
}  # fmt: skip
#: Casts for which nothing is done (``pg_cast.castmethod = 'b'``), of releases 15 to 18.
_BINARY = frozenset(
    {
        ("text", "character varying"), ("character varying", "text"),
        ("text", "bpchar"), ("character varying", "bpchar"),
        ("integer", "oid"), ("oid", "integer"), ("cidr", "inet"),
        ("bit", "bit varying"), ("bit varying", "bit"),
        ("xml", "text"), ("xml", "character varying"), ("xml", "bpchar"),
        ("xml", "citext"), ("citext", "bpchar"), ("citext", "text"),
        ("citext", "character varying"),
        ("text", "citext"), ("character varying", "citext"),
    }
)  # fmt: skip
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_FREE_OF_SETTINGS = (_NUMBERS - {"real", "double precision"}) | {
    "text", "character varying", "bpchar", "name", '"char"', "citext", "boolean", "uuid", "oid",
    "json", "jsonb", "inet", "cidr", "macaddr", "macaddr8", "bit", "bit varying",
}  # fmt: skip
#: Types whose indexes have the same operators, so that they stay.
_SAME_ORDER = (frozenset({"text", "character varying"}), frozenset({"inet", "cidr"}))
#: Types of which a longer one, or one without a limit, holds the shorter as it is stored.
_EXTENDABLE = _TIMES | {"character varying", "bit varying"}


def rewrites(old: str, new: str, a: Side, b: Side) -> bool:
    """Whether PostgreSQL writes every row anew to make *new* of a column of type *old*.

    A timestamp with and one without a time zone are stored alike where the session is in UTC,
    which a plan cannot know.

    Source: ``ATColumnChangeRequiresRewrite`` and the support functions of length coercions.
    """
    first, second = _plain(old, a), _plain(new, b)
    if second is None:
        return old != new  # a domain with constraints, each value of which is to be checked
    if first is None:
        first = _domain(old, a)
    (base, modifier), (other, wanted) = _parts(first), _parts(second)
    if first != old:
        modifier = None  # of a domain, PostgreSQL does not look at that of its base type
    if base == other and modifier == wanted:
        return False
    if base == other:
        return not _has_room(base, modifier, wanted)
    return wanted is not None or (base, other) not in _BINARY


def _has_room(base: str, modifier: _Modifier, wanted: _Modifier) -> bool:
    """Whether every value of a type fits with another modifier, as PostgreSQL knows it."""
    if wanted is None:
        return base in _EXTENDABLE or base in {"numeric", "bpchar"}
    if base in _TIMES and wanted == (_MOST_PRECISE,):
        return True
    if base == "numeric":
        return _holds(modifier, wanted)
    return base in _EXTENDABLE and modifier is not None and modifier <= wanted


def keeps_indexes(old: str, new: str, a: Side, b: Side) -> bool:
    """Whether an index on the column itself stays as it is when nothing else is written anew."""
    first, second = (_domain(old, a), _domain(new, b))
    base, other = _parts(first)[0], _parts(second)[0]
    return base == other or any({base, other} <= group for group in _SAME_ORDER)


def depends_on_settings(old: str, new: str, a: Side, b: Side) -> bool:
    """Whether what a value of a type is in the other one is decided by settings of the session.

    So it is of moments, of what is printed for reading only, and of all that is not known.
    """
    bases = {_parts(_element(type_, side))[0] for type_, side in ((old, a), (new, b))}
    return not (bases <= _FREE_OF_SETTINGS or bases <= _NUMBERS)


def _element(type_: str, side: Side) -> str:
    """Return what a type is made of in the end, through arrays and domains; of an enum, text."""
    base = _domain(type_.removesuffix("[]"), side)
    if base.endswith("]"):
        return _element(base, side)
    enums = (item.key.path for item in side.catalog.of_kind("enum"))
    return "text" if base in enums else base


def has_collation(type_: str, side: Side) -> bool:
    """Whether values of a type may be compared by a collation; so of all that are not known."""
    return _parts(_domain(type_, side))[0] not in _WITHOUT_COLLATION


def compares_by_itself(type_: str, side: Side) -> bool:
    """Whether the operators of a type are PostgreSQL's own, found whatever the search path is."""
    base = _domain(type_, side).removesuffix("[]")
    enums = (item.key.path for item in side.catalog.of_kind("enum"))
    return "." not in base or base in enums


def _holds(modifier: tuple[int, ...] | None, wanted: tuple[int, ...]) -> bool:
    if modifier is None:
        return False
    (precision, scale), (more, same) = (_of_numeric(m) for m in (modifier, wanted))
    return precision <= more and scale == same


def _of_numeric(modifier: tuple[int, ...]) -> tuple[int, int]:
    return modifier[0], modifier[1] if len(modifier) > 1 else 0


def _parts(type_: str) -> tuple[str, tuple[int, ...] | None]:
    """Return the name of a type without its modifier, and that."""
    if type_.endswith("]"):
        return type_, None
    name, found = _MODIFIER.sub("", type_), _MODIFIER.search(type_)
    modifier = tuple(int(n) for n in found.group(1).split(",")) if found else None
    if name == "character":
        name, modifier = "bpchar", modifier or (1,)
    if name == "bit":
        modifier = modifier or (1,)
    if name.endswith(".citext"):
        name = "citext"
    return name, modifier


def _domain(type_: str, side: Side) -> str:
    """Return what a type is made of: of a domain its base type."""
    for item in side.catalog.of_kind("domain"):
        if item.key.path == type_:
            return _domain(str(item.attributes["type"]), side)
    return type_


def _plain(type_: str, side: Side) -> str | None:
    """Return a type's base type, ``None`` where it is a domain that checks its values."""
    for item in side.catalog.of_kind("domain"):
        if item.key.path == type_:
            return (
                None if is_checked(item.key, side) else _plain(str(item.attributes["type"]), side)
            )
    return type_


def is_checked(domain: Key, side: Side) -> bool:
    """Whether a domain refuses values that its base type has."""
    return bool(side[domain].attributes["not_null"]) or bool(side.parts.get(domain))


def domain_of(type_: str, side: Side) -> Key | None:
    """Return the domain that a type is, ``None`` where it is none."""
    found = (i.key for i in side.catalog.of_kind("domain") if i.key.path == type_)
    return next(found, None)


def is_checked_type(type_: str, side: Side) -> bool:
    """Whether a type is a domain that checks its values."""
    domain = domain_of(type_, side)
    return domain is not None and is_checked(domain, side)
