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
        model = model_of(metadata, schema, name["name"])
        answers.append(ask_about(context, filters, schema, name["name"], model))
    return answers


def model_of(metadata: Sequence[Any], schema: str | None, name: str) -> Any:
    """Return the table as the models have it, or ``None``."""
    key = "%s.%s" % (schema, name) if schema else name
    return next((one.tables[key] for one in metadata if key in one.tables), None)


def ask_about(context: Any, filters: Any, schema: str | None, name: str, model: Any) -> str | None:
    """Return which filter leaves out a table.

    Without ``include_schemas`` Alembic looks at no other schema in the database, and yet at the
    models' tables in any.
    """
    has_schemas = bool(context.opts.get("include_schemas"))
    if model is None and schema is not None and not has_schemas:
        return "include_schemas"
    named = filters.run_name_filters(name, "table", {"schema_name": schema})
    if not named or (has_schemas and not filters.run_name_filters(schema, "schema", {})):
        return "include_name"
    if not context.opts.get("include_object"):
        return None
    if model is not None and not filters.run_object_filters(model, name, "table", False, None):
        return "include_object"
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
