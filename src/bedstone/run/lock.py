# SPDX-License-Identifier: Apache-2.0
"""One runner at a time, by a lock that the server drops with the session that held it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bedstone.errors import RunnerBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

#: "bedstone" in ASCII, as the bigint that all runners of a database lock.
RUNNER_KEY = int.from_bytes(b"bedstone")
_POLL_SECONDS = 0.25


@contextmanager
def runner_lock(connection: psycopg.Connection, *, wait: float) -> Iterator[None]:
    """Hold the lock of the one runner that may migrate the database of *connection*.

    The lock is polled: a session that waited inside ``pg_advisory_lock`` would hold a snapshot,
    and CREATE INDEX CONCURRENTLY of the runner at work would wait for it for ever. *connection*
    must be in autocommit and is idle between the polls. *wait* is in seconds.

    Raises:
        RunnerBusy: another runner held the lock all that time.
    """
    deadline = time.monotonic() + wait
    while not _try(connection):
        if time.monotonic() >= deadline:
            raise RunnerBusy(
                f"another runner is migrating this database (server process {_holder(connection)})",
                detail=f"It was waited for {wait:.0f} s. Nothing was changed.",
                hint="Wait for it to end, or ask for longer: --wait SECONDS",
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_catalog.pg_advisory_unlock(%s::bigint)", (RUNNER_KEY,))


def _try(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select pg_catalog.pg_try_advisory_lock(%s::bigint)", (RUNNER_KEY,)
    ).fetchone()
    return bool(row and row[0])


def _holder(connection: psycopg.Connection) -> str:
    row = connection.execute(
        """
        select pid
        from pg_catalog.pg_locks
        where locktype = 'advisory'
            and granted
            and objsubid = 1
            and database = (
                select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()
            )
            and (classid::bigint << 32) | objid::bigint = %s::bigint
        """,
        (RUNNER_KEY,),
    ).fetchone()
    return str(row[0]) if row else "gone by now"
