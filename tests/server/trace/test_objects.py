# SPDX-License-Identifier: Apache-2.0
"""Objects that are no relations: what made, changed and dropped them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bedstone.findings import Method
from bedstone.trace import observe

if TYPE_CHECKING:
    from bedstone.server import Scratch
    from bedstone.trace import Observer, StatementFacts

PREPARED = """
create table t (id int primary key, n int);
create table u (id int);
create function f() returns int language sql as 'select 1';
create function trg() returns trigger language plpgsql as 'begin return new; end';
create type mood as enum ('sad');
create domain positive as int;
create trigger old_trigger before insert on t for each row execute function trg();
alter table t add constraint late check (n > 0) not valid;
create function by_function() returns void language plpgsql as
'begin create schema by_f; drop type mood; end';
create schema old;
create function old.g(int, text) returns int language sql as 'select 1';
"""
#: Each statement alone, with what it does.
STEPS: tuple[tuple[str, set[tuple[str, str, str]]], ...] = (
    ("create type m as enum ('a', 'b')", {("created", "type", "public.m")}),
    ("alter type mood add value 'ok'", {("created", "enum value", "ok of public.mood")}),
    (
        "alter type mood rename value 'sad' to 'low'",
        {("changed", "enum value", "low of public.mood")},
    ),
    ("create type pair as (a int)", {("created", "type", "public.pair")}),
    ("create type span as range (subtype = int)", {("created", "type", "public.span")}),
    ("create domain d as int", {("created", "type", "public.d")}),
    (
        "create domain d2 as int check (value > 0)",
        {
            ("created", "type", "public.d2"),
            ("created", "domain constraint", "d2_check on public.d2"),
        },
    ),
    (
        "alter domain positive add constraint above check (value > 0)",
        {("created", "domain constraint", "above on public.positive")},
    ),
    (
        "create or replace function f() returns int language sql as 'select 2'",
        {("changed", "function", "public.f()")},
    ),
    (
        "create procedure p(a int) language sql as 'select 1'",
        {("created", "procedure", "public.p(integer)")},
    ),
    (
        "create trigger tr before insert on t for each row execute function trg()",
        {("created", "trigger", "tr on public.t")},
    ),
    ("create policy pol on t using (true)", {("created", "policy", "pol on public.t")}),
    ("create schema s", {("created", "schema", "s")}),
    (
        "alter table t add constraint c check (n > 0) not valid",
        {("created", "table constraint", "c on public.t")},
    ),
    (
        "alter table t validate constraint late",
        {("changed", "table constraint", "late on public.t")},
    ),
    (
        "alter table t drop constraint t_pkey",
        {("dropped", "table constraint", "t_pkey on public.t")},
    ),
    ("create rule r as on insert to u do nothing", {("created", "rule", "r on public.u")}),
    ("create statistics st on id, n from t", {("created", "statistics object", "public.st")}),
    ("alter function f() rename to f2", {("changed", "function", "public.f2()")}),
    ("drop trigger old_trigger on t", {("dropped", "trigger", "old_trigger on public.t")}),
    ("drop function f()", {("dropped", "function", "public.f()")}),
    ("drop type mood", {("dropped", "type", "public.mood")}),
    (
        "drop schema old cascade",
        {
            ("dropped", "schema", "old"),
            ("dropped", "function", "old.g(pg_catalog.int4,pg_catalog.text)"),
        },
    ),
    ("create type if_any as enum ()", {("created", "type", "public.if_any")}),
    ("create schema if not exists old", set()),
    ("drop type if exists missing", set()),
    ("alter table t add column c2 int", set()),
    (
        "create table made (a int check (a > 0))",
        {("created", "table constraint", "made_a_check on public.made")},
    ),
    ("select by_function()", {("created", "schema", "by_f"), ("dropped", "type", "public.mood")}),
    ("select f()", set()),
    ("insert into t values (1)", set()),
    (
        "do $$ begin create type by_block as enum ('x'); drop function f(); end $$",
        {("created", "type", "public.by_block"), ("dropped", "function", "public.f()")},
    ),
)


def objects(statement: StatementFacts) -> set[tuple[str, str, str]]:
    return {(o.change, o.kind, o.name) for o in statement.objects}


def connect(observer: Observer) -> psycopg.Connection[Any]:
    return psycopg.connect(observer.dsn.url(), autocommit=True, prepare_threshold=None)


@pytest.fixture
def prepared(scratch: Scratch) -> Scratch:
    with scratch.connect(autocommit=True) as connection:
        connection.execute(PREPARED)
    return scratch


@pytest.mark.usefixtures("any_server")
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize(("sql", "expected"), STEPS)
def test_each_kind(
    prepared: Scratch, sql: str, expected: set[tuple[str, str, str]], given: bool
) -> None:
    """In autocommit and in a transaction of the client's, which is rolled back."""
    with observe(prepared) as observer, connect(observer) as connection:
        if not given:
            connection.execute("begin")
        connection.execute(sql)  # type: ignore[arg-type]
        if not given:
            connection.execute("rollback")
        statement = observer.trace().statements[0 if given else 1]
    normal = {(c, k, n.replace("integer", "pg_catalog.int4")) for c, k, n in objects(statement)}
    assert normal == {(c, k, n.replace("integer", "pg_catalog.int4")) for c, k, n in expected}
    assert {o.method for o in statement.objects} <= {Method.MEASURED}
    assert "objects" not in statement.unknown


