# SPDX-License-Identifier: Apache-2.0
"""Renames: the rows stay, all that PostgreSQL takes along comes along, and nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from plan_applied import run_statements

from bedstone.catalog import Attributes, Catalog, Key, Meaning, compare, read_catalog
from bedstone.errors import RenameUnfounded, RenameUntried
from bedstone.plan import Hazard, Plan, Renaming, parse_rename, rename
from bedstone.trace import LockMode

if TYPE_CHECKING:
    import psycopg

    from bedstone.plan import Statement
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
        """create table p (id integer, nm text, constraint k check (id > 0));
        create table q (x integer) inherits (p); create table q2 (nm text) inherits (p)""",
        ("column public.p.nm=name", "constraint k on public.p=l"),
        """create table p (id integer, name text, constraint l check (id > 0));
        create table q (x integer) inherits (p); create table q2 (name text) inherits (p)""",
        "insert into q values (1, 'n', 2)",
        "select name, x from q",
        [("n", 2)],
    ),
    Case(
        "one partition of several",
        """create table p (id integer, constraint k check (id > 0)) partition by list (id);
        create table q partition of p for values in (1); create index i on p (id)""",
        ("table public.q=r",),
        """create table p (id integer, constraint k check (id > 0)) partition by list (id);
        create table r partition of p for values in (1); create index i on p (id)""",
        "insert into p values (1)",
        "select id from r",
        [(1,)],
    ),
    Case(
        "the schema that PostgreSQL makes itself",
        """create table t (x integer); create extension pg_trgm; create index i on t (x);
        create index j on t using gin ((x::text) gin_trgm_ops)""",
        ("schema public=main",),
        """alter schema public rename to main; set search_path = main;
        create table t (x integer); create extension pg_trgm; create index i on t (x);
        create index j on t using gin ((x::text) gin_trgm_ops)""",
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
        create operator family of using btree;
        create text search configuration ts (parser = "default");
        create function ev() returns event_trigger language plpgsql as
        'begin raise ''ran''; end'; create event trigger et on ddl_command_end
        execute function ev(); alter event trigger et disable""",
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
    Case(
        "owners, privileges and secrets, which nobody has where renames are tried",
        """create role "bed Bob"; create schema app; create table app.t (nm text, id integer);
        alter table app.t owner to "bed Bob"; grant update (nm) on app.t to "bed Bob";
        create policy p on app.t to "bed Bob" using (nm = 'x'); comment on table app.t is 'c';
        alter default privileges for role "bed Bob" in schema app grant select on tables to public;
        create foreign data wrapper f; create server s foreign data wrapper f
          options (password 'secret'); create user mapping for "bed Bob" server s
          options (password 'secret'); create foreign table ft (nm text) server s
          options (password 'secret'); create view v as select nm from ft""",
        ("table app.t=u", "column app.t.nm=name", "schema app=core", "server s=s2",
         "column public.ft.nm=name", "foreign data wrapper f=g"),
        """create role "bed Bob"; create schema core; create table core.u (name text, id integer);
        alter table core.u owner to "bed Bob"; grant update (name) on core.u to "bed Bob";
        create policy p on core.u to "bed Bob" using (name = 'x'); comment on table core.u is 'c';
        alter default privileges for role "bed Bob" in schema core grant select on tables to public;
        create foreign data wrapper g; create server s2 foreign data wrapper g
          options (password 'secret'); create user mapping for "bed Bob" server s2
          options (password 'secret'); create foreign table ft (name text) server s2
          options (password 'secret'); create view v as select name as nm from ft""",
        "insert into app.t values ('x', 1)",
        "select name, id from core.u",
        [("x", 1)],
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


def takes_its_lock(session: psycopg.Connection, statement: Statement) -> None:
    """Run a statement; hold what it says of its lock against what the server says."""
    found = session.execute("select to_regclass(%s)::oid", [statement.on]).fetchone()
    with session.transaction():
        session.execute(statement.sql.encode())
        held = session.execute(
            "select relation, mode from pg_locks where pid = pg_backend_pid()"
            " and locktype = 'relation' and relation >= 16384"
        ).fetchall()
    modes = {(oid, LockMode[re.sub(r"(?<!^)(?=[A-Z])", "_", m[:-4]).upper()]) for oid, m in held}
    if statement.lock is not None:
        assert found is not None
        assert (found[0], statement.lock) in modes, statement
    assert max((mode for _, mode in modes), default=0) <= (statement.lock or 3), statement


def same(a: Catalog, real: Catalog) -> None:
    """Only what a rename reaches is tried: what is left out must not be changed by it."""
    assert [str(d) for d in compare(a, real)] == []
    assert [(key, item.depends) for key, item in a.objects.items()] == [
        (key, item.depends) for key, item in real.objects.items()
    ]


@pytest.mark.pg("!= 16, != 17")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rows_stay_under_the_new_names_there_and_back(
    case: Case, any_server: Server, workspace: Workspace
) -> None:
    if "create extension" in case.old and any_server.version.major == 15:
        pytest.skip("comes without extensions")
    live, found, a = prepared(workspace, case)
    there, back = found.plan(), found.plan_back()
    rest = there.statements[len(found.there) :]
    with live.connect(autocommit=True) as session:
        for statement in found.there:
            takes_its_lock(session, statement)
        same(found.a, read_catalog(session))
        run_statements(session, Plan(rest))
        assert session.execute(case.query.encode()).fetchall() == (case.answer or [()])
        assert left(read_catalog(session), found.b) == []
        run_statements(session, back)
        assert left(read_catalog(session), a) == []
    assert [s.sql for s in rest] == list(case.others)
    assert not any(Hazard.LOSES_DATA in s.hazards for s in there.statements)


CERTAIN = (
    (
        "explicit names",
        """create table t (a integer, b integer, constraint pk primary key (a),
          constraint ck check (b > 0), constraint uq unique (b)); create index i on t (a, b);
        create table u (a integer constraint fk references t)""",
        """create table t (a integer, b integer, constraint pk2 primary key (a),
          constraint ck2 check (b > 0), constraint uq2 unique (b)); create index i2 on t (a, b);
        create table u (a integer constraint fk2 references t)""",
    ),
    (
        "a partitioned index and those that are attached to it",
        """create table t (a integer, b integer constraint ck check (b > 0)) partition by list (a);
        create table t1 partition of t for values in (1); create index i on t (b);
        alter index t1_b_idx rename to i1""",
        """create table t (a integer, b integer constraint ck2 check (b > 0)) partition by list (a);
        create table t1 partition of t for values in (1); create index i2 on t (b);
        alter index t1_b_idx rename to i12""",
    ),
    (
        "the sequences of columns",
        """create table t (a serial, b integer generated always as identity);
        alter sequence t_a_seq rename to x; alter sequence t_b_seq rename to y""",
        "create table t (a serial, b integer generated always as identity)",
    ),
    (
        "with what can be altered beside the name",
        "create table t (a integer constraint k unique); comment on constraint k on t is 'x'",
        "create table t (a integer constraint l unique); comment on constraint l on t is 'y'",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [c[1:] for c in CERTAIN], ids=[c[0] for c in CERTAIN])
def test_what_differs_in_nothing_but_its_name_is_renamed_unasked(
    old: str, new: str, workspace: Workspace
) -> None:
    """No work on rows, no moment without the constraint; numbers that were given out stay so."""
    case = Case("", old, (), new)
    live, found, a = prepared(workspace, case)
    there, back = found.plan(), found.plan_back()
    with live.connect(autocommit=True) as session:
        run_statements(session, there)
        assert left(read_catalog(session), found.b) == []
        run_statements(session, back)
        assert left(read_catalog(session), a) == []
    sql = [s.sql for s in there.statements]
    assert all(" rename " in text or text.startswith("comment") for text in sql), sql
    assert found.candidates == ()


def test_a_name_that_is_taken_is_not_given_unasked(workspace: Workspace) -> None:
    a = made(workspace.scratch("a"), "create table t (a integer); create table j (a integer);"
             "create index i on t (a)")  # fmt: skip
    b = made(workspace.scratch("b"), "create table t (a integer); create index j on t (a)")
    found = rename(a, b, (), workspace.server)
    assert found.there == ()
    assert [s.sql.split()[0] for s in found.plan().statements] == ["drop", "drop", "create"]


@pytest.mark.parametrize(
    ("old", "new", "renames", "said"),
    [
        ("", "", ["table public.a=b"], "FROM has no table public.a"),
        ('create table "A" ()', "", ["table public.a=b"], 'It has table public."A": write it so.'),
        ("create type t as enum ('x')", "", ["value public.t.y=z"], "type public.t has x."),
        ("create table a ()", "", ["table public.a=b"], "TO has no table public.b"),
        (
            "create type t as enum ('x')", "create type t as enum ('y')", ["value public.t.x=z"],
            "TO has no value public.t.z",
        ),
        (
            "create table a (); create table b ()", "create table b ()", ["table public.a=b"],
            "table public.a cannot become b: FROM has that already",
        ),
        (
            "create table a (); create view b as select 1", "create table b ()",
            ["table public.a=b"], "table public.a cannot become b: FROM has that already",
        ),
        (
            "create table a ()", "create table b (); create table c ()",
            ["table public.a=b", "table public.a=c"], "table public.a has two new names: b and c",
        ),
        (
            "create table a (); create table b ()", "create table c ()",
            ["table public.a=c", "table public.b=c"],
            "table public.a and table public.b have one new name: c",
        ),
        (
            "create table a (x integer)", "create table b (y integer)",
            ["table public.a=b", "column public.b.x=y"], "FROM has no column public.b.x",
        ),
        (
            "create table p (x integer); create table c () inherits (p)",
            "create table p (y integer); create table c () inherits (p)", ["column public.c.x=y"],
            "column public.c.x cannot be renamed: cannot rename inherited column",
        ),
        (
            "create type c as (x integer); create table t of c",
            "create type c as (y integer); create table t of c", ["attribute public.c.x=y"],
            "cannot alter type \"c\" because it is the type of a typed table",
        ),
        (
            "create type r as range (subtype = integer)", "", ["type public.r=s"],
            "type public.r is a range",
        ),
    ],
)  # fmt: skip
def test_a_rename_that_fits_not_both_sides_is_refused(
    old: str, new: str, renames: list[str], said: str, workspace: Workspace
) -> None:
    a, b = made(workspace.scratch("a"), old), made(workspace.scratch("b"), new)
    with pytest.raises(RenameUnfounded) as refused:
        rename(a, b, map(parse_rename, renames), workspace.server)
    assert said in str(refused.value)
    assert refused.value.hint


def test_a_refusal_is_told_in_full(workspace: Workspace) -> None:
    a = made(workspace.scratch("a"), "create table a (x integer)")
    with pytest.raises(RenameUnfounded) as refused:
        rename(a, a, [parse_rename("column public.a.x=y")], workspace.server)
    assert str(refused.value) == (
        "BED211: TO has no column public.a.y, which column public.a.x is to become\n"
        "  hint: Give the name that TO has, or leave the rename out."
    )


def test_what_is_left_out_is_no_candidate_and_is_not_renamed(workspace: Workspace) -> None:
    a = made(workspace.scratch("a"), "create table t (x integer); create table tmp1 (y text);"
             "create index i on t (x); create index tmp2 on t (x)")  # fmt: skip
    b = made(workspace.scratch("b"), "create table t (x integer); create table tmp3 (y text);"
             "create index i on t (x); create index tmp4 on t (x)")  # fmt: skip
    found = rename(a, b, (), workspace.server)
    assert (len(found.there), len(found.candidates)) == (1, 1)

    def view(side: Catalog) -> Catalog:
        return side.without(lambda key: key.name.startswith("tmp"))

    found = rename(a, b, (), workspace.server, view=view)
    assert (found.there, found.candidates, found.plan().statements) == ((), (), ())


def test_an_extension_that_is_not_here_is_named(workspace: Workspace) -> None:
    """Only where the rename leads to it; else it is no obstacle."""
    sql = "create extension citext; create table t (a citext); create table u (a integer)"
    a = made(workspace.scratch("a"), sql)
    b = made(
        workspace.scratch("b"), sql.replace("table t", "table t2").replace("table u", "table u2")
    )
    here = Key("extension", None, "citext")
    lost = here._replace(name="postgis_of_ours")

    def elsewhere(side: Catalog) -> Catalog:
        objects = {}
        for key, item in side.objects.items():
            now = lost if key == here else key
            depends = frozenset(lost if k == here else k for k in item.depends)
            objects[now] = replace(item, key=now, depends=depends)
        return replace(side, objects=objects)

    a, b = elsewhere(a), elsewhere(b)
    free = parse_rename("table public.u=u2")
    assert len(rename(a, b, [free], workspace.server).there) == 1
    with pytest.raises(RenameUntried) as refused:
        rename(a, b, [free, parse_rename("table public.t=t2")], workspace.server)
    assert str(refused.value) == (
        "BED212: extension postgis_of_ours is not on the scratch server, and what is renamed leads "
        "to it\n"
        "  detail: PostgreSQL itself says what a rename brings along, on a scratch database.\n"
        "  hint: Name a server that has it: --server postgresql://…"
    )


def test_what_a_partition_manager_knows_by_name_is_not_renamed(workspace: Workspace) -> None:
    a = made(workspace.scratch("a"), "create table t (x integer) partition by range (x)")
    key = Key("table", "public", "t")
    values = {**a[key].attributes, "managed_by": "pg_partman"}
    item = replace(a[key], attributes=Attributes.of("table", values))
    a = replace(a, objects={**a.objects, key: item})
    for text in ("table public.t=u", "column public.t.x=y"):
        with pytest.raises(RenameUnfounded, match="is looked after by pg_partman"):
            rename(a, a, [parse_rename(text)], workspace.server)


PARTED = "create table t (a integer) partition by list (a)"
PARTED_BY_B = "create table t (b integer) partition by list (b)"
POSSIBLE = (
    ("create table t (a integer, b text)", "create table t (c integer, b text)",
     ["column public.t.a=c"]),
    ("create table t (a integer)", "create table t (c bigint)", []),
    ("create table t (a integer, b integer)", "create table t (aa integer, z integer, b integer)",
     ["column public.t.a=aa", "column public.t.a=z"]),
    ("create table t (a integer, b text, c text)", "create table u (a integer, b text, d date)",
     ["table public.t=u"]),
    ("create table t (a integer, b text, c text)", "create table u (a integer, b date, d text)",
     []),
    (f"{PARTED}; create table t1 partition of t for values in (1)",
     f"{PARTED}; create table t2 partition of t for values in (2)", []),
    (f"{PARTED}; create table t1 partition of t for values in (1)",
     f"{PARTED_BY_B}; create table t1 partition of t for values in (1)",
     ["column public.t.a=b"]),
    ("create type e as enum ('a', 'b', 'c')", "create type e as enum ('a', 'x', 'c', 'd')",
     ["value public.e.b=x"]),
    ("create type e as enum ('a', 'b', 'c')", "create type e as enum ('c', 'b', 'x')", []),
    ("create view v as select 1 as a", "create view w as select 1 as a", ["view public.v=w"]),
    ("create type c as (x integer)", "create type d as (x integer)", ["type public.c=d"]),
    ("create schema s; create table s.t ()", "create schema r; create table r.t ()",
     ["schema s=r"]),
    ("create sequence s", "create sequence r", ["sequence public.s=r"]),
    ("create table t (a integer); create sequence x owned by t.a",
     "create table t (a integer); create sequence y owned by t.a", ["sequence public.x=y"]),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), POSSIBLE)
def test_what_may_be_a_rename_is_named_and_not_decided(
    old: str, new: str, expected: list[str], workspace: Workspace
) -> None:
    a, b = made(workspace.scratch("a"), old), made(workspace.scratch("b"), new)
    found = rename(a, b, (), workspace.server)
    told = [str(r) for candidate in found.candidates for r in candidate.renames]
    assert told == expected
    assert not any(" rename " in s.sql and "bedstone" not in s.sql for s in found.plan().statements)
    for text in expected[:1]:
        taken = rename(a, b, [parse_rename(text)], workspace.server)
        assert taken.candidates == ()


def test_candidates_within_a_renamed_table_are_named_as_from_does(workspace: Workspace) -> None:
    a = made(workspace.scratch("a"), "create table t (a integer)")
    b = made(workspace.scratch("b"), "create table u (b integer)")
    found = rename(a, b, [parse_rename("table public.t=u")], workspace.server)
    assert [str(c.renames[0]) for c in found.candidates] == ["column public.t.a=b"]
