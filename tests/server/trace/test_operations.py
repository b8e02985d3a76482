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
from operation_runs import check_operations, expect, statements

from bedstone.server.binaries import find_binaries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from operation_runs import Runs

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server


def psycopg_simple(dsn: ConnectionString, runs: Runs, _: Path) -> None:
    with psycopg.connect(dsn.url(), autocommit=True) as connection:
        for schema, operation in runs:
            connection.execute(f"set search_path = {schema}, public")
            for sql in statements(operation, autocommit=True):
                try:
                    connection.execute(sql)
                except psycopg.Error as error:
                    expect(operation, error.sqlstate)


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
                expect(operation, error.sqlstate)
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
            expect(operation, error.pgcode)
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
                expect(operation, error.sqlstate)
        await connection.close()

    asyncio.run(run())


def psql_file(dsn: ConnectionString, runs: Runs, folder: Path) -> None:
    lines = []
    for schema, operation in runs:
        lines.append(f"set search_path = {schema}, public")
        lines.extend(statements(operation, autocommit=True))
    script = folder / "script.sql"
    script.write_text(";\n".join(lines) + ";\n")
    psql = find_binaries(None).bin_dir / "psql"
    done = subprocess.run(
        [psql, "-Xq", "-f", str(script), dsn.url()], capture_output=True, text=True, check=False
    )
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == sum(operation.error is not None for _, operation in runs), errors


CLIENTS = [psycopg_simple, psycopg_extended, psycopg2_in_transactions, asyncpg_extended, psql_file]


@pytest.mark.parametrize("client", CLIENTS)
def test_each_operation_is_told_as_the_server_does_it(
    any_server: Server, client: Callable[[ConnectionString, Runs, Path], None], tmp_path: Path
) -> None:
    check_operations(any_server, client, tmp_path)
