# SPDX-License-Identifier: Apache-2.0
"""Strict plans: pg_dump says the same to the byte, and every row is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_observed import dump_to_the_byte
from plan_applied import bring, observe

from bedstone.catalog import compare
from bedstone.plan import Hazard, Options, plan

if TYPE_CHECKING:
    from bedstone.server import Scratch

STRICT = Options(strict=True)
#: Old and new; the rows that are put in, and a query that says the same before and after.
PAIRS = {
    "a column between others": (
        (
            "create table t (a integer primary key, c text); create view v as select a from t;"
            "create table f (t integer references t)"
        ),
        (
            "create table t (a integer primary key, b text, c text);"
            " create view v as select a from t;"
            "create table f (t integer references t)"
        ),
        "insert into t values (1, 'x'), (2, null); insert into f values (1)",
        "select a, c from t order by a",
    ),
    "columns at the end": (
        "create table t (a integer)",
        "create table t (a integer, z text, b text not null default 'x', c integer)",
        "insert into t values (1)",
        "select a from t",
    ),
    "another order": (
        (
            "create table t (a integer generated always as identity, b text default 'x' not null,"
            " c integer unique, d integer generated always as (c + 1) stored);"
            "create index i on t (b); comment on column t.b is 'y'; alter table t enable row level"
            " security; create policy p on t using (c > 0); grant select (c) on t to public"
        ),
        (
            "create table t (d integer generated always as (c + 1) stored, c integer unique,"
            " b text default 'x' not null, a integer generated always as identity);"
            "create index i on t (b); comment on column t.b is 'y'; alter table t enable row level"
            " security; create policy p on t using (c > 0); grant select (c) on t to public"
        ),
        "insert into t (c) values (1), (2), (null)",
        "select a, b, c from t order by a",
    ),
    "a partitioned table": (
        (
            "create table t (a integer not null, b text) partition by list (a);"
            "create table t1 partition of t for values in (1);"
            "create table t2 (b text, a integer not"
            " null); alter table t attach partition t2 for values in (2); create index i on t (b);"
            "create table t3 partition of t for values in (3)"
        ),
        (
            "create table t (b text, a integer not null) partition by list (a);"
            "create table t1 partition of t for values in (1);"
            "create table t2 (b text, a integer not"
            " null); alter table t attach partition t2 for values in (2); create index i on t (b);"
            "create table t4 partition of t for values in (3, 4)"
        ),
        "insert into t (a, b) values (1, 'x'), (2, 'y'), (3, 'z')",
        "select a, b from t order by a",
    ),
    "a partition that another table refers to": (
        (
            "create table t (a integer primary key, b text) partition by list (a);"
            "create table t1 partition of t for values in (1);"
            "create table f (a integer references t)"
        ),
        (
            "create table t (a integer primary key, b text) partition by list (a);"
            "create table t1 (b text, a integer primary key); alter table t attach partition t1"
            " for values in (1);"
            "create table f (a integer references t)"
        ),
        "insert into t values (1, 'x'); insert into f values (1)",
        "select t.a, b, f.a from t join f using (a)",
    ),
    "children": (
        "create table p (a integer, b text); create table c (x integer) inherits (p)",
        "create table p (b text, a integer); create table c (x integer) inherits (p)",
        "insert into p (a, b) values (1, 'x'); insert into c (a, b, x) values (2, 'y', 3)",
        "select tableoid::regclass::text, a, b from p order by a",
    ),
    "what a child says beside its parent": (
        "create table p (a integer check (a > 0), b text); create table c (a integer) inherits (p)",
        "create table p (a integer check (a > 0), b text); create table c (b text) inherits (p)",
        "insert into p values (1, 'x'); insert into c values (2, 'y')",
        "select tableoid::regclass::text, a, b from p order by a",
    ),
    "names of NOT NULL": (
        (
            "create table t (a integer constraint x not null, b integer not null, c integer);"
            "create table p (a integer constraint m not null) partition by list (a);"
            "create table p1 (a integer constraint n not null); alter table p attach partition p1"
            " for values in (1); create domain d as text constraint x not null"
        ),
        (
            "create table t (a integer not null, b integer constraint y not null,"
            " c integer constraint z not null);"
            "create table p (a integer constraint o not null) partition by list (a);"
            "create table p1 (a integer not null); alter table p attach partition p1"
            " for values in (1); create domain d as text constraint y not null"
        ),
        "insert into t values (1, 2, 3); insert into p values (1)",
        "select * from t, p",
    ),
    "white space": (
        "create function f() returns integer language plpgsql as 'begin return 1; end'",
        "create function f() returns integer language plpgsql as 'begin\n  return 1;\nend'",
        "",
        "select f()",
    ),
    "an attribute of another type": (
        "create type y as (a integer, b text); create table t (y y, n integer)",
        "create type y as (a bigint, b text); create table t (y y, n integer)",
        "insert into t values ((1, 'z'), 1), (null, 2)",
        "select n, (y).a, (y).b from t order by n",
    ),
    "attributes of a type": (
        "create type y as (a integer, b text); create table t (y y default '(1,z)', n integer)",
        "create type y as (b text, a integer); create table t (y y default '(z,1)', n integer)",
        (
            "insert into t (n) values (1); insert into t values (null, 2);"
            " update t set y.b = 'only' where n = 2; insert into t values (null, 3)"
        ),
        "select n, (y).a, (y).b from t order by n",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pg_dump_says_the_same_and_rows_stay(name: str, scratch: Scratch) -> None:
    old, new, rows, query = PAIRS[name]
    for first, then in ((old, new), (new, old)):
        make(scratch, then)
        target, wanted = observe(scratch), scratch.dump()
        make(scratch, first)
        start = observe(scratch)
        with scratch.connect(autocommit=True) as session:
            session.execute(rows.encode())
            before = session.execute(query.encode()).fetchall()
        after = bring(scratch, start, target, STRICT)
        assert dump_to_the_byte(scratch.dump() or "") == dump_to_the_byte(wanted or "")
        assert not [
            d for d in compare(after, target) if d.attribute not in {None, "not_null_local"}
        ]
        with scratch.connect(autocommit=True) as session:
            assert session.execute(query.encode()).fetchall() == before


def test_a_table_is_made_anew_only_where_the_order_is_asked_for(scratch: Scratch) -> None:
    old, new, *_ = PAIRS["a column between others"]
    make(scratch, new)
    target = observe(scratch)
    make(scratch, old)
    start = observe(scratch)
    plain, strict = plan(start, target), plan(start, target, STRICT)
    assert [s.sql for s in plain.statements] == ["alter table public.t add column b text"]
    assert any(Hazard.BLOCKS in s.hazards for s in strict.statements)
    assert not any(Hazard.LOSES_DATA in s.hazards for s in strict.statements)


def make(scratch: Scratch, script: str) -> None:
    scratch.reset()
    with scratch.connect(autocommit=True) as session:
        session.execute(script.encode())
