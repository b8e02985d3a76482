# SPDX-License-Identifier: Apache-2.0
"""Towards the server the observer encrypts as the address says."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from bedstone.dsn import ConnectionString
from bedstone.server import database_at
from bedstone.trace import observe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.server import Scratch, Server


#: The one of the servers for tests that can encrypt.
pytestmark = pytest.mark.pg("== 17")


@pytest.fixture
def certificate(tmp_path: Path, any_server: Server) -> Iterator[Path]:
    """Have the server encrypt, with a certificate for ``localhost``."""
    key, found = tmp_path / "server.key", tmp_path / "server.crt"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(found)]
    subprocess.run(["openssl", *words, *names, *files], check=True, capture_output=True)
    with any_server.connect() as connection:
        for path in (key, found):
            program = f"cat > {path.name} && chmod 600 {path.name}"
            lines = path.read_text().strip().replace("\n", "', '")
            connection.execute(f"copy (select unnest(array['{lines}'])) to program '{program}'")
        _set(connection, "alter system set ssl = on", "on")
    yield found
    with any_server.connect() as connection:
        _set(connection, "alter system reset ssl", "off")


def _set(connection: psycopg.Connection[tuple[object, ...]], sql: str, value: str) -> None:
    connection.execute(sql)
    connection.execute("select pg_reload_conf()")
    while connection.execute("show ssl").fetchone() != (value,):
        time.sleep(0.05)


def _address(scratch: Scratch, host: str, **params: str) -> ConnectionString:
    dsn = scratch.dsn
    return ConnectionString(
        host, dsn.port, dsn.user, dsn.password, dsn.dbname, None, tuple(params.items())
    )


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_the_way_to_the_server_is_encrypted(
    any_server: Server, scratch: Scratch, certificate: Path, mode: str
) -> None:
    dsn = _address(scratch, "localhost", sslmode=mode, sslrootcert=str(certificate))
    with (
        observe(database_at(dsn)) as observer,
        psycopg.connect(observer.dsn.url(), autocommit=True) as connection,
    ):
        sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        assert connection.execute(sql).fetchone() == (True,)
        connection.execute("create table t (a int)")
        cursor = connection.cursor()
        with cursor.copy("copy t from stdin") as copy:
            copy.write(b"1\n" * 500_000)
        assert connection.execute("select count(*) from t").fetchone() == (500_000,)
        assert not connection.pgconn.ssl_in_use


def test_a_wrong_certificate_is_refused(
    any_server: Server, scratch: Scratch, certificate: Path
) -> None:
    """The observer's own connections check as much as libpq does."""
    dsn = _address(scratch, "localhost", sslmode="verify-full", sslrootcert=str(certificate))
    with observe(database_at(dsn)) as observer:
        assert observer._upstream is not None
        observer._upstream = type(observer._upstream)(
            "127.0.0.1", observer._upstream.port, True, observer._upstream.params
        )
        with pytest.raises(psycopg.OperationalError, match="cannot reach the server"):
            psycopg.connect(observer.dsn.url())
