# SPDX-License-Identifier: Apache-2.0
"""What a statement is, by the server's own grammar, and its text without values."""

from __future__ import annotations

import pytest

from bedstone.trace.statements import Handling, read_statements


def _handling(sql: str) -> Handling:
    (statement,) = read_statements(sql.encode())
    return statement.handling


@pytest.mark.parametrize(
    "sql",
    [
        "select 1", "insert into t values (1)", "alter table t add column c int",
        "create index on t (a)", "create index concurrent on t (a)", "drop index i",
        "reindex table t", "reindex (concurrently false) table t", "cluster t using i",
        "refresh materialized view concurrently m", "analyze t", "copy t from stdin",
        "do $$ begin perform 1; end $$", "alter type e add value 'x'", "create table t (a int)",
        "alter table t rename to u", "create role r", "drop table t",
    ],
)  # fmt: skip
def test_what_may_run_in_a_transaction_is_given_one(sql: str) -> None:
    assert _handling(sql) is Handling.WRAP


@pytest.mark.parametrize(
    "sql",
    [
        "create index concurrently on t (a)", "drop index concurrently i", "vacuum", "vacuum t",
        "reindex index concurrently i", "reindex (concurrently) table t", "reindex database d",
        "reindex schema s", "cluster", "analyze", "create database d", "drop database d",
        "alter system set a = 1", "create tablespace s location '/s'", "call p()",
        "alter table t detach partition p concurrently", "alter database d rename to e",
        "create subscription s connection 'c' publication p", "drop subscription s",
        "do $$ begin commit; end $$", "do 'begin rollback; end'", "do $$ begin call p(); end $$",
        "selekt 1", "alter database d set tablespace s",
    ],
)  # fmt: skip
def test_what_may_not_is_watched(sql: str) -> None:
    assert _handling(sql) is Handling.WATCH


@pytest.mark.parametrize(
    "sql",
    [
        "begin", "commit", "rollback", "savepoint a", "release a", "set a = 1", "show a",
        "set local a = 1", "listen a", "notify a",
        "close c", "prepare p as select 1", "deallocate p", "discard all", "checkpoint",
        "set constraints all deferred", "prepare transaction 'a'",
    ],
)  # fmt: skip
def test_what_controls_the_session_passes(sql: str) -> None:
    assert _handling(sql) is Handling.PASS


def test_a_cursor_is_asked_about_in_its_own_transaction() -> None:
    assert _handling("declare c cursor for select 1") is Handling.ASK
    assert _handling("fetch c") is Handling.ASK


def test_going_back_and_locking_have_a_handling_of_their_own() -> None:
    assert _handling("rollback to a") is Handling.BACK
    assert _handling("lock table t") is Handling.LOCK


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("insert into t values (1, 'a') -- b", "insert into t values ($1, $2)"),
        ("alter role r password 'hunter2'", "alter role r password '…'"),
        ("create table t (a int default 5,\n  b text default 'b' /* c */)",
         "create table t (a int default 5, b text default '…' )"),
        ("do $x$ begin perform 'a'; end $x$", "do $$ begin perform '…'; end $$"),
        ("selekt 'a' from t where b = 5", "selekt …"),
        ("execute p (5, 'a')", "execute p (…, '…')"),
        ('create table "größe" (a int)', 'create table "größe" (a int)'),
        ("prepare q (numeric(9,2)) as insert into t values (4111, 'x', 4112)",
         "prepare q (numeric(9,2)) as insert into t values (…, '…', …)"),
        ("declare c cursor for select * from t where n = 4111",
         "declare c cursor for select * from t where n = …"),
        ("fetch 10 from c", "fetch 10 from c"),
        ("create table t as select 4111 as n", "create table t as select … as n"),
        ("create view v as select a::numeric(9, -2) from t where n = -4111",
         "create view v as select a::numeric(9, -2) from t where n = -…"),
        ("create function f() returns varchar(9) begin atomic select 4111; end",
         "create function f() returns varchar(9) begin atomic select …; end"),
        ("create policy p on t using (ssn = 4111)", "create policy p on t using (ssn = …)"),
        ("copy t from stdin where n = 4111", "copy t from stdin where n = …"),
        ("explain create table t as select 4111", "explain create table t as select …"),
        ("alter table t alter a type numeric(9,2) using case a when 4111 then -5 end",
         "alter table t alter a type numeric(9,2) using case a when … then -… end"),
        ("set app.pin = 12345678", "set app.pin = …"),
        ("set local app.key to hunter2, 'x', -5", "set local app.key to …, …, -…"),
        ("alter role r set app.key = hunter2", "alter role r set app.key = …"),
        ("do $$ begin set app.key = hunter2; end $$", "do $$ begin set app.key = …; end $$"),
        ("set lock_timeout = '5s'", "set lock_timeout = '5s'"),
        ("set work_mem = 4096", "set work_mem = 4096"),
        ("alter system set primary_conninfo = 'password=a'",
         "alter system set primary_conninfo = '…'"),
        ("select e'a', b'1', x'1', U&'a', 1.5, -3", "select $1, $2, $3, $4, $5, $6"),
    ],
)  # fmt: skip
def test_values_and_comments_are_left_out(sql: str, shown: str) -> None:
    (statement,) = read_statements(sql.encode())
    assert statement.text == shown


def test_constants_are_found_in_each_of_several_statements() -> None:
    sql = "select 'größe';\n /* ü */ create view v as select a::varchar(7) from t where n = 4111;"
    found = read_statements(f"{sql} alter table t alter a type int using a + 4111".encode())
    assert [s.text for s in found[1:]] == [
        "create view v as select a::varchar(7) from t where n = …",
        "alter table t alter a type int using a + …",
    ]


def test_several_statements_are_told_apart() -> None:
    found = read_statements(b"begin; update t set a = ';' ;; vacuum t;")
    assert [s.kind for s in found] == ["transaction", "update", "vacuum"]
    assert read_statements(b" ; -- nothing") == ()


def test_a_text_too_long_to_parse_is_known_by_its_first_word() -> None:
    long = "insert into t values " + ", ".join(["(1, 'a;b')"] * 40_000)
    found = read_statements(f"begin; {long}; commit".encode())
    assert [s.kind for s in found] == ["transaction", "insert", "transaction"]
    assert found[1].handling is Handling.WRAP
    assert found[1].text == "insert into t values ( …"


def test_a_text_of_another_encoding_is_known_all_the_same() -> None:
    assert [s.kind for s in read_statements("select 'é'".encode("latin-1"))] == ["select"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("alter table t alter a type bigint", "type of column a changes"),
        (
            "alter table t alter a type bigint, add b timestamptz default clock_timestamp()",
            "one or more of: type of column a changes; volatile default of column b",
        ),
        ("alter table t add b int default 0, alter a type bigint", "type of column a changes"),
        (
            "alter table t add b checked default 0, alter a type bigint",
            "one or more of: volatile default of column b; type of column a changes",
        ),
        ("alter table t add b int, drop c", None),
    ],
)
def test_of_several_commands_none_is_named_that_need_not_be_the_reason(
    sql: str, reason: str | None
) -> None:
    (statement,) = read_statements(sql.encode())
    assert statement.reason == reason
