# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan``: what it prints is run by psql as it is, and does what it says."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from commands import BEDSTONE, bedstone
from planted import ENV, INI

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


RENAMED = NEW.replace("name text not null", "called text not null").replace(
    "select name", "select called as name"
)


def test_a_rename_is_told_given_and_taken_back(folder: Path, scratch: Scratch) -> None:
    (folder / "renamed.sql").write_text(RENAMED.replace("text not null", "varchar(20) not null"))
    guess = "column public.customer.name=called"
    told = bedstone(folder, "plan", "old.sql", "renamed.sql")
    assert told.returncode == 0
    assert f"--rename '{guess}'" in told.stderr
    assert "drop column name" in told.stdout
    data = json.loads(bedstone(folder, "plan", "old.sql", "renamed.sql", "--json").stdout)
    assert data["candidates"] == [{"object": "column public.customer.name", "renames": [guess]}]
    arguments = ("plan", "old.sql", "renamed.sql", "--rename", guess)
    there, back = bedstone(folder, *arguments), bedstone(folder, *arguments, "--reverse")
    assert (there.stderr, back.stderr) == ("", "")
    assert json.loads(bedstone(folder, *arguments, "--json").stdout)["candidates"] == []
    with scratch.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        before = read_catalog(session)
        session.execute("insert into customer values (1, 'Ann', 'x')")
    psql(scratch, there.stdout)
    with scratch.connect(autocommit=True) as session:
        assert session.execute("select called from customer").fetchall() == [("Ann",)]
    psql(scratch, back.stdout)
    with scratch.connect(autocommit=True) as session:
        assert session.execute("select name from customer").fetchall() == [("Ann",)]
        assert read_catalog(session).fingerprint == before.fingerprint


@pytest.mark.parametrize(("answer", "renamed"), [("y", True), ("n", False), ("", False)])
def test_a_terminal_is_asked(folder: Path, answer: str, renamed: bool) -> None:
    """Each yes may lead to more questions: the column is only asked about with its table."""
    (folder / "a.sql").write_text("create table people (id integer, nm text);")
    (folder / "b.sql").write_text("create table persons (id integer, name text);")
    output = folder / "script.sql"
    script, said = on_terminal(folder, output, answer, "plan", "a.sql", "b.sql")
    assert "is persons the new name of table public.people? [y/N]" in said
    asked = "is name the new name of column public.people.nm? [y/N]" in said
    assert asked is renamed
    assert ("rename column nm to name" in script) is renamed
    assert ("drop table" in script) is not renamed
    assert "--rename" not in said
    assert script.startswith("set ")  # and nothing of the question


def on_terminal(folder: Path, output: Path, answer: str, *arguments: str) -> tuple[str, str]:
    """Run the command on a terminal but for its output; give *answer* to each question."""
    theirs, ours = pty.openpty()
    with output.open("w") as out:
        process = subprocess.Popen(
            [str(BEDSTONE), *arguments], cwd=folder, stdin=ours, stderr=ours, stdout=out
        )
    os.close(ours)
    said = ""
    # The terminal's other end is closed when the command has ended.
    with suppress(OSError):
        while select.select([theirs], [], [], 60)[0] and (text := os.read(theirs, 4096)):
            said += text.decode()
            if said.endswith("[y/N] "):
                os.write(theirs, f"{answer}\n".encode())
    os.close(theirs)
    assert process.wait(60) == 0, said
    return output.read_text(), said


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["nowhere.sql", "new.sql"], "BED100", 2),
        (["broken.sql", "new.sql"], "BED194", 3),
        (["postgresql://u:s3cret@127.0.0.1:1/x", "new.sql"], "BED0", 3),
        (["old.sql", "new.sql", "--postgres", "new"], "--postgres", 2),
        (["old.sql", "new.sql", "--rename", "table customer=c"], "BED210", 2),
        (["old.sql", "new.sql", "--rename", "table public.customer=c"], "BED211", 2),
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


def test_what_is_destroyed_is_counted_and_what_undoes_it_is_said(
    folder: Path, scratch: Scratch
) -> None:
    """Of a live side, in the script and in JSON."""
    (folder / "less.sql").write_text("create table customer (id integer primary key);\n")
    with scratch.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        session.execute(
            "insert into customer select n, nullif(n, 3)::text from generate_series(1,9) n"
        )
        session.execute('insert into "order" select n from generate_series(1, 1204) n')
    address = scratch.dsn.url()
    live = bedstone(folder, "plan", address, "less.sql")
    assert '-- DESTROYS table public."order": 1,204 rows (counted)\n' in live.stdout
    assert "-- DESTROYS column public.customer.name: 8 values (counted)\n" in live.stdout
    assert "destroys column public.customer.name: 8 values (counted)\n" in live.stderr
    done = json.loads(bedstone(folder, "plan", address, "less.sql", "--json").stdout)
    dropped = {s["object"]: s for s in done["statements"]}
    column = dropped['column public.customer."Odd Name"']
    assert column["rows"] == [
        {"object": column["object"], "number": 0, "unit": "values", "method": "counted"}
    ]
    assert column["inverse"] == ['alter table public.customer add column "Odd Name" text']
    table = dropped['table public."order"']
    assert [sql.split(" (")[0] for sql in table["inverse"]] == [
        'create table public."order"',
        'alter table public."order" owner to postgres',
        'alter table public."order" add constraint order_pkey primary key',
    ]
    psql(scratch, live.stdout)


MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column
class Base(DeclarativeBase):
    pass
class Person(Base):
    __tablename__ = "persons"
    __table_args__ = {"info": {"renamed_from": "people"}}
    id = mapped_column(sa.Integer, primary_key=True)
    name = mapped_column(sa.Text, nullable=False, info={"renamed_from": "nm"})
    mood = mapped_column(
        sa.Enum("blue", "ok", name="mood"), info={"renamed_values": {"sad": "blue"}}
    )
"""
REVISION = """
from alembic import op
revision, down_revision = "1", None
def upgrade():
    op.execute("create type mood as enum ('sad', 'ok')")
    op.execute("create table people (id serial primary key, nm text not null, mood mood)")
    op.execute("create policy mine on people using (nm = current_user)")
"""


def test_the_models_tell_of_renames(tmp_path: Path) -> None:
    """What models cannot say, such as a policy, stays on the table under its new name."""
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    (tmp_path / "migrations" / "versions" / "1.py").write_text(REVISION)
    (tmp_path / "alembic.ini").write_text(INI)
    (tmp_path / "models.py").write_text(MODELS)
    done = json.loads(bedstone(tmp_path, "plan", "history", "models", "--json").stdout)
    assert [s["sql"] for s in done["statements"]] == [
        "alter table public.people rename column nm to name",
        "alter type public.mood rename value 'sad' to 'blue'",
        "alter table public.people rename to persons",
    ]  # names that PostgreSQL made up are no difference between history and models
    assert done["candidates"] == []
