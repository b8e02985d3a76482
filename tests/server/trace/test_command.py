# SPDX-License-Identifier: Apache-2.0
"""``bedstone trace``: any command, its trace on standard output, its exit status."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from commands import BEDSTONE, bedstone

import bedstone as bedstone_package
from bedstone.server.binaries import find_binaries

SCRIPT = """
create table t (id int primary key, v varchar(10));
insert into t select g, 'secret' from generate_series(1, 100) g;
alter table t alter id type bigint;
begin; alter table t add column n int; update t set n = 1; commit;
vacuum t;
select * from missing;
"""


_SQLALCHEMY = """
import os, sqlalchemy as sa
with sa.create_engine(os.environ["SHOP_DB"]).begin() as connection:
    connection.execute(sa.text("create table t (id int primary key)"))
    connection.execute(sa.text("insert into t values (:a)"), [{"a": 1}, {"a": 2}])
    connection.execute(sa.text("alter table t alter id type bigint"))
"""
_ASYNCPG = """
import asyncio, asyncpg, os
async def main():
    connection = await asyncpg.connect(os.environ["SHOP_DB"].replace("+asyncpg", ""))
    async with connection.transaction():
        await connection.fetch("create table t (id int primary key)")
        await connection.executemany("insert into t values ($1)", [(1,), (2,)])
        await connection.fetch("alter table t alter id type bigint")
    await connection.close()
asyncio.run(main())
"""


@pytest.fixture
def script(tmp_path: Path) -> list[str]:
    path = tmp_path / "script.sql"
    path.write_text(SCRIPT)
    return [str(find_binaries(None).bin_dir / "psql"), "-Xq", "-f", str(path)]


def _facts(output: str) -> dict[str, Any]:
    return {"; ".join(s["sql"]): s for s in json.loads(output)["statements"]}


def test_each_statement_is_told_with_what_it_did(tmp_path: Path, script: list[str]) -> None:
    done = bedstone(tmp_path, "trace", "--", *script)
    assert done.returncode == 0
    assert "ACCESS EXCLUSIVE on public.t, held" in done.stdout
    assert "new file: table public.t" in done.stdout
    assert "updates 100 rows: public.t" in done.stdout
    assert 'error 42P01: relation "missing" does not exist' in done.stdout
    assert "secret" not in done.stdout
    assert "begin" not in done.stdout


def test_json_has_everything(tmp_path: Path, script: list[str]) -> None:
    done = bedstone(tmp_path, "trace", "--json", "--", *script)
    facts = _facts(done.stdout)
    alter = facts["alter table t alter id type bigint"]
    assert [r["relation"]["name"] for r in alter["rewrites"]] == ["t"]
    assert {k["method"] for k in alter["locks"]} == {"measured"}
    assert facts["vacuum t"]["method"] == "sampled"
    transactions = json.loads(done.stdout)["transactions"]
    assert [t["outcome"] for t in transactions if not t["given"]] == ["committed"]


def test_markdown_is_a_table(tmp_path: Path, script: list[str]) -> None:
    done = bedstone(tmp_path, "trace", "--format", "markdown", "--", *script)
    statements, _, tables = done.stdout.partition("By table:\n")
    rows = [line for line in statements.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| ---: |")
    assert len(rows) == 2 + 7
    assert all(row.count(" | ") == 3 for row in rows)
    assert "\n| public.t | ACCESS EXCLUSIVE | " in tables


def test_the_exit_status_of_the_command_is_passed_on(tmp_path: Path, script: list[str]) -> None:
    done = bedstone(tmp_path, "trace", "--", *script, "-v", "ON_ERROR_STOP=1")
    assert done.returncode == 3
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert bedstone(tmp_path, "trace", "--", sys.executable, "-c", code).returncode == 137


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = bedstone(tmp_path, "trace", "--", "no-such-program")
    assert done.returncode == 2
    assert done.stderr.startswith("BED196: no-such-program cannot be started: no such file")


def test_a_command_that_never_came_is_said(tmp_path: Path) -> None:
    """It has its address from elsewhere, perhaps, and has done there what was to be traced."""
    done = bedstone(tmp_path, "trace", "--", sys.executable, "-c", "pass")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"BED197: {sys.executable} ended well and never connected")
    assert "--env NAME={url}" in done.stderr


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_each_driver_finds_the_database_by_its_variable(tmp_path: Path, driver: str) -> None:
    """The same migration through SQLAlchemy and three drivers gives the same facts."""
    code = _ASYNCPG if driver == "asyncpg" else _SQLALCHEMY
    variable = f"SHOP_DB={{url:{driver}}}"
    words = [sys.executable, "-c", code]
    done = bedstone(tmp_path, "trace", "--json", "--env", variable, "--", *words)
    assert done.returncode == 0, done.stderr
    statements = json.loads(done.stdout)["statements"]
    (alter,) = [s for s in statements if s["kinds"] == ["alter_table"]]
    assert sorted((k["relation"]["name"], k["mode"]) for k in alter["locks"]) == [
        ("t_pkey", "ACCESS EXCLUSIVE")
    ]
    assert [s["rows"] for s in alter["scans"]] == [4]
    inserts = [w["inserted"] for s in statements for w in s["writes"]]
    assert sum(inserts) == 2


def test_alembic_and_psql_give_the_same_facts_for_the_same_migration(tmp_path: Path) -> None:
    ini = str(Path(bedstone_package.__file__).parent / "blueprints" / "ads" / "alembic.ini")
    alembic = [sys.executable, "-m", "alembic", "-c", ini, "upgrade", "head"]
    script = tmp_path / "ads.sql"
    offline = subprocess.run([*alembic, "--sql"], check=True, capture_output=True, text=True)
    script.write_text(offline.stdout)
    psql = [str(find_binaries(None).bin_dir / "psql"), "-Xqv", "ON_ERROR_STOP=1"]
    found = []
    for command in (alembic, [*psql, "-f", str(script)]):
        done = bedstone(tmp_path, "trace", "--json", "--", *command)
        assert done.returncode == 0, done.stderr
        found.append({sql: _shape(s) for sql, s in _facts(done.stdout).items() if _is_ddl(sql)})
    assert len(found[0]) > 30
    assert found[0] == found[1]


def _is_ddl(sql: str) -> bool:
    return sql.lower().startswith(("create", "alter", "drop"))


def _shape(statement: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same in two runs: all but numbers, times and oids."""
    names = {
        field: sorted(fact["relation"]["name"] for fact in statement[field])
        for field in ("rewrites", "scans", "writes")
    }
    locks = sorted((k["relation"]["name"], k["mode"], k["method"]) for k in statement["locks"])
    created = sorted(r["name"] for r in statement["created"])
    return names | {"locks": locks, "created": created, "method": statement["method"]}


