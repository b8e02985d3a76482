# SPDX-License-Identifier: Apache-2.0
"""Renames: the rows stay, all that PostgreSQL takes along comes along, and nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from plan_applied import run_statements

from bedstone.catalog import Catalog, Meaning, compare, read_catalog
from bedstone.errors import RenameUnfounded, RenameUntried
from bedstone.plan import Hazard, Renaming, parse_rename, rename, render_script

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server, Workspace

LONG = "ü" * 31 + "x"  # 63 bytes


@dataclass(frozen=True)
class Case:
    """Two schemas, what is called otherwise in the second, and a query that rows answer alike."""

    name: str
    old: str
    renames: tuple[str, ...]
    new: str
    rows: str = ""
    query: str = "select"
    answer: list[tuple[object, ...]] = field(default_factory=list)
    #: Statements beside the renames; one that is not written here is not wanted.
    others: tuple[str, ...] = ()


CASES = (
    Case(
        "table and column, from inside out, with what hangs on them",
        """create type mood as enum ('sad', 'ok');
        create table people (id serial primary key, nm text not null, m mood default 'sad',
          constraint named check (nm <> ''));
        create index people_nm on people (lower(nm));
        create view names as select id, nm as who from people where nm <> 'x';
        create view names2 as select who from names;
        create table pet (owner integer references people (id), id integer);
        create function twice(people) returns text language sql begin atomic select $1.nm || $1.nm;
        end;
        alter table people enable row level security;
        create policy mine on people using (nm = current_user);
        comment on column people.nm is 'a name'""",
        ("table public.people=persons", "column public.people.nm=name",
         "value public.mood.sad=blue", "type public.mood=feeling"),
        """create type feeling as enum ('blue', 'ok');
        create table persons (id serial primary key, name text not null, m feeling default 'blue',
          age integer, constraint named check (name <> ''));
        create index persons_name on persons (lower(name));
        create view names as select id, name as who from persons where name <> 'x';
        create view names2 as select who from names;
        create table pet (owner integer references persons (id), id integer);
        create function twice(persons) returns text language sql begin atomic
        select $1.name || $1.name; end;
        alter table persons enable row level security;
        create policy mine on persons using (name = current_user);
        comment on column persons.name is 'a name'""",
        "insert into people (nm, m) values ('Ann', 'sad'), ('Bob', 'ok')",
        "select id, name, m::text from persons order by id",
        [(1, "Ann", "blue"), (2, "Bob", "ok")],
        ("alter table public.persons add column age integer",),
    ),
    Case(
        "odd names",
        f"""create schema "Odd.Schema"; create table "Odd.Schema"."a ""b"" =c" ("x.y" integer,
          {LONG} integer, "select" integer)""",
        ('column "Odd.Schema"."a ""b"" =c"."x.y"=Plain',
         f'column "Odd.Schema"."a ""b"" =c".{LONG}="it\'s"',
         f'table "Odd.Schema"."a ""b"" =c"={LONG}', 'schema "Odd.Schema"=odd',
         'column "Odd.Schema"."a ""b"" =c"."select"="from"'),
        f"""create schema odd; create table odd.{LONG} (plain integer, "it's" integer,
          "from" integer)""",
        """insert into "Odd.Schema"."a ""b"" =c" values (1, 2, 3)""",
        f"""select plain, "it's", "from" from odd.{LONG}""",
        [(1, 2, 3)],
    ),
    Case(
        "swaps and chains",
        f"""create table a (x integer, {LONG} integer, z integer); create table b (n text);
        create table c (n text); create type t as enum ('on', 'off')""",
        ("table public.a=b", "table public.b=c", "table public.c=d",
         f"column public.a.x={LONG}", f"column public.a.{LONG}=x", "value public.t.on=off",
         "value public.t.off=on"),
        f"""create table b ({LONG} integer, x integer, z integer); create table c (n text);
        create table d (n text); create type t as enum ('off', 'on')""",
        "insert into a values (1, 2, 3); insert into b values ('b'); insert into c values ('c')",
        "select x, (select n from c), (select n from d) from b",
        [(2, "b", "c")],
    ),
    Case(
        "a tree of partitions",
        """create table m (id integer not null, at date not null, v integer check (v > 0),
          constraint m_pk primary key (id, at)) partition by range (at);
        create table m1 partition of m for values from ('2024-01-01') to ('2025-01-01')
          partition by list (id);
        create table m11 partition of m1 for values in (1);
        create index m_v on m (v);
        create function f() returns trigger language plpgsql as 'begin return new; end';
        create trigger g before insert on m for each row execute function f()""",
        ("table public.m=n", "column public.m.v=value", "table public.m11=n11",
         "column public.m.at=day", "trigger g on public.m=h", "function public.f()=k"),
        """create table n (id integer not null, day date not null, value integer,
          constraint m_v_check check (value > 0),
          constraint n_pk primary key (id, day)) partition by range (day);
        create table m1 partition of n for values from ('2024-01-01') to ('2025-01-01')
          partition by list (id);
        create table n11 partition of m1 for values in (1);
        create index n_value on n (value);
        create function k() returns trigger language plpgsql as 'begin return new; end';
        create trigger h before insert on n for each row execute function k()""",
        "insert into m values (1, '2024-05-05', 7)",
        "select id, day::text, value from n11",
        [(1, "2024-05-05", 7)],
    ),
    Case(
        "children that inherit",
        """create table p (id integer, nm text, constraint k check (id > 0)); create table q (x integer) inherits (p)""",
        ("column public.p.nm=name", "constraint k on public.p=l"),
        """create table p (id integer, name text, constraint l check (id > 0)); create table q (x integer) inherits (p)""",
        "insert into q values (1, 'n', 2)",
        "select name, x from q",
        [("n", 2)],
    ),
    Case(
        "every other kind",
        """create sequence s start 7; create view v as select 1 as a, 2 as b;
        create materialized view mv as select 1 as a; create index mvi on mv (a);
        create domain d as integer constraint dc check (value > 0); create type c as (x d, y text);
        create table t (x d, y c); create rule r as on delete to t do instead nothing;
        create statistics st on x, y from t; create collation co (locale = 'C');
        create function f(d, c) returns d language sql as 'select $1';
        create procedure pr(d) language sql as ''; create aggregate ag(integer) (sfunc = int4pl,
        stype = integer); create publication pub for table t;
        create operator family of using btree; create text search configuration ts (parser = "default");
        create event trigger et on ddl_command_end execute function suppress_redundant_updates_trigger()""".replace(
            "create event trigger et on ddl_command_end execute function suppress_redundant_updates_trigger()",
            """create function ev() returns event_trigger language plpgsql as
            'begin raise ''ran''; end'; create event trigger et on ddl_command_end
            execute function ev(); alter event trigger et disable""",
        ),
        ("sequence public.s=s1", "view public.v=v1", "column public.v.a=a1",
         "materialized view public.mv=mv1", "column public.mv.a=a1", "index public.mvi=mvi1",
         "domain public.d=d1", "constraint dc on public.d=dc1", "type public.c=c1",
         "attribute public.c.x=x1", "rule r on public.t=r1", "statistics public.st=st1",
         "collation public.co=co1", "function public.f(public.d, public.c)=f1",
         "procedure public.pr(public.d)=pr1", "aggregate public.ag(integer)=ag1",
         "publication pub=pub1", "operator family public.of using btree=of1",
         "text search configuration public.ts=ts1", "event trigger et=et1",
         "function public.ev()=ev1"),
        """create sequence s1 start 7; create view v1 as select 1 as a1, 2 as b;
        create materialized view mv1 as select 1 as a1; create index mvi1 on mv1 (a1);
        create domain d1 as integer constraint dc1 check (value > 0);
        create type c1 as (x1 d1, y text);
        create table t (x d1, y c1); create rule r1 as on delete to t do instead nothing;
        create statistics st1 on x, y from t; create collation co1 (locale = 'C');
        create function f1(d1, c1) returns d1 language sql as 'select $1';
        create procedure pr1(d1) language sql as ''; create aggregate ag1(integer) (sfunc = int4pl,
        stype = integer); create publication pub1 for table t;
        create operator family of1 using btree;
        create text search configuration ts1 (parser = "default");
        create function ev1() returns event_trigger language plpgsql as
        'begin raise ''ran''; end'; create event trigger et1 on ddl_command_end
        execute function ev1(); alter event trigger et1 disable""",
        "select nextval('s'), nextval('s'); insert into t values (3, row(4, 'y'))",
        "select nextval('s1'), (y).x1, f1(x, y) from t",
        [(9, 4, 3)],
    ),
    Case(
        "a schema with what is of accounts and extensions in it",
        """create schema app; create extension citext with schema app;
        create table app.t (id integer generated always as identity, c app.citext);
        create view public.w as select c from app.t;
        alter default privileges in schema app grant select on tables to public;
        grant select on app.t to public; grant usage on schema app to public""",
        ("schema app=core",),
        """create schema core; create extension citext with schema core;
        create table core.t (id integer generated always as identity, c core.citext);
        create view public.w as select c from core.t;
        alter default privileges in schema core grant select on tables to public;
        grant select on core.t to public; grant usage on schema core to public""",
        "insert into app.t (c) values ('A')",
        "select id from w join core.t using (c) where c operator(core.=) 'a'",
        [(1,)],
    ),
)  # fmt: skip


def made(scratch: Scratch, sql: str) -> Catalog:
    scratch.reset()
    with scratch.connect(autocommit=True) as session:
        session.execute(sql.encode())
        return read_catalog(session)


def prepared(workspace: Workspace, case: Case) -> tuple[Scratch, Renaming, Catalog]:
    b = made(workspace.scratch("b"), case.new)
    live = workspace.scratch("a")
    a = made(live, case.old)
    with live.connect(autocommit=True) as session:
        session.execute(case.rows.encode())
    return live, rename(a, b, map(parse_rename, case.renames), workspace.server), a


def left(a: Catalog, b: Catalog) -> list[str]:
    return [str(d) for d in compare(a, b) if d.meaning is Meaning.MEANINGFUL]


@pytest.mark.pg(">= 15")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rows_stay_under_the_new_names_there_and_back(
    case: Case, any_server: Server, workspace: Workspace
) -> None:
    live, found, a = prepared(workspace, case)
    there, back = found.plan(), found.plan_back()
    with live.connect(autocommit=True) as session:
        run_statements(session, there)
        assert session.execute(case.query.encode()).fetchall() == (case.answer or [()])
        assert left(read_catalog(session), found.b) == []
        run_statements(session, back)
        assert left(read_catalog(session), a) == []
    others = [s.sql for s in there.statements[len(found.there) :]]
    assert others == list(case.others)
    assert not any(Hazard.LOSES_DATA in s.hazards for s in there.statements)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_side_after_the_renames_is_what_the_database_is_after_them(
    case: Case, workspace: Workspace
) -> None:
    """Only what a rename reaches is tried; what is left out of that must not change by it."""
    live, found, _ = prepared(workspace, case)
    with live.connect(autocommit=True) as session:
        for statement in found.there:
            session.execute(statement.sql.encode())
        real = read_catalog(session)
    assert [str(d) for d in compare(found.a, real)] == []
    assert {k: o.depends for k, o in found.a.objects.items()} == {
        k: o.depends for k, o in real.objects.items()
    }
    assert list(found.a.objects) == list(real.objects)
