# SPDX-License-Identifier: Apache-2.0
"""Corners of the language that PostgreSQL's own regression scripts led to: made, and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plan_applied import bring

from bedstone.catalog import Meaning, compare, read_catalog

if TYPE_CHECKING:
    from bedstone.server import Scratch, Workspace

CORNERS = {
    "an operator class hangs on a function by its family": """
        create function f(value int4, seed int8) returns int8 language sql strict immutable
        as 'select value + seed';
        create operator class o for type int4 using hash as operator 1 =, function 2 f(int4, int8)
    """,
    "an aggregate without arguments": """
        create aggregate counted(*) (sfunc = int8inc, stype = int8, initcond = '0');
        comment on aggregate counted(*) is 'all';
        revoke execute on function counted() from public
    """,
    "procedures that only their output arguments tell apart": """
        create procedure p(out a int, b int, c int) language sql as 'select b - c';
        create procedure p(a int, b int, c int) language sql as 'select b - c';
        create type "a,b" as (x int);
        create procedure p("a,b", c "char") language sql as 'select 1';
        comment on procedure p(in int, in int, in int) is 'x';
        revoke execute on procedure p("a,b", "char") from public
    """,
    "a typed table with values and conditions of its own": """
        create type kind as (x int, y text, z text);
        create table t of kind (x not null, y with options default 'q', primary key (x))
    """,
    "an identity whose sequence is logged and whose table is not": """
        create unlogged table u (a int generated always as identity);
        alter sequence u_a_seq set logged;
        create table l (a int generated always as identity);
        alter sequence l_a_seq set unlogged
    """,
    "foreign keys of a partition that the partitioned table took over": """
        create table pk (a int, b int, primary key (a, b));
        create table fk (a int, b int) partition by list (a);
        alter table fk add foreign key (a, b) references pk on delete cascade;
        create table fk_1 partition of fk for values in (1);
        create table fk_4 (a int, b int, foreign key (a, b) references pk on delete cascade)
        partition by range (b);
        create table fk_4_1 partition of fk_4 for values from (1) to (100);
        create table fk_4_2 (a int, b int, foreign key (a, b) references pk on update set null);
        alter table fk_4 attach partition fk_4_2 for values from (100) to (1000);
        alter table fk attach partition fk_4 for values in (4)
    """,
    "a foreign key of a partitioned table to itself": """
        create table p (id int primary key, up int references p) partition by range (id);
        create table p1 partition of p for values from (0) to (10);
        create table p2 partition of p for values from (10) to (20) partition by range (id);
        create table p21 partition of p2 for values from (10) to (15)
    """,
    "policies and rules of two tables that read each other": """
        create table one (x int, y int);
        create table two (a int, b int);
        create policy p on one using (x = (select two.a from two where two.b = y));
        create policy p on two using (a = (select one.x from one where one.y = b));
        create rule r as on insert to one do also select * from two;
        create rule r as on insert to two do also select * from one
    """,
    "triggers that are on in one partition and off in another": """
        create table p (a int primary key) partition by list (a);
        create function f() returns trigger language plpgsql as 'begin end';
        create trigger t after insert on p for each row execute function f();
        create trigger off after insert on p for each row execute function f();
        alter table only p disable trigger off;
        create table p1 partition of p for values in (1) partition by list (a);
        create table p11 partition of p1 for values in (1);
        create table p2 partition of p for values in (2) partition by list (a);
        create table p21 partition of p2 for values in (2);
        alter table only p1 enable trigger off;
        alter table only p2 disable trigger t;
        alter table p21 enable always trigger t
    """,
    "privileges that another than the owner granted": """
        do $$ begin create role bedstone_corner_1; exception when duplicate_object then end $$;
        do $$ begin create role bedstone_corner_2; exception when duplicate_object then end $$;
        create table t (a int);
        grant select on t to bedstone_corner_1 with grant option;
        set role bedstone_corner_1;
        grant select on t to bedstone_corner_2;
        reset role;
        grant insert on t to bedstone_corner_2
    """,
    "expressions that are printed with other parentheses once they are read again": """
        create table t (
            a int, b int check (a between 1 and 5 and b > 0),
            c int generated always as (case when a between 1 and 2 and b = 3 then 1 end) stored
        );
        create view v as select * from t where a between 1 and 2 and b = 3;
        create index i on t ((a between 1 and 2 and b = 3)) where a between 1 and 2 and b = 3;
        create policy p on t using (a between 1 and 2 and b = 3)
    """,
    "privileges of the owner on columns of the system's": """
        grant select (rolname) on pg_authid to current_user
    """,
    "a comment on the index that a foreign key leads to": """
        create table one (a int primary key);
        comment on index one_pkey is 'the key';
        create table two (a int constraint two_a references one);
        create index two_a on two (a)
    """,
}


@pytest.mark.parametrize("corner", CORNERS.values(), ids=CORNERS)
def test_it_is_made_and_undone(corner: str, workspace: Workspace, scratch: Scratch) -> None:
    other = workspace.scratch("other")
    with scratch.connect(autocommit=True) as conn, other.connect(autocommit=True) as session:
        nothing = read_catalog(session)
        conn.execute(corner.encode())
        there = read_catalog(conn)
        bring(other, nothing, there, session=session)
        bring(other, there, nothing, session=session)


def test_what_is_read_as_another_tree_is_another_thing(scratch: Scratch) -> None:
    with scratch.connect(autocommit=True) as conn:
        conn.execute("create table t (a bool, b bool, c bool check ((a and b) or c))")
        one = read_catalog(conn)
        conn.execute("alter table t drop constraint t_check, add check (a and (b or c))")
        assert [d.meaning for d in compare(one, read_catalog(conn))] == [Meaning.MEANINGFUL]
