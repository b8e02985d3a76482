# SPDX-License-Identifier: Apache-2.0
"""Changes of tables that are in use: rows stay, writers go on, what is killed can be finished."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from plan_applied import bring, observe
from plan_traced import Said, run_traced
from psycopg import sql

from bedstone.catalog import compare
from bedstone.plan import Hazard, plan, split_script

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server

_TRIGGER = """
create function public.touch() returns trigger language plpgsql as
    'begin new.touched := new.touched + 1; return new; end';
create trigger touch before update on public.t for each row execute function public.touch();
"""
_LEAVES = """
create table public.leaf (v int not null, d date{});
create table public.listed (t text, n bigint);
create table public.ranged (v varchar(9), n bigint, d date);
create table public.hashed (v int, n bigint);
"""
_TREES = """
create table public.tree (v int not null, d date) partition by range (d);
create index tree_v on public.tree (v);
create table public.sub partition of public.tree
    for values from ('2020-01-01') to ('2021-01-01') partition by list (v);
create table public.lists (t text, n bigint) partition by list (t);
create table public.rest partition of public.lists default;
create table public.ranges (v varchar(9), n bigint, d date)
    partition by range (v, n, (d + 1));
create table public.hashes (v int, n bigint) partition by hash (v, n);
"""
_ATTACHED = """
alter table public.sub attach partition public.leaf for values in (0, 1);
alter table public.lists attach partition public.listed for values in ('', 'b''', null);
alter table public.ranges attach partition public.ranged
    for values from ('', 0, minvalue) to ('a', maxvalue, maxvalue);
alter table public.hashes attach partition public.hashed for values with (modulus 1, remainder 0);
"""


_TREE = """
create type public.e as enum ({labels});
create table public.t (a int not null, "I d" {id} not null default 3, e public.e default 'a',
  n {text} constraint named check (n <> '0'), primary key ("I d", a)) partition by range (a);
create table public.sub partition of public.t for values from (0) to (9) partition by range (a);
create table public.leaf partition of public.sub for values from (0) to (9);
create table public.other (touched int not null default 0, a int not null,
  "I d" {id} not null default 5, e public.e, n {text} constraint named check (n <> '0'));
alter table public.t add column touched int not null default 0;
alter table public.t attach partition public.other for values from (10) to (20);
create index ti on public.t ("I d", e) where e = 'a';
create unique index lu on public.leaf ("I d", n);
create view public.v as select "I d" from public.leaf;
create table public.o (a int, i {id}, foreign key (i, a) references public.t ("I d", a));
comment on column public.other."I d" is 'its own';
alter table public.leaf alter "I d" set statistics 7;
alter table public.leaf replica identity using index leaf_pkey;
create function public.touch() returns trigger language plpgsql as
    'begin new.touched := new.touched + 1; return new; end';
create trigger touch before update on public.other for each row execute function public.touch();
"""
_TREE_ROWS = """
insert into public.t values (1, 2, 'a', '4'), (11, 3, 'b', '5'), (12, 4, null, null);
insert into public.o values (11, 3);
"""
_ENUMS = """
create type public.e as enum ({0});
create domain public.d as public.e default 'a';
create domain public.ds as public.e[];
create function public.said(public.e) returns text language sql as 'select $1::text';
create table public.t (id int primary key, e public.e not null default 'a',
  many public.e[] default '{{a,b}}', d public.d, ds public.ds, deep public.e[][],
  note text default ('a'::public.e)::text, check (e <> 'b'));
