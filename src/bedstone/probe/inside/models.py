# SPDX-License-Identifier: Apache-2.0
"""The project's metadata: found, described, created."""

from __future__ import annotations

import importlib
import importlib.util

from .renames import describe_renames
from .surroundings import load_object
from .trouble import ProjectError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


def load_metadata(name: str) -> list[Any]:
    """Return the MetaData objects that ``package.module:name`` means."""
    metadata_class = importlib.import_module("sqlalchemy").MetaData
    found = load_object(name)
    for attribute in ("metadata", "metadatas"):
        inner = getattr(found, attribute, None)
        if isinstance(inner, (metadata_class, dict)):
            found = inner
            break
    if callable(found) and not isinstance(found, metadata_class):
        found = found()
    values = list(found.values()) if isinstance(found, dict) else found
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    if not values or not all(isinstance(v, metadata_class) for v in values):
        raise ProjectError(
            "no-metadata",
            "%s is a %s, neither a MetaData nor a declarative base" % (name, type(found).__name__),
            object=name,
        )
    return values


def create_all(metadata: Sequence[Any], connection: Any) -> None:
    """Create everything in *metadata* and commit, whatever the transaction mode is."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    names = sorted({name for m in metadata for name in schemas_of(m)})
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name in names:
        connection.execute(sqlalchemy.text("CREATE SCHEMA IF NOT EXISTS " + quote(name)))
    for one in metadata:
        one.create_all(bind=connection)
    connection.connection.commit()


def schemas_of(metadata: Any) -> Iterator[str]:
    """Yield the schemas that tables, enums and sequences of *metadata* are in."""
    if metadata.schema:
        yield metadata.schema
    for table in metadata.tables.values():
        if table.schema:
            yield table.schema
        for column in table.columns:
            kind = getattr(column.type, "item_type", column.type)
            schema = getattr(kind, "schema", None)
            if isinstance(schema, str) and schema:
                yield schema
    for sequence in getattr(metadata, "_sequences", {}).values():
        if sequence.schema:
            yield sequence.schema


def describe_metadata(metadata: Any) -> dict[str, Any]:
    """Return the names that *metadata* knows, so that drift can tell what the models mean."""
    tables, enums = [], {}
    for table in metadata.tables.values():
        for column in table.columns:
            kind = getattr(column.type, "item_type", column.type)
            values = getattr(kind, "enums", None)
            if values is not None and getattr(kind, "native_enum", True) and kind.name:
                schema = getattr(kind, "schema", None) or None
                enums[(schema, kind.name)] = [str(v) for v in values]
        tables.append(
            {
                "schema": table.schema,
                "name": table.name,
                "columns": [c.name for c in table.columns],
                "indexes": sorted(str(i.name) for i in table.indexes if i.name),
                "constraints": sorted(
                    str(c.name) for c in table.constraints if isinstance(c.name, str)
                ),
                "foreign_tables": sorted(
                    {key.target_fullname.rpartition(".")[0] for key in table.foreign_keys}
                ),
                "comment": table.comment,
                "info": sorted(str(k) for k in table.info),
            }
        )
    return {
        "schema": metadata.schema,
        "tables": tables,
        "enums": [
            {"schema": s, "name": n, "values": v} for (s, n), v in sorted(enums.items(), key=str)
        ],
        "sequences": sorted(str(name) for name in getattr(metadata, "_sequences", {})),
        "renames": describe_renames(metadata),
        "naming_convention": sorted(str(k) for k in metadata.naming_convention or {}),
    }
