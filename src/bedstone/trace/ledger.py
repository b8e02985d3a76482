# SPDX-License-Identifier: Apache-2.0
"""The books: what each session was seen to do, until it is handed out as facts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, TypeVar

from bedstone.findings import Method
from bedstone.trace.errors import condition_name, safe_message
from bedstone.trace.facts import (
    ErrorFact,
    LockFact,
    Relation,
    RewriteFact,
    ScanFact,
    StatementFacts,
    Trace,
    TransactionFacts,
    WriteFact,
)
from bedstone.trace.labels import spread_labels
from bedstone.trace.objects import NO_OBJECTS
from bedstone.trace.questions import SCANNED
from bedstone.trace.windows import spread_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedstone.trace.facts import ObjectFact, Place
    from bedstone.trace.locks import LockMode
    from bedstone.trace.notes import Note, Notes
    from bedstone.trace.objects import Asked
    from bedstone.trace.statements import Statement
    from bedstone.trace.versions import VersionWrite

_ENDS = ("commit", "rollback", "end", "abort", "prepare")


@dataclass(slots=True)
class LockRecord:
    """A lock that was taken; *seconds* once it is let go."""

    relation: Relation
    mode: LockMode
    method: Method
    started: float = 0.0
    asked: float = 0.0
    seconds: float | None = None


@dataclass(slots=True)
class TransactionRecord:
    """A transaction, open as long as *outcome* is ``open``."""

    session: int
    number: int
    given: bool
    started: float
    asked: float
    seconds: float = 0.0
    outcome: str = "open"


@dataclass(slots=True)
class Record:
    """A statement that is running or has run."""

    session: int
    label: str | None
    started: float
    statements: list[Statement] = field(default_factory=list)
    executions: int = 0
    transaction: int | None = None
    seconds: float = 0.0
    method: Method = Method.UNKNOWN
    locks: list[LockRecord] = field(default_factory=list)
    rewrites: list[RewriteFact] = field(default_factory=list)
    scans: list[ScanFact] = field(default_factory=list)
    writes: list[WriteFact] = field(default_factory=list)
    created: list[Relation] = field(default_factory=list)
    dropped: list[Relation] = field(default_factory=list)
    objects: list[ObjectFact] = field(default_factory=list)
    wal_bytes: int | None = None
    lock_timeout: str | None = None
    #: The fields of the first error, as the server sent them; ``error`` is what may be told.
    failure: dict[str, str] | None = None
    unknown: tuple[str, ...] = ()
    place: Place | None = None
    #: Whether the client said what it is of.
    noted: bool = False
    #: Whether its transaction was one of ours, and so its own.
    given: bool = False

    @property
    def versions(self) -> list[VersionWrite]:
        """What it writes to other tools' tables of revisions."""
        return [s.version for s in self.statements if s.version is not None]

    @property
    def asked(self) -> Asked:
        """Which objects it may make, change or drop."""
        return reduce(or_, (statement.asked for statement in self.statements), NO_OBJECTS)

    @property
    def is_control(self) -> bool:
        """Whether it begins or ends a transaction, or is about a savepoint."""
        return all(s.kind == "transaction" for s in self.statements)

    @property
    def ends_transaction(self) -> bool:
        """Whether it is a COMMIT, a ROLLBACK, or a PREPARE TRANSACTION."""
        words = self.statements[0].text.lower().split()
        return self.is_control and words[0] in _ENDS and "to" not in words

    def note(self, note: Note) -> None:
        """Take down what the client said; of several lines or revisions, none."""
        if not self.noted:
            self.noted, self.label, self.place = True, note.label, note.place
        if self.label != note.label:
            self.label = None
        if self.place != note.place:
            self.place = None

    def add(self, statement: Statement) -> None:
        """Note one more execution; the same statement many times in a row is kept once."""
        self.executions += 1
        if not self.statements or self.statements[-1] is not statement:
            self.statements.append(statement)

    def fail(self, fields: dict[str, str]) -> None:
        """Note the first error."""
        if self.failure is None:
            self.failure = fields

    @property
    def error(self) -> ErrorFact | None:
        """The first error, without a text that may repeat the user's values."""
        if self.failure is None:
            return None
        code = self.failure.get("C", "")
        message = safe_message(self.failure, (s.text for s in self.statements))
        return ErrorFact(code, message, condition_name(code))

    def absorb(self, other: Record) -> bool:
        """Take the same statement's next execution in, if it did nothing that is new."""
        if (
            not self._goes_on(other)
            or (self.label, self.place, self.noted) != (other.label, other.place, other.noted)
            or (self.method, self.unknown) != (other.method, other.unknown)
            or (self.failure or other.failure or other.versions)
            or (other.rewrites or other.created or other.dropped or other.objects)
            or [s.text for s in self.statements] != [s.text for s in other.statements]
        ):
            return False
        if self.given:
            self.transaction = None
            for key, lock in other._locked().items():
                own = self._locked()[key]
                own.seconds = max(own.seconds or 0.0, lock.seconds or 0.0)
        self.executions += other.executions
        self.seconds += other.seconds
        self.scans = _sum(self.scans, other.scans)
        self.writes = _sum(self.writes, other.writes)
        if self.wal_bytes is not None and other.wal_bytes is not None:
            self.wal_bytes += other.wal_bytes
        return True

    def _goes_on(self, other: Record) -> bool:
        """Whether the other was in the same transaction, or in one of its own that did as much."""
        if self.given and other.given:
            return self._locked().keys() == other._locked().keys()
        is_same = self.transaction is not None and self.transaction == other.transaction
        return is_same and not other.locks

    def _locked(self) -> dict[tuple[int, LockMode], LockRecord]:
        return {(lock.relation.oid, lock.mode): lock for lock in self.locks}

    def freeze(self, number: int, label: str | None) -> StatementFacts:
        """Return what is known now."""
        locks = sorted(self.locks, key=lambda r: (-r.mode, str(r.relation)))
        return StatementFacts(
            number=number,
            session=self.session,
            transaction=self.transaction,
            label=label,
            sql=tuple(s.text for s in self.statements),
            kinds=tuple(s.kind for s in self.statements),
            executions=self.executions,
            seconds=self.seconds,
            method=self.method,
            locks=tuple(LockFact(r.relation, r.mode, r.method, r.seconds) for r in locks),
            rewrites=tuple(sorted(self._reasoned(), key=lambda f: str(f.relation))),
            scans=tuple(sorted(self.scans, key=lambda f: str(f.relation))),
            writes=tuple(sorted(self.writes, key=lambda f: str(f.relation))),
            created=tuple(sorted(self.created, key=str)),
            dropped=tuple(sorted(self.dropped, key=str)),
            wal_bytes=self.wal_bytes,
            lock_timeout=self.lock_timeout,
            error=self.error,
            unknown=self.unknown,
            place=self.place,
            objects=tuple(sorted(self.objects, key=lambda f: (f.change, f.kind, f.name))),
        )

    def _reasoned(self) -> list[RewriteFact]:
        """Return the rewrites with their reasons: of several statements nobody knows which."""
        reason = self.statements[0].reason if len(self.statements) == 1 else None
        kind = self.statements[0].kind if self.statements else ""
        tables = any(fact.relation.kind in SCANNED for fact in self.rewrites)
        found = []
        for fact in self.rewrites:
            follows = tables and fact.relation.kind == "index" and kind != "truncate"
            why = "rebuilt with its table" if follows and reason is not None else reason
            found.append(replace(fact, reason=why))
        return found


