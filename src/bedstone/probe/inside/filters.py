# SPDX-License-Identifier: Apache-2.0
"""Asks the project's own filters about tables."""

from __future__ import annotations

import importlib
import importlib.util
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def ask_filters(
    context: Any, names: Sequence[dict[str, Any]], metadata: Sequence[Any]
) -> list[str | None]:
    """Return for each name which of the project's filters leaves it out, or ``None``."""
    cls = importlib.import_module("alembic.autogenerate.api").AutogenContext
    filters = cls(context, autogenerate=False)
    default = context.dialect.default_schema_name
    answers = []
    for name in names:
        schema = None if name.get("schema") in (None, default) else name["schema"]
        if name.get("is_model"):
            answers.append(ask_about_model(filters, metadata, schema, name["name"]))
        else:
            answers.append(ask_about_table(context, filters, schema, name["name"]))
    return answers


def ask_about_model(
    filters: Any, metadata: Sequence[Any], schema: str | None, name: str
) -> str | None:
    """Return which filter leaves out a table of the models."""
    key = "%s.%s" % (schema, name) if schema else name
    for one in metadata:
        table = one.tables.get(key)
        if table is not None:
            kept = filters.run_object_filters(table, name, "table", False, None)
            return None if kept else "include_object"
    return None


def ask_about_table(context: Any, filters: Any, schema: str | None, name: str) -> str | None:
    """Return which filter leaves out a table of the database."""
    has_schemas = bool(context.opts.get("include_schemas"))
    if schema is not None and not has_schemas:
        return "include_schemas"
    named = filters.run_name_filters(name, "table", {"schema_name": schema})
    if not named or (has_schemas and not filters.run_name_filters(schema, "schema", {})):
        return "include_name"
    if not context.opts.get("include_object"):
        return None
    table = reflect(context.connection, schema, name)
    kept = filters.run_object_filters(table, name, "table", True, None)
    return None if kept else "include_object"


def reflect(connection: Any, schema: str | None, name: str) -> Any:
    """Return the table as SQLAlchemy reflects it; bare where it cannot."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return sqlalchemy.Table(
                name, sqlalchemy.MetaData(), schema=schema, autoload_with=connection
            )
        except Exception:
            return sqlalchemy.Table(name, sqlalchemy.MetaData(), schema=schema)
