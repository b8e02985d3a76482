# SPDX-License-Identifier: Apache-2.0
"""Make, copy and drop whole databases, whoever is connected to them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import sql

from bedstone.errors import BedstoneError, DiskFull, ScratchStuck, TemplateInUse
from bedstone.server.names import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

    from bedstone.server.server import Server

#: How long a copy waits for sessions that cannot be ended to leave the template.
_PATIENCE = 10.0

_SESSIONS = """
    select pg_catalog.pg_terminate_backend(pid, 5000)
    from pg_catalog.pg_stat_activity
    where datname = %s and pid <> pg_catalog.pg_backend_pid()
      and backend_type <> 'autovacuum worker'
"""


def create_database(
    server: Server,
    control: psycopg.Connection[TupleRow],
    name: str,
    *,
    template: str = "template0",
    connectable: bool = True,
) -> None:
    """Make database *name* as a full copy of *template*, marked as ours from the first instant.

    On the embedded server files are copied: without fsync the checkpoints that this asks for
    cost nothing, and it takes about half the time (``benchmarks/server_start.py``). Elsewhere
    the server's own default is left.
    Two copies of one template may be made at once; somebody connected to it is waited for.

    Raises:
        TemplateInUse: a session stays connected to *template*.
        DiskFull: no space is left.
    """
    statement = sql.SQL(
        "create database {} with template {} {} allow_connections {} connection limit {}"
    ).format(
        sql.Identifier(name),
        sql.Identifier(template),
        sql.SQL("strategy file_copy" if server.embedded else ""),
        sql.Literal(connectable),
        sql.Literal(mark_of(name)),
    )
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with scratch_errors(name):
                control.execute(statement)
        except psycopg.errors.ObjectInUse as error:
            if time.monotonic() > deadline:
                raise TemplateInUse(
                    f"database {template} cannot be copied: somebody stays connected to it",
                    detail=error.diag.message_detail,
                    hint="Close the session, or let a superuser end it with pg_terminate_backend",
                ) from error
            end_sessions(control, template)
            time.sleep(0.05)
        else:
            return


def drop_database(server: Server, control: psycopg.Connection[TupleRow], name: str) -> None:
    """Drop database *name* if it is there, with whatever stands in the way.

    Ends its sessions; where those are not all, rolls back its prepared transactions and drops
    its replication slots and subscriptions.
    """
    statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    try:
        control.execute(statement)
    except (psycopg.errors.ObjectInUse, psycopg.errors.WrongObjectType):
        clear_blockers(server, control, name)
        with scratch_errors(name):
            control.execute(statement)
    except (psycopg.errors.InvalidCatalogName, psycopg.errors.UndefinedObject):
        return


def end_sessions(control: psycopg.Connection[TupleRow], name: str) -> None:
    """End every session in database *name* and wait until they are gone (5 seconds each)."""
    try:
        control.execute(_SESSIONS, [name])
    except psycopg.errors.InsufficientPrivilege:
        return


@contextmanager
def closed_to_sessions(control: psycopg.Connection[TupleRow], name: str) -> Iterator[None]:
    """Keep database *name* free of sessions for the block: ended, and none let in."""
    allow(control, name, connections=False)
    try:
        end_sessions(control, name)
        yield
    finally:
        allow(control, name, connections=True)


def allow(control: psycopg.Connection[TupleRow], name: str, *, connections: bool) -> None:
    """Let sessions into database *name*, or keep new ones out."""
    control.execute(
        sql.SQL("alter database {} with allow_connections {}").format(
            sql.Identifier(name), sql.Literal(connections)
        )
    )


def clear_blockers(server: Server, control: psycopg.Connection[TupleRow], name: str) -> None:
    """Take away what keeps database *name* from being dropped or copied, besides sessions."""
    control.execute(
        sql.SQL("alter database {} with is_template false").format(sql.Identifier(name))
    )
    roll_back_prepared(server, control, name)
    subscriptions = _names(
        control,
        "select s.subname from pg_catalog.pg_subscription s"
        " join pg_catalog.pg_database d on d.oid = s.subdbid where d.datname = %s",
        name,
    )
    if subscriptions:
        allow(control, name, connections=True)
        with server.connect(name) as inside:
            for subscription in subscriptions:
                _drop_subscription(inside, subscription)
    slots = _names(
        control, "select slot_name from pg_catalog.pg_replication_slots where database = %s", name
    )
    for slot in slots:
        control.execute(
            "select pg_catalog.pg_terminate_backend(active_pid, 5000)"
            " from pg_catalog.pg_replication_slots"
            " where slot_name = %s and active_pid is not null",
            [slot],
        )
        control.execute("select pg_catalog.pg_drop_replication_slot(%s)", [slot])


def roll_back_prepared(server: Server, control: psycopg.Connection[TupleRow], name: str) -> None:
    """Roll back the prepared transactions in database *name*, which belong to no session."""
    prepared = _names(
        control, "select gid from pg_catalog.pg_prepared_xacts where database = %s", name
    )
    if not prepared:
        return
    allow(control, name, connections=True)
    with server.connect(name) as inside:
        for gid in prepared:
            inside.execute(sql.SQL("rollback prepared {}").format(sql.Literal(gid)))


def _names(control: psycopg.Connection[TupleRow], query: LiteralString, database: str) -> list[str]:
    return [row[0] for row in control.execute(query, [database])]


def _drop_subscription(inside: psycopg.Connection[TupleRow], name: str) -> None:
    subscription = sql.Identifier(name)
    for statement in (
        "alter subscription {} disable",
        "alter subscription {} set (slot_name = none)",
        "drop subscription {}",
    ):
        inside.execute(sql.SQL(statement).format(subscription))


@contextmanager
def scratch_errors(name: str) -> Iterator[None]:
    """Turn a server's refusal to make or drop a scratch database into a coded error."""
    try:
        yield
    except psycopg.errors.ObjectInUse:
        raise
    except psycopg.errors.DiskFull as error:
        raise DiskFull(
            f"no space left for scratch database {name}",
            detail=str(error).strip(),
            hint="Free some space on the server's disk",
        ) from error
    except psycopg.Error as error:
        raise stuck(name, error) from error


def stuck(name: str, error: psycopg.Error) -> BedstoneError:
    """Return the coded error for a scratch database that the server refuses."""
    if error.sqlstate in ("58030", "58P01", "XX000") and "No space left" in str(error):
        return DiskFull(
            f"no space left for scratch database {name}",
            detail=str(error).strip(),
            hint="Free some space on the server's disk",
        )
    return ScratchStuck(
        f"scratch database {name} cannot be made or dropped",
        detail=str(error).strip(),
        hint="bedstone doctor",
    )
