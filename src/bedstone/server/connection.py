# SPDX-License-Identifier: Apache-2.0
"""Connections of bedstone's own, and what it means when one cannot be had."""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from traceback import clear_frames
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import tuple_row

from bedstone.errors import (
    BedstoneError,
    ConnectionRefused,
    DatabaseMissing,
    DiskFull,
    LoginRefused,
    PasswordRefused,
    ServerNotReady,
    ServerUnreachable,
    TlsNeeded,
    TlsRefused,
    TooManyConnections,
)
from bedstone.server.names import run_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

    from bedstone.dsn import ConnectionString

#: What the user's PG* variables must not change on a connection to the embedded server.
_EMBEDDED_KEYWORDS: dict[str, str | int] = {
    "hostaddr": "",
    "sslmode": "disable",
    "gssencmode": "disable",
    "channel_binding": "disable",
    "target_session_attrs": "any",
    "options": "",
    "client_encoding": "utf8",
}

#: A connection through a firewall that forgets silent ones must not be forgotten: the lock that
#: proves a run alive lives on it.
_REMOTE_KEYWORDS: dict[str, str | int] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "client_encoding": "utf8",
    "connect_timeout": 15,
}

_ENVIRONMENT = threading.Lock()

_RELAX = """
    select pg_catalog.set_config(name, '0', false)
    from pg_catalog.pg_settings
    where name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout',
                   'idle_in_transaction_session_timeout', 'transaction_timeout')
      and setting <> '0'
"""


def connect(
    dsn: ConnectionString,
    *,
    autocommit: bool = False,
    embedded: bool = False,
    application_name: str = "bedstone",
) -> psycopg.Connection[TupleRow]:
    """Open a session at *dsn* whose time limits are off.

    Raises:
        BedstoneError: one class for each reason that a server has; see ``connection_error``.
    """
    keywords: dict[str, str | int] = {"application_name": application_name}
    keywords |= _EMBEDDED_KEYWORDS if embedded else _REMOTE_KEYWORDS
    keywords |= dsn.keywords()
    try:
        with _without_service() if embedded else nullcontext():
            connection = psycopg.connect(
                make_conninfo("", **keywords),
                autocommit=True,
                row_factory=tuple_row,
                prepare_threshold=None,
            )
    except psycopg.Error as error:
        raise connection_error(error, dsn) from _harmless(error, dsn)
    except KeyboardInterrupt as interrupt:
        # A session that is half open lives in those frames, and the server would wait for it,
        # up to a minute, before it drops a database.
        clear_frames(interrupt.__traceback__)
        raise
    if not embedded:
        connection.execute(_RELAX)
    if not autocommit:
        connection.set_autocommit(False)
    return connection


def connect_as_client(dsn: ConnectionString) -> psycopg.Connection[TupleRow]:
    """Open a session at *dsn* in autocommit, with the time limits that the role has there.

    To a scratch database by its address alone, whatever the user's libpq variables say.

    Raises:
        BedstoneError: one class for each reason that a server has; see ``connection_error``.
    """
    is_scratch = dsn.host == "127.0.0.1" and run_of(dsn.dbname or "") is not None
    if is_scratch:
        dsn = replace(dsn, params=(("sslmode", "prefer"), *dsn.params))
    connection = connect(dsn, autocommit=True, embedded=is_scratch)
    connection.execute("reset all")
    return connection


@contextmanager
def _without_service() -> Iterator[None]:
    """Hide the user's PGSERVICE, which libpq reads whatever the keywords say."""
    with _ENVIRONMENT:
        service = os.environ.pop("PGSERVICE", None)
        try:
            yield
        finally:
            if service is not None:
                os.environ["PGSERVICE"] = service


def _harmless(error: psycopg.Error, dsn: ConnectionString) -> psycopg.Error | None:
    """Return the driver's error as a cause, unless it repeats the password."""
    if dsn.password is not None and dsn.password.reveal() in str(error):
        return None
    return error


