# SPDX-License-Identifier: Apache-2.0
"""Runs a plan before the eyes of the observer, and says where the plan had said something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from bedstone.fill.rows import insert_rows
from bedstone.findings import Method
from bedstone.plan import Hazard, Plan, Statement, split_script
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode, observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Catalog
    from bedstone.server import Scratch
    from bedstone.trace import LockFact, Relation, StatementFacts, Trace

#: The weakest mode that keeps writers out; work proportional to rows may be done under less.
_KEEPS_OUT = LockMode.SHARE
_HOLDING_ROWS = frozenset({"table", "materialized view", "index"})


def fill(scratch: Scratch, catalog: Catalog) -> None:
    """See that there is a row in each table that takes one."""
    with scratch.connect() as conn:
        insert_rows(conn, [table.key for table in catalog.of_kind("table")])


def run_traced(scratch: Scratch, made: Plan) -> Trace:
    """Run the script in a session that is observed; each statement is labelled by its number.

    It may end where rows do not suit a statement that was said to mind that.
    """
    with observe(scratch) as observer:
        with psycopg.connect(observer.dsn.url(), autocommit=True) as session:
            session.execute("set enable_seqscan = off")  # tables of one row are not what is meant
            for sql, number in zip(split_script(made), _numbers(made), strict=True):
                observer.label(number)
                try:
                    session.execute(sql.encode())
                except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
                    if number is None or not _may_fail(made.statements[int(number)]):
                        raise
                    break
        return observer.trace()


def _may_fail(statement: Statement) -> bool:
    return Hazard.MAY_FAIL in statement.hazards


def _numbers(made: Plan) -> Iterator[str | None]:
    number = 0
    for sql in split_script(made):
        if number < len(made.statements) and sql is made.statements[number].sql:
            yield str(number)
            number += 1
        else:
            yield None


class Said:
    """What a plan said, beside what was seen; *before* is the catalog that it began with."""

    def __init__(self, made: Plan, trace: Trace, before: Catalog) -> None:
        self._made, self._trace = made, trace
        self._there = {
            quote_identifier(key.schema or "", key.name)
            for key in before.objects
            if key.kind in {"table", "view", "materialized view", "index", "sequence",
                            "foreign table", "constraint"}
        }  # fmt: skip

    def lies(self) -> Iterator[str]:
        """Yield where a statement did what the plan did not say, or not what it said."""
        for facts in self._trace.statements:
            if facts.label is not None:
                statement = self._made.statements[int(facts.label)]
                for text in (*self._of_locks(statement, facts), *self._of_rows(statement, facts)):
                    yield f"{text}: {statement.sql}"
                # what is made anew under a name is not what was there before
                self._there -= {str(relation) for relation in facts.created}

    def _is_old(self, relation: Relation) -> bool:
        return not relation.created and str(relation) in self._there

    @staticmethod
    def _is_its_own(lock: LockFact, facts: StatementFacts) -> bool:
        """Whether CONCURRENTLY locks the index that it is about, which nobody uses any more."""
        index = lock.relation.kind == "index"
        return index and lock.method is not Method.MEASURED and facts.method is not Method.MEASURED

    def _of_locks(self, statement: Statement, facts: StatementFacts) -> Iterator[str]:
        if not statement.reason:
            yield "no reason"
        taken = self._strongest(facts)
        top = max(taken.values(), default=LockMode.ACCESS_SHARE)
        names = sorted(name for name, mode in taken.items() if mode is top)
        if statement.lock is None:
            if top > LockMode.ACCESS_SHARE:
                yield f"says no lock, took {top} on {names}"
            return
        if statement.on is None:
            yield "a lock on nothing"
            return
        if top > statement.lock:
            yield f"says {statement.lock} on {statement.on}, took {top} on {names}"
        mode = self._held(facts).get(statement.on, top)
        sampled = facts.method is not Method.MEASURED
        if statement.on in self._there and mode < statement.lock and not sampled:
            yield f"says {statement.lock} on {statement.on}, took {mode}"

    def _held(self, facts: StatementFacts) -> dict[str, LockMode]:
        """Return the strongest lock on each relation when the statement ends."""
        return self._strongest(facts, self._trace.held_before(facts))

    def _strongest(
        self, facts: StatementFacts, before: tuple[LockFact, ...] = ()
    ) -> dict[str, LockMode]:
        found: dict[str, LockMode] = {}
        for lock in (*before, *facts.locks):
            if self._is_old(lock.relation) and not self._is_its_own(lock, facts):
                name = str(lock.relation)
                found[name] = max(found.get(name, lock.mode), lock.mode)
        return found

    def _of_rows(self, statement: Statement, facts: StatementFacts) -> Iterator[str]:
        """Yield the work on rows that is done while somebody is kept out, and not announced."""
        if Hazard.BLOCKS in statement.hazards:
            return
        held = self._held(facts)
        kept = {name for name, mode in held.items() if mode >= _KEEPS_OUT}
        for rewrite in facts.rewrites:
            if self._counts(rewrite.relation) and kept:
                yield f"writes {rewrite.relation} anew"
        for scan in facts.scans:
            if scan.rows and self._counts(scan.relation) and str(scan.relation) in kept:
                yield f"reads {scan.relation} under {held[str(scan.relation)]}"
        for write in facts.writes:
            if self._counts(write.relation) and str(write.relation) in kept:
                yield f"writes to {write.relation} under {held[str(write.relation)]}"

    def _counts(self, relation: Relation) -> bool:
        return self._is_old(relation) and relation.kind in _HOLDING_ROWS
