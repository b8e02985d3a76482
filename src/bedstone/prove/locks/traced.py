# SPDX-License-Identifier: Apache-2.0
"""One revision's upgrade as it was seen on the wire, with what it stood on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedstone.prove.locks.ground import Details, Ground, read_details, read_ground
from bedstone.prove.locks.plans import ask_ways
from bedstone.prove.locks.reading import sentences
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from bedstone.trace import StatementFacts, Trace

    #: The tables that a statement names, and whether it can only read them whole.
    Ways = Mapping[tuple[str, str], bool]
    #: By a statement's number; ``None``: nobody knows.
    Plans = Mapping[int, Ways | None]


@dataclass(frozen=True)
class Traced:
    """What one revision did to *before*, and what came of it.

    *details* are of the tables in question. *own* are tables that are not the project's: those
    that hold the version.
    """

    revision: str
    trace: Trace
    before: Ground
    after: Ground = field(default_factory=Ground)
    details: Details = field(default_factory=Details)
    plans: Plans = field(default_factory=dict)
    own: frozenset[tuple[str, str]] = frozenset()


def look_back(
    connection: psycopg.Connection,
    revision: str,
    trace: Trace,
    before: Ground,
    own: frozenset[tuple[str, str]] = frozenset(),
) -> Traced:
    """Add to *trace* what can be asked of the database that the revision has left behind."""
    after = read_ground(connection)
    plans = {
        statement.number: _plan(connection, statement)
        for statement in trace.statements
        if any(s.is_rows for s in sentences(statement)) and statement.scans
    }
    details = read_details(connection, _in_question(trace, before, after) & after.seats.keys())
    return Traced(revision, trace, before, after, details, plans, own)


def _plan(connection: psycopg.Connection, statement: StatementFacts) -> Ways | None:
    found: dict[tuple[str, str], bool] = {}
    for sentence in sentences(statement):
        if sentence.is_rows:
            ways = ask_ways(connection, sentence.text)
            if ways is None:
                return None
            found |= {table: whole or found.get(table, False) for table, whole in ways.items()}
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
