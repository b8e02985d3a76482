# SPDX-License-Identifier: Apache-2.0
"""What each statement of a revision does to tables that are older than the revision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.findings import Method
from bedstone.prove.locks.ground import STORED
from bedstone.prove.locks.reading import sentences
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bedstone.prove.locks.ground import Seat
    from bedstone.prove.locks.reading import Sentence
    from bedstone.prove.locks.traced import Traced, Ways
    from bedstone.trace import Relation, StatementFacts

_TRUNCATE = re.compile(r"\btruncate\b", re.IGNORECASE)
#: What nobody can tell of a statement: its own words, or a function's.
UNPLANNED = "it cannot be planned any more in the state that the revision leaves"
UNSEEN = "what runs inside it has no text of its own"


@dataclass(frozen=True, slots=True)
class Grip:
    """A lock that a statement took on a table, or on an index or partition of it."""

    table: Seat
    mode: LockMode
    method: Method


@dataclass(frozen=True, slots=True)
class Work:
    """Why a statement takes longer the more rows a table has."""

    table: Seat
    reason: str
    method: Method


@dataclass(frozen=True)
class Effect:
    """One statement: the locks it took and the work it did, tables that were there only.

    *unit* is the transaction: what is in one is held together. *unclear* says for which tables
    nobody knows whether it was work.
    """

    statement: StatementFacts
    sentences: tuple[Sentence, ...]
    unit: tuple[int, int]
    grips: tuple[Grip, ...]
    works: tuple[Work, ...]
    unclear: tuple[tuple[Seat, str], ...] = ()

    @cached_property
    def text(self) -> str:
        """The statement in one line."""
        return "; ".join(self.statement.sql)

    @property
    def is_strong(self) -> bool:
        """Whether it would block others by itself."""
        return bool(self.grips) or any(sentence.is_strong for sentence in self.sentences)

    def works_on(self, table: Seat) -> Work | None:
        """Return its work on *table*."""
        return next((work for work in self.works if work.table.oid == table.oid), None)


def read_effects(traced: Traced, *, small: Collection[int] = ()) -> tuple[Effect, ...]:
    """Return what each statement of a revision did; work on *small* tables is none."""
    return tuple(
        _Reader(traced, statement, small).effect()
        for statement in traced.trace.statements
        if statement.error is None
    )


def _strong(table: Seat) -> LockMode:
    """Return the weakest mode that others mind; a materialized view has readers only."""
    return LockMode.ACCESS_EXCLUSIVE if table.kind == "m" else LockMode.SHARE


class _Reader:
    """Reads one statement's facts."""

    def __init__(self, traced: Traced, statement: StatementFacts, small: Collection[int]) -> None:
        self._traced = traced
        self._statement = statement
        self._sentences = sentences(statement)
        self._small = small

    def effect(self) -> Effect:
        statement = self._statement
        grips, works = tuple(self._grips()), tuple(self._works())
        number = statement.transaction
        unit = (statement.session, -statement.number if number is None else number)
        return Effect(statement, self._sentences, unit, grips, works, tuple(self._unclear(works)))

    def _table(self, relation: Relation) -> Seat | None:
        """Return the table that was there before the revision, and is the project's own."""
        table = self._traced.before.table_of(relation)
        if table is None or (table.schema, table.name) in self._traced.own:
            return None
        return table

    def _grips(self) -> Iterator[Grip]:
        strongest: dict[int, Grip] = {}
        for lock in self._statement.locks:
            table = self._table(lock.relation)
            if table is None or lock.mode < _strong(table):
                continue
            known = strongest.get(table.oid)
            if known is None or known.mode < lock.mode:
                strongest[table.oid] = Grip(table, lock.mode, lock.method)
        yield from sorted(strongest.values(), key=lambda g: (-g.mode, str(g.table)))

    def _works(self) -> Iterator[Work]:
        found: dict[int, Work] = {}
        for work in (*self._rewritten(), *self._built(), *self._read()):
            if work.table.oid not in self._small and work.table.kind in STORED:
                found.setdefault(work.table.oid, work)
        yield from found.values()

    @cached_property
    def _scanned(self) -> dict[int, Seat]:
        """The tables that the statement read from one end to the other."""
        if self._truncates:
            return {}  # indexes are built again over nothing
        tables = (self._table(scan.relation) for scan in self._statement.scans if scan.scans)
        return {table.oid: table for table in tables if table is not None}

    def _rewritten(self) -> Iterator[Work]:
        """Yield rewrites, those of tables before those of their indexes."""
        facts = self._statement.rewrites
        for fact in sorted(facts, key=lambda fact: "index" in fact.relation.kind):
            table, seat = self._table(fact.relation), self._traced.before.seat(fact.relation)
            if table is None or seat is None or self._truncates:
                continue
            if self._is_opaque and table.oid not in self._scanned:
                continue  # a TRUNCATE inside, of a table without an index
            if seat.kind in STORED:
                why = f" ({fact.reason})" if fact.reason else ""
                yield Work(table, f"every row is written anew{why}", fact.method)
            elif table.oid in self._scanned or fact.method is not Method.MEASURED:
                yield Work(table, "an index is built again from every row", fact.method)

    def _built(self) -> Iterator[Work]:
        for relation in self._statement.created:
            seat = self._traced.after.seat(relation)
            table = self._table_of_new(relation)
            if table is not None and table.oid in self._scanned and seat is not None:
                yield Work(table, "an index is built from every row", Method.MEASURED)

    def _table_of_new(self, relation: Relation) -> Seat | None:
        table = self._traced.after.table_of(relation)
        if table is None or table.oid not in self._traced.before.seats:
            return None
        return self._traced.before.seats[table.oid]

    def _read(self) -> Iterator[Work]:
        for table in self._scanned.values():
            if self._is_certain(table):
                yield Work(table, "every row is read", Method.MEASURED)
            elif (table.schema, table.name) in self._whole:
                yield Work(table, "every row is read: no index can serve it", Method.DERIVED)
            elif self._takes_all(table):
                yield Work(table, "it is about every row", Method.DERIVED)

    def _is_certain(self, table: Seat) -> bool:
        """Whether the scan was needed: a schema's change plans none."""
        if self._is_opaque or any(sentence.is_rows for sentence in self._sentences):
            return any(grip.table.oid == table.oid for grip in self._grips())
        return True

    @property
    def _truncates(self) -> bool:
        kinds, texts = self._statement.kinds, self._statement.sql
        inside = any(_TRUNCATE.search(text) for text in texts) if "do" in kinds else False
        return "truncate" in kinds or inside

    @property
    def _is_opaque(self) -> bool:
        return any(sentence.is_opaque for sentence in self._sentences)

    @property
    def _whole(self) -> frozenset[tuple[str, str]]:
        """The tables that only a whole read can serve; partitions by their topmost table."""
        return frozenset(self._top(*name) for name, whole in self._ways.items() if whole)

    @property
    def _ways(self) -> Ways:
        return self._traced.plans.get(self._statement.number) or {}

    def _top(self, schema: str, name: str) -> tuple[str, str]:
        seat = self._traced.before.table_named(schema, name)
        return (seat.schema, seat.name) if seat is not None else (schema, name)

    def _takes_all(self, table: Seat) -> bool:
        targets = [s.target for s in self._sentences if s.takes_every_row and s.target]
        return any(self._traced.before.table_named(*target) == table for target in targets)

    def _unclear(self, works: tuple[Work, ...]) -> Iterator[tuple[Seat, str]]:
        known = {work.table.oid for work in works} | set(self._small)
        named = {self._top(*name) for name in self._ways}
        for oid, table in self._scanned.items():
            if oid in known or (table.schema, table.name) in named:
                continue
            planned = self._traced.plans.get(self._statement.number) is not None
            yield table, UNSEEN if self._is_opaque or planned else UNPLANNED
