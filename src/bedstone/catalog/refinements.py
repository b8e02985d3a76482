# SPDX-License-Identifier: Apache-2.0
"""The kinds whose attributes need more than taking a row over: one function each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedstone.catalog.deparsed import parse_index, parse_when
from bedstone.catalog.options import mask_connection, parse_options
from bedstone.catalog.privileges import parse_acl
from bedstone.sql.quote import quote_identifier

if TYPE_CHECKING:
    from bedstone.catalog.assembly import Assembly, Refine, Row
    from bedstone.catalog.model import Value

_TYPES = {
    "c": "check",
    "f": "foreign key",
    "p": "primary key",
    "u": "unique",
    "x": "exclude",
}
_ACTIONS = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}
_MATCHES = {"f": "full", "p": "partial", "s": "simple"}
_PASSED = (
    "deferrable",
    "initially_deferred",
    "validated",
    "enforced",
    "no_inherit",
    "period",
    "valid",
    "tablespace",
    "local",
    "inherited_from",
)


def _constraint(row: Row, assembly: Assembly) -> dict[str, Value] | None:
    relation = row["relation"]
    kind = row["contype"]
    keyed = kind != "c"
    index = parse_index(row["indexdef"]) if row["indexdef"] else None
    if row["index_oid"] is not None and index is not None:
        assembly.index_owners[row["index_oid"]] = row["oid"]
    referenced = row["referenced_oid"]
    return {
        "type": _TYPES[kind],
        "expression": row["expression"],
        "columns": _columns(assembly, relation, row["conkey"]) if keyed and kind != "x" else None,
        "elements": index.columns if index and kind == "x" else None,
        "operators": _tuple(row["operators"]),
        "references": quote_identifier(*assembly.relation_name(referenced)) if referenced else None,
        "referenced_columns": _columns(assembly, referenced, row["confkey"]),
        "match": _MATCHES.get(row["match"]),
        "on_update": _ACTIONS.get(row["on_update"]),
        "on_delete": _ACTIONS.get(row["on_delete"]),
        "on_delete_columns": _columns(assembly, relation, row["confdelsetcols"]),
        "method": index.method if index else None,
        "include": index.include if index else None,
        "options": index.options if index else None,
        "nulls_not_distinct": index.nulls_not_distinct if index else None,
        "where": index.where if index else None,
        "statistics": _tuple(row["statistics"]),
        "index_comment": assembly.comments.get(
            (assembly.catalogues["pg_class"], row["index_oid"] or 0, 0)
        ),
        **{name: row[name] for name in _PASSED},
    }


def _index(row: Row, _assembly: Assembly) -> dict[str, Value] | None:
    parts = parse_index(row["indexdef"])
    return {
        "unique": row["unique"],
        "method": parts.method,
        "columns": parts.columns,
        "include": parts.include,
        "nulls_not_distinct": parts.nulls_not_distinct,
        "options": parts.options,
        "where": parts.where,
        "tablespace": row["tablespace"],
        "valid": row["valid"],
        "statistics": _tuple(row["statistics"]),
        "attached_to": row["attached_to"],
    }


def _trigger(row: Row, assembly: Assembly) -> dict[str, Value] | None:
    definition = row.pop("triggerdef")
    numbers = row.pop("tgattr")
    arguments = bytes(row["arguments"]).split(b"\0")[:-1]
    row["arguments"] = tuple(part.decode("utf-8", "replace") for part in arguments)
    attributes = _attributes(row)
    attributes["events"] = _tuple(row["events"])
    attributes["columns"] = _columns(assembly, row["relation"], numbers)
    attributes["when"] = parse_when(definition) if definition else None
    return attributes


def _sequence(row: Row, assembly: Assembly) -> dict[str, Value] | None:
    relation, number = row.pop("owner_relation"), row.pop("owner_column")
    owned_by: Value = None
    if relation is not None:
        owned_by = (*assembly.relation_name(relation), assembly.column_name(relation, number))
    row["acl"] = parse_acl(row["acl"], row["owner"])
    return {**_attributes(row), "owned_by": owned_by}


def _statistics(row: Row, assembly: Assembly) -> dict[str, Value] | None:
    relation, columns = row.pop("on_relation"), row.pop("column_names")
    if relation not in assembly.relations:
        return None
    attributes = _attributes(row)
    attributes["kinds"] = _tuple(row["kinds"])
    attributes["columns"] = tuple(columns) or None  # PostgreSQL sorts them as the table has them
    attributes["expressions"] = _tuple(row["expressions"])
    return attributes


def _publication_table(row: Row, assembly: Assembly) -> dict[str, Value] | None:
    relation, numbers = row.pop("member_relation"), row.pop("prattrs")
    schema, row["name"] = assembly.relation_name(relation)
    row["namespace"] = next((oid for oid, name in assembly.schemas.items() if name == schema), None)
    columns = None
    if numbers is not None:
        columns = tuple(sorted(_columns(assembly, relation, numbers) or ()))
    return {"columns": columns, "where": row["where"]}


def _subscription(row: Row, _assembly: Assembly) -> dict[str, Value] | None:
    attributes = _attributes(row)
    attributes["publications"] = _tuple(row["publications"])
    attributes["connection"] = mask_connection(row["connection"])
    return attributes


def _default_privileges(row: Row, _assembly: Assembly) -> dict[str, Value] | None:
    return {"acl": parse_acl(row["acl"], row["name"])}


def _attributes(row: Row) -> dict[str, Value]:
    places = {"oid", "subid", "alias", "relid", "kind", "namespace", "relation", "name", "parent"}
    return {
        name: parse_options(name, value) if isinstance(value, list) else value
        for name, value in row.items()
        if name not in places and not name.endswith("_oid")
    }


def _columns(assembly: Assembly, relation: int | None, numbers: Any) -> tuple[str, ...] | None:
    if relation is None or not numbers:
        return None
    return tuple(assembly.column_name(relation, number) for number in numbers)


def _tuple(values: Any) -> Value:
    return tuple(values) if values else None


#: By name of the query.
REFINEMENTS: dict[str, Refine] = {
    "constraints": _constraint,
    "indexes": _index,
    "triggers": _trigger,
    "sequences": _sequence,
    "statistics": _statistics,
    "publication_tables": _publication_table,
    "subscriptions": _subscription,
    "default_privileges": _default_privileges,
}
