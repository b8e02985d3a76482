# SPDX-License-Identifier: Apache-2.0
"""The lock that Flyway takes while it migrates, so that the two do not run at once.

Key and form as in Flyway's ``PostgreSQLAdvisoryLockTemplate``: the letters of its name, and the
hash that Java has for the quoted name of the version table.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from bedstone.errors import RunnerBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

_NAME = (
    (0x46 << 40) + (0x6C << 32) + (0x79 << 24) + (0x77 << 16) + (0x61 << 8) + 0x79
)  # F l y w a y
_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.25


def turn_key(schema: str, table: str) -> int:
    """Return the key that Flyway locks for a version table."""
    value = 0
    for unit in _units(f"{_quoted(schema)}.{_quoted(table)}"):
        value = (value * 31 + unit) & 0xFFFFFFFF
    return _NAME + (value - (1 << 32) if value >= 1 << 31 else value)


@contextmanager
def turn(
    connection: psycopg.Connection, schema: str, table: str, *, wait: float = _WAIT_SECONDS
) -> Iterator[None]:
    """Hold Flyway's lock for the block, on *connection*, which is in autocommit.

    It is polled for *wait* seconds.

    Raises:
        RunnerBusy: Flyway held it all that time.
    """
    key = turn_key(schema, table)
    deadline = time.monotonic() + wait
    query = "select pg_catalog.pg_try_advisory_lock(%s::bigint)"
    while not (row := connection.execute(query, [key]).fetchone()) or not row[0]:
        if time.monotonic() >= deadline:
            raise RunnerBusy(
                "Flyway is migrating this database",
                detail=f"It was waited for {wait:.0f} s. Nothing was changed.",
                hint="Wait for it to end, then run the command again.",
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            connection.execute("select pg_catalog.pg_advisory_unlock(%s::bigint)", [key])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _units(text: str) -> Iterator[int]:
    """Yield the units of UTF-16, which Java's strings are made of."""
    data = text.encode("utf-16-be")
    for place in range(0, len(data), 2):
        yield int.from_bytes(data[place : place + 2])
