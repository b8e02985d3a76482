# SPDX-License-Identifier: Apache-2.0
"""Each operation's locks, rewrites and scans, told by the server in the run itself."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import asyncpg
import psycopg
import psycopg2
import pytest
from operations import BEFORE, OPERATIONS, Operation

from bedstone.findings import Method
from bedstone.server.binaries import find_binaries
from bedstone.trace import LockMode, observe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server
    from bedstone.trace import StatementFacts, Trace

Runs = list[tuple[str, Operation]]


def _statements(operation: Operation, *, autocommit: bool) -> tuple[str, ...]:
    if autocommit and len(operation.sql) == 1:
        return operation.sql
    return ("begin", *operation.sql, "commit")


def _expect(operation: Operation, sqlstate: str | None) -> None:
    assert sqlstate == operation.error, operation.name


def psycopg_simple(dsn: ConnectionString, runs: Runs, _: Path) -> None:
    with psycopg.connect(dsn.url(), autocommit=True) as connection:
        for schema, operation in runs:
            connection.execute(f"set search_path = {schema}, public")
            for sql in _statements(operation, autocommit=True):
                try:
                    connection.execute(sql)
                except psycopg.Error as error:
                    _expect(operation, error.sqlstate)


def psycopg_extended(dsn: ConnectionString, runs: Runs, _: Path) -> None:
    with psycopg.connect(dsn.url()) as connection:
        for schema, operation in runs:
            connection.execute(f"set search_path = {schema}, public")
            connection.commit()
            try:
                for sql in operation.sql:
                    connection.execute(sql, prepare=True)
                connection.commit()
            except psycopg.Error as error:
                _expect(operation, error.sqlstate)
                connection.rollback()


def psycopg2_in_transactions(dsn: ConnectionString, runs: Runs, _: Path) -> None:
    connection = psycopg2.connect(dsn.url())
    for schema, operation in runs:
        cursor = connection.cursor()
        cursor.execute(f"set search_path = {schema}, public")
        connection.commit()
        try:
            for sql in operation.sql:
                cursor.execute(sql)
            connection.commit()
        except psycopg2.Error as error:
            _expect(operation, error.pgcode)
            connection.rollback()
    connection.close()


def asyncpg_extended(dsn: ConnectionString, runs: Runs, _: Path) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn.url())
        for schema, operation in runs:
            await connection.execute(f"set search_path = {schema}, public")
            try:
                if len(operation.sql) == 1:
                    await connection.fetch(operation.sql[0])
                else:
                    async with connection.transaction():
                        for sql in operation.sql:
                            await connection.fetch(sql)
            except asyncpg.PostgresError as error:
                _expect(operation, error.sqlstate)
        await connection.close()

    asyncio.run(run())


def psql_file(dsn: ConnectionString, runs: Runs, folder: Path) -> None:
    lines = []
    for schema, operation in runs:
        lines.append(f"set search_path = {schema}, public")
        lines.extend(_statements(operation, autocommit=True))
    script = folder / "script.sql"
    script.write_text(";\n".join(lines) + ";\n")
    psql = find_binaries(None).bin_dir / "psql"
    done = subprocess.run(
        [psql, "-Xq", "-f", str(script), dsn.url()], capture_output=True, text=True, check=False
    )
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == sum(operation.error is not None for _, operation in runs), errors


CLIENTS = [psycopg_simple, psycopg_extended, psycopg2_in_transactions, asyncpg_extended, psql_file]


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


@pytest.mark.parametrize("client", CLIENTS)
def test_each_operation_is_told_as_the_server_does_it(
    any_server: Server, client: Callable[[ConnectionString, Runs, Path], None], tmp_path: Path
) -> None:
    runs = [
        (f"op{number}", operation)
        for number, operation in enumerate(OPERATIONS)
        if any_server.version.major >= operation.since
    ]
    with any_server.workspace("operations") as workspace:
        scratch = workspace.scratch("one")
        with scratch.connect(autocommit=True) as connection:
            for schema, operation in runs:
                connection.execute(f"create schema {schema}; set search_path = {schema}, public")
                connection.execute(f"{BEFORE}; {operation.before}")
        with observe(scratch) as observer:
            client(observer.dsn, runs, tmp_path)
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
