# SPDX-License-Identifier: Apache-2.0
"""Changes of kinds that the tests of other tools led to, planned both ways over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plan_applied import bring

from bedstone.catalog import read_catalog
from bedstone.errors import NotPlannable
from bedstone.plan import Options, plan

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch

#: Old, rows, new.
ENCOUNTERS = {
    "what default privileges keep from everybody is granted": (
        "alter default privileges revoke execute on functions from public",
        "select 1",
        """alter default privileges revoke execute on functions from public;
        create function f() returns int language sql as 'select 1';
        grant execute on function f() to public""",
    ),
    "an owner without any privilege": (
        "create schema s",
        "select 1",
        "create schema s; create table s.t (); revoke all on s.t from current_user",
    ),
    "default privileges that leave the owner nothing": (
        "create role r; alter default privileges for role r grant select on tables to public",
        "select 1",
        """create role r; alter default privileges for role r revoke all on tables from r;
        alter default privileges for role r grant select on tables to public""",
    ),
    "sequences that go over to tables that come and go": (
        """create sequence s; create sequence q; create table t (a int default nextval('q'));
        alter sequence q owned by t.a""",
        "insert into t default values",
        """create sequence s start 2; create sequence q;
        create table t (a int default nextval('q'));
        create table u (a int default nextval('s')); alter sequence s owned by u.a""",
    ),
    "an identity whose sequence has another name": (
        "create table t (a int generated always as identity (sequence name one), b int)",
        "insert into t (b) values (1), (2)",
        """create table t (a int generated always as identity
        (sequence name two start 5 minvalue 5), b int)""",
    ),
    "a default that calls an overloaded function by the same words": (
        """create function f(int, int default 1) returns int language sql as 'select 1';
        create table t (a int default f(1), b int)""",
        "insert into t (b) values (1)",
        """create function f(int, text default '') returns int language sql as 'select 1';
        create table t (a int default f(1), b int)""",
    ),
    "bounds of a partition that another one had": (
        """create table p (a text) partition by list (a);
        create table x partition of p for values in ('a', 'b');
        create table y partition of p for values in ('c', 'd');
        create table z partition of p for values in ('e')""",
        "insert into p values ('a'), ('c')",
        """create table p (a text) partition by list (a);
        create table x partition of p for values in ('a', 'e');
        create table y partition of p for values in ('c', 'b')""",
    ),
    "a foreign table that is a partition of another table": (
        """create foreign data wrapper w; create server s foreign data wrapper w;
        create table p (a int) partition by list (a); create table q (a int) partition by list (a);
        create foreign table f partition of p for values in (1) server s""",
        "select 1",
        """create foreign data wrapper w; create server s foreign data wrapper w;
        create table p (a int) partition by list (a); create table q (a int) partition by list (a);
        create foreign table f partition of q for values in (1) server s""",
    ),
    "another type under the defaults of children": (
        """create table t (a int default 1); create table c (a int default 2) inherits (t);
        create table d () inherits (c); alter table d alter a set default 3""",
        "insert into t default values; insert into c default values; insert into d default values",
        """create table t (a text default '1'); create table c (a text default '2') inherits (t);
        create table d () inherits (c); alter table d alter a set default '4'""",
    ),
    "statistics about the columns of a view": (
        "create table t (a int, b int)",
        "insert into t values (1, 2)",
        """create table t (a int, b int); create materialized view v as select * from t;
        create statistics s on a, b from v""",
    ),
    "functions that other functions name in their bodies": (
        "create table t (a int)",
        "insert into t values (1)",
        """create table t (a int); create materialized view z as select * from t;
        create function last_of() returns setof z language sql stable as 'select * from public.z';
        create function first_of() returns bigint language sql stable
        as 'select count(*) from public.last_of()';
        create materialized view a as select first_of()""",
    ),
    "an aggregate of other functions under a view with rows": (
        """create function f(int, int) returns int language sql immutable as 'select $1 + $2';
        create aggregate total(int) (sfunc = f, stype = int, initcond = '0');
        create table t (a int); create materialized view v as select total(a) from t""",
        "insert into t values (1)",
        """create function g(int, int) returns int language sql immutable as 'select $1 + $2 + 1';
        create aggregate total(int) (sfunc = g, stype = int, parallel = safe);
        create table t (a int); create materialized view v as select total(a) from t""",
    ),
    "an extension that moves from a schema that goes": (
        "create schema one; create extension citext schema one",
        "select 1",
        "create schema two; create extension citext schema two",
    ),
}

#: From 18 on NOT NULL has a name and may be for the table alone.
NOT_NULL = (
    """create table t (a int not null, b int, c int constraint named not null,
    d int constraint old_d not null)""",
    "insert into t values (1, 1, 1, 1)",
    """create table t (a int not null no inherit, b int constraint n not null no inherit,
    c int not null no inherit, d int constraint new_d not null)""",
)


def made(scratch: Scratch, sql: str) -> Catalog:
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        conn.execute(sql.encode())
        return read_catalog(conn)


@pytest.mark.parametrize("online", [True, False], ids=["online", "at once"])
@pytest.mark.parametrize("case", ENCOUNTERS.values(), ids=ENCOUNTERS)
def test_it_is_planned_both_ways(
    case: tuple[str, str, str], online: bool, scratch: Scratch
) -> None:
    old, rows, new = case
    b, a = made(scratch, new), made(scratch, old)
    options = Options(online=online)
    with scratch.connect(autocommit=True) as conn:
        conn.execute(rows.encode())
        there = bring(scratch, a, b, options, session=conn)
        bring(scratch, there, a, options, session=conn)


@pytest.mark.pg(">= 18")
@pytest.mark.parametrize("online", [True, False], ids=["online", "at once"])
def test_not_null_is_for_the_table_alone(online: bool, scratch: Scratch) -> None:
    test_it_is_planned_both_ways(NOT_NULL, online, scratch)


def test_the_sequence_of_an_identity_column_stays_with_it(scratch: Scratch) -> None:
    table = "create table t (a int not null {}, b int not null {})"
    identity = "generated always as identity (sequence name s)"
    b = made(scratch, table.format("", identity))
    a = made(scratch, table.format(identity, ""))
    with pytest.raises(NotPlannable, match=r"is that of column public\.t\.a"):
        plan(a, b)


def test_an_aggregate_is_replaced_under_what_uses_it(scratch: Scratch) -> None:
    old, _, new = ENCOUNTERS["an aggregate of other functions under a view with rows"]
    b, a = made(scratch, new), made(scratch, old)
    assert not [s for s in plan(a, b).statements if s.subject.kind == "materialized view"]
