# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501, ISC004  a statement is easier to read in one piece
"""One change to a model at a time, as a team makes them: none may be missed.

The list is that of the differences on which Alembic's autogenerate was tried (it saw 35 of 86; the
one of a tablespace is in ``catalog_changes``). And models that did not change. Of each server
version there are two databases, one with all the old models, one with all the new, each in a
schema of its own; those with something outside of any schema have two databases to themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from catalog_observed import check_laws, make_roles, said

import servers
from bedstone.catalog import Catalog, compare, fold, read_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bedstone.server import Scratch, Server

Both = tuple[Catalog, Catalog]


@dataclass(frozen=True)
class Probe:
    old: str
    new: str
    named: tuple[str, ...]
    pg: str = ">= 15"
    alone: bool = False


def probe(old: str, new: str, *named: str, pg: str = ">= 15", alone: bool = False) -> Probe:
    return Probe(old, new, named, pg, alone)


_T = "create table t (id integer primary key, a integer, b text, c numeric);"
_ENUM = "create type mood as enum ('sad', 'ok', 'happy');"
_FUNCTION = "create function f() returns trigger language plpgsql as 'begin return new; end';"
_P = "create table p (id integer primary key, x integer, y integer, unique (x, y));"
_MOODY = "create table t (id integer, m mood);"
_PART = "create table t (id integer, a integer) partition by range (id);"

PROBES = {
    # enums
    "enum value added": probe(
        _ENUM,
        "create type mood as enum ('sad', 'ok', 'happy', 'glad');",
        "type public.mood: labels",
    ),
    "enum value removed": probe(
        _ENUM, "create type mood as enum ('sad', 'happy');", "type public.mood: labels"
    ),
    "enum values reordered": probe(
        _ENUM, "create type mood as enum ('ok', 'sad', 'happy');", "type public.mood: labels"
    ),
    "enum dropped with its last column": probe(
        _ENUM + _MOODY,
        "create table t (id integer);",
        "- type public.mood",
        "- column public.t.m",
    ),
    "enum left behind": probe(
        _ENUM + _MOODY, _ENUM + "create table t (id integer);", "- column public.t.m"
    ),
    "column with a new enum": probe(
        "create table t (id integer);",
        _ENUM + _MOODY,
        "+ type public.mood",
        "+ column public.t.m",
    ),
    "varchar to enum": probe(
        "create table t (id integer, m varchar(9));" + _ENUM,
        _ENUM + _MOODY,
        "column public.t.m: type",
    ),
    # views and code
    "view added": probe(_T, _T + "create view v as select a from t;", "+ view public.v"),
    "view dropped": probe(_T + "create view v as select a from t;", _T, "- view public.v"),
    "view changed": probe(
        _T + "create view v as select a from t;",
        _T + "create view v as select a from t where a > 1;",
        "view public.v: definition",
    ),
    "materialized view added": probe(
        _T, _T + "create materialized view v as select a from t;", "+ materialized view public.v"
    ),
    "materialized view changed": probe(
        _T + "create materialized view v as select a from t;",
        _T + "create materialized view v as select a + 1 as a from t;",
        "materialized view public.v: definition",
    ),
    "index on a materialized view": probe(
        _T + "create materialized view v as select a from t;",
        _T + "create materialized view v as select a from t; create index i on v (a);",
        "+ index public.i",
    ),
    "function added": probe("", _FUNCTION, "+ function public.f()"),
    "function changed": probe(
        _FUNCTION,
        _FUNCTION.replace("new;", "old;"),
        "function public.f(): body",
    ),
    "procedure added": probe(
        "", "create procedure p() language sql as '';", "+ procedure public.p()"
    ),
    "trigger added": probe(
        _T + _FUNCTION,
        _T + _FUNCTION + "create trigger g before insert on t for each row execute function f();",
        "+ trigger g on public.t",
    ),
    "trigger changed": probe(
        _T + _FUNCTION + "create trigger g before insert on t for each row execute function f();",
        _T + _FUNCTION + "create trigger g before update on t for each row execute function f();",
        "trigger g on public.t: events",
    ),
    "rule added": probe(
        _T, _T + "create rule r as on delete to t do instead nothing;", "+ rule r on public.t"
    ),
    # access
    "row security enabled": probe(
        _T, _T + "alter table t enable row level security;", "table public.t: row_security"
    ),
    "policy added": probe(_T, _T + "create policy p on t using (a > 0);", "+ policy p on public.t"),
    "policy changed": probe(
        _T + "create policy p on t using (a > 0);",
        _T + "create policy p on t using (a > 1);",
        "policy p on public.t: using",
    ),
    "grant": probe(_T, _T + "grant select on t to bed_ann;", "table public.t: acl"),
    "owner": probe(_T, _T + "alter table t owner to bed_ann;", "table public.t: owner"),
    "default privileges": probe(
        "",
        "alter default privileges for role bed_ann grant select on tables to public;",
        "+ default privileges for role bed_ann on tables",
        alone=True,
    ),
    "publication": probe(
        _T,
        _T + "create publication pub for table t;",
        "+ publication pub",
        "+ publication table public.t in pub",
        alone=True,
    ),
    "replica identity": probe(
        _T, _T + "alter table t replica identity full;", "table public.t: replica_identity"
    ),
    # types and sequences
    "extension": probe(
        "", "create extension btree_gin;", "+ extension btree_gin", pg=">= 17", alone=True
    ),
    "domain added": probe("", "create domain d as integer;", "+ domain public.d"),
    "domain check changed": probe(
        "create domain d as integer check (value > 0);",
        "create domain d as integer check (value > 1);",
        "constraint d_check on public.d: expression",
    ),
    "composite type": probe(
        "", "create type c as (a integer);", "+ type public.c", "+ attribute public.c.a"
    ),
    "sequence added": probe("", "create sequence s;", "+ sequence public.s"),
    "sequence dropped": probe("create sequence s;", "", "- sequence public.s"),
    "extended statistics": probe(
        _T, _T + "create statistics s on a, b from t;", "+ statistics public.s"
    ),
    # partitions
    "partition by added": probe(
        "create table t (id integer, a integer);", _PART, "table public.t: partition_by"
    ),
    "partition by changed": probe(
        _PART,
        "create table t (id integer, a integer) partition by range (a);",
        "table public.t: partition_by",
    ),
    "index on a partition": probe(
        _PART + "create table t1 partition of t for values from (0) to (9);",
        _PART
        + "create table t1 partition of t for values from (0) to (9); create index i on t1 (a);",
        "+ index public.i",
    ),
    "partition on one side only": probe(
        _PART + "create table t1 partition of t for values from (0) to (9);",
        _PART,
        "- table public.t1",
        "- column public.t1.id",
        "- column public.t1.a",
    ),
    # checks
    "check added": probe(
        _T, _T + "alter table t add constraint k check (a > 0);", "+ constraint k on public.t"
    ),
    "check removed": probe(
        _T + "alter table t add constraint k check (a > 0);", _T, "- constraint k on public.t"
    ),
    "check changed": probe(
        _T + "alter table t add constraint k check (a > 0);",
        _T + "alter table t add constraint k check (a > 1);",
        "constraint k on public.t: expression",
    ),
    "check not valid": probe(
        _T + "alter table t add constraint k check (a > 0);",
        _T + "alter table t add constraint k check (a > 0) not valid;",
        "constraint k on public.t: validated",
    ),
    "check not enforced": probe(
        _T + "alter table t add constraint k check (a > 0);",
        _T + "alter table t add constraint k check (a > 0) not enforced;",
        "constraint k on public.t: validated",
        "constraint k on public.t: enforced",
        pg=">= 18",
    ),
    "check of a boolean": probe(
        "create table t (a boolean);",
        "create table t (a boolean check (a in (true, false)));",
        "+ constraint t_a_check on public.t",
    ),
    # exclusion
    "exclude added": probe(
        "create table t (r int4range);",
        "create table t (r int4range, constraint x exclude using gist (r with &&));",
        "+ constraint x on public.t",
    ),
    "exclude dropped": probe(
        "create table t (r int4range, constraint x exclude using gist (r with &&));",
        "create table t (r int4range);",
        "- constraint x on public.t",
    ),
    "exclude changed": probe(
        "create table t (r int4range, constraint x exclude using gist (r with &&));",
        "create table t (r int4range, constraint x exclude using gist (r with -|-));",
        "constraint x on public.t: operators",
    ),
    "exclude with an operator class": probe(
        "create table t (r inet, constraint x exclude using spgist (r with &&));",
        "create table t (r inet, constraint x exclude using gist (r inet_ops with &&));",
        "constraint x on public.t: method",
        "constraint x on public.t: elements",
    ),
    # comments
    "comment on an index": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a); comment on index i is 'x';",
        "index public.i: comment",
    ),
    "comment on a constraint": probe(
        _T,
        _T + "comment on constraint t_pkey on t is 'x';",
        "constraint t_pkey on public.t: comment",
    ),
    "comment on a view": probe(
        "create view v as select 1 as a;",
        "create view v as select 1 as a; comment on view v is 'x';",
        "view public.v: comment",
    ),
    "comment on a type": probe(
        _ENUM, _ENUM + "comment on type mood is 'x';", "type public.mood: comment"
    ),
    "comment on a table": probe(_T, _T + "comment on table t is 'x';", "table public.t: comment"),
    "comment on a column": probe(
        _T, _T + "comment on column t.a is 'x';", "column public.t.a: comment"
    ),
    # identity
    "serial to identity": probe(
        "create table t (id serial);",
        "create table t (id integer generated by default as identity);",
        "column public.t.id: default",
        "column public.t.id: identity",
        "sequence public.t_id_seq: identity",
        "sequence public.t_id_seq: type",
    ),
    "identity added": probe(
        "create table t (id integer not null);",
        "create table t (id integer generated always as identity);",
        "column public.t.id: identity",
        "+ sequence public.t_id_seq",
    ),
    "identity dropped": probe(
        "create table t (id integer generated always as identity);",
        "create table t (id integer not null);",
        "column public.t.id: identity",
        "- sequence public.t_id_seq",
    ),
    "identity start": probe(
        "create table t (id integer generated always as identity);",
        "create table t (id integer generated always as identity (start 100));",
        "sequence public.t_id_seq: start",
    ),
    "identity by default": probe(
        "create table t (id integer generated always as identity);",
        "create table t (id integer generated by default as identity);",
        "column public.t.id: identity",
    ),
    # generated columns
    "generated expression changed": probe(
        "create table t (a integer, g integer generated always as (a + 1) stored);",
        "create table t (a integer, g integer generated always as (a + 2) stored);",
        "column public.t.g: expression",
    ),
    "stored to virtual": probe(
        "create table t (a integer, g integer generated always as (a + 1) stored);",
        "create table t (a integer, g integer generated always as (a + 1) virtual);",
        "column public.t.g: generated",
        pg=">= 18",
    ),
    "plain to generated": probe(
        "create table t (a integer, g integer);",
        "create table t (a integer, g integer generated always as (a + 1) stored);",
        "column public.t.g: generated",
        "column public.t.g: expression",
    ),
    # indexes
    "index include": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a) include (b);",
        "index public.i: include",
    ),
    "index operator class": probe(
        _T + "create index i on t (b);",
        _T + "create index i on t (b text_pattern_ops);",
        "index public.i: columns",
    ),
    "index where added": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a) where a > 0;",
        "index public.i: where",
    ),
    "index where changed": probe(
        _T + "create index i on t (a) where a > 0;",
        _T + "create index i on t (a) where a > 1;",
        "index public.i: where",
    ),
    "index method": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t using hash (a);",
        "index public.i: method",
    ),
    "index storage": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a) with (fillfactor = 50);",
        "index public.i: options",
    ),
    "index invalid": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a);"
        "update pg_index set indisvalid = false where indexrelid = 'i'::regclass;",
        "index public.i: valid",
    ),
    "index columns": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a, b);",
        "index public.i: columns",
    ),
    "index expression": probe(
        _T + "create index i on t (lower(b));",
        _T + "create index i on t (upper(b));",
        "index public.i: columns",
    ),
    "index descending": probe(
        _T + "create index i on t (a);",
        _T + "create index i on t (a desc);",
        "index public.i: columns",
    ),
    "index nulls not distinct": probe(
        _T + "create unique index i on t (a);",
        _T + "create unique index i on t (a) nulls not distinct;",
        "index public.i: nulls_not_distinct",
    ),
    # keys
    "unique deferrable": probe(
        _T + "alter table t add constraint u unique (a);",
        _T + "alter table t add constraint u unique (a) deferrable;",
        "constraint u on public.t: deferrable",
    ),
    "unique include": probe(
        _T + "alter table t add constraint u unique (a);",
        _T + "alter table t add constraint u unique (a) include (b);",
        "constraint u on public.t: include",
    ),
    "unique nulls not distinct": probe(
        _T + "alter table t add constraint u unique (a);",
        _T + "alter table t add constraint u unique nulls not distinct (a);",
        "constraint u on public.t: nulls_not_distinct",
    ),
    "primary key columns": probe(
        "create table t (a integer not null, b integer not null, primary key (a));",
        "create table t (a integer not null, b integer not null, primary key (a, b));",
        "constraint t_pkey on public.t: columns",
    ),
    "foreign key match": probe(
        _P
        + "create table t (a integer, b integer, constraint f foreign key (a, b) references p (x, y));",
        _P
        + "create table t (a integer, b integer, constraint f foreign key (a, b) references p (x, y)"
        " match full);",
        "constraint f on public.t: match",
    ),
    "foreign key not valid": probe(
        _P + _T + "alter table t add constraint f foreign key (a) references p;",
        _P + _T + "alter table t add constraint f foreign key (a) references p not valid;",
        "constraint f on public.t: validated",
    ),
    "foreign key not enforced": probe(
        _P + _T + "alter table t add constraint f foreign key (a) references p;",
        _P + _T + "alter table t add constraint f foreign key (a) references p not enforced;",
        "constraint f on public.t: validated",
        "constraint f on public.t: enforced",
        pg=">= 18",
    ),
    "foreign key on delete": probe(
        _P + _T + "alter table t add constraint f foreign key (a) references p;",
        _P + _T + "alter table t add constraint f foreign key (a) references p on delete cascade;",
        "constraint f on public.t: on_delete",
    ),
    "foreign key deferrable": probe(
        _P + _T + "alter table t add constraint f foreign key (a) references p;",
        _P + _T + "alter table t add constraint f foreign key (a) references p deferrable;",
        "constraint f on public.t: deferrable",
    ),
    # columns
    "column collation": probe(
        "create table t (b text);",
        'create table t (b text collate "C");',
        "column public.t.b: collation",
    ),
    "column storage": probe(
        "create table t (b text);",
        "create table t (b text); alter table t alter b set storage external;",
        "column public.t.b: storage",
    ),
    "column compression": probe(
        "create table t (b text);",
        "create table t (b text compression pglz);",
        "column public.t.b: compression",
    ),
    "column order": probe(
        "create table t (a integer, b text);",
        "create table t (b text, a integer);",
        "table public.t: column_order",
    ),
    "column added": probe(_T, _T + "alter table t add d date;", "+ column public.t.d"),
    "column dropped": probe(_T + "alter table t add d date;", _T, "- column public.t.d"),
    "nullable": probe(
        "create table t (a integer);",
        "create table t (a integer not null);",
        "column public.t.a: not_null",
    ),
    # tables
    "table renamed": probe(
        "create table t (a integer);",
        "create table u (a integer);",
        "- table public.t",
        "- column public.t.a",
        "+ table public.u",
        "+ column public.u.a",
    ),
    "table unlogged": probe(
        "create table t (a integer);",
        "create unlogged table t (a integer);",
        "table public.t: persistence",
    ),
    "table fillfactor": probe(
        "create table t (a integer);",
        "create table t (a integer) with (fillfactor = 50);",
        "table public.t: options",
    ),
    "table inherits": probe(
        "create table p (a integer); create table t (a integer);",
        "create table p (a integer); create table t (a integer) inherits (p);",
        "table public.t: inherits",
    ),
    "table in a new schema": probe(
        "",
        "create schema s; create table s.t (a integer);",
        "+ schema s",
        "+ table s.t",
        "+ column s.t.a",
        alone=True,
    ),
    "table added": probe(
        "", "create table t (a integer);", "+ table public.t", "+ column public.t.a"
    ),
    "table dropped": probe(
        "create table t (a integer);", "", "- table public.t", "- column public.t.a"
    ),
    # server defaults
    "json default": probe(
        "create table t (j json default '{}');",
        "create table t (j json default '[]');",
        "column public.t.j: default",
    ),
    "default added": probe(
        "create table t (a integer);",
        "create table t (a integer default 3);",
        "column public.t.a: default",
    ),
    "default dropped": probe(
        "create table t (a integer default 3);",
        "create table t (a integer);",
        "column public.t.a: default",
    ),
    "default changed": probe(
        "create table t (a timestamptz default now());",
        "create table t (a timestamptz default clock_timestamp());",
        "column public.t.a: default",
    ),
}
for _old, _new in (
    ("text", "integer"),
    ("integer", "bigint"),
    ("varchar(10)", "varchar(20)"),
    ("numeric", "numeric(10,2)"),
    ("numeric(10,2)", "numeric(12,2)"),
    ("timestamp", "timestamptz"),
    ("timestamptz(3)", "timestamptz"),
    ("integer[]", "bigint[]"),
    ("json", "jsonb"),
    ("bit(3)", "bit varying(3)"),
    ("interval", "interval day to second(2)"),
):
    PROBES[f"{_old} to {_new}"] = probe(
        f"create table t (a {_old});", f"create table t (a {_new});", "column public.t.a: type"
    )

#: What makes no difference, though it was written otherwise, in another order, or by an ORM.
UNCHANGED = {
    "plain": (_T, _T),
    "serial": (
        "create table t (id serial primary key);",
        "create sequence t_id_seq as integer; create table t (id integer not null"
        " default nextval('t_id_seq')); alter sequence t_id_seq owned by t.id;"
        "alter table t add primary key (id);",
    ),
    "identity": (
        "create table t (id bigint generated always as identity);",
        "create table t (id bigint not null); alter table t alter id add generated always as identity;",
    ),
    "unowned nextval": ("create sequence s; create table t (a bigint default nextval('s'));",) * 2,
    "json default": ("create table t (j json default '{}'::json, k jsonb default '{}');",) * 2,
    "boolean check": ("create table t (b boolean check (b in (true, false)));",) * 2,
    "check spelled otherwise": (
        "create table t (a text, constraint k check (a in ('x', 'y')));",
        "create table t (a text, constraint k check (a = any (array['x', 'y'])));",
    ),
    "enum array": (_ENUM + "create table t (m mood[] default '{sad}');",) * 2,
    "index after table": (
        _T + "create index i on t (a); create index j on t (b);",
        _T + "create index j on t (b); create index i on t (a);",
    ),
    "expression index": (_T + "create index i on t (lower(b), (a + c)) where a is not null;",) * 2,
    "unique inline": (
        "create table t (a integer unique);",
        "create table t (a integer); alter table t add constraint t_a_key unique (a);",
    ),
    "not null set later": (
        "create table t (a integer not null);",
        "create table t (a integer); alter table t alter a set not null;",
    ),
    "tables the other way round": (
        "create table a (i integer); create table b (i integer);",
        "create table b (i integer); create table a (i integer);",
    ),
    "foreign keys in a circle": (
        "create table a (i integer primary key, b integer); create table b (i integer primary key"
        ", a integer references a); alter table a add foreign key (b) references b;",
        "create table b (i integer primary key, a integer); create table a (i integer primary key"
        ", b integer references b); alter table b add foreign key (a) references a;",
    ),
    "generated": ("create table t (a integer, g integer generated always as (a * 2) stored);",) * 2,
    "partition attached": (
        _PART + "create table t1 partition of t for values from (0) to (9);",
        _PART + "create table t1 (id integer, a integer);"
        "alter table t attach partition t1 for values from (0) to (9);",
    ),
    "inheritance": ("create table p (a integer); create table t (b text) inherits (p);",) * 2,
    "view": (
        _T + "create view v as select * from t;",
        _T + "create view v as select id, a, b, c from t;",
    ),
    "trigger": (
        _T
        + _FUNCTION
        + "create trigger g before insert or update on t for each row execute function f();",
        _T
        + _FUNCTION
        + "create trigger g before update or insert on t for each row execute procedure f();",
    ),
    "domain": ("create domain d as text check (value <> ''); create table t (a d not null);",) * 2,
    "composite": (
        "create type c as (a integer, b text); create table t (v c default row(1, 'x'));",
    )
    * 2,
    "quoted names": (
        'create schema "S.x"; create table "S.x"."T ""q""" ("select" integer, "Ü" text);'
        'create index "Ii" on "S.x"."T ""q""" ("Ü");',
    )
    * 2,
    "grants in another order": (
        _T + 'grant select on t to bed_ann; grant update on t to "bed Bob";',
        _T + 'grant update on t to "bed Bob"; grant select on t to bed_ann;',
    ),
    "the default written down": (
        _T,
        _T + "grant all on t to current_user; revoke all on t from public;",
    ),
    "dropped column": (
        "create table t (a integer, b text);",
        "create table t (x integer, a integer, b text); alter table t drop x;",
    ),
    "policy": (
        _T + 'create policy p on t to bed_ann, "bed Bob" using (a > 0);',
        _T + 'create policy p on t to "bed Bob", bed_ann using ((a) > 0);',
    ),
    "options in another order": (
        "create table t (a integer) with (fillfactor = 50, autovacuum_enabled = false);",
        "create table t (a integer) with (autovacuum_enabled = false, fillfactor = 50);",
    ),
    "renamed and back": (
        _T,
        _T + "alter table t rename to u; alter table u rename to t;",
    ),
}