def test_an_extension_is_one_object(observer: Observer) -> None:
    with connect(observer) as connection:
        connection.execute("create extension citext")
        connection.execute("drop extension citext")
        made, dropped = observer.trace().statements
    assert objects(made) == {("created", "extension", "citext")}
    assert objects(dropped) == {("dropped", "extension", "citext")}


@pytest.mark.usefixtures("any_server")
def test_each_statement_of_a_transaction_tells_its_own(prepared: Scratch) -> None:
    """What came before is not told again; what was made and dropped within, is."""
    with observe(prepared) as observer, connect(observer) as connection:
        for sql in (
            "begin",
            "create table earlier (a int check (a > 0))",
            "select by_function()",
            "create table copied as select 1 as a",
            "alter table copied add check (a > 0)",
            "create type a as enum ('x')",
            "create type b as enum ('y')",
            "alter type a add value 'z'",
            "drop type b",
            "alter table t drop constraint t_pkey",
            "savepoint s",
            "create schema inner_one",
            "drop function f()",
            "rollback to s",
            "create schema inner_two",
            "drop function f()",
            "drop schema inner_two",
            "rollback",
            "create type a as enum ('x')",
        ):
            connection.execute(sql)  # type: ignore[arg-type]
        found = [objects(s) for s in observer.trace().statements]
    assert found == [
        set(),
        {("created", "table constraint", "earlier_a_check on public.earlier")},
        {("created", "schema", "by_f"), ("dropped", "type", "public.mood")},
        set(),
        {("created", "table constraint", "copied_a_check on public.copied")},
        {("created", "type", "public.a")},
        {("created", "type", "public.b")},
        {("created", "enum value", "z of public.a")},
        {("dropped", "type", "public.b")},
        {("dropped", "table constraint", "t_pkey on public.t")},
        set(),
        {("created", "schema", "inner_one")},
        {("dropped", "function", "public.f()")},
        set(),
        {("created", "schema", "inner_two")},
        {("dropped", "function", "public.f()")},
        {("dropped", "schema", "inner_two")},
        set(),
        {("created", "type", "public.a")},
    ]


@pytest.mark.usefixtures("any_server")
def test_what_another_session_makes_meanwhile_is_not_told(prepared: Scratch) -> None:
    with (
        observe(prepared) as observer,
        connect(observer) as connection,
        prepared.connect(autocommit=True) as other,
    ):
        connection.execute("begin")
        connection.execute("create schema mine")
        other.execute("create schema theirs")
        other.execute("create function theirs() returns int language sql as 'select 1'")
        connection.execute("alter function f() rename to f3")
        connection.execute("do $$ begin create schema second; end $$")
        found = [objects(s) for s in observer.trace().statements]
        connection.execute("rollback")
    assert found == [
        set(),
        {("created", "schema", "mine")},
        {("changed", "function", "public.f3()")},
        {("created", "schema", "second")},
    ]


