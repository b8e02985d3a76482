# SPDX-License-Identifier: Apache-2.0
"""What was found out about each statement. Every fact says how it was obtained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.findings import Method
    from bedstone.trace.locks import LockMode


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, index, sequence, view.

    *created* says that the transaction in question made it: nobody else can wait for it.
    *oid* is 0 where only the statement's text names it.
    """

    oid: int
    schema: str
    name: str
    kind: str
    created: bool = False

    def __str__(self) -> str:
        if not self.schema:
            return quote_identifier(self.name)
        return quote_identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's own code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class LockFact:
    """A lock that a statement took.

    *seconds* is how long it was held: from the beginning of the statement until its transaction
    ended or was rolled back to before it, less the time the observer took. It is an upper bound
    by the part of the statement before the lock; ``None`` while it is held or where not known.
    """

    relation: Relation
    mode: LockMode
    method: Method
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RewriteFact:
    """A relation older than its transaction got a new file: rewritten, rebuilt or truncated.

    *reason* is derived from the statement's own words, ``None`` where they do not say it.
    """

    relation: Relation
    method: Method
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ScanFact:
    """Sequential scans of a table, and the rows they read.

    Where the server works in parallel, the rows are those of the session's own process.
    """

    relation: Relation
    scans: int
    rows: int
    method: Method


@dataclass(frozen=True, slots=True)
class WriteFact:
    """Rows written."""

    relation: Relation
    inserted: int
    updated: int
    deleted: int
    method: Method


@dataclass(frozen=True, slots=True)
class ObjectFact:
    """A type, function, trigger, constraint …: anything in the catalogs that is no relation.

    *change* is ``created``, ``changed`` or ``dropped``; *name* is qualified and quoted.
    """

    kind: str
    name: str
    change: str
    method: Method


@dataclass(frozen=True, slots=True)
class ErrorFact:
    """Why a statement failed. *message* is ``None`` where it may hold values.

    *condition* is PostgreSQL's name for the code, ``None`` where it has none.
    """

    sqlstate: str
    message: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What one statement did, or several that the client sent as one.

    *sql* are the statements as sent, with values and comments left out; the same one many times
    in a row, within a transaction or each in one of its own, is told once: *executions* counts
    all, *seconds*, rows and *wal_bytes* are their sums, and of locks the longest time is told.
    *transaction* is the number of the transaction in its session, ``None`` where the statement ran
    in none or in several of its own.
    *method* is that of the whole; *unknown* names the fields that nobody could find out.
    *label* is the revision that it is of, *place* the line of the project that caused it; each is
    ``None`` where nobody said so.
    *seconds* is from the moment it was sent on until the server was ready again. *wal_bytes* is
    all that the server wrote meanwhile, whoever caused it, so it is never more than sampled.
    *lock_timeout* is the session's, as it writes it (``0``: none), when the statement had ended;
    ``None`` where the session could not be asked.
    """

    number: int
    session: int
    transaction: int | None
    label: str | None
    sql: tuple[str, ...]
    kinds: tuple[str, ...]
    executions: int
    seconds: float
    method: Method
    locks: tuple[LockFact, ...] = ()
    rewrites: tuple[RewriteFact, ...] = ()
    scans: tuple[ScanFact, ...] = ()
    writes: tuple[WriteFact, ...] = ()
    created: tuple[Relation, ...] = ()
    dropped: tuple[Relation, ...] = ()
    wal_bytes: int | None = None
    lock_timeout: str | None = None
    error: ErrorFact | None = None
    unknown: tuple[str, ...] = ()
    place: Place | None = None
    objects: tuple[ObjectFact, ...] = ()


@dataclass(frozen=True, slots=True)
class TransactionFacts:
    """One transaction: how long it was open, less the observer's time, and how it ended.

    *outcome* is ``committed``, ``rolled back``, ``prepared``, or ``open`` while it lasts.
    *given* says that the statement came in autocommit.
    """

    session: int
    number: int
    seconds: float
    outcome: str
    given: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """All that was seen, in the order in which the statements began."""

    statements: tuple[StatementFacts, ...] = ()
    transactions: tuple[TransactionFacts, ...] = ()

    def held_before(self, statement: StatementFacts) -> tuple[LockFact, ...]:
        """Return the locks that earlier statements of the same transaction took."""
        if statement.transaction is None:
            return ()
        return tuple(
            lock
            for other in self.statements
            if (other.session, other.transaction) == (statement.session, statement.transaction)
            and other.number < statement.number
            for lock in other.locks
        )
