# SPDX-License-Identifier: Apache-2.0
"""What a program did to a database, statement by statement, seen on the wire."""

from bedstone.trace.command import run_command
from bedstone.trace.errors import condition_name, safe_message
from bedstone.trace.facts import (
    ErrorFact,
    LockFact,
    ObjectFact,
    Place,
    Relation,
    RewriteFact,
    ScanFact,
    StatementFacts,
    Trace,
    TransactionFacts,
    WriteFact,
)
from bedstone.trace.locks import LockMode
from bedstone.trace.observer import Observer, observe
from bedstone.trace.tables import TableFacts, by_table

__all__ = [
    "ErrorFact",
    "LockFact",
    "LockMode",
    "ObjectFact",
    "Observer",
    "Place",
    "Relation",
    "RewriteFact",
    "ScanFact",
    "StatementFacts",
    "TableFacts",
    "Trace",
    "TransactionFacts",
    "WriteFact",
    "by_table",
    "condition_name",
    "observe",
    "run_command",
    "safe_message",
]
