# SPDX-License-Identifier: Apache-2.0
"""A server that is not ours: what it refuses, what it lacks, and what is never touched on it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import servers
from bedstone.catalog import read_catalog
from bedstone.dsn import Secret, parse_dsn
from bedstone.errors import (
    BedstoneError,
    CreatedbMissing,
    DatabaseMissing,
    DsnInvalid,
    LoginRefused,
    PasswordRefused,
    ServerReadOnly,
    ServerTooOld,
    ServerUnreachable,
    TlsRefused,
    TooManyConnections,
)
from bedstone.server import database_at, open_server
from bedstone.server.embedded import _render_settings, scram_verifier
from bedstone.server.home import Home
from bedstone.server.places import service_account
from bedstone.server.postmaster import (
    Postmaster,
    free_port,
    make_data,
    make_socket_folder,
    remove_socket_folder,
)

PASSWORD = "p@ss word/of:the#test%"


@pytest.fixture
def role(any_server):
    """A role that may create databases and nothing else, and the URL that leads to it."""
    name = "bedstone_test_role"
    with any_server.connect() as connection:
        connection.execute(
            sql.SQL("create role {} login createdb password {}").format(
                sql.Identifier(name), sql.Literal(PASSWORD)
            )
        )
    yield replace(any_server.user_dsn, user=name, password=Secret(PASSWORD))
    with any_server.connect() as connection:
        connection.execute(f"drop role if exists {name}")


def refused(kind, dsn_or_url):
    url = dsn_or_url if isinstance(dsn_or_url, str) else dsn_or_url.url()
    with pytest.raises(kind) as caught, open_server(url=url):
        pass
    shown = f"{caught.value}{caught.value!r}"
    for secret in (PASSWORD, "wrong-password"):
        assert secret not in shown
    assert caught.value.hint
    return caught.value


def test_createdb_is_enough(any_server, role):
    with open_server(url=role.url()) as server:
        assert not server.embedded
        assert not server.superuser
        assert [lack.what for lack in server.lacks] == [
            "role bedstone_test_role is no superuser",
            "role bedstone_test_role may not create roles",
            "templates are not kept on a server that is not ours",
        ]
        assert server.pg_dump.version.major >= server.version.major
        with server.workspace("url") as workspace:
            scratch = workspace.scratch("a")
            with scratch.connect() as connection:
                connection.execute("create table t (id int)")
            template = scratch.save("one", cache_key="k")
            assert workspace.cached("k") is None
            scratch.reset()
            scratch.reset(template)
            with scratch.witness() as witness, psycopg.connect(scratch.dsn.url()) as user:
                assert user.execute(witness.sql).fetchone() == (True,)
                assert user.execute("select count(*) from t").fetchone() == (0,)
            assert "CREATE TABLE public.t" in scratch.dump()
    with any_server.connect() as connection:
        left = connection.execute("select datname from pg_database where datname like 'bedstone%'")
        assert left.fetchall() == []


def test_what_is_not_ours_is_not_touched(any_server, role):
    others = ["bedstone_0123456789ab_mine", "bedstone", "bedstone_t_" + "0" * 32, "bedstone_x_y"]
    with any_server.connect() as connection:
        for name in others:
            connection.execute(f"create database {name}")
        try:
            for url in (role.url(), any_server.dsn.url()):
                with open_server(url=url) as server, server.workspace("next") as workspace:
                    workspace.scratch("a")
            with any_server.workspace("embedded"):
                pass
            found = connection.execute(
                "select datname::text from pg_database where datname like 'bedstone%' order by 1"
            ).fetchall()
            assert [name for (name,) in found] == sorted(others)
        finally:
            for name in others:
                connection.execute(f"drop database {name}")


def test_a_role_of_others_stays(any_server):
    with any_server.connect() as connection:
        connection.execute("create role bedstone_of_others")
        try:
            with (
                open_server(url=any_server.user_dsn.url()) as server,
                server.workspace("url") as workspace,
            ):
                scratch = workspace.scratch("a")
                connection.execute("create role made_meanwhile")
                with scratch.connect(autocommit=True) as inside:
                    inside.execute("create role made_by_revision")
                    inside.execute("create table t (id int)")
                    inside.execute("grant select on t to made_by_revision, bedstone_of_others")
                scratch.reset()
                assert "bedstone_of_others" in workspace.known_roles
            rows = connection.execute(
                "select rolname::text from pg_roles where oid >= 16384 order by 1"
            ).fetchall()
            assert [name for (name,) in rows] == ["bedstone_of_others", "made_meanwhile"]
        finally:
            connection.execute(
                "drop role if exists bedstone_of_others, made_meanwhile, made_by_revision"
            )


def test_wrong_password(any_server, role):
    error = refused(PasswordRefused, replace(role, password=Secret("wrong-password")))
    assert error.code == "BED002"
    assert "refuses the password of role bedstone_test_role" in error.message
    assert isinstance(error.__cause__, psycopg.OperationalError)


def test_no_password(any_server, role, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    error = refused(PasswordRefused, replace(role, password=None))
    assert "wants a password for role bedstone_test_role" in error.message


def test_database_missing(any_server, role):
    error = refused(DatabaseMissing, role.at("no such database"))
    assert "has no database no such database" in error.message


def test_role_that_cannot_log_in_and_role_that_is_not_there(any_server, role):
    with any_server.connect() as connection:
        connection.execute(f"alter role {role.user} nologin")
    error = refused(LoginRefused, role)
    assert f"role {role.user} may not log in" in error.message


def test_no_createdb(any_server, role):
    with any_server.connect() as connection:
        connection.execute(f"alter role {role.user} nocreatedb")
    error = refused(CreatedbMissing, role)
    assert error.hint == f'alter role "{role.user}" createdb;'


def test_connection_limit(any_server, role):
    with any_server.connect() as connection:
        connection.execute(f"alter role {role.user} connection limit 0")
    refused(TooManyConnections, role)


def test_read_only(any_server, role):
    with any_server.connect() as connection:
        connection.execute(f"alter role {role.user} set default_transaction_read_only = on")
    refused(ServerReadOnly, role)


def test_tls_that_the_server_does_not_give(server):
    dsn = replace(server.user_dsn, params=(("sslmode", "require"),))
    refused(TlsRefused, dsn)


def test_unreachable():
    for url in (
        f"postgresql://user:{'wrong-password'}@127.0.0.1:{free_port()}/db",
        "postgresql://user@host.invalid/db",
        "postgresql://user@/db?host=/nonexistent",
    ):
        refused(ServerUnreachable, url)


def test_an_address_that_libpq_does_not_know():
    refused(BedstoneError, "postgresql://user:wrong-password@127.0.0.1/db?nonsense=1")
    refused(DsnInvalid, "nonsense")


@contextmanager
def plain_server(major):
    """A server of any version, started by hand: for versions that open_server refuses."""
    programs = servers.bin_dir(major)
    folder = Path(tempfile.mkdtemp(prefix="bedstone-plain-"))
    folder.chmod(0o711)
    account = service_account()
    home = Home(folder / "server")
    home.claim({}, mode=0o711)
    make_data(home, programs, major, verifier=scram_verifier(PASSWORD), account=account)
    wanted = ("max_locks", "max_connections", "shared_buffers", "fsync", "listen")
    lines = [line for line in _render_settings(major).splitlines() if line.startswith(wanted)]
    home.conf.write_text("\n".join(lines))
    home.hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    sockets = make_socket_folder(account)
    port = free_port()
    running = Postmaster.start(home, programs, account, port=port, socket_folder=sockets)
    try:
        yield f"postgresql://postgres:{PASSWORD_QUOTED}@127.0.0.1:{port}/postgres"
    finally:
        running.stop()
        remove_socket_folder(str(sockets))
        shutil.rmtree(folder)


PASSWORD_QUOTED = "p%40ss%20word%2Fof%3Athe%23test%25"


def test_server_14_is_too_old():
    with plain_server(14) as url:
        error = refused(ServerTooOld, url)
        with (
            database_at(parse_dsn(url)).connect(autocommit=True) as session,
            pytest.raises(ServerTooOld),
        ):
            read_catalog(session)
    assert "PostgreSQL 14." in error.message
    assert error.hint == "Leave the URL out to work on the embedded PostgreSQL 18"


def test_a_database_that_matters_is_only_ever_connected_to(server, scratch):
    database = database_at(scratch.dsn)
    assert database.name == scratch.name
    with database.witness() as witness, scratch.connect() as inside:
        assert inside.execute(witness.sql).fetchone() == (True,)
    assert not hasattr(database, "drop")
    assert not hasattr(database, "reset")
    with pytest.raises(DatabaseMissing):
        database_at(scratch.dsn.at("nowhere")).connect()
