# SPDX-License-Identifier: Apache-2.0
"""From a statement's facts to its effect: what was measured, planned, documented, or in doubt."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.findings import Method
from bedstone.prove.locks.effects import Doubt, Effect, Grip, Work, Written
from bedstone.prove.locks.ground import STORED
from bedstone.prove.locks.reading import sentences
from bedstone.prove.locks.ways import Plan, Way
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bedstone.prove.locks.ground import Seat
    from bedstone.prove.locks.traced import Traced
    from bedstone.prove.locks.ways import Name
    from bedstone.trace import Relation, StatementFacts

_TRUNCATE = re.compile(r"\btruncate\b", re.IGNORECASE)
#: What nobody can tell of a statement: its own words, or a function's.
UNSEEN = "what runs inside it has no text of its own"
UNSURE = "whether an index serves it depends on values, which are left out of its text"
_BUILT = "an index is built from every row"
_REBUILT = "an index is built again from every row"
#: The facts without which a statement is not judged, as a sentence calls them.
_NEEDED = {"locks": "locks", "scans": "reads", "rewrites": "writes anew"}


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
        number = statement.transaction
        works = tuple(self._works())
        return Effect(
            statement,
            self._sentences,
            (statement.session, -statement.number if number is None else number),
            (*self._grips, *self._documented(works)),
            works,
            tuple(self._written()),
            frozenset(self._row_locked),
            tuple(self._doubts({work.table.oid for work in works} | set(self._small))),
        )

    # --- tables -------------------------------------------------------------------------------

    def _older(self, table: Seat | None) -> Seat | None:
        """Return *table* if it is the project's own."""
        if table is None or (table.schema, table.name) in self._traced.own:
            return None
        return table

    def _table(self, relation: Relation) -> Seat | None:
        """Return the table that was there before the revision, of a partition the topmost."""
        return self._older(self._traced.before.table_of(relation))

    def _at(self, relation: Relation, table: Seat) -> Seat | None:
        own = self._traced.before.own_table(relation)
        return own if own is not None and own.oid != table.oid else None

    def _named(self, name: Name) -> Seat | None:
        return self._older(self._traced.before.table_named(*name))

    # --- locks --------------------------------------------------------------------------------

    @cached_property
    def _grips(self) -> tuple[Grip, ...]:
        strongest: dict[int, Grip] = {}
        for lock in self._statement.locks:
            table = self._table(lock.relation)
            if table is None or lock.mode < _strong(table):
                continue
            grip = Grip(table, lock.mode, lock.method, self._at(lock.relation, table))
            known = strongest.get(table.oid)
            if known is None or _weight(known) < _weight(grip):
                strongest[table.oid] = grip
        return tuple(sorted(strongest.values(), key=lambda g: (-g.mode, str(g.table))))

    def _documented(self, works: tuple[Work, ...]) -> Iterator[Grip]:
        """Yield the locks that work needs and that came and went unseen."""
        if self._is_measured:
            return
        held = {grip.table.oid for grip in self._grips}
        for work in works:
            if work.table.oid in held:
                continue
            rewritten = {f.relation.oid for f in self._statement.rewrites}
            if work.place.oid in rewritten:
                yield Grip(work.table, LockMode.ACCESS_EXCLUSIVE, Method.DERIVED, work.at)
            elif work.reason in {_BUILT, _REBUILT}:
                yield Grip(work.table, LockMode.SHARE, Method.DERIVED, work.at)

    @cached_property
    def _row_locked(self) -> dict[int, Seat]:
        """The tables that it may have written rows to."""
        found: dict[int, Seat] = {}
        for lock in self._statement.locks:
            table = self._table(lock.relation)
            if table is not None and lock.mode is LockMode.ROW_EXCLUSIVE:
                found.setdefault(table.oid, table)
        return found

    @property
    def _is_measured(self) -> bool:
        statement = self._statement
        return statement.method is Method.MEASURED and "locks" not in statement.unknown

    @property
    def _counts(self) -> bool:
        """Whether scans were counted."""
        return "scans" not in self._statement.unknown

    # --- work ---------------------------------------------------------------------------------

    def _works(self) -> Iterator[Work]:
        found: dict[int, Work] = {}
        for work in (*self._rewritten(), *self._built(), *self._read(), *self._planned()):
            if work.table.oid not in self._small and work.table.kind in STORED:
                found.setdefault(work.table.oid, work)
        yield from found.values()

    @cached_property
    def _scanned(self) -> dict[int, tuple[Seat, Seat | None]]:
        """The tables that the statement read from one end to the other, or which partition."""
        found: dict[int, tuple[Seat, Seat | None]] = {}
        if self._truncates:
            return found  # indexes are built again over nothing
        for scan in self._statement.scans:
            table = self._table(scan.relation) if scan.scans else None
            if table is not None:
                several = table.oid in found
                at = None if several else self._at(scan.relation, table)
                found[table.oid] = (table, at)
        return found

    def _rewritten(self) -> Iterator[Work]:
        """Yield rewrites, those of tables before those of their indexes."""
        facts = self._statement.rewrites
        for fact in sorted(facts, key=lambda fact: "index" in fact.relation.kind):
            table, seat = self._table(fact.relation), self._traced.before.seat(fact.relation)
            if table is None or seat is None or self._truncates:
                continue
            if self._is_opaque and self._counts and table.oid not in self._scanned:
                continue  # a TRUNCATE inside, of a table without an index
            at = self._at(fact.relation, table)
            if seat.kind in STORED:
                why = f" ({fact.reason})" if fact.reason else ""
                yield Work(table, f"every row is written anew{why}", fact.method, at)
            elif (
                table.oid in self._scanned or fact.method is not Method.MEASURED or not self._counts
            ):
                yield Work(table, _REBUILT, fact.method, at)

    def _built(self) -> Iterator[Work]:
        concurrent = any(sentence.is_concurrent for sentence in self._sentences)
        for relation in self._statement.created:
            seat = self._traced.after.seat(relation)
            top = self._traced.after.table_of(relation)
            if seat is None or seat.kind not in {"i", "I"} or top is None:
                continue
            table = self._older(self._traced.before.seats.get(top.oid))
            if table is None:
                continue
            if table.oid in self._scanned:
                at = self._scanned[table.oid][1]
                yield Work(table, _BUILT, Method.MEASURED, at)
            elif not self._counts and seat.kind == "i" and not concurrent:
                owner = self._traced.before.seats.get(seat.owner or 0)
                at = owner if owner is not None and owner.oid != table.oid else None
                yield Work(table, _BUILT, Method.DERIVED, at)

    def _read(self) -> Iterator[Work]:
        for table, at in self._scanned.values():
            if self._is_needed(table):
                yield Work(table, "every row is read", Method.MEASURED, at)
            elif self._plan is None and self._takes_all(table):
                yield Work(table, "it is about every row", Method.DERIVED, at)

    def _is_needed(self, table: Seat) -> bool:
        """Whether the scan was needed: a change of the schema plans none, and never stops early."""
        if self._is_opaque and not all(s.is_schema_block for s in self._sentences if s.is_opaque):
            return False
        locked = any(grip.table.oid == table.oid for grip in self._grips)
        if self._is_opaque:
            return locked
        if not any(sentence.is_rows for sentence in self._sentences):
            return True
        return locked and any(sentence.is_strong for sentence in self._sentences)

    def _planned(self) -> Iterator[Work]:
        for table, way in self._ways.values():
            if way is Way.WHOLE:
                at = self._at_of(table)
                yield Work(table, "every row is read: no index can serve it", Method.DERIVED, at)

    def _at_of(self, table: Seat) -> Seat | None:
        """Return the partition that a plan is about, if it is about one and not its table."""
        ways = self._plan.ways if self._plan is not None else {}
        found = self._traced.before
        own = {
            seat.oid: seat
            for name in ways
            if (seat := found.find(*name)) is not None
            and (top := found.top(seat)) is not None
            and top.oid == table.oid
        }
        return None if table.oid in own or len(own) != 1 else next(iter(own.values()))

    def _takes_all(self, table: Seat) -> bool:
        targets = [s.target for s in self._sentences if s.takes_every_row and s.target]
        return any(self._traced.before.table_named(*target) == table for target in targets)

    # --- rows, as the planner sees them -------------------------------------------------------

    @property
    def _plan(self) -> Plan | None:
        plan = self._traced.plans.get(self._statement.number)
        return plan if isinstance(plan, Plan) else None

    @cached_property
    def _ways(self) -> dict[int, tuple[Seat, Way]]:
        """How each older table is read; partitions by their topmost table."""
        found: dict[int, tuple[Seat, Way]] = {}
        for name, way in (self._plan.ways if self._plan is not None else {}).items():
            table = self._named(name)
            if table is not None:
                known = found.get(table.oid, (table, way))[1]
                found[table.oid] = (table, max(known, way))
        return found

    def _written(self) -> Iterator[Written]:
        """Yield which tables get rows written in number with an older table's."""
        if self._plan is None:
            for table, at in self._scanned.values():
                for sentence in self._sentences:
                    if sentence.target and self._takes_all(table):
                        reason = "it is about every row"
                        whole = Work(table, reason, Method.DERIVED, at)
                        yield Written(at or table, sentence.kind, whole)
            return
        works = {work.table.oid: work for work in self._works()}
        for target in self._plan.targets:
            seat = self._traced.before.find(*target.table)
            older = self._named(target.table)
            sources = (self._named(name) for name in target.sources)
            work = next((works[s.oid] for s in sources if s is not None and s.oid in works), None)
            if seat is None or older is None or older.oid in self._small or work is None:
                continue
            yield Written(seat, target.operation, work)

    # --- doubts -------------------------------------------------------------------------------

    def _doubts(self, known: set[int]) -> Iterator[Doubt]:
        yield from self._unmeasured()
        told = set(known)
        for doubt in (*self._unserved(), *self._unplanned(), *self._unseen()):
            if doubt.table is not None and doubt.table.oid not in told:
                told.add(doubt.table.oid)
                yield doubt

    def _unmeasured(self) -> Iterator[Doubt]:
        """Yield what is to be said where locks, scans or rewrites could not be found out."""
        missing = [word for name, word in _NEEDED.items() if name in self._statement.unknown]
        if not missing:
            return
        acting = [sentence for sentence in self._sentences if not sentence.is_setting]
        if acting and all(sentence.is_batches for sentence in acting):
            return
        if missing == ["reads"]:
            watched = self._statement.method is not Method.MEASURED
            if all(sentence.is_rows for sentence in acting):
                return  # judged by its plan
            if watched and len(self._sentences) == 1 and not self._is_opaque:
                return  # judged by the lock that is documented, and by what it left behind
        what = ", ".join(missing[:-1]) + " or " + missing[-1] if missing[1:] else missing[0]
        always = not self._is_measured or self._is_opaque
        yield Doubt(f"could not be judged: what it {what} could not be measured", always=always)

    def _unserved(self) -> Iterator[Doubt]:
        for table, way in self._ways.values():
            if way is Way.UNSURE:
                yield Doubt(UNSURE, table)

    def _unplanned(self) -> Iterator[Doubt]:
        reason = self._traced.plans.get(self._statement.number)
        if not isinstance(reason, str):
            return
        targets = [s.target for s in self._sentences if s.target is not None]
        for table in map(self._named, targets):
            if table is not None:
                yield Doubt(reason, table, always=True)
        for table, _ in self._scanned.values():
            yield Doubt(reason, table)
        if not all(sentence.puts_in_values for sentence in self._sentences):
            yield from (Doubt(reason, table, always=True) for table in self._row_locked.values())

    def _unseen(self) -> Iterator[Doubt]:
        """Yield the tables that something inside it reads or writes."""
        for table, _ in self._scanned.values():
            if table.oid not in self._ways:
                yield Doubt(UNSEEN, table)
        blocks = [sentence for sentence in self._sentences if sentence.is_opaque]
        if blocks and all(block.is_schema_block or block.is_batches for block in blocks):
            return
        if self._is_opaque or any(sentence.is_rows for sentence in self._sentences):
            targets = {t.table for t in (self._plan.targets if self._plan is not None else ())}
            tables = (self._named(name) for name in targets)
            named = {table.oid for table in tables if table is not None}
            for oid, table in self._row_locked.items():
                if oid not in named:
                    yield Doubt(UNSEEN, table, always=True)

    @property
    def _truncates(self) -> bool:
        kinds, texts = self._statement.kinds, self._statement.sql
        inside = any(_TRUNCATE.search(text) for text in texts) if "do" in kinds else False
        return "truncate" in kinds or inside

    @property
    def _is_opaque(self) -> bool:
        return any(sentence.is_opaque for sentence in self._sentences)


def _weight(grip: Grip) -> tuple[LockMode, bool]:
    return grip.mode, grip.at is None
