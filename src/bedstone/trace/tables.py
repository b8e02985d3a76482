# SPDX-License-Identifier: Apache-2.0
"""A trace told by table: what was done to those that were there before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedstone.trace.locks import LockMode

if TYPE_CHECKING:
    from collections.abc import Hashable

    from bedstone.trace.facts import LockFact, Relation, StatementFacts, Trace

_TABLES = frozenset({"table", "partitioned table", "materialized view", "foreign table"})


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What was done to one table in transactions that had not made it themselves.

    *mode* is the strongest lock on it, *steps* in how many revisions it was taken, or in how many
    transactions where nobody said which revision they are of. *seconds* is the longest time that
    it was held in one of them, ``None`` where not known, *revisions* are their names. *rewrites*,
    *scans* and the *rows* that these read are counted under all locks.
    """

    table: Relation
    mode: LockMode
    steps: int
    seconds: float | None
    rewrites: int
    scans: int
    rows: int
    revisions: tuple[str, ...]


@dataclass(slots=True)
class _Entry:
    locks: list[tuple[Hashable, StatementFacts, LockFact]] = field(default_factory=list)
    rewrites: int = 0
    scans: int = 0
    rows: int = 0


def by_table(trace: Trace) -> tuple[TableFacts, ...]:
    """Return what was done to each table that was locked, the strongest lock first.

    A table that was dropped and made again is one. Reading takes ACCESS SHARE, which only stops
    what needs ACCESS EXCLUSIVE: tables without another lock are left out.
    """
    entries: dict[str, _Entry] = defaultdict(_Entry)
    for statement in trace.statements:
        for lock in statement.locks:
            if _is_older(lock.relation) and lock.mode > LockMode.ACCESS_SHARE:
                entries[str(lock.relation)].locks.append((_step(statement), statement, lock))
        for rewrite in statement.rewrites:
            entries[str(rewrite.relation)].rewrites += 1
        for scan in statement.scans:
            entries[str(scan.relation)].scans += scan.scans
            entries[str(scan.relation)].rows += scan.rows
    facts = [_facts(entry) for entry in entries.values() if entry.locks]
    return tuple(sorted(facts, key=lambda f: (-f.mode, -f.steps, str(f.table))))


def _is_older(relation: Relation) -> bool:
    return relation.kind in _TABLES and not relation.created


def _step(statement: StatementFacts) -> Hashable:
    if statement.label is not None:
        return statement.label
    if statement.transaction is None:
        return statement.number
    return statement.session, statement.transaction


def _facts(entry: _Entry) -> TableFacts:
    mode = max(lock.mode for _, _, lock in entry.locks)
    strongest = [taken for taken in entry.locks if taken[2].mode is mode]
    times = [lock.seconds for _, _, lock in strongest if lock.seconds is not None]
    labels = dict.fromkeys(s.label for _, s, _ in strongest if s.label is not None)
    return TableFacts(
        strongest[-1][2].relation,
        mode,
        steps=len({step for step, _, _ in strongest}),
        seconds=max(times, default=None),
        rewrites=entry.rewrites,
        scans=entry.scans,
        rows=entry.rows,
        revisions=tuple(labels),
    )
