# SPDX-License-Identifier: Apache-2.0
"""Indexes that say which query they serve, in the database too.

SQLAlchemy has comments for tables, columns and constraints, and none for indexes. So the sentence
is kept in the index's ``info`` (SQLAlchemy's place for what it does not know itself), and a
listener sends ``COMMENT ON INDEX`` once a table has been created. ``create_all`` then builds what
the revisions build, which write the same statement with ``op.execute``.

Autogenerate does not see these comments: a new index needs its comment in the revision by hand.
Comparing the two databases, as the tests and ``bedstone prove`` do, finds one that was forgotten.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, PrimaryKeyConstraint, String, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.compiler import DDLCompiler

_COMMENT = "bedstone.ads.comment"


def index(
    *columns: str | ColumnElement[Any], serves: str, unique: bool = False, name: str | None = None
) -> Index:
    """Declare an index over *columns* with the query it serves.

    The convention names it ``ix_{table}_{columns}``; only an index over an expression, such as a
    descending column, needs the *name*.
    """
    return Index(name, *columns, unique=unique, info={_COMMENT: serves})


def primary_key(*, serves: str) -> PrimaryKeyConstraint:
    """Declare ``id`` as the key, and which query the index behind it serves."""
    return PrimaryKeyConstraint("id", info={_COMMENT: serves})


class CommentOnIndex(ExecutableDDLElement):
    """``COMMENT ON INDEX name IS 'text'``. Also for the index behind a primary key."""

    inherit_cache = False

    def __init__(self, index: Index | PrimaryKeyConstraint, comment: str) -> None:
        self.index = index
        self.comment = comment


@compiles(CommentOnIndex, "postgresql")
def _render_comment(element: CommentOnIndex, compiler: DDLCompiler, **_: Any) -> str:
    name = compiler.preparer.format_constraint(element.index)
    table = element.index.table
    if table is not None and table.schema is not None:
        name = f"{compiler.preparer.quote_schema(table.schema)}.{name}"
    comment = compiler.sql_compiler.render_literal_value(element.comment, String())
    return f"COMMENT ON INDEX {name} IS {comment}"


def comment_on_indexes(table: Table, connection: Connection, **_: Any) -> None:
    """Write the comments of *table*'s indexes. Called by SQLAlchemy when the table is created."""
    indexes: list[Index | PrimaryKeyConstraint] = sorted(table.indexes, key=lambda i: str(i.name))
    indexes.append(table.primary_key)
    for element in indexes:
        if _COMMENT in element.info:
            connection.execute(CommentOnIndex(element, element.info[_COMMENT]))