create unique index ti on public.t (e) where e <> 'b';
create table public.u (e public.e primary key, f public.e references public.u);
create view public.v as select e from public.t where many @> '{{a}}';
comment on type public.e is 'x';
"""


@dataclass(frozen=True)
class Case:
    """Two schemas, rows of the first, and what the plan consists of, in order."""

    name: str
    old: str
    new: str
    rows: str = ""
    #: Words that the plan's statements have, one after the other.
    holds: tuple[str, ...] = ()
    #: Whether something blocks all the same.
    blocks: bool = False


CASES = [
    Case(
        "identity, key and what refers to them",
        """create table public.t (id int generated always as identity primary key, "N n" varchar(9),
             touched int not null default 0, check (id > 0));
           create index "T i" on public.t (lower("N n"), id) where id > 0;
           create table public.c (id serial, t int references public.t);
           create view public.v as select id, "N n" from public.t;"""
        + _TRIGGER,
        """create table public.t (id bigint generated always as identity primary key, "N n" text,
             touched int not null default 0, check (id > 0));
           create index "T i" on public.t (lower("N n"), id) where id > 0;
           create table public.c (id bigserial, t bigint references public.t);
           create view public.v as select id, "N n" from public.t;"""
        + _TRIGGER,
        """insert into public.t ("N n") values ('Ä'), (null), ('x');
           delete from public.t where id = 3;
           insert into public.c (t) values (1), (null)""",
        (
            "create trigger",
            "do $",
            "validate constraint",
            "concurrently",
            "begin",
            "drop column",
            "rename column",
            "primary key using index",
        ),
    ),
    Case(
        "a type that needs no rewrite",
        """create table public.t (a varchar(5) check (a <> ''), b numeric(5, 2) unique,
             c timestamp(3));""",
        """create table public.t (a text check (a <> ''), b numeric(9, 2) unique, c timestamp);""",
        "insert into public.t values ('a', 1.5, '2020-01-01')",
        ("drop constraint t_a_check", "set data type", "not valid", "validate constraint"),
    ),
    Case(
        "replica identity, clustering, statistics, a deferrable key",
        """create table public.t (a int not null, b int constraint u unique deferrable);
           create unique index ta on public.t (a, b);
           alter table public.t replica identity using index ta; alter table public.t cluster on ta;
           alter table public.t alter a set statistics 7, alter a set (n_distinct = 5);
           comment on column public.t.a is 'x'; grant select (a) on public.t to public;""".replace(
            "a int not null, b int", "a int not null, b int not null"
        ),
        """create table public.t (a bigint not null, b bigint constraint u unique deferrable);
           create unique index ta on public.t (a, b);
           alter table public.t replica identity using index ta; alter table public.t cluster on ta;
           alter table public.t alter a set statistics 7, alter a set (n_distinct = 5);
           comment on column public.t.a is 'x'; grant select (a) on public.t to public;""".replace(
            "b bigint constraint", "b bigint not null constraint"
        ),
        "insert into public.t values (1, 2)",
        ("replica identity using index", "cluster on"),
    ),
    Case(
        "columns of a partitioned table with those of its partitions",
        _TREE.format(labels="'a', 'b'", id="int", text="varchar(4)"),
        _TREE.format(labels="'b', 'a'", id="bigint", text="int"),
        _TREE_ROWS,
        (
            "create type public.bedstone_e",
            'add column "bedstone_I d"',
            "concurrently bedstone_leaf_pkey",
            "concurrently",
            "begin",
            "rename to bedstone_old_e",
            'drop column "I d"',
            "alter table only public.t add constraint t_pkey",
            "create index ti on only public.t",
            "using index bedstone_leaf_pkey",
            "replica identity using",
            "drop type public.bedstone_old_e",
            "commit",
        ),
    ),
    Case(
        "a column that tells partitions apart is brought over with its rows",
        """create table public.t (a int, b int) partition by range (a);
           create table public.t1 partition of public.t for values from (0) to (9)
             partition by range (b);
           create table public.t11 partition of public.t1 for values from (0) to (9);
           create view public.v as select b from public.t11;""",
        """create table public.t (a int, b bigint) partition by range (a);
           create table public.t1 partition of public.t for values from (0) to (9)
             partition by range (b);
           create table public.t11 partition of public.t1 for values from (0) to (9);
           create view public.v as select b from public.t11;""",
        "insert into public.t values (1, 2)",
        ("detach partition", "drop table public.t1", "attach partition"),
        blocks=True,
    ),
    Case(
        "indexes and keys are built before the old ones go",
        """create table public.t (a int, b int, c text, constraint k unique (a));
           create index i on public.t (b);
           create table public.p (a int, b int) partition by range (a);
           create table public.p1 partition of public.p for values from (0) to (9)
             partition by list (b);
           create table public.p11 partition of public.p1 for values in (1);
           create index pi on public.p (b);""",
        """create table public.t (a int, b int, c text, constraint k unique (a, b));
           create index i on public.t (b desc) where a > 0;
           create table public.p (a int, b int) partition by range (a);
           create table public.p1 partition of public.p for values from (0) to (9)
             partition by list (b);
           create table public.p11 partition of public.p1 for values in (1);
           create index pi on public.p (b, a);""",
        "insert into public.t values (1, 1, 'x'); insert into public.p values (1, 1)",
        (
            "create unique index concurrently bedstone_k",
            "concurrently p11_b_a_idx",
            "attach",
            "drop index",
            "drop constraint k",
            "using index bedstone_k",
        ),
    ),
    Case(
        "values that each row has for itself come in batches",
        "create table public.t (id int, touched int not null default 0);"
        + _TRIGGER
        + """create table public.p (a int) partition by range (a);
             create table public.p1 partition of public.p for values from (0) to (9);""",
        """create table public.t (id int, touched int not null default 0,
             u uuid not null default gen_random_uuid(), s bigserial);"""
        + _TRIGGER
        + """create table public.p (a int, u uuid not null default gen_random_uuid())
               partition by range (a);
             create table public.p1 partition of public.p for values from (0) to (9);""",
        "insert into public.t select 1 from generate_series(1, 3); insert into public.p values (1)",
        ("add column", "set default", "do $", "validate constraint", "set not null"),
    ),
    Case(
        "partitions come behind checks",
        _TREES + _LEAVES.format(""),
        _TREES + _LEAVES.format("") + _ATTACHED,
        """insert into public.leaf values (0, '2020-05-05');
           insert into public.rest values ('r', 1);
           insert into public.listed values (null, 1), ('', 2);
           insert into public.ranged values ('a', 4, '2020-01-01');
           insert into public.hashed values (1, 2)""",
        ("concurrently leaf_v_idx", "check", "validate", "attach partition", "drop constraint"),
    ),
    Case(
        "a label that goes makes the type anew, beside the old one",
        _ENUMS.format("'a', 'b', 'c'"),
        _ENUMS.format("'b', 'a'"),
        "insert into public.t values (1, 'a', '{b}', 'b', '{a}', '{{a,b},{b,null}}');"
        "insert into public.u values ('a')",
        (
            "and rows have that",
            "create type public.bedstone_e",
            "do $",
            "concurrently bedstone_ti",
            "begin",
            "drop function public.said",
            "rename to bedstone_old_e",
            "rename to e",
            "set default 'a'::public.e",
            "alter column note set default",
            "drop type public.bedstone_old_e",
            "commit",
        ),
    ),
    Case(
        "a type where a value is computed from it, or has to be checked, is made anew in place",
        """create type public.e as enum ('a', 'b');
           create domain public.d as public.e check (value <> 'b');
           create type public.pair as (n int, e public.e);
           create table public.t (e public.e default 'a', d public.d, pair public.pair,
             g text generated always as (case when e = 'a' then 'x' end) stored);""",
        """create type public.e as enum ('b', 'a');
           create domain public.d as public.e check (value <> 'b');
           create type public.pair as (n int, e public.e);
           create table public.t (e public.e default 'a', d public.d, pair public.pair,
             g text generated always as (case when e = 'a' then 'x' end) stored);""",
        "insert into public.t values ('a', 'a', row(1, 'b')), ('b', null, null)",
        ("drop default", "using e::text::public.e", "set default", "drop type"),
        blocks=True,
    ),
]


def build(scratch: Scratch, schema: str, rows: str = "") -> Catalog:
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        conn.execute(schema.encode())
        catalog = observe(scratch)
        conn.execute((rows or "select").encode())
    return catalog


def content(scratch: Scratch, catalog: Catalog) -> dict[str, list[str]]:
    """The rows of each table as texts, column by column; where a sequence is."""
    found = {}
    with scratch.connect(autocommit=True) as conn:
        for item in catalog.objects.values():
            if item.key.kind == "column":
                query = sql.SQL("select {}::text from only {} order by 1").format(
                    sql.Identifier(item.key.name),
                    sql.Identifier(item.key.schema or "", item.key.parent or ""),
                )
                rows = conn.execute(query).fetchall()
                found[str(item.key)] = [str(row[0]) for row in rows]
            if item.key.kind == "sequence":
                row = conn.execute(f"select last_value from {item.key.path}".encode()).fetchone()
                found[str(item.key)] = [str(row)]
    return found


@pytest.mark.pg("!= 16, != 17")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rows_stay_and_nobody_waits_unless_it_is_said(
    case: Case, any_server: Server, scratch: Scratch
) -> None:
    new = build(scratch, case.new)
    old = build(scratch, case.old, case.rows)
    before = content(scratch, old)
    made = plan(old, new)
    text = iter("\n".join(split_script(made)).split("\n"))
    assert [word for word in case.holds if not any(word in line for line in text)] == []
    assert any(Hazard.BLOCKS in s.hazards for s in made.statements) is case.blocks
    trace = run_traced(scratch, made)
    assert list(Said(made, trace, old).lies()) == []
    bring(scratch, observe(scratch), new)  # nothing is left
    after = content(scratch, new)
    assert {name: after[name] for name in before} == before


_SMALL = """
create table public.t (id {id} generated by default as identity primary key, n {text} default '0');
create index tn on public.t (n) where id > 0;
create table public.c (t {id} references public.t);
"""
_SMALL_ROWS = """
insert into public.t (n) values ('a'), ('b'); insert into public.c values (1), (null)
"""
#: How the statements begin of which no second run is to repeat what the first one did.
_LONG = ("alter table", "create")


def ends_of_transactions(script: tuple[str, ...]) -> list[int]:
    """Where a script can be cut so that another state is left than by a cut before."""
    inside = False
    found = []
    for number, statement in enumerate(script):
        inside = statement == "begin" or (inside and statement != "commit")
        if not inside and not statement.startswith("set "):
            found.append(number + 1)
    return found


@pytest.mark.pg(">= 18")
def test_a_virtual_column_gets_another_type_at_once(server: Server, scratch: Scratch) -> None:
    column = "create table public.t (a int, v {} generated always as (a + 1) virtual)"
    new = build(scratch, column.format("bigint"))
    old = build(scratch, column.format("int"), "insert into public.t values (1)")
    made = plan(old, new)
    assert [s for s in made.statements if Hazard.BLOCKS in s.hazards] == []
    assert list(Said(made, run_traced(scratch, made), old).lies()) == []


@pytest.mark.parametrize(("schema", "each"), [(_SMALL, 2), (_TREE, 5)], ids=["table", "tree"])
def test_what_was_killed_is_brought_to_its_end_by_a_new_plan(
    schema: str, each: int, server: Server, scratch: Scratch
) -> None:
    """The session ends after one transaction or another, and what is there is planned from.

    What was made beside by then is not made again.
    """
    rows = _TREE_ROWS if schema is _TREE else _SMALL_ROWS
    new = build(scratch, schema.format(id="bigint", text="text", labels="'b', 'a'"))
    old_form = schema.format(id="int", text="varchar(2)", labels="'a', 'b'")
    old = build(scratch, old_form, rows)
    script = split_script(plan(old, new))
    wanted = content(scratch, old)
    for end in ends_of_transactions(script)[:-1:each]:
        build(scratch, old_form, rows)
        with psycopg.connect(scratch.dsn.url(), autocommit=True) as session:
            for statement in script[:end]:
                session.execute(statement.encode())
        with scratch.connect(autocommit=True) as session:
            left = observe(scratch)
            again = {*split_script(plan(left, new))} & {*script[:end]}
            assert [text for text in again if text.startswith(_LONG)] == [], script[:end]
            bring(scratch, left, new, session=session)
        assert content(scratch, new) == wanted, script[:end]


def test_what_only_looks_like_left_work_is_not_gone_on_from(
    server: Server, scratch: Scratch
) -> None:
    """A build that failed, a column of another type, one that somebody reads by now."""
    new = build(scratch, "create table public.t (n bigint); create index i on public.t (n);")
    old = build(scratch, "create table public.t (n int); create index i on public.t (n);")
    script = split_script(plan(old, new))
    for change in (
        "update pg_index set indisvalid = false where indexrelid = 'public.bedstone_i'::regclass",
        "alter table public.t alter bedstone_n type numeric",
        "create view public.v as select bedstone_n from public.t",
        'alter table public.t disable trigger "~bedstone_t"',
    ):
        build(scratch, "create table public.t (n int); create index i on public.t (n);")
        with scratch.connect(autocommit=True) as session:
            for statement in script[: script.index("analyze public.t (bedstone_n)")]:
                session.execute(statement.encode())
            session.execute("set allow_system_table_mods = on")
            session.execute(change.encode())
            session.execute("reset all")
            left = observe(scratch)
            assert "concurrently" in "".join(split_script(plan(left, new)))
            bring(scratch, left, new, session=session)


def test_rows_that_lose_their_label_are_counted_and_refused_first(
    server: Server, scratch: Scratch
) -> None:
    new = build(scratch, _ENUMS.format("'b', 'a'"))
    rows = "insert into public.t (id, e, many, d) values (1, 'c', '{c}', 'c'), (2, 'a', '{c}', 'a')"
    old = build(scratch, _ENUMS.format("'a', 'b', 'c'"), rows)
    with scratch.connect(autocommit=True) as session:
        first = plan(old, new).statements[0]
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            session.execute(first.sql.encode())
        assert caught.value.diag.message_primary == (
            "public.e is to lose 'c', and rows have that: "
            "1 in public.t.d, 1 in public.t.e, 2 in public.t.many"
        )
    assert list(compare(observe(scratch), old)) == []


_WRITTEN = """
create type public.e as enum ({labels});
create table public.t (id {id}, part int, n {text}, e public.e not null default 'a',
  touched int not null default 0, primary key (id, part))"""
_OF_PARTS = """ partition by list (part);
create table public.t0 partition of public.t for values in (0);
create table public.t1 partition of public.t for values in (1)"""


@pytest.mark.parametrize("parts", ["", _OF_PARTS], ids=["table", "tree"])
def test_what_is_written_meanwhile_is_kept(parts: str, server: Server, scratch: Scratch) -> None:
    """A writer that never stops finds all its rows again, and only its own triggers saw them."""
    table = _WRITTEN + parts + ";" + _TRIGGER
    new = build(scratch, table.format(id="bigint", text="text", labels="'b', 'a'"))
    rows = "insert into public.t select g, g % 2, g from generate_series(1, 40000) g"
    old = build(scratch, table.format(id="int", text="varchar(20)", labels="'a', 'b'"), rows)
    written: dict[int, tuple[str, str]] = {}
    stop, errors = threading.Event(), []

    def write() -> None:
        with scratch.connect(autocommit=True) as session:
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    for key in (number * 37 % 40000 + 1, 40000 + number):
                        session.execute(
                            "insert into public.t (id, part, n, e) values (%s, %s, %s, 'b')"
                            " on conflict (id, part) do update set n = excluded.n, e = 'b'",
                            (key, key % 2, f"w{number}"),
                        )
                        written[key] = (f"w{number}", "b")
                except psycopg.Error as error:
                    errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with scratch.connect(autocommit=True) as session:
            bring(scratch, old, new, session=session)
    finally:
        stop.set()
        writer.join()
    assert errors == []
    with scratch.connect() as session:
        found = session.execute("select id, n, e::text from public.t").fetchall()
        touched = session.execute("select count(*) from public.t where touched > 0").fetchone()
    wanted = {key: (str(key), "a") for key in range(1, 40001)} | written
    assert {key: tuple(values) for key, *values in found} == wanted
    assert len(written) > 20
    assert touched == (len([key for key in written if key <= 40000]),)
