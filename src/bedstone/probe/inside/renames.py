# SPDX-License-Identifier: Apache-2.0
"""What the models say about names that were others: ``info`` of tables, columns and the rest."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def describe_renames(metadata: Any) -> list[dict[str, Any]]:
    """Return the hints of *metadata* as plain data.

    ``info={"renamed_from": "old"}`` of a table, column, constraint or index;
    ``info={"renamed_values": {"old": "new"}}`` of a column of an enum; and of the metadata itself
    ``info={"renames": ["type public.mood=feeling"]}``, for all else.
    """
    found: list[dict[str, Any]] = [
        {"text": str(text)} for text in _listed(metadata.info.get("renames"))
    ]
    for table in metadata.tables.values():
        found += _of_table(table)
    return found


def _of_table(table: Any) -> Iterator[dict[str, Any]]:
    where = {"schema": table.schema, "table": table.name}
    parts = [("table", [table]), ("column", table.columns), ("index", table.indexes)]
    parts.append(("constraint", table.constraints))
    for kind, items in parts:
        for item in sorted(items, key=lambda item: str(item.name)):
            old = _info(item).get("renamed_from")
            if old is not None:
                named = isinstance(item.name, str)
                yield dict(where, kind=kind, name=str(item.name) if named else None, old=str(old))
    for column in table.columns:
        values = _info(column).get("renamed_values")
        kind = getattr(column.type, "item_type", column.type)
        if isinstance(values, dict) and getattr(kind, "enums", None) is not None:
            for old, new in values.items():
                yield {
                    "kind": "value",
                    "schema": getattr(kind, "schema", None) or None,
                    "table": str(kind.name),
                    "name": str(new),
                    "old": str(old),
                }


def _info(item: Any) -> dict[Any, Any]:
    found = getattr(item, "info", None)
    return found if isinstance(found, dict) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
