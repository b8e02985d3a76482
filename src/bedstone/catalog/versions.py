# SPDX-License-Identifier: Apache-2.0
"""What two servers of different major versions say differently of the same schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import postgast

from bedstone.catalog.model import Attributes, Catalog, Key, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog.model import Value

#: With 17 came the privilege MAINTAIN, which who had all privileges on a table has from then on,
#: and identity columns of partitions, which share the sequence of the partitioned table.
_CAME_WITH = 17
_ALL_BEFORE = frozenset(
    {"delete", "insert", "references", "select", "trigger", "truncate", "update"}
)
#: With 18 came constraints for NOT NULL, which have a name.
_NAMES_CAME_WITH = 18
_VIEWS = frozenset({"view", "materialized view"})


def level(a: Catalog, b: Catalog) -> tuple[Catalog, Catalog]:
    """Return both catalogs as one server would have them.

    Between servers of one major version nothing is changed. What the newer one can hold and the
    older cannot stays: it is a difference. Where a view is the same and only printed otherwise,
    *b* gets the text of *a*.
    """
    if a.major == b.major:
        return a, b
    oldest = min(a.major, b.major)
    if oldest < _NAMES_CAME_WITH:
        a, b = (_before_18(side) if side.major > oldest else side for side in (a, b))
    if oldest < _CAME_WITH:
        a, b = (_before_17(side) if side.major > oldest else side for side in (a, b))
    return a, _with_texts_of(a, b)


def _with(item: Object, name: str, value: Value) -> Object:
    shape, row = item.attributes.shape, list(item.attributes.row)
    row[shape.index[name]] = value
    return replace(item, attributes=Attributes(shape, tuple(row)))


# --- what came with 17 and 18 ----------------------------------------------------------------


def _before_17(catalog: Catalog) -> Catalog:
    objects: dict[Key, Object] = dict(catalog.objects)
    for key, item in catalog.objects.items():
        acl = item.attributes.get("acl")
        if isinstance(acl, tuple) and (less := _less(acl)) != acl:
            objects[key] = _with(item, "acl", less)
        elif key.kind == "column" and item.attributes["identity"]:
            table = catalog.parent_of(key)
            if table is not None and catalog[table].attributes["partition_of"]:
                objects[key] = _with(item, "identity", None)
    return replace(catalog, objects=objects)


def _before_18(catalog: Catalog) -> Catalog:
    objects: dict[Key, Object] = dict(catalog.objects)
    for item in catalog.of_kind("column"):
        if item.attributes["not_null_name"] is not None:
            objects[item.key] = _with(item, "not_null_name", None)
    return replace(catalog, objects=objects)


def _less(acl: tuple[Value, ...]) -> tuple[Value, ...]:
    """Leave MAINTAIN out of the privileges of those who have all others."""
    grants = [grant for grant in acl if isinstance(grant, tuple)]
    given: dict[Value, set[Value]] = {}
    for who, privilege, *_ in grants:
        given.setdefault(who, set()).add(privilege)
    has_all = {who for who, privileges in given.items() if privileges >= _ALL_BEFORE}
    return tuple(g for g in grants if g[1] != "maintain" or g[0] not in has_all)


# --- texts of views --------------------------------------------------------------------------


def _with_texts_of(a: Catalog, b: Catalog) -> Catalog:
    objects: dict[Key, Object] = dict(b.objects)
    for item in b.of_kind(*_VIEWS):
        other = a.objects.get(item.key)
        if other is None:
            continue
        old, new = (str(side.attributes["definition"]) for side in (other, item))
        if old != new and _unqualified(old) == _unqualified(new):
            objects[item.key] = _with(item, "definition", old)
    return replace(b, objects=objects)


def _unqualified(text: str) -> str:
    """Leave out the table before the columns of a query of one table, as 16 and later do."""
    try:
        select = postgast.parse(text).stmts[0].stmt.select_stmt
    except postgast.PgQueryError:
        return text
    if len(select.from_clause) != 1 or select.op != postgast.pg_query_pb2.SETOP_NONE:
        return text
    written = text.encode()
    for reference in sorted(_references(select), key=lambda node: -int(node.location)):
        fields = [field.string.sval for field in reference.fields]
        if len(fields) > 1 and fields[-1]:
            start = reference.location
            written = written[:start] + written[_name_after_dot(written, start) :]
    return " ".join(written.decode().split())


def _references(node: Any) -> Iterator[postgast.pg_query_pb2.ColumnRef]:
    """Yield the columns that a query names, those of queries within it left out."""
    for _, value in node.ListFields():
        for part in value if isinstance(value, list) or hasattr(value, "append") else [value]:
            match getattr(type(part), "__name__", ""):
                case "ColumnRef":
                    yield part
                case "SelectStmt" | "str" | "int" | "bool" | "float" | "bytes":
                    continue
                case _:
                    yield from _references(part)


def _name_after_dot(written: bytes, start: int) -> int:
    """Return where the name after the table's begins."""
    inside = False
    for at in range(start, len(written)):
        if written[at : at + 1] == b'"':
            inside = not inside
        elif written[at : at + 1] == b"." and not inside:
            return at + 1
    return start
