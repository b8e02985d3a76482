# SPDX-License-Identifier: Apache-2.0
"""All operations through one client, and what the observer told of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations import BEFORE, OPERATIONS, Operation

from bedstone.findings import Method
from bedstone.trace import LockMode, observe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server
    from bedstone.trace import StatementFacts, Trace

Runs = list[tuple[str, Operation]]


def statements(operation: Operation, *, autocommit: bool) -> tuple[str, ...]:
    if autocommit and len(operation.sql) == 1:
        return operation.sql
    return ("begin", *operation.sql, "commit")


def expect(operation: Operation, sqlstate: str | None) -> None:
    assert sqlstate == operation.error, operation.name


def _of(trace: Trace, schemas: list[str]) -> dict[str, list[StatementFacts]]:
    """Return the statements of each operation: those after the SET that names its schema."""
    found: dict[str, list[StatementFacts]] = {}
    names = iter(schemas)
    for statement in trace.statements:
        if "search_path" in statement.sql[0]:
            found[next(names)] = []
        elif found and statement.kinds != ("transaction",):
            found[list(found)[-1]].append(statement)
    return found


def _seen(statements: list[StatementFacts]) -> Operation:
    """Return what was seen in the form in which it is expected."""
    locks: dict[str, str] = {}
    for lock in sorted((k for s in statements for k in s.locks), key=lambda k: k.mode):
        if not lock.relation.created and lock.mode > LockMode.ACCESS_SHARE:
            assert lock.method is Method.MEASURED
            locks[lock.relation.name] = str(lock.mode)
    scans: dict[str, int] = {}
    for scan in (f for s in statements for f in s.scans if not f.relation.created):
        scans[scan.relation.name] = scans.get(scan.relation.name, 0) + scan.rows
    return Operation(
        "",
        (),
        locks,
        frozenset(f.relation.name for s in statements for f in s.rewrites),
        {name: rows for name, rows in scans.items() if rows},
        error=next((s.error.sqlstate for s in statements if s.error), None),
    )


def check_operations(
    server: Server, client: Callable[[ConnectionString, Runs, Path], None], folder: Path
) -> None:
    """Have *client* run every operation, and compare what was told with what is expected."""
    runs = [
        (f"op{number}", operation)
        for number, operation in enumerate(OPERATIONS)
        if server.version.major >= operation.since
    ]
    with server.workspace("operations") as workspace:
        scratch = workspace.scratch("one")
        with scratch.connect(autocommit=True) as connection:
            for schema, operation in runs:
                connection.execute(f"create schema {schema}; set search_path = {schema}, public")
                connection.execute(f"{BEFORE}; {operation.before}")
        with observe(scratch) as observer:
            client(observer.dsn, runs, folder)
            trace = observer.trace()
    found = _of(trace, [schema for schema, _ in runs])
    wrong = {}
    for schema, operation in runs:
        seen = _seen(found[schema])
        expected = Operation(
            "", (), operation.locks, operation.rewrites, operation.scans, error=operation.error
        )
        if seen != expected:
            wrong[operation.name] = (seen, expected)
    assert wrong == {}
