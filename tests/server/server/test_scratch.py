# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

import psycopg
import pytest

from bedstone.errors import BedstoneError
from bedstone.server import names

SUBSCRIPTION = (
    "create subscription s connection 'dbname=nowhere' publication p"
    " with (connect = false, slot_name = 'elsewhere')"
)


def databases(server):
    with server.connect() as connection:
        rows = connection.execute("select datname::text from pg_database order by 1").fetchall()
    return [name for (name,) in rows]


def tables(database):
    with database.connect() as connection:
        rows = connection.execute(
            "select relname::text from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind = 'r' order by 1"
        )
        return [name for (name,) in rows]


def run(database, *statements):
    with database.connect(autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_scratch_database_is_on_the_server_asked_for(any_server, scratch):
    with scratch.connect() as connection:
        assert connection.info.server_version // 10000 == any_server.version.major
        assert connection.info.dbname == scratch.name


def test_a_scratch_database_is_named_marked_and_tagged(any_server, workspace):
    scratch = workspace.scratch("Ünï code! and a label that is far too long for any name at all")
    with any_server.connect() as connection:
        name, limit, comment = connection.execute(
            "select datname::text, datconnlimit, shobj_description(oid, 'pg_database')"
            " from pg_database where datname = %s",
            [scratch.name],
        ).fetchone()
    assert len(name.encode()) <= 63
    assert names.run_of(name) == workspace.run
    assert limit == names.mark_of(name)
    assert names.read_tag(comment)["run"] == workspace.run.id


def test_everything_is_gone_after_the_block(any_server):
    before = databases(any_server)
    with any_server.workspace("gone") as workspace:
        scratch = workspace.scratch("a")
        scratch.save("x")
        workspace.scratch("b")
        held = scratch.connect()
        assert len(databases(any_server)) == len(before) + 3
    assert databases(any_server) == before
    held.close()


def test_saved_content_comes_back_under_the_same_name(any_server, scratch):
    run(scratch, "create table kept (id int)")
    template = scratch.save("one")
    run(scratch, "create table later (id int)")
    name = scratch.name
    scratch.reset(template)
    assert (scratch.name, tables(scratch)) == (name, ["kept"])
    scratch.reset()
    assert tables(scratch) == []


def test_open_sessions_and_transactions_do_not_stand_in_the_way(any_server, scratch):
    held = scratch.connect()
    held.execute("create table unfinished (id int)")
    template = scratch.save("one")
    with pytest.raises(psycopg.OperationalError):
        held.execute("select 1")
    also = scratch.connect()
    also.execute("select 1")
    scratch.reset(template)
    assert tables(scratch) == []
    held.close()
    also.close()


@pytest.mark.parametrize(
    "obstacle",
    [
        ["create table t (id int)", "begin", "insert into t values (1)", "prepare transaction 'p'"],
        ["select pg_create_logical_replication_slot('bedstone_slot', 'pgoutput')"],
        [SUBSCRIPTION],
        ["alter database {} is_template true"],
        ["alter database {} connection limit 0", "comment on database {} is 'mine'"],
    ],
    ids=["prepared", "slot", "subscription", "template", "untagged"],
)
def test_what_blocks_a_drop_is_cleared_away(any_server, workspace, obstacle):
    scratch = workspace.scratch("blocked")
    run(scratch, *(statement.format(scratch.name) for statement in obstacle))
    scratch.save("x").drop()
    scratch.reset()
    assert tables(scratch) == []
    run(scratch, *(statement.format(scratch.name) for statement in obstacle))
    scratch.drop()
    assert scratch.name not in databases(any_server)


def test_two_copies_of_one_template_at_once(any_server, workspace):
    first, second = workspace.scratch("first"), workspace.scratch("second")
    run(
        first,
        "create table big as select g, repeat('x', 500) as t from generate_series(1, 20000) g",
    )
    template = first.save("big")
    failures = []

    def copy():
        try:
            with any_server.workspace("thread") as own:
                for _ in range(3):
                    own.scratch("copy", template=template)
        except (psycopg.Error, BedstoneError) as error:
            failures.append(error)

    threads = [threading.Thread(target=copy) for _ in range(2)]
    for thread in threads:
        thread.start()
    second.reset(template)
    for thread in threads:
        thread.join()
    assert failures == []
    assert tables(second) == ["big"]


def test_a_witness_is_seen_in_its_database_only(any_server, workspace):
    here, there = workspace.scratch("here"), workspace.scratch("there")
    with here.witness() as witness, here.connect() as inside, there.connect() as outside:
        assert inside.execute(witness.sql).fetchone() == (True,)
        assert outside.execute(witness.sql).fetchone() == (False,)
    with here.connect() as inside:
        assert inside.execute(witness.sql).fetchone() == (False,)


def test_the_address_for_user_code_leads_there_by_tcp_with_a_password(scratch):
    with psycopg.connect(scratch.dsn.url()) as connection:
        assert connection.info.host == "127.0.0.1"
        assert connection.info.dbname == scratch.name
    wrong = scratch.dsn.url().replace(scratch.dsn.password.reveal(), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_settings_of_the_database_come_back_with_the_template(any_server, scratch):
    run(scratch, f"alter database {scratch.name} set work_mem = '7MB'")
    template = scratch.save("set")
    scratch.reset()
    with scratch.connect() as connection:
        assert connection.execute("show work_mem").fetchone() == ("4MB",)
    scratch.reset(template)
    with scratch.connect() as connection:
        assert connection.execute("show work_mem").fetchone() == ("7MB",)


def test_a_dump_has_no_passing_lines_and_is_the_same_twice(any_server, scratch):
    run(scratch, "create table t (id int)", "comment on table t is '\\restrict'")
    first = scratch.dump()
    assert first == scratch.dump()
    assert "CREATE TABLE public.t" in first
    assert "OWNER TO postgres" in first
    assert "Dumped" not in first
    assert not any(line.startswith("\\") for line in first.splitlines())