def test_the_users_own_variables_lead_nowhere(tmp_path: Path) -> None:
    code = "import os, psycopg; psycopg.connect('').execute('select 1')"
    others = {
        "PGHOST": "db.example.com",
    }
    others |= {"PGSSLMODE": "verify-full", "DATABASE_URL": "postgresql://db.example.com/live"}
    words = [sys.executable, "-c", code]
    done = bedstone(tmp_path, "trace", "--json", "--", *words, env=others)
    assert done.returncode == 0, done.stderr
    assert "select $1" in _facts(done.stdout)


def test_no_variable_is_set_that_a_driver_stops_at(tmp_path: Path) -> None:
    """Go's lib/pq panics where PGSERVICEFILE or PGSYSCONFDIR is set, whatever their values."""
    code = """
import os, psycopg
psycopg.connect(os.environ["DATABASE_URL"]).execute("select 1")
known = {"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"}
raise SystemExit(str({name for name in os.environ if name.startswith("PG")} - known or ""))
"""
    others = {"PGSERVICEFILE": "/nowhere", "PGSYSCONFDIR": "/nowhere", "PGSERVICE": "live"}
    done = bedstone(tmp_path, "trace", "--json", "--", sys.executable, "-c", code, env=others)
    assert done.stderr.strip() == ""


