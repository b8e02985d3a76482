# SPDX-License-Identifier: Apache-2.0
"""One session's account: from two answers to what the statement between them did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.findings import Method
from bedstone.trace.facts import Relation, RewriteFact, ScanFact, WriteFact
from bedstone.trace.ledger import LockRecord, TransactionRecord
from bedstone.trace.locks import LockMode
from bedstone.trace.objects import Writings
from bedstone.trace.questions import SCANNED, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.trace.ledger import Ledger, Record
    from bedstone.trace.questions import Answer

#: The fields that only an answer fills.
FIELDS = ("locks", "rewrites", "scans", "writes", "created", "dropped", "objects")
#: What belongs to a table anyway.
_TOAST = "pg_toast"


class Account:
    """What is known of one session's open transaction."""

    def __init__(self, ledger: Ledger, session: int) -> None:
        self.session = session
        #: Seconds that we have kept the session waiting, all in all.
        self.asked = 0.0
        #: The position in the WAL when it was last asked for in this transaction.
        self.wal: int | None = None
        self.transaction: TransactionRecord | None = None
        self._ledger = ledger
        self._count = 0
        #: Each relation as it is for everybody; ``None`` where it is there for us only.
        self._committed: dict[int, Seen | None] = {}
        self._clear()

    def _clear(self) -> None:
        self._held: dict[tuple[int, LockMode], LockRecord] = {}
        self._known: dict[int, Seen] = {}
        #: What the transaction has made and told, and toast tables: they need not be told again.
        self.made: dict[int, Seen] = {}
        self.was_asked = False
        self.writings = Writings()
        #: How many rows of catalogs were written when it was last asked.
        self.written = 0
        self._gone: set[int] = set()
        #: What nobody else sees.
        self._own: set[int] = set()
        self._checked: set[int] = set()
        self.wal = None

    def begin(self, now: float, *, given: bool) -> None:
        """A transaction has begun."""
        self._count += 1
        self.transaction = TransactionRecord(self.session, self._count, given, now, self.asked)
        self._ledger.enter_transaction(self.transaction)

    def end(self, now: float, outcome: str) -> None:
        """The transaction has ended; a prepared one keeps its locks, nobody knows how long."""
        if self.transaction is not None:
            self.transaction.outcome = outcome
            waited = self.asked - self.transaction.asked
            self.transaction.seconds = max(0.0, now - self.transaction.started - waited)
        if outcome != "prepared":
            self._release(self._held, now, self.asked)
        self.transaction = None
        if outcome == "committed":
            self._committed |= self._known | self.made
            forgotten = self._gone | {oid for oid in self._own if self._committed[oid] is None}
        else:
            forgotten = self._own
        for oid in forgotten:
            self._committed.pop(oid, None)
        self._clear()

    def strangers(self, oids: Iterable[int], relations: Mapping[int, Seen]) -> set[int]:
        """Return those of the relations whose committed state is still to be asked for.

        What is remembered from earlier transactions is asked for again where the file is another
        now: somebody else may have made it, before this transaction had its lock.
        """
        return {oid for oid in oids if self._is_strange(oid, relations.get(oid))}

    def _is_strange(self, oid: int, seen: Seen | None) -> bool:
        if seen is not None and seen.relation.schema == _TOAST:
            return False
        if oid not in self._committed:
            return True
        committed = self._committed[oid]
        if committed is None or oid in self._checked:
            return False
        return seen is None or seen.file != committed.file

    def learn(self, oids: Iterable[int], seen: dict[int, Seen]) -> None:
        """Note which of the relations are there for everybody."""
        for oid in oids:
            self._committed[oid] = seen.get(oid)
            if oid not in seen:
                self._own.add(oid)
            self._checked.add(oid)

    def take(self, record: Record, answer: Answer, now: float, asked: float) -> None:
        """Write into *record* what has changed since the last answer, and remember this one.

        The answer is that of the moment *now*, when we had kept the session waiting for *asked*.
        """
        record.method = Method.MEASURED
        record.lock_timeout = answer.lock_timeout
        self.was_asked = True
        self._note_locks(record, answer.locks, answer.relations, now, asked)
        for oid, seen in answer.relations.items():
            relation = self._named(seen)
            if relation.schema == _TOAST:
                continue
            before = self._known.get(oid) or self.made.get(oid)
            if relation.created and before is None:
                record.created.append(relation)
            self._note_file(record, relation, seen)
            self._note_rows(record, relation, seen, before)
        if not answer.counting:
            record.unknown += ("scans", "writes")
        self._note_counts(record, answer)
        self._note_dropped(record, answer)
        self._note_wal(record, answer.wal)
        self.written = answer.written
        self._remember(answer.relations)

    def go_back(self, answer: Answer, now: float) -> None:
        """Remember what is left after ROLLBACK TO SAVEPOINT."""
        self._release(
            {key: lock for key, lock in self._held.items() if key not in answer.locks},
            now,
            self.asked,
        )
        self._gone -= answer.relations.keys()
        self._known = {oid: replace(seen, file=None) for oid, seen in self._known.items()}
        self.made = {oid: seen for oid, seen in self.made.items() if oid in answer.relations}
        self._remember(answer.relations)
        self.wal = answer.wal
        if answer.objects is not None:
            self.writings.go_back(answer.objects)

    def _remember(self, relations: Mapping[int, Seen]) -> None:
        for oid, seen in relations.items():
            told = self._is_made(oid) or seen.relation.schema == _TOAST
            (self.made if told else self._known)[oid] = seen

    def _is_made(self, oid: int) -> bool:
        return oid in self._committed and self._committed[oid] is None

    def take_locks(
        self,
        record: Record,
        locks: frozenset[tuple[int, LockMode]],
        wal: int | None,
        now: float,
        lock_timeout: str | None,
    ) -> None:
        """Write into *record* the locks alone, of a statement that does nothing else."""
        record.method = Method.MEASURED
        record.lock_timeout = lock_timeout
        older = frozenset((oid, mode) for oid, mode in locks if oid not in self.made)
        self._note_locks(record, older, {}, now, self.asked)
        self._note_wal(record, wal)

    def _note_wal(self, record: Record, wal: int | None) -> None:
        if wal is not None and self.wal is not None:
            record.wal_bytes = max(0, wal - self.wal)
        self.wal = wal

    def _note_locks(
        self,
        record: Record,
        locks: frozenset[tuple[int, LockMode]],
        relations: dict[int, Seen],
        now: float,
        asked: float,
    ) -> None:
        gone = {
            key: lock
            for key, lock in self._held.items()
            if key not in locks and key[0] not in self.made
        }
        self._release(gone, now, asked)
        for oid, mode in locks - self._held.keys():
            seen = relations.get(oid) or self._known.get(oid) or self._committed.get(oid)
            if seen is None:
                continue  # made and dropped within the statement: the copy that a rewrite fills
            relation = self._named(seen)
            lock = LockRecord(relation, mode, Method.MEASURED, record.started, asked)
            self._held[oid, mode] = lock
            if relation.schema != _TOAST:
                record.locks.append(lock)

    def _release(
        self, locks: dict[tuple[int, LockMode], LockRecord], now: float, asked: float
    ) -> None:
        for key, lock in list(locks.items()):
            lock.seconds = max(0.0, now - lock.started - (asked - lock.asked))
            del self._held[key]

    def _named(self, seen: Seen) -> Relation:
        return replace(seen.relation, created=self._is_made(seen.relation.oid))

    def _note_file(self, record: Record, relation: Relation, seen: Seen) -> None:
        if relation.created or seen.file is None:
            return
        before = self._known.get(relation.oid)
        file = before.file if before is not None else None
        if file is None:
            committed = self._committed.get(relation.oid)
            file = committed.file if committed is not None else None
        if file is not None and file != seen.file:
            record.rewrites.append(RewriteFact(relation, Method.MEASURED))

    def _note_rows(
        self, record: Record, relation: Relation, seen: Seen, before: Seen | None
    ) -> None:
        if relation.kind not in SCANNED:
            return
        scans, read, inserted, updated, deleted = (
            getattr(seen, name) - (getattr(before, name) if before is not None else 0)
            for name in ("scans", "read", "inserted", "updated", "deleted")
        )
        if scans > 0 or read > 0:
            record.scans.append(ScanFact(relation, scans, read, Method.MEASURED))
        if min(inserted, updated, deleted) < 0:
            return  # TRUNCATE and DROP take back what was counted before them
        if inserted or updated or deleted:
            fact = WriteFact(relation, inserted, updated, deleted, Method.MEASURED)
            record.writes.append(fact)

    def _note_counts(self, record: Record, answer: Answer) -> None:
        for oid, (scans, read, inserted, updated, deleted) in answer.counts.items():
            before = self.made[oid]
            seen = Seen(before.relation, before.file, scans, read, inserted, updated, deleted)
            self._note_rows(record, self._named(seen), seen, before)
            self.made[oid] = seen

    def _note_dropped(self, record: Record, answer: Answer) -> None:
        for oid, mode in answer.locks:
            if mode is not LockMode.ACCESS_EXCLUSIVE or oid in answer.relations:
                continue
            seen = self._known.get(oid) or self._committed.get(oid)
            if seen is not None and oid not in self._gone and seen.relation.schema != _TOAST:
                self._gone.add(oid)
                record.dropped.append(self._named(seen))
