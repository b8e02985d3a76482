# SPDX-License-Identifier: Apache-2.0
"""What can be read in a statement's own text, as PostgreSQL's grammar has it."""

from __future__ import annotations

import re
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
#: What sets up a session or a transaction.
_SETTING = frozenset({"transaction", "variable_set", "variable_show", "constraints_set"})
#: What a block may read or write rows with, other than putting in new ones.
_IN_BLOCK = re.compile(
    r"\b(select|update|delete|merge|execute|perform|call|exists|for|with|copy)\b", re.IGNORECASE
)
_BATCHES = frozenset({"loop", "limit", "commit"})
_NO_BATCHES = frozenset(
    "create alter drop truncate execute call perform lock refresh reindex cluster comment".split()  # noqa: SIM905  reads better
)


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
    def is_setting(self) -> bool:
        """Whether it is about the session or the transaction only."""
        return self.kind in _SETTING

    @property
    def is_schema_block(self) -> bool:
        """Whether it is a block whose words, less its texts, are of the schema or new rows only."""
        return self.kind == "do" and _IN_BLOCK.search(self.text) is None

    @property
    def is_batches(self) -> bool:
        """Whether it is a block that commits in a loop over LIMITed rows, and does nothing else."""
        words = {word.lower() for word in re.findall(r"\w+", self.text)}
        return self.kind == "do" and words >= _BATCHES and not words & _NO_BATCHES

    @property
    def is_concurrent(self) -> bool:
        """Whether it does its work with weak locks, as it says itself."""
        return re.search(r"\bconcurrently\b", self.text, re.IGNORECASE) is not None

    @property
    def savepoint(self) -> tuple[str, bool] | None:
        """Return the savepoint that it sets or goes back to, and whether it goes back."""
        if self.node is None or self.kind != "transaction":
            return None
        kinds = postgast.pg_query_pb2.TransactionStmtKind
        ways = {"TRANS_STMT_SAVEPOINT": False, "TRANS_STMT_ROLLBACK_TO": True}
        back = ways.get(kinds.Name(self.node.kind))
        return None if back is None else (self.node.savepoint_name, back)

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
    def puts_in_values(self) -> bool:
        """Whether it is an INSERT of rows that are written in it."""
        if self.node is None or self.kind != "insert" or self.node.HasField("with_clause"):
            return self.is_setting
        source = self.node.select_stmt.select_stmt
        return not source.from_clause and not source.HasField("with_clause")

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
