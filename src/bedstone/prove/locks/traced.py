# SPDX-License-Identifier: Apache-2.0
"""One revision's upgrade as it was seen on the wire, with what it stood on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from bedstone.prove.locks.ground import (
    Details,
    Ground,
    read_details,
    read_ground,
    read_servers,
)
from bedstone.prove.locks.plans import ask_plan, unanalyzed
from bedstone.prove.locks.reading import sentences
from bedstone.prove.locks.ways import Plan
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from bedstone.trace import StatementFacts, Trace

    #: By a statement's number; or why nobody knows.
    Plans = Mapping[int, Plan | str]


@dataclass(frozen=True)
class Traced:
    """What one revision did to *before*, and what came of it.

    *details* are of the tables in question. *own* are tables that are not the project's: those
    that hold the version. *is_sql* says that the revision is a file of SQL.
    """

    revision: str
    trace: Trace
    before: Ground
    after: Ground = field(default_factory=Ground)
    details: Details = field(default_factory=Details)
    plans: Plans = field(default_factory=dict)
    own: frozenset[tuple[str, str]] = frozenset()
    is_sql: bool = False


def look_back(
    connection: psycopg.Connection,
    revision: str,
    trace: Trace,
    before: Ground,
    own: frozenset[tuple[str, str]] = frozenset(),
    *,
    is_sql: bool = False,
) -> Traced:
    """Add to *trace* what can be asked of the database that the revision has left behind."""
    after = read_ground(connection)
    servers = read_servers(connection)

    @cache
    def ask(text: str) -> Plan | str:
        return ask_plan(connection, text, servers)

    about_rows = [
        statement
        for statement in trace.statements
        if statement.error is None and any(s.is_rows for s in sentences(statement))
    ]
    tables = {lock.relation.oid for s in trace.statements for lock in s.locks}
    plans = {}
    if about_rows:
        with unanalyzed(connection, tables):
            plans = {statement.number: _plan(ask, statement) for statement in about_rows}
    details = read_details(connection, _in_question(trace, before, after) & after.seats.keys())
    return Traced(revision, trace, before, after, details, plans, own, is_sql)


def _plan(ask: Callable[[str], Plan | str], statement: StatementFacts) -> Plan | str:
    found = Plan()
    for sentence in sentences(statement):
        if sentence.is_rows:
            plan = ask(sentence.text)
            if isinstance(plan, str):
                return plan
            found |= plan
    return found


def _in_question(trace: Trace, before: Ground, after: Ground) -> set[int]:
    """Return the tables that were there and are locked strongly, or read whole, and their own."""
    relations = [
        lock.relation
        for statement in trace.statements
        for lock in statement.locks
        if lock.mode >= LockMode.SHARE
    ]
    relations += [scan.relation for statement in trace.statements for scan in statement.scans]
    found: set[int] = set()
    for relation in relations:
        for ground in (before, after):
            seat = ground.seat(relation) if before.seat(relation) is not None else None
            while seat is not None:
                found.add(seat.oid)
                seat = ground.seats.get(seat.owner or 0)
    return found
