# SPDX-License-Identifier: Apache-2.0
"""What can be read in a statement's own text, as PostgreSQL's grammar has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import postgast

if TYPE_CHECKING:
    from bedstone.trace import StatementFacts

#: What reads and writes rows: on an empty table its scans say nothing about an index.
_ROWS = frozenset({"select", "insert", "update", "delete", "merge"})
#: What runs statements that nobody sees.
_OPAQUE = frozenset({"do", "call", "execute", "unknown"})
#: What holds a strong lock of its own while it reads or builds.
_STRONG = frozenset({"index", "reindex", "cluster", "refresh_mat_view", "vacuum"})


@dataclass(frozen=True)
class Sentence:
    """One statement. *node* is its parse tree; ``None`` where the text cannot be parsed."""

    text: str
    kind: str
    node: Any = None

    @property
    def is_rows(self) -> bool:
        """Whether it reads and writes rows, so that the planner chooses the way."""
        return self.kind in _ROWS

    @property
    def is_opaque(self) -> bool:
        """Whether it runs statements that are not in its text."""
        return self.kind in _OPAQUE

    @property
    def is_strong(self) -> bool:
        """Whether it would take SHARE or more by itself, and not only find it held."""
        if self.node is None:
            return False
        if self.kind == "alter_table":
            names = {subtype(item.alter_table_cmd) for item in self.node.cmds}
            return bool(names - {"AT_ValidateConstraint", "AT_SetStatistics"})
        return self.kind in _STRONG and not getattr(self.node, "concurrent", False)

    @property
    def target(self) -> tuple[str, str] | None:
        """Return schema and name of the table that an UPDATE or DELETE writes to."""
        if self.node is None or self.kind not in {"update", "delete"}:
            return None
        return self.node.relation.schemaname, self.node.relation.relname

    @property
    def takes_every_row(self) -> bool:
        """Whether it is an UPDATE or DELETE of a whole table, by its text."""
        if self.target is None or self.node is None or self.node.HasField("where_clause"):
            return False
        joined = self.node.from_clause if self.kind == "update" else self.node.using_clause
        return not joined and not self.node.HasField("with_clause")


def sentences(statement: StatementFacts) -> tuple[Sentence, ...]:
    """Return the statements that were sent together as *statement*."""
    return tuple(map(read_sentence, statement.sql, statement.kinds))


@lru_cache(maxsize=512)
def read_sentence(text: str, kind: str) -> Sentence:
    """Parse one statement."""
    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError:
        return Sentence(text, kind)
    if len(tree.stmts) != 1:
        return Sentence(text, kind)
    stmt = tree.stmts[0].stmt
    name = stmt.WhichOneof("node")
    return Sentence(text, name.removesuffix("_stmt"), getattr(stmt, name))


def subtype(command: Any) -> str:
    """Return what an ALTER TABLE's command does, by its name in the grammar."""
    return str(postgast.pg_query_pb2.AlterTableType.Name(command.subtype))


def short(text: str, limit: int = 120) -> str:
    """Return the beginning of a statement."""
    return text if len(text) <= limit else text[: limit - 2] + " …"
