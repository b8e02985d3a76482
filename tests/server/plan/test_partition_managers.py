# SPDX-License-Identifier: Apache-2.0
"""Partitions that pg_partman makes are its own: never shown, never planned, never dropped."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import fetched
import pytest
from plan_applied import bring

from bedstone.catalog import Catalog, Key, compare, read_catalog, without_managed
from bedstone.errors import NotPlannable
from bedstone.plan import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from bedstone.server import Scratch

_DEB = "apt-get update -qq || true; apt-get download -qq postgresql-15-partman && dpkg -x *.deb ."
_EVENTS = """
    create table public.events (id bigint not null, at timestamptz not null, note text)
    partition by range (at);
    create table public.other (a int)
"""


@pytest.fixture(scope="session")
def partman() -> Iterator[Path]:
    """A folder that the server may read, whoever it runs as."""
    fetched.program("apt-get", needed_by="pg_partman")
    place = fetched.fetch("pg_partman", (), ("sh", "-c", _DEB))
    with tempfile.TemporaryDirectory() as folder:
        share = Path(folder)
        shutil.copytree(place / "usr/share/postgresql/15", share, dirs_exist_ok=True)
        share.chmod(0o755)
        yield share


def install(conn: psycopg.Connection, share: Path) -> None:
    conn.execute(f"set extension_control_path = '{share}:$system'".encode())
    conn.execute("create schema partman")
    conn.execute("create extension pg_partman schema partman")
    conn.execute(
        "select partman.create_parent('public.events', 'at', 'native', 'daily', p_premake => 2)"
    )


def test_what_a_partition_manager_made_is_its_own(partman: Path, scratch: Scratch) -> None:
    with scratch.connect(autocommit=True) as conn:
        conn.execute(_EVENTS.encode())
        plain = read_catalog(conn)
        install(conn, partman)
        assert conn.execute(
            "select count(*) > 4 from pg_inherits where inhparent = 'public.events'::regclass"
        ).fetchone() == (True,)
        managed = read_catalog(conn)
    events = Key("table", "public", "events")
    assert managed[events].attributes["managed_by"] == "pg_partman"
    assert managed.unmodelled == ()
    extra = {d.key for d in compare(plain, managed)}
    assert extra == {Key("schema", None, "partman"), Key("extension", None, "pg_partman")}
    assert Catalog(managed.objects, 0).fingerprint != plain.fingerprint

    wanted = managed.without({Key("table", "public", "other")})
    with scratch.connect(autocommit=True) as conn:
        conn.execute("insert into events values (1, now(), 'kept')")
        conn.execute("create table second (like events including all)")
        conn.execute("alter table events add column more int not null default 7")
        conn.execute("create index by_note on events (note)")
        conn.execute("alter table events add unique (id, at)")
        conn.execute("alter table events add constraint c check (id > 0)")
        changed = read_catalog(conn)
        for target in (wanted, changed):
            bring(scratch, read_catalog(conn), target, session=conn)
        assert conn.execute(
            "select indisvalid from pg_index where indexrelid = 'by_note'::regclass"
        ).fetchone() == (True,)
        assert conn.execute("select note, more from events").fetchone() == ("kept", 7)

    with pytest.raises(NotPlannable, match="pg_partman looks after its partitions"):
        plan(changed, changed.without({events}))


def test_partitions_of_a_script_are_those_that_the_manager_went_on_with(
    partman: Path, scratch: Scratch
) -> None:
    first = "create table public.events_first partition of public.events default"
    with scratch.connect(autocommit=True) as conn:
        conn.execute(f"{_EVENTS}; {first}".encode())
        script = read_catalog(conn)
        conn.execute("drop table public.events_first")
        install(conn, partman)
        live = read_catalog(conn)
    assert Key("table", "public", "events_first") in script
    beside = without_managed(script, live)
    assert {d.key.kind for d in compare(beside, live)} == {"schema", "extension"}
    assert without_managed(live, script) is live


def test_a_configuration_that_may_not_be_read_is_said(partman: Path, scratch: Scratch) -> None:
    with scratch.connect(autocommit=True) as conn:
        conn.execute(_EVENTS.encode())
        install(conn, partman)
        conn.execute("create role bedstone_reader")
        try:
            conn.execute("set role bedstone_reader")
            catalog = read_catalog(conn)
        finally:
            conn.execute("reset role")
            conn.execute("drop role bedstone_reader")
    assert [item.what for item in catalog.unmodelled] == ["extension pg_partman"]
    assert "may not be read" in catalog.unmodelled[0].reason
