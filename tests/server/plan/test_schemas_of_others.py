# SPDX-License-Identifier: Apache-2.0
"""What the schemas of other projects showed: planned both ways over rows that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plan_applied import bring

from bedstone.catalog import Meaning, compare, read_catalog
from bedstone.plan import Options, Transaction, plan

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch

_FUNCTION = "create function f{} returns trigger language plpgsql as 'begin return new; end';"
_F, _G = (_FUNCTION.format(name) for name in ("()", "2()"))
_LIST = "create table p (a int{}) partition by list (a);"
#: Old, rows, new.
PAIRS = {
    "a child keeps what its parent gives up, another one does not": (
        """create table p (a int, x int, constraint k check (x > 0));
        create table c () inherits (p); create table d () inherits (p);
        create table e () inherits (d)""",
        "insert into c values (1, 2); insert into d values (3, 4); insert into e values (5, 6)",
        """create table p (a int); create table c (x int, constraint k check (x > 0)) inherits (p);
        create table d () inherits (p); create table e (x int) inherits (d)""",
    ),
    "an index that some partitions lack": (
        "select 1",
        "select 1",
        """create table p (a int, b int) partition by list (a);
        create table p1 partition of p for values in (1);
        create table p2 partition of p for values in (2);
        create index i on only p (b); create index i1 on p1 (b);
        alter index i attach partition i1""",
    ),
    "a partition's trigger that is switched off": (
        f"{_F} {_LIST.format('')} create table p1 partition of p default",
        "insert into p values (1)",
        f"""{_F} {_LIST.format("")} create table p1 partition of p default;
        create trigger z after insert on p for each row execute function f();
        alter table p1 disable trigger z""",
    ),
    "triggers that are replaced": (
        f"""{_F} {_LIST.format("")} create table p1 partition of p default; create table t (a int);
        create trigger z after insert on p for each row execute function f();
        alter table p1 disable trigger z;
        create trigger x before insert on t for each row execute function f();
        alter table t disable trigger x""",
        "insert into p values (1)",
        f"""{_G} {_LIST.format("")} create table p1 partition of p default; create table t (a int);
        create trigger z before insert on p for each row execute function f2();
        alter table p1 disable trigger z;
        create trigger x after update of a on t for each row when (new.a > 1)
        execute function f2('y');
        alter table t disable trigger x""",
    ),
    "what children have otherwise in a column that comes from their parents": (
        f"""{_LIST.format("")} create table p1 partition of p default;
        create table i (a int); create table i1 () inherits (i)""",
        "insert into i1 values (1)",
        f"""{_LIST.format(", b int default 3, c text")} create table p1 partition of p default;
        alter table p1 alter b set default 4, alter c set not null, alter b set statistics 7;
        create table i (a int, b int default 3); create table i1 () inherits (i);
        alter table i1 alter b drop default, alter b set (n_distinct = 4);
        comment on column i1.b is 'x'; grant select (b) on p1 to public""",
    ),
    "a comment on a check that a new partition has from its table": (
        f"{_LIST.format(', check (a > 0)')} create table p1 partition of p default",
        "insert into p values (1)",
        f"""{_LIST.format(", check (a > 0)")} create table p1 partition of p default;
        create table p2 partition of p for values in (2);
        comment on constraint p_a_check on p1 is 'x'; comment on constraint p_a_check on p2 is 'y'
        """,
    ),
    "checks of domains whose values are within others": (
        "create domain e as int; create type f as (x e); create table s (a int)",
        "insert into s values (1)",
        """create domain d as int check (value > 0); create domain e as int check (value > 0);
        create domain l as d[]; create type c as (x d, y l); create type f as (x e);
        create table t (v c); create table s (a int, w f, x d[]);
        create materialized view m as select (v).x from t;
        create materialized view n as select w from s""",
    ),
    "what calls functions of rows of its own table": (
        "create schema x",
        "select 1",
        """create table t (a int); create function f(t) returns bool immutable return $1.a > 0;
        alter table t add check (f(t.*)); create index i on t (f(t.*));
        create policy p on t using (f(t.*))""",
    ),
    "another primary key": (
        "create table t (a int constraint one primary key, b int not null)",
        "insert into t values (1, 2)",
        "create table t (a int not null, b int constraint two primary key)",
    ),
}


def made(scratch: Scratch, sql: str) -> Catalog:
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        conn.execute(sql.encode())
        return read_catalog(conn)


@pytest.mark.parametrize("case", PAIRS.values(), ids=PAIRS)
def test_it_is_planned_both_ways(case: tuple[str, str, str], scratch: Scratch) -> None:
    old, rows, new = case
    b, a = made(scratch, new), made(scratch, old)
    with scratch.connect(autocommit=True) as conn:
        conn.execute(rows.encode())
        bring(scratch, a, b, session=conn)
        bring(scratch, b, a, session=conn)


def test_a_child_keeps_its_values(scratch: Scratch) -> None:
    old, rows, new = PAIRS["a child keeps what its parent gives up, another one does not"]
    b, a = made(scratch, new), made(scratch, old)
    with scratch.connect(autocommit=True) as conn:
        conn.execute(rows.encode())
        bring(scratch, a, b, session=conn)
        assert conn.execute("select x from c union all select x from e").fetchall() == [(2,), (6,)]


#: Where an IN over varchar may stand: PostgreSQL prints a cast of the array, reads it otherwise.
LISTS = """create table t (s varchar(9) check (s in ('a', 'b')), r varchar[],
    g bool generated always as (s not in ('a', 'b')) stored);
create index i on t (s) where s in ('a', 'b');
create view v as select * from t where s in ('a', 'b') and (s between 'a' and 'b' or s = 'c');
create policy p on t using (s in ('a', 'b'));
create domain d as varchar check (value in ('a', 'b'));
create function q(s varchar) returns bool return s in ('a', 'b')"""


@pytest.mark.parametrize("strict", [False, True])
def test_what_is_printed_otherwise_is_no_difference(scratch: Scratch, *, strict: bool) -> None:
    empty, target = made(scratch, "select 1"), made(scratch, LISTS)
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        got = bring(scratch, empty, target, Options(strict=strict), session=conn)
    found = [d for d in compare(got, target) if d.meaning is Meaning.COSMETIC]
    assert {d.key.name for d in found} >= {"t_s_check", "g", "i", "v", "p", "d_check"}
    other = made(scratch, LISTS.replace("'b'", "'c'"))
    assert {d.key for d in compare(got, other) if d.meaning is Meaning.MEANINGFUL} >= {
        d.key for d in found
    }


def test_nothing_stands_aside_while_something_is_built(scratch: Scratch) -> None:
    """A foreign key and a view are back before the next commit; new indexes come before."""
    head = """create table p (id int primary key, n int); create table t (id int primary key,
        p int constraint fk references p on delete {}); create view v as select {} as x from t;"""
    tail = """alter table t add u int constraint un unique; create index i on p (n);
        create materialized view m as select n from p"""
    b = made(scratch, head.format("cascade", "p") + tail)
    a = made(scratch, head.format("set null", "id::text"))
    aside: set[str] = set()
    for statement in plan(a, b, Options(lowest=15)).statements:
        if statement.transaction is not Transaction.SHARED and "validate" not in statement.sql:
            assert not aside, statement.sql
        name = str(statement.subject)
        aside = aside | {name} if "drop" in statement.sql else aside - {name}
    bring(scratch, a, b)
