# SPDX-License-Identifier: Apache-2.0
"""A role belongs to the whole server; each scratch database has its own all the same."""

from __future__ import annotations

import psycopg
import pytest

UP = (
    "create role app login password 'p'",
    "create role reader nologin",
    "grant reader to app",
    "alter role app set search_path = public",
    "comment on role app is 'the application'",
    "create table orders (id int)",
    "alter table orders owner to app",
    "grant select on orders to reader",
    "alter default privileges in schema public grant select on tables to reader",
)
DOWN = (
    "drop owned by app",
    "drop owned by reader",
    "drop role app",
    "drop role reader",
)


def run(database, *statements):
    with database.connect(autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def roles(server):
    with server.connect() as connection:
        rows = connection.execute(
            "select rolname::text from pg_roles where oid >= 16384 order by 1"
        )
        return [name for (name,) in rows]


def owner(database):
    with database.connect() as connection:
        return connection.execute(
            "select tableowner::text, has_table_privilege('reader', 'orders', 'select')"
            " from pg_tables where tablename = 'orders'"
        ).fetchone()


def test_roles_go_with_the_workspace(any_server):
    with any_server.workspace("roles") as workspace:
        run(workspace.scratch("a"), *UP)
        assert roles(any_server) == ["app", "reader"]
    assert roles(any_server) == []


def test_an_empty_scratch_has_no_roles_of_before(any_server, scratch):
    run(scratch, *UP)
    scratch.reset()
    assert roles(any_server) == []
    run(scratch, *UP)


def test_a_saved_database_keeps_no_role_from_being_dropped(any_server, scratch):
    run(scratch, *UP)
    scratch.save("head")
    run(scratch, *DOWN)
    assert roles(any_server) == []


def test_a_role_comes_back_with_the_template_as_it_was(any_server, scratch):
    run(scratch, *UP)
    template = scratch.save("head")
    run(scratch, *DOWN)
    scratch.reset(template)
    assert owner(scratch) == ("app", True)
    with any_server.connect() as connection:
        row = connection.execute(
            "select rolcanlogin, rolpassword like 'SCRAM%', shobj_description(oid, 'pg_authid'),"
            " pg_has_role('app', 'reader', 'member'),"
            " (select setconfig from pg_db_role_setting where setrole = a.oid)"
            " from pg_authid a where rolname = 'app'"
        ).fetchone()
    assert row == (True, True, "the application", True, ["search_path=public"])
    with psycopg.connect(
        scratch.dsn.url().replace("postgres:", "app:", 1).split("@")[0].rsplit(":", 1)[0]
        + ":p@"
        + scratch.dsn.url().split("@")[1]
    ) as connection:
        assert connection.execute("select current_user::text").fetchone() == ("app",)
    run(scratch, *DOWN)
    assert roles(any_server) == []


def test_a_changed_or_later_role_is_set_back(any_server, scratch):
    run(scratch, *UP)
    template = scratch.save("head")
    run(scratch, "alter role app nologin", "create role later", "alter role reader rename to r2")
    scratch.reset(template)
    assert roles(any_server) == ["app", "reader"]
    with any_server.connect() as connection:
        assert connection.execute(
            "select rolcanlogin from pg_roles where rolname = 'app'"
        ).fetchone() == (True,)


def test_each_of_two_scratch_databases_has_roles_of_its_own(any_server, workspace):
    first, second = workspace.scratch("first"), workspace.scratch("second")
    run(first, *UP)
    run(second, *UP)
    assert (owner(first), owner(second)) == (("app", True), ("app", True))
    run(second, *DOWN)
    assert owner(first) == ("app", True)
    run(first, *DOWN)
    second.reset()
    first.reset()
    assert roles(any_server) == []


def test_a_copy_can_drop_the_role_that_the_original_still_uses(any_server, workspace):
    first = workspace.scratch("first")
    run(first, *UP)
    template = first.save("head")
    copy = workspace.scratch("copy", template=template)
    run(copy, *DOWN)
    assert owner(first) == ("app", True)


def test_known_roles_are_those_of_before(any_server, workspace):
    assert "postgres" in workspace.known_roles
    run(workspace.scratch("a"), "create role app")
    assert "app" not in workspace.known_roles


def test_another_live_run_keeps_its_roles(any_server):
    with any_server.workspace("one") as one:
        scratch = one.scratch("a")
        run(scratch, "create role app", "create table t (id int)", "alter table t owner to app")
        with any_server.workspace("two") as two:
            other = two.scratch("b")
            run(other, "create role two", "create table t (id int)", "alter table t owner to two")
            other.reset()
            assert roles(any_server) == ["app"]
        assert roles(any_server) == ["app"]
        with any_server.workspace("three") as three, pytest.raises(psycopg.errors.DuplicateObject):
            run(three.scratch("c"), "create role app")
    assert roles(any_server) == []


def test_what_a_migration_leaves_on_the_server_as_a_whole_is_gone(any_server):
    with any_server.workspace("whole") as workspace:
        scratch = workspace.scratch("a")
        run(
            scratch,
            "alter system set work_mem = '9MB'",
            "select pg_reload_conf()",
            "select pg_create_physical_replication_slot('bedstone_physical')",
        )
    with any_server.workspace("next") as workspace, workspace.scratch("a").connect() as inside:
        assert inside.execute("show work_mem").fetchone() == ("4MB",)
        assert inside.execute("select count(*) from pg_replication_slots").fetchone() == (0,)
