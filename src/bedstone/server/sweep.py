# SPDX-License-Identifier: Apache-2.0
"""Drop what dead runs left, and nothing else.

A run holds an advisory lock for as long as it lives; the server lets go of it when the run's
session ends, however it ends. A database that carries our signs (``names``) and whose run holds
no lock is a leftover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from bedstone.server.databases import drop_database
from bedstone.server.names import RUN_LOCK_SPACE, RunName, is_ours, run_of

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from bedstone.server.server import Server

_DATABASES = """
    select d.datname, d.datconnlimit, pg_catalog.shobj_description(d.oid, 'pg_database')
    from pg_catalog.pg_database d
    where d.datname ~ '^bedstone_[0-9a-f]{12}_'
    order by d.datname
"""

_RUNS = """
    select distinct classid::bigint, objid::bigint
    from pg_catalog.pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted
      and (classid::bigint >> 16) = %s
"""


def live_runs(control: psycopg.Connection[TupleRow]) -> frozenset[RunName]:
    """Return the runs that hold their lock on this server now, on any of its databases."""
    rows = control.execute(_RUNS, [RUN_LOCK_SPACE]).fetchall()
    return frozenset(RunName(f"{(high & 0xFFFF) << 32 | low:012x}") for high, low in rows)


def drop_leftovers(server: Server, control: psycopg.Connection[TupleRow]) -> tuple[str, ...]:
    """Drop the databases of runs that are dead and return their names.

    The databases are listed before the locks are: a run takes its lock before it makes its
    first database, so one that is listed and has no lock belongs to a run that is dead. One that
    this role may not drop is left to whoever may.
    """
    found = control.execute(_DATABASES).fetchall()
    if not found:
        return ()
    alive = live_runs(control)
    dropped = []
    for name, limit, comment in found:
        run = run_of(name)
        if run is None or run in alive or not is_ours(name, limit, comment):
            continue
        try:
            drop_database(server, control, name)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            continue
        dropped.append(name)
    return tuple(dropped)
