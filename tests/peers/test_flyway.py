# SPDX-License-Identifier: Apache-2.0
"""Flyway and bedstone make the same database of the same files, and can take turns on one."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from flyway import flyway
from sql_files import PLACEHOLDERS, SHAPES, write

from bedstone.errors import BedstoneError
from bedstone.history import open_history
from bedstone.history.files.turn import turn_key
from bedstone.project import resolve
from bedstone.run import apply_history, read_position

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedstone.run import Applied
    from bedstone.server import Scratch, Server, Workspace

_HISTORY = "flyway_schema_history"


def by_flyway(folder: Path, scratch: Scratch, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``flyway migrate``; *settings* are given as its variables are."""
    dsn = scratch.dsn
    assert dsn.password is not None
    url = f"jdbc:postgresql://{dsn.host}:{dsn.port}/{dsn.dbname}"
    env = {"FLYWAY_URL": url, "FLYWAY_USER": str(dsn.user)}
    env |= {"FLYWAY_PASSWORD": dsn.password.reveal()}
    # its lock in a transaction and CREATE INDEX CONCURRENTLY wait for each other for ever
    env |= {"FLYWAY_POSTGRESQL_TRANSACTIONAL_LOCK": "false"}
    env |= {f"FLYWAY_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        flyway(folder),
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def by_bedstone(folder: Path, scratch: Scratch, **settings: Any) -> Applied:
    """Run ``bedstone upgrade``."""
    given = {"sql_files": (str(folder),)} | settings
    project = resolve(str(folder), overrides=given, cwd=folder)
    with open_history(project, scratch) as history:
        applied = apply_history(history, scratch, to=None, direction="up")
    assert applied.run is None or applied.run.error is None, applied.run.error
    return applied


def dump(scratch: Scratch) -> str:
    """Return all that is in the database but when things were done."""
    pg_dump = scratch.workspace.server.pg_dump
    assert pg_dump is not None
    done = subprocess.run(
        [pg_dump.program, "--inserts", "-w", f"--exclude-table-data=*.{_HISTORY}"],
        env=os.environ | scratch.dsn.libpq_env(),
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(x for x in done.stdout.splitlines() if "restrict" not in x)


def recorded(scratch: Scratch, schema: str = "public") -> list[tuple[Any, ...]]:
    """Return the version table but for times."""
    with scratch.connect() as connection:
        return connection.execute(
            "select installed_rank, version, description, type, script, checksum, installed_by,"
            f" success from {schema}.{_HISTORY} order by 1"
        ).fetchall()


@pytest.fixture
def pair(workspace: Workspace) -> tuple[Scratch, Scratch]:
    """Two empty databases, the first for Flyway."""
    both = workspace.scratch("flyway"), workspace.scratch("bedstone")
    for scratch in both:
        scratch.reset()
    return both


def _variables(placeholders: Mapping[str, str]) -> dict[str, str]:
    return {f"placeholders_{name}": value for name, value in placeholders.items()}


def test_files_of_every_shape_give_the_same_database(
    any_server: Server, pair: tuple[Scratch, Scratch], tmp_path: Path
) -> None:
    """Definitions, rows, and what the version table says of each file, checksums included."""
    folder = write(tmp_path, SHAPES)
    flyways, ours = pair
    done = by_flyway(folder, flyways, **_variables(PLACEHOLDERS))
    assert done.returncode == 0, done.stdout + done.stderr
    by_bedstone(folder, ours, placeholders=PLACEHOLDERS)
    assert recorded(ours) == recorded(flyways)
    assert dump(ours).replace(ours.name, "") == dump(flyways).replace(flyways.name, "")
    assert len(recorded(ours)) > 40


def test_they_take_turns(pair: tuple[Scratch, Scratch], tmp_path: Path) -> None:
    """Each takes the other's work for done, and goes on from there."""
    folder = write(tmp_path, {"V1__a.sql": "create table a (id int);", "R__r.sql": "select 1;"})
    mine, theirs = pair
    by_bedstone(folder, mine)
    assert by_flyway(folder, mine).stdout.strip().endswith("0")
    assert by_flyway(folder, theirs).returncode == 0
    assert by_bedstone(folder, theirs).revisions == ()
    write(folder, {"V2__b.sql": "create index concurrently i on a (id);", "R__r.sql": "select 2;"})
    assert by_flyway(folder, mine).stdout.strip().endswith("2")
    assert [r.id for r in by_bedstone(folder, theirs).revisions] == ["2", "R__r"]
    write(folder, {"V3__c.sql": "create table c (id int);"})
    assert [r.id for r in by_bedstone(folder, mine).revisions] == ["3"]
    assert by_flyway(folder, theirs).stdout.strip().endswith("1")
    assert recorded(mine) == recorded(theirs)
    assert dump(mine).replace(mine.name, "") == dump(theirs).replace(theirs.name, "")


def test_schemas_and_where_unqualified_names_go(
    pair: tuple[Scratch, Scratch], tmp_path: Path
) -> None:
    """Flyway's configuration file says it to both."""
    conf = 'flyway.schemas = ["app", "more data"]\nflyway.defaultSchema = "app"\n'
    folder = write(tmp_path, {"flyway.toml": conf, "sql/V1__a.sql": "create table a (id int);"})
    flyways, ours = pair
    done = by_flyway(folder / "sql", flyways, schemas="app,more data", default_schema="app")
    assert done.returncode == 0, done.stderr
    by_bedstone(folder, ours, sql_files=("sql",))
    assert recorded(ours, "app") == recorded(flyways, "app")
    assert dump(ours).replace(ours.name, "") == dump(flyways).replace(flyways.name, "")


def test_a_mixed_file_that_is_allowed(pair: tuple[Scratch, Scratch], tmp_path: Path) -> None:
    text = "create table a (id int);\ncreate index concurrently i on a (id);"
    folder = write(tmp_path, {"V1__a.sql": text})
    flyways, ours = pair
    assert by_flyway(folder, flyways, mixed="true").returncode == 0
    by_bedstone(folder, ours, mixed=True)
    assert recorded(ours) == recorded(flyways)
    assert dump(ours).replace(ours.name, "") == dump(flyways).replace(flyways.name, "")


#: What both refuse before they touch the database: files at first, files after that, our code.
REFUSED: dict[str, tuple[dict[str, str], dict[str, str | None], str]] = {
    "changed": ({"V1__a.sql": "select 1;"}, {"V1__a.sql": "select 2;"}, "BED166"),
    "missing": (
        {"V1__a.sql": "select 1;", "V2__b.sql": "select 1;", "V3__c.sql": "select 1;"},
        {"V2__b.sql": None},
        "BED167",
    ),
    "out of order": ({"V1__a.sql": "select 1;", "V3__b.sql": "select 1;"},
                     {"V2__c.sql": "select 1;"}, "BED168"),
    "twice": ({}, {"V1__a.sql": "select 1;", "V01__b.sql": "select 1;"}, "BED158"),
    "repeatable twice": ({}, {"R__a.sql": "select 1;", "x/R__a.sql": "select 1;"}, "BED158"),
    "mixed": ({}, {"V1__a.sql": "create table a (id int); vacuum a;"}, "BED164"),
    "placeholder": ({}, {"V1__a.sql": "select ${nobody};"}, "BED160"),
    "conf": ({}, {"V1__a.sql": "select 1;", "V1__a.sql.conf": "inTransaction=false"}, "BED163"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse(name: str, pair: tuple[Scratch, Scratch], tmp_path: Path) -> None:
    first, then, code = REFUSED[name]
    flyways, ours = pair
    if first:
        write(tmp_path, first)
        assert by_flyway(tmp_path, flyways).returncode == 0
        by_bedstone(tmp_path, ours)
    for file, text in then.items():
        if text is None:
            (tmp_path / file).unlink()
        else:
            write(tmp_path, {file: text})
    assert by_flyway(tmp_path, flyways, validate_on_migrate="true").returncode != 0
    with pytest.raises(BedstoneError) as caught:
        by_bedstone(tmp_path, ours)
    assert caught.value.code == code


def test_the_two_wait_for_each_other(pair: tuple[Scratch, Scratch], tmp_path: Path) -> None:
    """The lock is the one that Flyway takes, with a table whose name Java counts in two units."""
    table = "bücher 📖"
    folder = write(tmp_path, {"V1__a.sql": "select pg_sleep(3);", "V2__b.sql": "select 1;"})
    flyways, _ = pair
    with ThreadPoolExecutor(1) as other:
        running = other.submit(by_flyway, folder, flyways, table=table)
        _wait_for_sleep(flyways)
        with flyways.connect(autocommit=True) as connection:
            held = connection.execute(
                "select (classid::bigint << 32) | objid::bigint from pg_locks"
                " where locktype = 'advisory' and granted"
            ).fetchall()
            assert (turn_key("public", table),) in held
        applied = by_bedstone(folder, flyways, version_table=table)
        assert running.result().returncode == 0
    assert [r.id for r in applied.revisions] in ([], ["2"])


def _wait_for_sleep(scratch: Scratch) -> None:
    deadline = time.monotonic() + 60
    with scratch.connect(autocommit=True) as connection:
        query = "select from pg_stat_activity where wait_event = 'PgSleep' and datname = %s"
        while not connection.execute(query, [scratch.name]).fetchall():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_file_that_flyway_left_half_done_is_not_gone_on_with(
    pair: tuple[Scratch, Scratch], tmp_path: Path
) -> None:
    """Flyway does not write down how far it came."""
    text = "create table a as select 1 as id from generate_series(1, 2);\n"
    text += "create unique index concurrently i on a (id);"
    folder = write(tmp_path, {"V1__a.sql": text, "V1__a.sql.conf": "executeInTransaction=false"})
    flyways, _ = pair
    assert by_flyway(folder, flyways).returncode != 0
    with pytest.raises(BedstoneError, match=r"Flyway left V1__a\.sql half done") as caught:
        by_bedstone(folder, flyways)
    assert caught.value.code == "BED169"


def test_flyway_refuses_what_bedstone_left_half_done(
    pair: tuple[Scratch, Scratch], tmp_path: Path
) -> None:
    text = "create table a as select 1 as id from generate_series(1, 2);\n"
    text += "create unique index concurrently i on a (id);"
    folder = write(tmp_path, {"V1__a.sql": text, "V1__a.sql.conf": "executeInTransaction=false"})
    _, ours = pair
    project = resolve(str(folder), cwd=folder)
    with open_history(project, ours) as history:
        run = apply_history(history, ours, to=None, direction="up").run
        assert run is not None and run.error is not None  # noqa: PT018
        done = by_flyway(folder, ours)
        assert done.returncode != 0
        assert "failed migration" in done.stderr
        with ours.connect(autocommit=True) as connection:
            connection.execute("delete from a where ctid = '(0,1)'")
        assert apply_history(history, ours, to=None, direction="up").run.ok  # type: ignore[union-attr]
        assert read_position(history, ours).pending == ()
    assert by_flyway(folder, ours).stdout.strip().endswith("0")
