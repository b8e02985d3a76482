# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan``: what it prints is run by psql as it is, and does what it says."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from commands import bedstone

from bedstone.catalog import read_catalog
from bedstone.catalog import to_json as saved

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.server import Scratch

OLD = """
create table customer (id integer primary key, name varchar(20), "Odd Name" text);
create table "order" (id integer primary key, customer integer);
create view names as select name from customer;
"""
NEW = """
create table customer (id integer primary key, name text not null, "Odd Name" text);
create table "order" (id integer primary key, customer integer references customer);
create index "it's" on "order" (customer);
create view names as select name from customer;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.sql").write_text(OLD)
    (tmp_path / "new.sql").write_text(NEW)
    return tmp_path


def psql(scratch: Scratch, script: str) -> None:
    pg_dump = scratch.workspace.server.pg_dump
    assert pg_dump is not None
    program = pg_dump.program.with_name("psql")
    command = [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    environ = os.environ | scratch.dsn.libpq_env()
    done = subprocess.run(
        command, input=script, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_script_brings_a_live_database_to_the_new_schema(
    folder: Path, scratch: Scratch
) -> None:
    with scratch.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        session.execute("insert into customer values (1, 'Ann', 'x')")
        session.execute('insert into "order" values (1, 1)')
    address = scratch.dsn.url()
    planned = bedstone(folder, "plan", address, "new.sql")
    assert planned.returncode == 0
    psql(scratch, planned.stdout)
    again = bedstone(folder, "plan", address, "new.sql")
    assert (again.returncode, again.stdout) == (0, "")
    with scratch.connect(autocommit=True) as session:
        assert session.execute("select name from names").fetchall() == [("Ann",)]


def test_the_way_back(folder: Path, scratch: Scratch) -> None:
    there = bedstone(folder, "plan", "old.sql", "new.sql")
    back = bedstone(folder, "plan", "old.sql", "new.sql", "--reverse")
    with scratch.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        before = read_catalog(session)
    psql(scratch, there.stdout)
    psql(scratch, back.stdout)
    with scratch.connect(autocommit=True) as session:
        assert read_catalog(session).fingerprint == before.fingerprint


def test_rows_are_read_while_others_write(folder: Path) -> None:
    online = bedstone(folder, "plan", "old.sql", "new.sql").stdout
    assert 'create index concurrently "it\'s"' in online
    assert "not valid" in online
    offline = bedstone(folder, "plan", "old.sql", "new.sql", "--no-online").stdout
    assert "concurrently" not in offline
    assert "not valid" not in offline


def test_json_says_the_lock_of_each_statement(folder: Path) -> None:
    done = json.loads(bedstone(folder, "plan", "old.sql", "new.sql", "--json").stdout)
    index = next(s for s in done["statements"] if "create index" in s["sql"])
    assert index["lock"] == "SHARE UPDATE EXCLUSIVE"
    assert index["on"] == 'public."order"'
    assert index["transaction"] == "none"


def test_what_is_left_out_is_left_alone(folder: Path, scratch: Scratch) -> None:
    with scratch.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        session.execute("create table tmp_x (id integer)")
        session.execute("create schema other; create table other.t (id integer)")
        (folder / "live.json").write_text(saved(read_catalog(session)))
    done = bedstone(
        folder, "plan", "live.json", "old.sql", "--schema", "public", "--exclude", "table *.tmp_*"
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["nowhere.sql", "new.sql"], "BED100", 2),
        (["broken.sql", "new.sql"], "BED194", 3),
        (["postgresql://u:s3cret@127.0.0.1:1/x", "new.sql"], "BED0", 3),
        (["old.sql", "new.sql", "--postgres", "new"], "--postgres", 2),
    ],
)
def test_what_is_wrong_is_said(folder: Path, arguments: list[str], code: str, status: int) -> None:
    (folder / "broken.sql").write_text("create table t (\n  id integre\n);")
    done = bedstone(folder, "plan", *arguments)
    assert done.returncode == status
    assert code in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_folder_of_files_is_a_schema(folder: Path) -> None:
    parts = folder / "schema"
    (parts / "views").mkdir(parents=True)
    first, view = NEW.split("create view")
    (parts / "010_tables.sql").write_text(first)
    (parts / "views" / "names.sql").write_text(f"create view{view}")
    done = bedstone(folder, "plan", "new.sql", "schema")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (parts / "020_bad.sql").write_text("select 1;\ncreate tabel t ();\n")
    done = bedstone(folder, "plan", "new.sql", "schema")
    assert done.returncode == 3
    assert "020_bad.sql, line 2" in done.stderr
    assert "BED194" in done.stderr