#: The schema in which each model is; none for those that are more than what is in one schema.
SCHEMAS = {name: f"s{number}" for number, name in enumerate(PROBES) if not PROBES[name].alone}
UNCHANGED_SCHEMAS = {
    name: f"u{number}" for number, name in enumerate(UNCHANGED) if name != "quoted names"
}


def read(scratch: Scratch, models: Iterable[tuple[str, str]], *, junk: bool = False) -> Catalog:
    """Make a new database with each model in its schema, and read it; *junk* moves the OIDs."""
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        make_roles(conn)
        if junk:
            conn.execute("create table junk (a serial, b text); drop table junk")
        for schema, statements in models:
            conn.execute(f"create schema if not exists {schema}")
            conn.execute(f"set search_path = {schema}; {statements}".encode())
        return read_catalog(conn)


def models(major: int) -> dict[str, tuple[str, str]]:
    """Return the old and the new model of each schema, as far as this version knows them."""
    known = {name: s for name, s in SCHEMAS.items() if servers.matches(PROBES[name].pg, major)}
    return {
        **{schema: (PROBES[name].old, PROBES[name].new) for name, schema in known.items()},
        **{schema: UNCHANGED[name] for name, schema in UNCHANGED_SCHEMAS.items()},
    }


@pytest.fixture(scope="module")
def catalogs_of() -> Callable[[Server], Both]:
    """The catalogs of all the old models and of all the new ones, read once on each server."""
    known: dict[int, Both] = {}

    def read_both(server: Server) -> Both:
        major = server.version.major
        if major not in known:
            pairs = models(major)
            old = [(schema, pair[0]) for schema, pair in pairs.items()]
            new = [(schema, pair[1]) for schema, pair in reversed(pairs.items())]
            with server.workspace("test") as workspace:
                scratch = workspace.scratch("test")
                known[major] = read(scratch, old), read(scratch, new, junk=True)
        return known[major]

    return read_both