def test_a_search_path_of_the_users_own(prepared: Scratch) -> None:
    """And a search path that would mislead a question that is not qualified."""
    with prepared.connect(autocommit=True) as connection:
        connection.execute("create schema trap; create table trap.pg_type (oid oid)")
        connection.execute("create function trap.age(xid) returns int language sql as 'select 1/0'")
    with observe(prepared) as observer, connect(observer) as connection:
        connection.execute("set search_path to trap, pg_catalog, public")
        connection.execute("create type public.named as enum ('a')")
        (statement,) = [s for s in observer.trace().statements if s.kinds == ("create_enum",)]
    assert objects(statement) == {("created", "type", "public.named")}


REWRITES = (
    ("alter table t alter n type bigint", {"table public.t": "type of column n changes"}),
    (
        "alter table t alter id type bigint",
        {"table public.t": "type of column id changes"},
    ),
    ("alter table t set unlogged", {"table public.t": "SET UNLOGGED"}),
    (
        "alter table t add column r float default random()",
        {"table public.t": "volatile default of column r"},
    ),
    ("alter table t add column s serial", {"table public.t": "serial column s"}),
    (
        "alter table t add column g int generated always as (n + 1) stored",
        {"table public.t": "generated column g"},
    ),
    (
        "alter table t add column a int, alter n type bigint, set unlogged",
        {
            "table public.t": "one or more of: type of column n changes; SET UNLOGGED",
            "index public.t_pkey": "rebuilt with its table",
        },
    ),
    ("truncate t, u", {"table public.t": "truncated", "table public.u": "truncated"}),
    ("cluster t using t_pkey", {"table public.t": "CLUSTER"}),
    ("reindex table t", {"index public.t_pkey": "REINDEX"}),
    ("vacuum full t", {"table public.t": "VACUUM FULL"}),
    ("do $$ begin alter table t alter n type bigint; end $$", {"table public.t": None}),
)


@pytest.mark.parametrize(("sql", "expected"), REWRITES)
def test_why_a_relation_is_rewritten(
    prepared: Scratch, sql: str, expected: dict[str, str | None]
) -> None:
    with prepared.connect(autocommit=True) as connection:
        connection.execute("insert into t select g, g from generate_series(1, 10) g")
    with observe(prepared) as observer, connect(observer) as connection:
        connection.execute(sql)  # type: ignore[arg-type]
        (statement,) = observer.trace().statements
    found = {f"{r.relation.kind} {r.relation}": r.reason for r in statement.rewrites}
    assert expected.items() <= found.items(), found


def test_a_block_is_shown_without_its_values(observer: Observer) -> None:
    with connect(observer) as connection:
        connection.execute(
            "do language plpgsql $a$ declare n int := 4711; -- secret\n"
            "begin perform set_config('a.b', 'secret', true); "
            "execute $$ select 'secret' $$; execute format('select %L', 'secret'); end $a$"
        )
        connection.execute("do 'begin perform 4711; end'")
        first, second = observer.trace().statements
    assert first.sql == (
        (
            "do language plpgsql $$ declare n int := …; begin perform set_config('…', '…', true); "
            "execute '…'; execute format('…', '…'); end $$"
        ),
    )
    assert second.sql == ("do $$ begin perform …; end $$",)


def test_the_same_statement_many_times_in_autocommit_is_told_once(observer: Observer) -> None:
    with connect(observer) as connection:
        connection.execute("create table t (a int)")
        for number in range(30):
            connection.execute("insert into t values (%s)", (number,))
        connection.execute("begin")
        connection.execute("insert into t values (1)")
        connection.execute("commit")
        trace = observer.trace()
    created, many, _, single, _ = trace.statements
    assert (many.executions, many.transaction, many.writes[0].inserted) == (30, None, 30)
    assert [str(lock.mode) for lock in many.locks] == ["ROW EXCLUSIVE"]
    assert many.locks[0].seconds is not None
    assert single.executions == 1
    assert created.transaction is not None
    assert len(trace.transactions) == 3, trace.transactions