_Rows = TypeVar("_Rows", ScanFact, WriteFact)


def _sum(facts: list[_Rows], more: list[_Rows]) -> list[_Rows]:
    """Add up the counts of each relation."""
    found = {fact.relation.oid: fact for fact in facts}
    for fact in more:
        before = found.get(fact.relation.oid)
        found[fact.relation.oid] = fact if before is None else _add(before, fact)
    return list(found.values())


def _add(a: _Rows, b: _Rows) -> _Rows:
    counts = [f.name for f in fields(a) if f.type == "int"]
    return replace(b, **{name: getattr(a, name) + getattr(b, name) for name in counts})


class Ledger:
    """All records of all sessions. *label* is put on the statements that begin from now on."""

    def __init__(self) -> None:
        self.label: str | None = None
        self.sessions = 0
        #: What the client says of its statements, while it does.
        self.notes: Notes | None = None
        #: The digests of what is asked on our own behalf, and is no statement of the client's.
        self.questions: set[int] = set()
        self._records: list[Record] = []
        self._last: dict[int, Record] = {}
        self._transactions: list[TransactionRecord] = []

    def annotate(self, record: Record, pid: int, statements: Iterable[Statement]) -> None:
        """Write down what the client said of the statement that it sends now."""
        notes, first = self.notes, next(iter(statements), None)
        note = notes.take(pid, first.digest) if notes is not None and first is not None else None
        if note is not None:
            record.note(note)

    def is_question(self, statements: Sequence[Statement]) -> bool:
        """Whether that is a question of ours that the client was made to ask."""
        return any(statement.digest in self.questions for statement in statements)

    def enter(self, record: Record) -> None:
        """Keep a statement's record, or add it to that of the same statement just before it."""
        last = self._last.get(record.session)
        if last is not None and last.absorb(record):
            if record.given and self._transactions[-1].session == record.session:
                self._transactions.pop()
        else:
            self._records.append(record)
            self._last[record.session] = record

    def enter_transaction(self, record: TransactionRecord) -> None:
        """Keep a transaction's record."""
        self._transactions.append(record)

    def trace(self) -> Trace:
        """Return all that is known now."""
        records = sorted(self._records, key=lambda r: r.started)
        transactions = sorted(self._transactions, key=lambda t: t.started)
        labels = spread_labels(records)
        spread_versions(records, labels)
        numbered = enumerate(zip(records, labels, strict=True), start=1)
        return Trace(
            tuple(record.freeze(number, label) for number, (record, label) in numbered),
            tuple(
                TransactionFacts(t.session, t.number, t.seconds, t.outcome, t.given)
                for t in transactions
            ),
        )