def test_an_interrupt_ends_the_command_and_drops_the_database(tmp_path: Path) -> None:
    address = tmp_path / "address"
    code = """
import os, pathlib, sys, time, psycopg
connection = psycopg.connect(os.environ["DATABASE_URL"])
settings = "select inet_server_addr(), inet_server_port(), current_database()"
host, port, name = connection.execute(settings).fetchone()
url = f"postgresql://postgres:{os.environ['PGPASSWORD']}@127.0.0.1:{port}/{name}"
path = pathlib.Path(sys.argv[1])
path.with_suffix(".new").write_text(f'{os.getpid()} {url}')
path.with_suffix(".new").rename(path)
time.sleep(60)
"""
    process = subprocess.Popen(
        [BEDSTONE, "trace", "--", sys.executable, "-c", code, str(address)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not address.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    pid, url = address.read_text().split()
    assert not psutil.pid_exists(int(pid))
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_the_command_has_started_ends_with_it(tmp_path: Path, number: int) -> None:
    """Neither the command nor what it started listens; no terminal tells either."""
    noted = tmp_path / "pid"
    code = f"trap '' INT TERM; (sleep 99 & echo $! > {noted}.new; mv {noted}.new {noted}; wait)"
    process = subprocess.Popen(
        [BEDSTONE, "trace", "--", "sh", "-c", f"{code}; true"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not noted.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 130
    grandchild = int(noted.read_text())
    assert not psutil.pid_exists(grandchild) or (
        psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE
    )


def test_a_command_on_a_terminal_reads_there_and_is_interrupted_once(tmp_path: Path) -> None:
    code = """
import signal, sys, time
count = []
signal.signal(signal.SIGINT, lambda *_: count.append(1))
print("read", input(), flush=True)
deadline = time.monotonic() + 20
while not count and time.monotonic() < deadline:
    time.sleep(0.05)
time.sleep(1)
print("interrupted", len(count), flush=True)
"""
    words = [BEDSTONE, "trace", "--", sys.executable, "-c", code]
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(tmp_path)
        os.execv(words[0], [str(word) for word in words])  # noqa: S606  on its own terminal
    said = b""
    os.write(terminal, b"hello\n")
    while not re.search(rb"interrupted \d", said):
        said += os.read(terminal, 1000)
        if b"read hello" in said and b"^C" not in said:
            os.write(terminal, b"\x03")
            said += b"^C"
    assert b"interrupted 1" in said
    with suppress(OSError):
        while os.read(terminal, 1000):
            pass
    os.waitpid(pid, 0)


def test_connections_that_outlive_the_command_are_counted(tmp_path: Path) -> None:
    code = """
import os, psycopg, sys, time
connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
connection.execute("create table t (a int)")
if os.fork():
    os._exit(0)
os.close(1), os.close(2)
time.sleep(9)
"""
    done = bedstone(tmp_path, "trace", "--json", "--", sys.executable, "-c", code)
    assert json.loads(done.stdout)["cut"] == 1
    assert "1 connection was still open when the command had ended, and cut off" in done.stderr
    done = bedstone(
        tmp_path, "trace", "--json", "--", sys.executable, "-c", code.split("if", maxsplit=1)[0]
    )
    assert json.loads(done.stdout)["cut"] == 0
    assert done.stderr == ""


def test_another_server_is_traced_by_its_address(tmp_path: Path, server: Any) -> None:
    url = server.user_dsn.url()
    code = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('select 1')"
    words = [sys.executable, "-c", code]
    done = bedstone(tmp_path, "trace", "--json", "--", *words, env={"BEDSTONE_SERVER": url})
    assert done.returncode == 0, done.stderr
    assert "select $1" in _facts(done.stdout)
    with psycopg.connect(server.dsn.url()) as connection:
        left = "select count(*) from pg_database where datname like 'bedstone%traced%'"
        assert connection.execute(left).fetchone() == (0,)


def test_a_version_table_gives_the_revisions(tmp_path: Path, script: list[str]) -> None:
    (tmp_path / "script.sql").write_text(
        "create table schema_migrations (version text);\n"
        "create table t (a int);\ninsert into schema_migrations (version) values ('20260101');\n"
        "create table u (a int);\ninsert into schema_migrations (version) values ('20260102');\n"
    )
    done = bedstone(tmp_path, "trace", "--", *script)
    lines = [line for line in done.stdout.splitlines() if line.startswith("revision")]
    assert lines == ["revision 20260101", "revision 20260102"]