@pytest.fixture
def catalogs(any_server: Server, catalogs_of: Callable[[Server], Both]) -> Both:
    return catalogs_of(any_server)


def named(name: str) -> set[str]:
    """Return what must be said of a probe, of the schema where it is."""
    schema = SCHEMAS.get(name, "public")
    return {text.replace("public.", f"{schema}.") for text in PROBES[name].named}


def within(schema: str, catalogs: Both) -> Both:
    """Return what is in one schema; a function's language is not in it, and can be done without."""
    old, new = (catalog.without(lambda key: key.schema != schema) for catalog in catalogs)
    return old, new


def check(old: Catalog, new: Catalog, expected: set[str]) -> None:
    found = compare(old, new)
    assert {said(item) for item in found} == expected
    assert sum(1 + len(group.consequences) for group in fold(found)) == len(expected)
    check_laws(old, new, str(expected))


def skip_unless_of(name: str, server: Server) -> None:
    if not servers.matches(PROBES[name].pg, server.version.major):
        pytest.skip(f"of PostgreSQL {PROBES[name].pg}")


def test_the_list_is_as_long_as_the_one_it_came_from() -> None:
    assert len(PROBES) >= 86
    assert len(UNCHANGED) >= 25


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_change_is_named(name: str, any_server: Server, catalogs: Both) -> None:
    """Every one of these changes is found, by object and attribute, and nothing else is."""
    skip_unless_of(name, any_server)
    check(*within(SCHEMAS[name], catalogs), named(name))


