# SPDX-License-Identifier: Apache-2.0
"""The bound of a partition as a condition on its rows, which a check can prove beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import postgast

from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

_OF = "create table t partition of t"
_BY = "create table t () partition by"


def condition(parent: str, partition_by: str, bound: str) -> str | None:
    """Return what PostgreSQL asks of each row of a partition, in the form in which it asks it.

    *parent* is the partitioned table's path. ``None`` for a default partition, of which the other
    partitions say what it may hold.

    Source: ``get_qual_for_list``, ``_range`` and ``_hash`` in ``partbounds.c``.
    """
    keys = [_key(p.partition_elem) for p in _tree(f"{_BY} {partition_by}").partspec.part_params]
    found = _tree(f"{_OF} {bound}").partbound
    if found.is_default:
        return None
    match found.strategy:
        case "l":
            return _of_list(keys[0], [_value(datum.a_const) for datum in found.listdatums])
        case "r":
            ends = (_limits(datums) for datums in (found.lowerdatums, found.upperdatums))
            return _of_range(keys, *ends)
    of_parent = f"{quote_literal(parent)}::regclass::oid"
    parts = (of_parent, str(found.modulus), str(found.remainder), *keys)
    return f"pg_catalog.satisfies_hash_partition({', '.join(parts)})"


def key_columns(partition_by: str) -> list[str] | None:
    """Return the columns of a partition key; ``None`` where there is an expression in it."""
    parts = [p.partition_elem for p in _tree(f"{_BY} {partition_by}").partspec.part_params]
    return None if any(not part.name for part in parts) else [part.name for part in parts]


def _tree(sql: str) -> Any:
    return postgast.parse(sql).stmts[0].stmt.create_stmt


def _key(element: Any) -> str:
    if element.name:
        return quote_identifier(element.name)
    select = postgast.pg_query_pb2.ParseResult()
    target = select.stmts.add().stmt.select_stmt.target_list.add().res_target
    target.val.CopyFrom(element.expr)
    return f"({str(postgast.deparse(select)).removeprefix('SELECT ')})"


def _value(constant: Any) -> str | None:
    """Return a constant as a literal without a type: it takes that of the key."""
    if constant.isnull:
        return None
    kind = constant.WhichOneof("val")
    value = getattr(getattr(constant, kind), kind)
    return quote_literal(str(value).lower() if kind == "boolval" else str(value))


def _of_list(key: str, values: list[str | None]) -> str:
    named = [value for value in values if value is not None]
    among = f"{key} = {named[0]}" if len(named) == 1 else f"{key} in ({', '.join(named)})"
    if not named:
        return f"{key} is null"
    if None in values:
        return f"({key} is null) or ({among})"
    return f"({key} is not null) and ({among})"


def _limits(datums: Any) -> list[str | bool]:
    """Return the values of one end of a range; false is MINVALUE, true MAXVALUE."""
    found: list[str | bool] = []
    for datum in datums:
        if datum.WhichOneof("node") == "column_ref":
            found.append(datum.column_ref.fields[0].string.sval == "maxvalue")
        else:
            found.append(_value(datum.a_const) or "null")
    return found


def _of_range(keys: Sequence[str], lower: list[str | bool], upper: list[str | bool]) -> str:
    parts = [f"({key} is not null)" for key in keys]
    same = 0
    while same < len(keys) - 1 and lower[same] == upper[same] and isinstance(lower[same], str):
        parts.append(f"({keys[same]} = {lower[same]})")
        same += 1
    for limits, strict, last in ((lower, ">", ">="), (upper, "<", "<")):
        found = _of_limit(keys[same:], limits[same:], strict, last)
        if found:
            parts.append(f"({found})")
    return " and ".join(parts)


def _of_limit(keys: Sequence[str], limits: list[str | bool], strict: str, last: str) -> str:
    """Return the comparison of a row with one end, one alternative for each column."""
    found, equal = [], ""
    endless = strict == "<"
    for number, (key, limit) in enumerate(zip(keys, limits, strict=True)):
        if isinstance(limit, bool):
            break
        following = limits[number + 1] if number + 1 < len(limits) else None
        operator = strict if following is not None else last
        if isinstance(following, bool) and following is endless:
            operator = f"{strict}="
        comparison = f"{key} {operator} {limit}"
        found.append(f"({equal}{comparison})" if equal else comparison)
        equal += f"({key} = {limit}) and "
    return " or ".join(found)