def connection_error(error: psycopg.Error, dsn: ConnectionString) -> BedstoneError:
    """Return the coded error for a connection that could not be had.

    libpq passes on no SQLSTATE for a refused connection, so the reason is read from the message;
    a server that speaks another language gets ``ConnectionRefused`` with its own words.
    """
    words = re.sub(r"\s+", " ", str(error)).strip()
    if dsn.password is not None and dsn.password.reveal():
        words = words.replace(dsn.password.reveal(), "***")
    where = _address(dsn)
    for pattern, make in _REASONS:
        if re.search(pattern, words, re.IGNORECASE):
            found = make(dsn, where)
            found.detail = found.detail or words
            return found
    return ConnectionRefused(
        f"{where} refused the connection",
        detail=words,
        hint="psql with the same address shows the server's answer in full",
    )


def _address(dsn: ConnectionString) -> str:
    if dsn.host is None:
        return "the server at libpq's default address"
    return f"the server at {dsn.host}" + (f":{dsn.port}" if dsn.port else "")


def _role(dsn: ConnectionString) -> str:
    return f"role {dsn.user}" if dsn.user else "the role"


def _password(dsn: ConnectionString, where: str) -> BedstoneError:
    given = "refuses the password of" if dsn.password else "wants a password for"
    return PasswordRefused(
        f"{where} {given} {_role(dsn)}",
        hint="Put the right password into the address, into PGPASSWORD or into ~/.pgpass",
    )


def _database(dsn: ConnectionString, where: str) -> BedstoneError:
    name = dsn.dbname or dsn.user or "?"
    return DatabaseMissing(
        f"{where} has no database {name}",
        hint=f"Name one that is there, such as postgres, or make it: createdb {name}",
    )


def _tls_needed(dsn: ConnectionString, where: str) -> BedstoneError:
    return TlsNeeded(
        f"{where} takes no unencrypted connection from {_role(dsn)}",
        hint="Add sslmode=require to the address (verify-full checks the certificate too)",
    )


def _tls_refused(_: ConnectionString, where: str) -> BedstoneError:
    return TlsRefused(
        f"{where} does not give the encryption that the address asks for",
        hint="Name the authority's certificate with sslrootcert=…, or ask for less: sslmode=prefer",
    )


def _too_many(dsn: ConnectionString, where: str) -> BedstoneError:
    return TooManyConnections(
        f"{where} has no connection left for {_role(dsn)}",
        hint="Close idle sessions, or raise max_connections or the role's CONNECTION LIMIT",
    )


def _no_login(dsn: ConnectionString, where: str) -> BedstoneError:
    return LoginRefused(
        f"{_role(dsn)} may not log in at {where}",
        hint=f"alter role {dsn.user or '…'} login, or add a line for it to pg_hba.conf",
    )


def _not_ready(_: ConnectionString, where: str) -> BedstoneError:
    return ServerNotReady(
        f"{where} takes no connections at the moment", hint="Try again in a few seconds"
    )


def _disk(_: ConnectionString, where: str) -> BedstoneError:
    return DiskFull(f"{where} has no space left on its disk", hint="Free some space there")


def _unreachable(_: ConnectionString, where: str) -> BedstoneError:
    return ServerUnreachable(
        f"{where} does not answer",
        hint="Check that it runs, and the host and port: pg_isready shows whether it listens",
    )


_REASONS = (
    (r"no space left on device", _disk),
    (r"password authentication failed|no password supplied|SCRAM|empty password", _password),
    (r'database ".*" does not exist', _database),
    (
        r"server does not support SSL|certificate|root\.crt|SSL negotiation|sslmode value",
        _tls_refused,
    ),
    (r"no pg_hba\.conf entry.*(no encryption|SSL off)(?!.*SSL error).*$", _tls_needed),
    (r"too many clients|connection slots are reserved|too many connections", _too_many),
    (
        r'not permitted to log in|role ".*" does not exist|pg_hba\.conf|peer authentication',
        _no_login,
    ),
    (r"starting up|shutting down|not (yet )?accepting connections|in recovery mode", _not_ready),
    (
        (
            r"connection refused|no such file|could not translate host|timeout expired|resolve|"
            r"unreachable|timed out|name or service|server closed the connection|"
            r"connection reset|no route to host|connection timeout"
        ),
        _unreachable,
    ),
)