@pytest.mark.parametrize("name", [name for name in PROBES if name not in SCHEMAS])
def test_a_change_outside_of_a_schema_is_named(
    name: str, any_server: Server, scratch: Scratch
) -> None:
    """The same of what belongs to the database as a whole."""
    skip_unless_of(name, any_server)
    old = read(scratch, [("public", PROBES[name].old)])
    new = read(scratch, [("public", PROBES[name].new)], junk=True)
    check(old, new, named(name))


def test_all_the_changes_at_once_are_named(any_server: Server, catalogs: Both) -> None:
    """Whatever else is in the database, and nothing is said of the models that did not change."""
    there = [n for n in SCHEMAS if servers.matches(PROBES[n].pg, any_server.version.major)]
    check(*catalogs, set().union(*map(named, there)))


@pytest.mark.parametrize("name", UNCHANGED_SCHEMAS)
def test_no_difference_where_there_is_none(name: str, catalogs: Both) -> None:
    """The same model is the same catalog, however and in whatever order it was made."""
    check_same(*within(UNCHANGED_SCHEMAS[name], catalogs))


@pytest.mark.parametrize("name", [name for name in UNCHANGED if name not in UNCHANGED_SCHEMAS])
def test_no_difference_with_schemas(name: str, any_server: Server, scratch: Scratch) -> None:
    """The same of models that make schemas."""
    first, second = UNCHANGED[name]
    old = read(scratch, [("public", first)])
    check_same(old, read(scratch, [("public", second)], junk=True))


def check_same(old: Catalog, new: Catalog) -> None:
    assert len(old) > 0
    assert compare(old, new) == ()
    assert old.fingerprint == new.fingerprint
