# SPDX-License-Identifier: Apache-2.0
"""Runs a plan before the eyes of the observer, and says where the plan had said something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from bedstone.fill.rows import insert_rows
from bedstone.plan import Hazard, Plan, Statement, split_script
from bedstone.trace import LockMode, observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Catalog
    from bedstone.server import Scratch
    from bedstone.trace import Relation, StatementFacts, Trace

#: What PostgreSQL documents of ordinary reading and writing keeps nobody out.
_KEEPS_OUT = LockMode.SHARE
#: Relations whose work is proportional to rows.
_HOLDING_ROWS = frozenset({"table", "materialized view", "index", "partitioned table"})


def fill(scratch: Scratch, catalog: Catalog) -> None:
    """See that there is a row in each table that takes one."""
    with scratch.connect() as conn:
        insert_rows(conn, [table.key for table in catalog.of_kind("table")])


def run_traced(scratch: Scratch, made: Plan) -> Trace:
    """Run the script in a session that is observed; each statement is labelled by its number."""
    numbers = _numbers(made)
    with observe(scratch) as observer:
        with psycopg.connect(observer.dsn.url(), autocommit=True) as session:
            for sql, number in zip(split_script(made), numbers, strict=True):
                observer.label(number)
                session.execute(sql.encode())
        return observer.trace()


def _numbers(made: Plan) -> list[str | None]:
    numbers: list[str | None] = []
    number = 0
    for sql in split_script(made):
        if number < len(made.statements) and sql is made.statements[number].sql:
            numbers.append(str(number))
            number += 1
        else:
            numbers.append(None)
    return numbers


def find_lies(made: Plan, trace: Trace) -> Iterator[str]:
    """Yield where a statement did what the plan did not say, or not what it said."""
    for facts in trace.statements:
        if facts.label is None:
            continue
        statement = made.statements[int(facts.label)]
        for text in _of_statement(statement, facts, trace):
            yield f"{text}: {statement.sql}"


def _of_statement(statement: Statement, facts: StatementFacts, trace: Trace) -> Iterator[str]:
    if not statement.reason:
        yield "no reason"
    strongest: dict[str, LockMode] = {}
    for lock in facts.locks:
        if not lock.relation.created and lock.relation.schema not in {"pg_catalog", "pg_toast"}:
            name = str(lock.relation)
            strongest[name] = max(strongest.get(name, lock.mode), lock.mode)
    yield from _locks(statement, strongest)
    held = {str(k.relation): k.mode for k in trace.held_before(facts) if k.mode >= _KEEPS_OUT}
    held |= {name: mode for name, mode in strongest.items() if mode >= _KEEPS_OUT}
    if Hazard.BLOCKS in statement.hazards:
        return
    for rewrite in facts.rewrites:
        if _counts(rewrite.relation) and (str(rewrite.relation) in held or held):
            yield f"rewrites {rewrite.relation} ({rewrite.relation.kind}) and does not say so"
    for scan in facts.scans:
        if scan.rows and _counts(scan.relation) and str(scan.relation) in held:
            yield f"reads {scan.relation} under {held[str(scan.relation)]}"
    for write in facts.writes:
        if str(write.relation) in held and _counts(write.relation):
            yield f"writes {write.relation} under {held[str(write.relation)]}"


def _counts(relation: Relation) -> bool:
    return (
        not relation.created
        and relation.schema != "pg_catalog"
        and relation.kind in _HOLDING_ROWS
    )


def _locks(statement: Statement, strongest: dict[str, LockMode]) -> Iterator[str]:
    top = max(strongest.values(), default=None)
    if top is not None and top > LockMode.ACCESS_SHARE and statement.lock is None:
        yield f"says no lock, took {top} on {[n for n, m in strongest.items() if m is top]}"
    if statement.lock is None:
        return
    if statement.on is None:
        yield "a lock on nothing"
        return
    took = strongest.get(statement.on)
    if took is not None and took is not statement.lock:
        yield f"says {statement.lock} on {statement.on}, took {took}"
    if top is not None and top > statement.lock:
        yield f"says {statement.lock}, took {top} on {[n for n, m in strongest.items() if m is top]}"
    if took is None and strongest and top is not LockMode.ACCESS_SHARE:
        yield f"says {statement.lock} on {statement.on}, took {strongest}"
