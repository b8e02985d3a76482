# SPDX-License-Identifier: Apache-2.0
"""SQL files as a history: each run leaves what it should, and says what it does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from bedstone.errors import (
    BedstoneError,
    BootstrapUnusable,
    FlywayUnsupported,
    HistoryEmpty,
    RunnerBusy,
    VersionTableUnusable,
)
from bedstone.history import Failure, open_history
from bedstone.history.files.turn import turn, turn_key
from bedstone.project import resolve
from bedstone.run import apply_history, plan_steps, read_position
from bedstone.trace import observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.history import History, StepError
    from bedstone.server import Database, Scratch, Server


class Folder:
    """A folder of SQL files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **files: str) -> Folder:
        """Write files; ``__`` is as it is, and ``.sql`` is added."""
        for name, text in files.items():
            self.file(f"{name}.sql", text)
        return self

    def file(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    @contextmanager
    def open(self, database: Database, **settings: Any) -> Iterator[History]:
        project = resolve(str(self.root), overrides=settings, cwd=self.root)
        with open_history(project, database) as history:
            yield history

    def upgrade(self, database: Database, **settings: Any) -> tuple[str, ...]:
        """Run what is missing, and return which revisions that were."""
        with self.open(database, **settings) as history:
            applied = apply_history(history, database, to=None, direction="up")
        assert applied.run is None or applied.run.error is None, applied.run.error
        return tuple(revision.id for revision in applied.revisions)

    def failure(self, database: Database, **settings: Any) -> StepError:
        with self.open(database, **settings) as history:
            run = apply_history(history, database, to=None, direction="up").run
        assert run is not None
        assert run.error is not None
        return run.error


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def database(scratch: Scratch) -> Scratch:
    scratch.reset()
    return scratch


def rows(database: Database, query: str) -> list[Any]:
    with database.connect() as connection:
        found = connection.execute(query.encode()).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def tables(database: Database) -> list[str]:
    return rows(
        database,
        "select tablename from pg_tables where schemaname = 'public'"
        " and tablename not like 'flyway%' order by 1",
    )


# -- up, down, again ----------------------------------------------------------------------------


def test_up_down_and_up_on_every_server(
    any_server: Server, folder: Folder, scratch: Scratch
) -> None:
    scratch.reset()
    folder.write(V1__a="create table a (id int)", V1_10__c="create table c (id int)")
    folder.write(V1_9__b="create index concurrently i on a (id)", R__v="create view v as select 1")
    folder.write(U1_9__b="drop index concurrently i", U1_10__c="drop table c", U1__a="drop table a")
    assert folder.upgrade(scratch) == ("1", "1.9", "1.10", "R__v")
    assert folder.upgrade(scratch) == ()
    with folder.open(scratch) as history:
        assert history.current(scratch) == ("1.10", "R__v")
        assert history.downgrade(scratch).ok
        assert read_position(history, scratch).applied == ()
    assert tables(scratch) == []


def test_the_graph_is_a_line_with_repeatable_files_last(folder: Folder, database: Scratch) -> None:
    folder.write(R__b="select 1", R__a="select 1", V2__x="select 1", V1__x_y="select 1")
    with folder.open(database) as history:
        found = [(r.id, r.down, r.is_repeatable, r.message) for r in history.revisions]
        assert [r.id for r in history.heads] == ["R__b"]
        assert [r.id for r in history.bases] == ["1"]
    assert found == [
        ("1", (), False, "x y"),
        ("2", ("1",), False, "x"),
        ("R__a", ("2",), True, "a"),
        ("R__b", ("R__a",), True, "b"),
    ]


def test_a_repeatable_file_runs_when_it_changes(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="create table a (id int)", R__v="create or replace view v as select 1 as x")
    assert folder.upgrade(database) == ("1", "R__v")
    folder.write(R__v="create or replace view v as select 2 as x")
    assert folder.upgrade(database) == ("R__v",)
    assert folder.upgrade(database) == ()
    assert rows(database, "select x from v") == [2]


def test_a_repeatable_file_runs_when_a_placeholder_changes(
    folder: Folder, database: Scratch
) -> None:
    folder.write(R__v="create or replace view v as select ${n} as x")
    assert folder.upgrade(database, placeholders={"n": "1"}) == ("R__v",)
    assert folder.upgrade(database, placeholders={"n": "1"}) == ()
    assert folder.upgrade(database, placeholders={"n": "2"}) == ("R__v",)


def test_after_a_downgrade_repeatable_files_run_again(folder: Folder, database: Scratch) -> None:
    """A cascade may have taken what they made."""
    folder.write(V1__a="create table a (id int)", U1__a="drop table a cascade")
    folder.write(R__v="create or replace view v as select * from a")
    folder.upgrade(database)
    with folder.open(database) as history:
        run = apply_history(history, database, to="base", direction="down").run
        assert run is not None
        assert run.ok
    assert folder.upgrade(database) == ("1", "R__v")
    assert rows(database, "select count(*) from v") == [0]


def test_to_a_revision_and_back(folder: Folder, database: Scratch) -> None:
    for number in (1, 2, 3):
        folder.file(f"V{number}__x.sql", f"create table t{number} (id int)")
        folder.file(f"U{number}__x.sql", f"drop table t{number}")
    folder.write(R__r="select 1")
    with folder.open(database) as history:
        apply_history(history, database, to="2", direction="up")
        assert tables(database) == ["t1", "t2"]
        apply_history(history, database, to=None, direction="up")
        apply_history(history, database, to=None, direction="down")
        assert tables(database) == ["t1", "t2"]
        steps = plan_steps(history, read_position(history, database), "1", "down")
        assert [r.id for r in steps] == ["2"]


def test_without_an_undo_file_there_is_no_way_back(folder: Folder, database: Scratch) -> None:
    """It is seen before anything is run."""
    folder.write(V1__a="create table a ()", V2__b="create table b ()", U2__b="drop table b")
    folder.upgrade(database)
    with folder.open(database) as history:
        run = history.downgrade(database)
    assert run.error is not None
    assert (run.error.revision, run.error.failure) == ("1", Failure.IRREVERSIBLE)
    assert run.error.message == "there is no undo file U1__…"
    assert tables(database) == ["a", "b"]


def test_what_is_recorded(folder: Folder, database: Scratch) -> None:
    folder.file("sub/V1__a_b.sql", "select 1")
    folder.upgrade(database)
    columns = "version, description, type, script, checksum, installed_by, success"
    row = rows(database, f"select {columns} from flyway_schema_history")
    assert row == [("1", "a b", "SQL", "sub/V1__a_b.sql", 245801405, "postgres", True)]
    assert rows(database, "select execution_time >= 0 from flyway_schema_history") == [True]


def test_progress_and_notices_are_told(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="do $$ begin raise notice 'told so'; end $$", V2__b="select 1")
    project = resolve(str(folder.root), cwd=folder.root)
    told: list[tuple[str, int, int]] = []
    with open_history(project, database, progress=lambda *args: told.append(args)) as history:
        run = history.upgrade(database)
    assert told == [("1 up", 0, 2), ("2 up", 1, 2)]
    assert run.output == "NOTICE:  told so\n"
    assert [(step.revision, step.direction) for step in run.steps] == [("1", "up"), ("2", "up")]


# -- failures -----------------------------------------------------------------------------------


def test_a_failure_names_file_line_and_state_and_leaves_nothing(
    folder: Folder, database: Scratch
) -> None:
    folder.write(V1__a="create table a (id int)")
    path = folder.file("V2__b.sql", "create table b ();\n\ninsert into a\n  select 'secret', nope;")
    error = folder.failure(database)
    assert (error.revision, error.direction, error.sqlstate) == ("2", "up", "42703")
    assert error.exception == "psycopg.errors.UndefinedColumn"
    assert (error.file, error.line) == (str(path), 4)
    assert error.traceback == (
        f"{path}, line 4\n    select '……………………', nope;\n" + " " * 21 + "^\n"
    ).replace("……………………", "……" * 3)
    assert "secret" not in str(error)
    assert error.statement is not None
    assert error.statement.startswith("insert into a select")
    assert tables(database) == ["a"]
    assert rows(database, "select version from flyway_schema_history") == ["1"]


def test_a_failing_row_of_copy_has_its_line(folder: Folder, database: Scratch) -> None:
    path = folder.file("V1__a.sql", "create table a (id int);\ncopy a from stdin;\n1\n2\nx\n\\.\n")
    error = folder.failure(database)
    assert (error.line, error.file, error.sqlstate) == (5, str(path), "22P02")
    assert tables(database) == []


def test_a_failure_at_commit_is_the_files(folder: Folder, database: Scratch) -> None:
    folder.write(
        V1__a="""
        create table a (id int unique deferrable initially deferred);
        insert into a values (1), (1);
        """
    )
    error = folder.failure(database)
    assert (error.revision, error.sqlstate) == ("1", "23505")
    assert error.detail is None
    assert tables(database) == []


def test_copy_to_stdout_fails_and_leaves_nothing(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="create table a (id int);\ncopy a to stdout;")
    error = folder.failure(database)
    assert error.line == 2
    assert tables(database) == []


@pytest.mark.parametrize(
    "statement",
    [
        "select pg_sleep(60)",
        (
            "do $$ begin loop begin perform pg_sleep(60); exception when query_canceled then null; "
            "end; end loop; end $$"
        ),
    ],
)
def test_what_takes_too_long_is_stopped(folder: Folder, database: Scratch, statement: str) -> None:
    """One that catches its cancellation, too."""
    folder.write(V1__a=f"create table a ();\n{statement};")
    started = time.monotonic()
    error = folder.failure(database, timeout=0.5)
    assert time.monotonic() - started < 20
    assert error.timed_out
    assert (error.revision, error.line) == ("1", 2)
    assert error.message == "it did not end within 0.5 s and was stopped"


def test_everything_is_read_before_anything_is_run(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="create table a ()", V2__b="\\connect elsewhere")
    with (
        folder.open(database) as history,
        pytest.raises(BedstoneError, match=r"V2__b\.sql, line 1"),
    ):
        history.upgrade(database)
    assert tables(database) == []


def test_a_file_may_end_its_transaction_itself(folder: Folder, database: Scratch) -> None:
    """And what it committed stays, which is said."""
    folder.write(V1__a="begin;\ncreate table a ();\ncommit;\ncreate table b ();\nselect nope;")
    error = folder.failure(database)
    assert error.left == "It ended its transaction itself before line 4; that stays."
    assert tables(database) == ["a"]


# -- in no transaction --------------------------------------------------------------------------

HALF = """\
-- bedstone: no-transaction
create table a (id int);
insert into a values (1), (1);
create unique index concurrently i on a (id);
create table after_it ();
"""


def test_a_half_run_goes_on_at_the_statement_that_failed(
    any_server: Server, folder: Folder, scratch: Scratch
) -> None:
    """The invalid index that it left is dropped first."""
    scratch.reset()
    folder.file("V1__a.sql", HALF)
    error = folder.failure(scratch)
    assert (error.revision, error.line, error.sqlstate) == ("1", 4, "23505")
    assert error.left == (
        "Statements 1 to 2 of 4 are done; the same command goes on at statement 3, line 4."
    )
    with folder.open(scratch) as history:
        position = read_position(history, scratch)
    assert [r.id for r in position.pending] == ["1"]
    assert position.notes == ("V1__a.sql is half done: 2 of its statements are",)
    with scratch.connect(autocommit=True) as connection:
        connection.execute("delete from a where ctid = '(0,1)'")
    with folder.open(scratch) as history:
        run = apply_history(history, scratch, to=None, direction="up").run
    assert run is not None
    assert run.error is None
    assert run.notes == ("V1__a.sql went on at statement 3 of 4",)
    assert tables(scratch) == ["a", "after_it"]
    assert rows(scratch, "select indisvalid from pg_index where indexrelid = 'i'::regclass") == [
        True
    ]
    assert rows(scratch, "select count(*) from pg_tables where tablename like '%half_run'") == [0]


def test_what_failed_may_be_mended_and_what_is_done_may_not(
    folder: Folder, database: Scratch
) -> None:
    folder.file("V1__a.sql", HALF)
    folder.failure(database)
    folder.file("V1__a.sql", HALF.replace("id int", "id bigint"))
    with (
        folder.open(database) as history,
        pytest.raises(BedstoneError, match="those statements are others now") as caught,
    ):
        apply_history(history, database, to=None, direction="up")
    assert caught.value.code == "BED169"
    folder.file("V1__a.sql", HALF.replace("create unique index", "create index"))
    assert folder.upgrade(database) == ("1",)
    assert folder.upgrade(database) == ()


def test_a_half_run_goes_on_before_the_transaction_that_failed(
    folder: Folder, database: Scratch
) -> None:
    """What a file does in a transaction of its own is done with its COMMIT, not before."""
    text = "-- bedstone: no-transaction\ncreate table a ();\nbegin;\ncreate table b ();\n"
    folder.write(V1__a=f"{text}select nope;\ncommit;")
    assert folder.failure(database).left == (
        "Statement 1 of 5 is done; the same command goes on at statement 2, line 3."
    )
    assert tables(database) == ["a"]
    folder.write(V1__a=f"{text}select 1;\ncommit;")
    assert folder.upgrade(database) == ("1",)
    assert tables(database) == ["a", "b"]


def test_a_half_run_goes_on_with_the_settings_that_the_file_made(
    folder: Folder, database: Scratch
) -> None:
    """And under a role that may not write the version table."""
    text = """
        create role bedstone_files_role;
        create schema s authorization bedstone_files_role;
        set role bedstone_files_role;
        set search_path = s;
        create table a ();
        select {what};
        create table b ();
    """
    folder.write(V1__a="-- bedstone: no-transaction\n" + dedent(text.format(what="nope")))
    left = folder.failure(database).left
    assert left is not None
    assert left.startswith("Statements 1 to 5 of 7 are done")
    folder.write(V1__a="-- bedstone: no-transaction\n" + dedent(text.format(what="1")))
    assert folder.upgrade(database) == ("1",)
    owners = "select schemaname, tableowner from pg_tables where tablename in ('a', 'b')"
    assert rows(database, owners) == [("s", "bedstone_files_role")] * 2


def test_a_killed_client_is_gone_on_with(folder: Folder, database: Scratch) -> None:
    """SIGKILL leaves neither a lock nor a doubt about what is done."""
    folder.write(
        V1__a="""
        -- bedstone: no-transaction
        create table a (id int);
        select pg_sleep(600) from a;
        select case when not exists (select from a) then pg_sleep(600) end;
        create table b ();
        """
    )
    process = subprocess.Popen(
        [Path(sys.executable).with_name("bedstone"), "upgrade", "."],
        cwd=folder.root,
        env=os.environ | {"BEDSTONE_DATABASE": database.dsn.url()},
    )
    deadline = time.monotonic() + 60
    while not rows(database, "select from pg_stat_activity where wait_event = 'PgSleep'"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    with database.connect(autocommit=True) as connection:
        connection.execute("insert into a values (1)")
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where wait_event = 'PgSleep'"
        )
    folder.root.joinpath("V1__a.sql").write_text(
        folder.root.joinpath("V1__a.sql").read_text().replace("exists (select from a)", "true")
    )
    with folder.open(database) as history:
        run = apply_history(history, database, to=None, direction="up").run
    assert run is not None
    assert run.error is None
    assert run.notes == (
        "V1__a.sql went on at statement 3 of 4, which was under way when it was cut off",
    )
    assert tables(database) == ["a", "b"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_file_in_a_transaction_leaves_nothing_whoever_ends_it(
    folder: Folder, database: Scratch, number: signal.Signals
) -> None:
    folder.write(V1__a="create table a ();\nselect pg_sleep(600);")
    process = subprocess.Popen(
        [Path(sys.executable).with_name("bedstone"), "upgrade", "."],
        cwd=folder.root,
        env=os.environ | {"BEDSTONE_DATABASE": database.dsn.url()},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not rows(database, "select from pg_stat_activity where wait_event = 'PgSleep'"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    if number is signal.SIGKILL:
        with database.connect(autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where wait_event = 'PgSleep'"
            )
    else:
        assert process.returncode == 130
        assert not rows(database, "select from pg_stat_activity where wait_event = 'PgSleep'")
    assert tables(database) == []
    folder.write(V1__a="create table a ()")
    assert folder.upgrade(database) == ("1",)


def test_flyway_at_work_is_waited_for(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="select 1")
    key = turn_key("public", "flyway_schema_history")
    with database.connect(autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [key])
        threading.Timer(1, lambda: connection.execute("select pg_advisory_unlock_all()")).start()
        started = time.monotonic()
        assert folder.upgrade(database) == ("1",)
        assert time.monotonic() - started > 0.9
        connection.execute("select pg_advisory_lock(%s)", [key])
        with (
            database.connect(autocommit=True) as own,
            pytest.raises(RunnerBusy, match="Flyway is migrating"),
            turn(own, "public", "flyway_schema_history", wait=0.3),
        ):
            pass


def test_two_runners_run_each_file_once(folder: Folder, database: Scratch) -> None:
    for number in range(1, 6):
        folder.file(f"V{number}__x.sql", f"create table t{number} (); select pg_sleep(0.1)")
    found: list[tuple[str, ...]] = []
    threads = [
        threading.Thread(target=lambda: found.append(folder.upgrade(database))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(), (), ("1", "2", "3", "4", "5")]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("create table a (); vacuum a", {"mixed": True}),
        ("-- bedstone: no-transaction\ncreate table a (); vacuum a", {}),
        ("set lock_timeout = '1s'; reset lock_timeout; vacuum", {}),
        ("create database bedstone_none; drop database bedstone_none", {}),
        ("reindex (concurrently) table pg_catalog.pg_class", {}),
    ],
)
def test_what_may_not_run_in_a_transaction_runs_in_none(
    folder: Folder, database: Scratch, text: str, settings: dict[str, Any]
) -> None:
    if "pg_class" in text:
        text = "create table x (id int); reindex (concurrently) table x"
        settings = {"mixed": True}
    folder.write(V1__a=text)
    assert folder.upgrade(database, **settings) == ("1",)


def test_mixing_is_refused_with_both_lines(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="set lock_timeout = '1s';\ncreate table a ();\nvacuum;")
    with (
        folder.open(database) as history,
        pytest.raises(BedstoneError, match=r"line 3: this may not run.*line 2 would be") as caught,
    ):
        history.upgrade(database)
    assert caught.value.code == "BED164"


# -- the session --------------------------------------------------------------------------------


def test_role_and_path_are_back_before_the_next_file(folder: Folder, database: Scratch) -> None:
    folder.write(
        V1__a="""
        create role bedstone_files_role; create schema s authorization bedstone_files_role;
        set role bedstone_files_role; set search_path = s; create table mine ();
        """,
        V2__b="create table of_public ()",
    )
    folder.upgrade(database)
    owners = "select schemaname, tablename, tableowner from pg_tables"
    assert rows(database, f"{owners} where tablename in ('mine', 'of_public') order by 2") == [
        ("s", "mine", "bedstone_files_role"),
        ("public", "of_public", "postgres"),
    ]


def test_the_role_of_a_callback_is_that_of_the_file(folder: Folder, database: Scratch) -> None:
    """Flyway sets it back before the callback, not after it."""
    folder.write(V1__a="create role bedstone_files_role; grant create on schema public to public")
    folder.upgrade(database)
    folder.write(beforeEachMigrate="set role bedstone_files_role", V2__b="create table b ()")
    folder.upgrade(database)
    assert rows(database, "select tableowner from pg_tables where tablename = 'b'") == [
        "bedstone_files_role"
    ]


def test_the_limits_of_the_role_hold(folder: Folder, database: Scratch) -> None:
    """What a database is set to is not switched off, as it is for our own questions."""
    with database.connect(autocommit=True) as connection:
        connection.execute(f"alter database {database.name} set statement_timeout = '300ms'")
    folder.write(V1__a="select pg_sleep(60)")
    error = folder.failure(database)
    assert (error.sqlstate, error.timed_out) == ("57014", False)


def test_callbacks_are_called_in_flyways_order_and_not_for_nothing(
    folder: Folder, database: Scratch
) -> None:
    folder.write(V1__a="create table called (n int generated always as identity, what text)")
    folder.upgrade(database)
    for event in (
        "beforeMigrate", "beforeEachMigrate", "afterEachMigrate", "afterVersioned",
        "beforeRepeatables", "afterMigrateApplied", "afterMigrate", "beforeUndo", "beforeEachUndo",
        "afterEachUndo", "afterUndo",
    ):  # fmt: skip
        folder.file(f"{event}.sql", f"insert into called (what) values ('{event}')")
    folder.write(V2__b="select 1", R__r="select 1", U2__b="select 1")
    folder.upgrade(database)
    each = ["beforeEachMigrate", "afterEachMigrate"]
    expected = ["beforeMigrate", *each, "afterVersioned", "beforeRepeatables", *each]
    expected += ["afterMigrateApplied", "afterMigrate"]
    assert rows(database, "select what from called order by n") == expected
    folder.upgrade(database)
    assert rows(database, "select count(*) from called") == [len(expected)]
    with folder.open(database) as history:
        apply_history(history, database, to=None, direction="down")
    assert rows(database, f"select what from called where n > {len(expected)} order by n") == [
        "beforeUndo", "beforeEachUndo", "afterEachUndo", "afterUndo",
    ]  # fmt: skip


def test_a_callback_that_nobody_calls_is_said(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="select 1", afterClean="select 1")
    with folder.open(database) as history:
        assert history.notes == (
            "afterClean.sql is not run: bedstone has no command that calls it",
        )
    folder.write(afterConnect="select 1")
    refused = pytest.raises(FlywayUnsupported, match="is a callback for afterConnect")
    with refused, folder.open(database):
        pass


def test_what_follows_a_migration_waits_for_the_newest_version(
    folder: Folder, database: Scratch
) -> None:
    """Today's view of tomorrow's table cannot be made yesterday."""
    folder.write(V1__a="create table a ()", V2__b="create table b ()")
    folder.write(afterMigrate="create or replace view v as select count(*) from b")
    with folder.open(database) as history:
        assert history.upgrade(database, ["1"]).ok
        assert history.upgrade(database, ["2"]).ok
    assert rows(database, "select count from v") == [0]


def test_a_callback_that_fails_is_named(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="create table a ()", afterMigrate="select nonsense")
    error = folder.failure(database)
    assert (error.revision, error.at, error.line) == (None, "afterMigrate.sql", 1)
    assert tables(database) == ["a"]


# -- taking over --------------------------------------------------------------------------------


def test_a_bootstrap_and_its_stamp(folder: Folder, database: Scratch) -> None:
    """What is not newer than the stamp counts as applied."""
    folder.file("start.sql", "create table old (id int);\ncopy old from stdin;\n1\n\\.\n")
    folder.write(
        V1__a="select nonsense", V2__b="select nonsense", V3__c="alter table old add x int"
    )
    settings = {"bootstrap": "start.sql", "stamp": ("2",)}
    with folder.open(database, **settings) as history:
        assert history.prepare(database).ok
        position = read_position(history, database)
        assert [r.id for r in position.pending] == ["3"]
        assert history.upgrade(database).ok
    refused = pytest.raises(BootstrapUnusable, match=r"is no \.sql file")
    with folder.open(database, bootstrap="make db") as history, refused:
        history.prepare(database)


def test_a_baseline_file_stands_for_versions_that_are_gone(
    folder: Folder, database: Scratch
) -> None:
    folder.write(B5__all="create table a (id int)", V6__more="alter table a add x int")
    assert folder.upgrade(database) == ("5", "6")
    assert folder.upgrade(database) == ()
    assert rows(database, "select type from flyway_schema_history order by installed_rank") == [
        "SQL_BASELINE",
        "SQL",
    ]


def test_a_baseline_file_is_not_run_where_its_versions_are(
    folder: Folder, database: Scratch
) -> None:
    folder.write(V1__a="create table a (id int)", V5__b="select 1")
    assert folder.upgrade(database) == ("1", "5")
    folder.write(B5__all="select nonsense")
    with folder.open(database) as history:
        assert [r.id for r in history.revisions] == ["1", "5"]
        assert history.notes == (
            "B5__all.sql is not run: the versions that it stands for are there",
        )
    for name in ("V1__a.sql", "V5__b.sql"):
        (folder.root / name).unlink()
    folder.write(V6__c="select 1")
    assert folder.upgrade(database) == ("6",)


def test_rows_of_flyways_other_editions_are_understood(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="select 1", V2__b="select 2", V3__c="select 3")
    folder.upgrade(database)
    with database.connect(autocommit=True) as connection:
        for rank, kind, version in ((4, "UNDO_SQL", "3"), (5, "DELETE", "2")):
            connection.execute(
                "insert into flyway_schema_history select %s, version, description, %s, script,"
                " checksum, installed_by, now(), 0, true from flyway_schema_history"
                " where version = %s",
                [rank, kind, version],
            )
    with folder.open(database, out_of_order=True) as history:
        assert [r.id for r in read_position(history, database).applied] == ["1"]


def test_out_of_order_where_that_is_meant(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="select 1", V3__c="select 1")
    folder.upgrade(database)
    folder.write(V2__b="select 1")
    assert folder.upgrade(database, out_of_order=True) == ("2",)
    assert folder.upgrade(database) == ()


def test_another_version_table_in_another_schema(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="create table a ()")
    settings = {"default_schema": "My App", "version_table": "Books"}
    assert folder.upgrade(database, **settings) == ("1",)
    assert folder.upgrade(database, **settings) == ()
    assert rows(database, "select schemaname from pg_tables where tablename = 'a'") == ["My App"]
    assert rows(database, 'select description from "My App"."Books" order by installed_rank') == [
        "<< Flyway Schema Creation >>",
        "a",
    ]


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ('[flyway]\ninitSql = "set role x"\n', "flyway.toml sets initSql"),
        ('[flyway]\ntarget = "3"\n', "flyway.toml sets target"),
    ],
)
def test_what_would_change_a_run_is_refused(
    folder: Folder, database: Scratch, conf: str, says: str
) -> None:
    folder.file("flyway.toml", conf)
    folder.write(V1__a="select 1")
    with pytest.raises(FlywayUnsupported, match=says), folder.open(database):
        pass


def test_flyways_configuration_is_read(folder: Folder, database: Scratch) -> None:
    folder.file(
        "flyway.toml",
        '[flyway]\nlocations = ["filesystem:made"]\nsqlMigrationPrefix = "M"\n'
        'placeholderPrefix = "<<"\nplaceholderSuffix = ">>"\ntable = "books"\n'
        "[flyway.placeholders]\nname = 'shop'\n",
    )
    folder.file("made/M1__a.sql", "create table <<name>>_<<flyway:table>> (t text default '${x}')")
    assert folder.upgrade(database) == ("1",)
    assert tables(database) == ["books", "shop_books"]


def test_no_file_at_all(folder: Folder, database: Scratch) -> None:
    (folder.root / "empty").mkdir()
    refused = pytest.raises(HistoryEmpty, match="the history has no file")
    with refused, folder.open(database, sql_files=("empty",)):
        pass


def test_a_version_table_out_of_reach_is_a_coded_error(folder: Folder, database: Scratch) -> None:
    folder.write(V1__a="select 1")
    folder.upgrade(database)
    with database.connect(autocommit=True) as connection:
        connection.execute("alter table flyway_schema_history rename checksum to sum")
    refused = pytest.raises(VersionTableUnusable, match='column "checksum" does not exist')
    with folder.open(database) as history, refused:
        read_position(history, database)


def test_many_statements_in_no_transaction_take_no_longer_each(
    folder: Folder, database: Scratch
) -> None:
    folder.write(V1__a="-- bedstone: no-transaction\n" + "select 1;\n" * 2000)
    started = time.monotonic()
    folder.upgrade(database)
    assert time.monotonic() - started < 20


# -- on the wire --------------------------------------------------------------------------------


def test_an_observer_in_front_knows_file_and_line(folder: Folder, database: Scratch) -> None:
    """And what belongs to a revision without being in its file."""
    path = folder.file("V1__a.sql", "create table a (id int);\n\ncopy a from stdin;\n1\n\\.\n")
    other = folder.file("V2__b.sql", "create index concurrently i on a (id);")
    with observe(database) as observer, folder.open(database) as history:
        run = history.upgrade(observer)
        assert run.error is None
        seen = [
            (facts.label, facts.place.file, facts.place.line, facts.sql)
            for facts in observer.trace().statements
            if facts.place is not None
        ]
        labels = {facts.label for facts in observer.trace().statements}
    assert seen == [
        ("1", str(path), 1, ("create table a (id int)",)),
        ("1", str(path), 3, ("copy a from stdin",)),
        ("2", str(other), 1, ("create index concurrently i on a (id)",)),
    ]
    assert labels <= {"1", "2", None}
