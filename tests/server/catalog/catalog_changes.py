# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501  a statement is easier to read in one piece
"""One change at a time, for every attribute of every kind, and what comparing must say of it.

``+ key`` and ``- key`` are whole objects, ``key: attribute`` is one attribute. A change without
*dump* is one that ``pg_dump --schema-only`` does not write down.
"""

from __future__ import annotations

from dataclasses import dataclass

from bedstone.sql import quote_identifier


@dataclass(frozen=True)
class Change:
    sql: str
    expected: frozenset[str]
    pg: str = ">= 15"
    dump: bool = True


@dataclass(frozen=True)
class Group:
    name: str
    setup: str
    changes: tuple[Change, ...]
    pg: str = ">= 15"
    needs: str | None = None


def change(sql: str, *expected: str, pg: str = ">= 15", dump: bool = True) -> Change:
    return Change(sql, frozenset(expected), pg, dump)


GROUPS: dict[str, Group] = {}


def group(
    name: str, setup: str, *changes: Change, pg: str = ">= 15", needs: str | None = None
) -> None:
    """Add a group; *needs* is an extension without which it cannot be tried."""
    assert name not in GROUPS
    GROUPS[name] = Group(name, setup, changes, pg, needs)


LONG = "l" + "ö" * 31  # 63 bytes

group(
    "schema",
    "create schema s",
    change('create schema "Odd Schema"', '+ schema "Odd Schema"'),
    change('create schema "select"', '+ schema "select"'),
    change("alter schema s owner to bed_ann", "schema s: owner"),
    change('grant usage on schema s to "bed Bob"', "schema s: acl"),
    change('grant usage on schema s to "bed Bob" with grant option', "schema s: acl"),
    change("comment on schema s is 'text'", "schema s: comment"),
    change("comment on schema public is null", "schema public: comment"),
    change("grant create on schema public to public", "schema public: acl"),
    change("alter schema public owner to bed_ann", "schema public: owner"),
    change("drop schema s", "- schema s"),
)

group(
    "extension",
    "create schema s",
    change("create extension pg_trgm version '1.5'", "+ extension pg_trgm"),
    change("alter extension pg_trgm update to '1.6'", "extension pg_trgm: version", dump=False),
    change("alter extension pg_trgm set schema s", "extension pg_trgm: schema"),
    change("comment on extension pg_trgm is 'mine'", "extension pg_trgm: comment"),
    change(
        "revoke execute on function s.show_trgm(text) from public",
        "+ privileges on function s.show_trgm(pg_catalog.text)",
    ),
    change(
        "grant execute on function s.show_trgm(text) to bed_ann",
        "privileges on function s.show_trgm(pg_catalog.text): acl",
    ),
    change(
        "grant execute on function pg_catalog.pg_ls_waldir() to bed_ann",
        "+ privileges on function pg_catalog.pg_ls_waldir()",
    ),
    change(
        "revoke select on pg_catalog.pg_proc from public",
        "+ privileges on table pg_catalog.pg_proc",
    ),
    change(
        "grant select (proname) on pg_catalog.pg_proc to bed_ann",
        "+ privileges on table column pg_catalog.pg_proc.proname",
    ),
    change(
        "drop extension pg_trgm",
        "- extension pg_trgm",
        "- privileges on function s.show_trgm(pg_catalog.text)",
    ),
    needs="pg_trgm",
)

group(
    "enum",
    "create type \"Mood\" as enum ('sad', 'it''s', 'happy'); create type other as enum ()",
    change("alter type \"Mood\" add value 'ok'", 'type public."Mood": labels'),
    change("alter type \"Mood\" add value 'so so' before 'happy'", 'type public."Mood": labels'),
    change("alter type \"Mood\" rename value 'ok' to 'OK'", 'type public."Mood": labels'),
    change('alter type "Mood" owner to bed_ann', 'type public."Mood": owner'),
    change('revoke usage on type "Mood" from public', 'type public."Mood": acl'),
    change("comment on type \"Mood\" is 'x'", 'type public."Mood": comment'),
    change('alter type "Mood" rename to mood', '- type public."Mood"', "+ type public.mood"),
    change("drop type other", "- type public.other"),
)

group(
    "composite",
    'create type pair as (a integer, "B" text collate "C"); create schema s',
    change("alter type pair add attribute c date", "+ attribute public.pair.c"),
    change("alter type pair alter attribute c type timestamp", "attribute public.pair.c: type"),
    change(
        'alter type pair alter attribute "B" type text collate "POSIX"',
        'attribute public.pair."B": collation',
    ),
    change("comment on column pair.a is 'first'", "attribute public.pair.a: comment"),
    change("comment on type pair is 'two'", "type public.pair: comment"),
    change("alter type pair owner to bed_ann", "type public.pair: owner"),
    change("revoke usage on type pair from public", "type public.pair: acl"),
    change(
        "alter type pair drop attribute a",
        "- attribute public.pair.a",
    ),
    change(
        'alter type pair drop attribute "B"; alter type pair add attribute "B" text collate "POSIX"',
        "type public.pair: attribute_order",
    ),
    change(
        "alter type pair set schema s",
        "- type public.pair",
        '- attribute public.pair."B"',
        "- attribute public.pair.c",
        "+ type s.pair",
        '+ attribute s.pair."B"',
        "+ attribute s.pair.c",
    ),
)

group(
    "domain",
    "create domain positive as integer check (value > 0); create domain t as text",
    change("alter domain positive set default 1", "domain public.positive: default"),
    change(
        "alter domain positive set not null",
        "domain public.positive: not_null",
    ),
    change(
        "alter domain positive add constraint small check (value < 10) not valid",
        "+ constraint small on public.positive",
    ),
    change(
        "alter domain positive validate constraint small",
        "constraint small on public.positive: validated",
    ),
    change(
        "comment on constraint small on domain positive is 'x'",
        "constraint small on public.positive: comment",
    ),
    change(
        "alter domain positive drop constraint positive_check;"
        "alter domain positive add constraint positive_check check (value >= 0)",
        "constraint positive_check on public.positive: expression",
    ),
    change("alter domain positive owner to bed_ann", "domain public.positive: owner"),
    change("revoke usage on domain positive from public", "domain public.positive: acl"),
    change("comment on domain positive is 'x'", "domain public.positive: comment"),
    change(
        'drop domain t; create domain t as varchar(3) collate "C"',
        "domain public.t: type",
        "domain public.t: collation",
    ),
    change("alter domain positive drop constraint small", "- constraint small on public.positive"),
    change("drop domain t", "- domain public.t"),
)
group(
    "domain not null",
    "create domain d as integer constraint named not null",
    change(
        "comment on constraint named on domain d is 'x'",
        "domain public.d: constraint_comment",
    ),
    pg=">= 17",
)

group(
    "range",
    "create type r as range (subtype = float8, subtype_diff = float8mi)",
    change("alter type r owner to bed_ann", "type public.r: owner"),
    change("comment on type r is 'x'", "type public.r: comment"),
    change("revoke usage on type r from public", "type public.r: acl"),
    change(
        "drop type r; create type r as range (subtype = float8, multirange_type_name = many)",
        "type public.r: owner",
        "type public.r: comment",
        "type public.r: acl",
        "type public.r: subtype_diff",
        "type public.r: multirange",
    ),
    change(
        'drop type r; create type r as range (subtype = text, collation = "C", multirange_type_name = many)',
        "type public.r: subtype",
        "type public.r: collation",
    ),
    change(
        "drop type r;"
        'create type r as range (subtype = text, collation = "C", multirange_type_name = many,'
        " subtype_opclass = text_pattern_ops)",
        "type public.r: operator_class",
    ),
    change(
        "drop type r; create type r; create function canon(r) returns r language internal immutable strict"
        " as 'int4range_canonical';"
        'create type r as range (subtype = text, collation = "C", multirange_type_name = many,'
        " subtype_opclass = text_pattern_ops, canonical = canon)",
        "+ function public.canon(public.r)",
        "type public.r: canonical",
    ),
)

_BASE = (
    "create type b; create function b_in(cstring) returns b language internal immutable strict as 'textin';"
    "create function b_out(b) returns cstring language internal immutable strict as 'textout';"
    "create function b_recv(internal) returns b language internal immutable strict as 'textrecv';"
    "create function b_send(b) returns bytea language internal immutable strict as 'textsend';"
    "create function b_typmod(cstring[]) returns integer language internal immutable strict as 'varchartypmodin';"
    "create function b_mod(integer) returns cstring language internal immutable strict as 'varchartypmodout';"
    "create function b_sub(internal) returns internal language internal immutable strict as 'raw_array_subscript_handler';"
    "create function b_ana(internal) returns boolean language internal strict as 'array_typanalyze';"
)
group(
    "base type",
    _BASE + "create type b (input = b_in, output = b_out, internallength = variable)",
    change("alter type b set (receive = b_recv)", "type public.b: receive"),
    change("alter type b set (send = b_send)", "type public.b: send"),
    change("alter type b set (typmod_in = b_typmod)", "type public.b: typmod_in"),
    change("alter type b set (typmod_out = b_mod)", "type public.b: typmod_out"),
    change("alter type b set (analyze = b_ana)", "type public.b: analyze"),
    change("alter type b set (subscript = b_sub)", "type public.b: subscript"),
    change("alter type b set (storage = extended)", "type public.b: storage"),
    change("alter type b owner to bed_ann", "type public.b: owner"),
    change("comment on type b is 'x'", "type public.b: comment"),
    change("revoke usage on type b from public", "type public.b: acl"),
    change("create type shell", "+ type public.shell"),
    change("drop type shell", "- type public.shell"),
    change(
        "drop type b cascade; drop function b_typmod, b_mod, b_sub, b_ana;"
        + _BASE
        + "create type b (input = b_in, output = b_out, subscript = b_sub,"
        " receive = b_recv, send = b_send, typmod_in = b_typmod, typmod_out = b_mod, analyze = b_ana,"
        " internallength = variable, storage = main, category = 'S', preferred = true, default = 'x',"
        " delimiter = ';', collatable = true, alignment = double, element = integer)",
        "type public.b: owner",
        "type public.b: comment",
        "type public.b: acl",
        "type public.b: storage",
        "type public.b: category",
        "type public.b: preferred",
        "type public.b: default",
        "type public.b: delimiter",
        "type public.b: collatable",
        "type public.b: alignment",
        "type public.b: element",
    ),
)

group(
    "table",
    f'create table t (a integer primary key, b text); create table "{LONG}" (a integer);'
    "create unique index t_b on t (b); create type row as (a integer, b text); create schema s;"
    "create table typed of row; create table parent (a integer); create table child (a integer);"
    "create index t_b2 on t (b)",
    change(
        'create table "user" (id integer)', '+ table public."user"', '+ column public."user".id'
    ),
    change("alter table t owner to bed_ann", "table public.t: owner"),
    change('grant select, update on t to "bed""quote"', "table public.t: acl"),
    change(
        "grant select on t to public",
        "table public.t: acl",
    ),
    change('revoke update on t from "bed""quote"', "table public.t: acl"),
    change("comment on table t is 'x'", "table public.t: comment"),
    change(f"comment on table \"{LONG}\" is 'x'", f'table public."{LONG}": comment'),
    change("alter table t set unlogged", "table public.t: persistence"),
    change("alter table t set logged", "table public.t: persistence"),
    change("alter table t set (fillfactor = 70)", "table public.t: options"),
    change("alter table t set (toast.autovacuum_enabled = false)", "table public.t: toast_options"),
    change("alter table t replica identity full", "table public.t: replica_identity"),
    change("alter table t replica identity using index t_pkey", "table public.t: replica_identity"),
    change("alter table t replica identity nothing", "table public.t: replica_identity"),
    change("alter table t enable row level security", "table public.t: row_security"),
    change("alter table t force row level security", "table public.t: force_row_security"),
    change("alter table t cluster on t_b", "table public.t: clustered_on"),
    change("alter table typed not of", "table public.typed: of_type"),
    change("alter table child inherit parent", "table public.child: inherits"),
    change(
        "alter table parent add column b text",
        "+ column public.parent.b",
        "+ column public.child.b",
    ),
    change(
        "alter table child no inherit parent",
        "table public.child: inherits",
        "column public.child.b: local",
    ),
    change(
        "create access method heap2 type table handler heap_tableam_handler",
        "+ access method heap2",
    ),
    change("alter table child set access method heap2", "table public.child: access_method"),
    change(
        "alter table typed set schema s",
        "- table public.typed",
        "- column public.typed.a",
        "- column public.typed.b",
        "+ table s.typed",
        "+ column s.typed.a",
        "+ column s.typed.b",
    ),
    change(
        "drop table t",
        "- table public.t",
        "- column public.t.a",
        "- column public.t.b",
        "- constraint t_pkey on public.t",
        "- index public.t_b",
        "- index public.t_b2",
    ),
)

group(
    "column",
    'create table t (a integer, "B c" varchar(10), "Ünï" text, s text, n integer, d date);'
    "create view v as select a, n from t; create materialized view m as select a, s from t",
    change("alter table t add column x integer", "+ column public.t.x"),
    change("alter table t alter column x type bigint", "column public.t.x: type"),
    change('alter table t alter column "B c" type varchar(20)', 'column public.t."B c": type'),
    change(
        'alter table t alter column "Ünï" type text collate "C"', 'column public.t."Ünï": collation'
    ),
    change("alter table t alter column d set not null", "column public.t.d: not_null", pg="< 18"),
    change(
        "alter table t alter column d set not null",
        "column public.t.d: not_null",
        pg=">= 18",
    ),
    change("alter table t alter column d set default current_date", "column public.t.d: default"),
    change("alter table t alter column d drop default", "column public.t.d: default"),
    change(
        'alter table t alter column "Ünï" set storage external', 'column public.t."Ünï": storage'
    ),
    change(
        'alter table t alter column "Ünï" set compression pglz',
        'column public.t."Ünï": compression',
    ),
    change("alter table t alter column d set statistics 50", "column public.t.d: statistics"),
    change("alter table t alter column d set (n_distinct = 5)", "column public.t.d: options"),
    change("comment on column t.d is 'x'", "column public.t.d: comment"),
    change("grant select (a), update (a) on t to bed_ann", "column public.t.a: acl"),
    change("revoke all (a) on t from bed_ann", "column public.t.a: acl"),
    change(
        "alter table t add column g integer generated always as (n + 1) stored",
        "+ column public.t.g",
    ),
    change(
        "alter table t alter column g drop expression",
        "column public.t.g: generated",
        "column public.t.g: expression",
    ),
    change(
        "alter table t alter column x set not null; alter table t alter column x add generated always as identity",
        "column public.t.x: identity",
        "column public.t.x: not_null",
        "+ sequence public.t_x_seq",
        pg="< 18",
    ),
    change(
        "alter table t alter column x set not null; alter table t alter column x add generated always as identity",
        "column public.t.x: identity",
        "column public.t.x: not_null",
        "+ sequence public.t_x_seq",
        pg=">= 18",
    ),
    change("alter table t alter column x set generated by default", "column public.t.x: identity"),
    change("alter table t alter column x set start with 100", "sequence public.t_x_seq: start"),
    change(
        "alter table t alter column x set increment by 5 set minvalue -3 set maxvalue 999 set cache 7 set cycle",
        "sequence public.t_x_seq: increment",
        "sequence public.t_x_seq: minimum",
        "sequence public.t_x_seq: maximum",
        "sequence public.t_x_seq: cache",
        "sequence public.t_x_seq: cycle",
    ),
    change("alter table t alter column x type integer", "column public.t.x: type", dump=True),
    change("grant usage on sequence t_x_seq to bed_ann", "sequence public.t_x_seq: acl"),
    change(
        "alter table t alter column x drop identity",
        "column public.t.x: identity",
        "- sequence public.t_x_seq",
    ),
    change("alter view v alter column a set default 3", "+ column public.v.a"),
    change("alter view v alter column a set default 4", "column public.v.a: default"),
    change("comment on column v.a is 'x'", "column public.v.a: comment"),
    change("grant select (a) on v to bed_ann", "column public.v.a: acl"),
    change("alter materialized view m alter column s set storage plain", "+ column public.m.s"),
    change(
        "alter materialized view m alter column s set statistics 9", "column public.m.s: statistics"
    ),
    change(
        "alter materialized view m alter column s set compression pglz",
        "column public.m.s: compression",
    ),
    change(
        "alter materialized view m alter column s set (n_distinct = 9)",
        "column public.m.s: options",
    ),
    change(
        "alter materialized view m alter column s set storage main", "column public.m.s: storage"
    ),
    change("alter table t drop column d", "- column public.t.d"),
    change(
        'alter table t rename column "B c" to bc', '- column public.t."B c"', "+ column public.t.bc"
    ),
)
group(
    "column position",
    "create table t (a integer, b integer, c integer)",
    change(
        "alter table t drop column a; alter table t add column a integer",
        "table public.t: column_order",
    ),
)
group(
    "column in 18",
    "create table t (a integer, b integer, v integer generated always as (1) virtual, n integer not null);"
    "create table c () inherits (t)",
    change(
        "alter table t alter column v set expression as (2)",
        "column public.t.v: expression",
        "column public.c.v: expression",
    ),
    change(
        "alter table t add constraint nn not null b not valid",
        "column public.t.b: not_null",
        "column public.t.b: not_null_name",
        "column public.t.b: not_null_validated",
        "column public.c.b: not_null",
        "column public.c.b: not_null_name",
        "column public.c.b: not_null_validated",
        "column public.c.b: not_null_local",
    ),
    change(
        "alter table t validate constraint nn",
        "column public.t.b: not_null_validated",
        "column public.c.b: not_null_validated",
    ),
    change(
        "alter table t rename constraint nn to other",
        "column public.t.b: not_null_name",
        "column public.c.b: not_null_name",
    ),
    change("comment on constraint other on t is 'x'", "column public.t.b: constraint_comment"),
    change(
        "alter table t alter constraint t_n_not_null no inherit",
        "column public.t.n: not_null_no_inherit",
        "column public.c.n: not_null_local",
    ),
    pg=">= 18",
)

_LONG_NAMES = [("t", LONG), (LONG, "c"), ("x" * 63, LONG), ("ö" * 13, "y" * 40)]
_LONG_DOMAIN = "d" + "ö" * 31
group(
    "made-up names",
    "".join(f'create table "{t}" ("{c}" text);' for t, c in _LONG_NAMES)
    + f'create domain "{_LONG_DOMAIN}" as text',
    *(
        change(
            f'alter table "{t}" alter column "{c}" set not null',
            f"column {quote_identifier('public', t, c)}: not_null",
        )
        for t, c in _LONG_NAMES
    ),
    change(
        f'alter domain "{_LONG_DOMAIN}" set not null',
        f'domain public."{_LONG_DOMAIN}": not_null',
    ),
)

group(
    "constraint",
    "create table p (a integer primary key, b integer, c integer, unique (a, b));"
    "create table t (a integer, b integer, c integer, r int4range, e text)",
    change(
        "alter table t add constraint ck check (a > 0) not valid", "+ constraint ck on public.t"
    ),
    change("alter table t validate constraint ck", "constraint ck on public.t: validated"),
    change(
        "alter table t drop constraint ck; alter table t add constraint ck check (a >= 0)",
        "constraint ck on public.t: expression",
    ),
    change(
        "alter table t drop constraint ck; alter table t add constraint ck check (a >= 0) no inherit",
        "constraint ck on public.t: no_inherit",
    ),
    change("comment on constraint ck on t is 'x'", "constraint ck on public.t: comment"),
    change(
        "alter table t add constraint fk foreign key (a) references p",
        "+ constraint fk on public.t",
    ),
    change(
        "alter table t alter constraint fk deferrable",
        "constraint fk on public.t: deferrable",
    ),
    change(
        "alter table t alter constraint fk deferrable initially deferred",
        "constraint fk on public.t: initially_deferred",
    ),
    change(
        "alter table t drop constraint fk;"
        "alter table t add constraint fk foreign key (a) references p on delete cascade on update set null"
        " deferrable initially deferred",
        "constraint fk on public.t: on_delete",
        "constraint fk on public.t: on_update",
    ),
    change(
        "alter table t drop constraint fk;"
        "alter table t add constraint fk foreign key (a, b) references p (a, b) match full"
        " on delete set null on update set null deferrable initially deferred",
        "constraint fk on public.t: columns",
        "constraint fk on public.t: referenced_columns",
        "constraint fk on public.t: match",
        "constraint fk on public.t: on_delete",
    ),
    change(
        "alter table t drop constraint fk;"
        "alter table t add constraint fk foreign key (a, b) references p (a, b)"
        " on delete set null (b) on update set null deferrable initially deferred",
        "constraint fk on public.t: match",
        "constraint fk on public.t: on_delete_columns",
    ),
    change(
        "create table q (a integer, b integer, unique (a, b)); alter table t drop constraint fk;"
        "alter table t add constraint fk foreign key (a, b) references q (a, b)"
        " on delete set null (b) on update set null deferrable initially deferred",
        "+ table public.q",
        "+ column public.q.a",
        "+ column public.q.b",
        "+ constraint q_a_b_key on public.q",
        "constraint fk on public.t: references",
    ),
    change("alter table t add constraint u unique (b)", "+ constraint u on public.t"),
    change(
        "alter table t drop constraint u; alter table t add constraint u unique nulls not distinct (b)",
        "constraint u on public.t: nulls_not_distinct",
    ),
    change(
        "alter table t drop constraint u; alter table t add constraint u unique nulls not distinct (b) include (c)",
        "constraint u on public.t: include",
    ),
    change(
        "alter table t drop constraint u;"
        "alter table t add constraint u unique nulls not distinct (b, a) include (c) with (fillfactor = 80) deferrable",
        "constraint u on public.t: columns",
        "constraint u on public.t: options",
        "constraint u on public.t: deferrable",
    ),
    change("comment on index u is 'x'", "constraint u on public.t: index_comment"),
    change(
        "alter table t add constraint ex exclude using gist (r with &&)",
        "+ constraint ex on public.t",
    ),
    change(
        "alter table t drop constraint ex; alter table t add constraint ex exclude using gist (r with =)",
        "constraint ex on public.t: operators",
    ),
    change(
        "alter table t drop constraint ex; alter table t add constraint ex exclude using spgist (r with =)",
        "constraint ex on public.t: method",
    ),
    change(
        "alter table t drop constraint ex;"
        "alter table t add constraint ex exclude using spgist (r with =) where (a > 3)",
        "constraint ex on public.t: where",
    ),
    change(
        "alter table t drop constraint ex;"
        "alter table t add constraint ex exclude using spgist ((r * r) with =) where (a > 3)",
        "constraint ex on public.t: elements",
    ),
    change(
        "alter index ex alter column 1 set statistics 77",
        "constraint ex on public.t: statistics",
        dump=False,
    ),
    change(
        "alter table q drop constraint q_a_b_key cascade; alter table q add constraint q_a_b_key primary key (a, b)",
        "constraint q_a_b_key on public.q: type",
        "- constraint fk on public.t",
        "column public.q.a: not_null",
        "column public.q.b: not_null",
        pg="< 18",
    ),
    change(
        "alter table q drop constraint q_a_b_key cascade; alter table q add constraint q_a_b_key primary key (a, b)",
        "constraint q_a_b_key on public.q: type",
        "- constraint fk on public.t",
        "column public.q.a: not_null",
        "column public.q.b: not_null",
        pg=">= 18",
    ),
    change(
        "alter table t rename constraint u to w",
        "- constraint u on public.t",
        "+ constraint w on public.t",
    ),
    change("alter table t drop constraint ck", "- constraint ck on public.t"),
)
group(
    "constraint in 18",
    "create table p (id int4range, at daterange, n integer unique); create table t (id int4range, at daterange, n integer);"
    "alter table p add constraint k primary key (id, at);"
    "create table u (id int4range, at daterange)",
    change("alter table t add constraint c check (n > 0)", "+ constraint c on public.t"),
    change(
        "alter table t drop constraint c; alter table t add constraint c check (n > 0) not enforced",
        "constraint c on public.t: enforced",
        "constraint c on public.t: validated",
    ),
    change(
        "alter table t add constraint f foreign key (n) references p (n)",
        "+ constraint f on public.t",
    ),
    change(
        "alter table t alter constraint f not enforced",
        "constraint f on public.t: enforced",
        "constraint f on public.t: validated",
    ),
    change(
        "create extension btree_gist; alter table p drop constraint k;"
        "alter table p add constraint k primary key (id, at without overlaps)",
        "+ extension btree_gist",
        "constraint k on public.p: period",
        "constraint k on public.p: method",
    ),
    change(
        "alter table u add constraint f foreign key (id, period at) references p (id, period at)",
        "+ constraint f on public.u",
    ),
    pg=">= 18",
    needs="btree_gist",
)

group(
    "inherited constraint",
    "create table p (a integer); create table c () inherits (p)",
    change(
        "alter table p add constraint k check (a > 0)",
        "+ constraint k on public.p",
        "+ constraint k on public.c",
    ),
    change(
        "alter table c add constraint k check (a > 0)",
        "constraint k on public.c: local",
    ),
)

group(
    "index",
    "create table t (a integer, b text, c text, j jsonb); create table big (a integer);"
    "create table part (a integer) partition by range (a); create table part1 partition of part for values from (0) to (9);"
    "create materialized view m as select a, b from t",
    change("create index i on t (a)", "+ index public.i"),
    change("drop index i; create unique index i on t (a)", "index public.i: unique"),
    change("drop index i; create unique index i on t (a desc)", "index public.i: columns"),
    change(
        "drop index i; create unique index i on t (a desc nulls last)", "index public.i: columns"
    ),
    change(
        "drop index i; create unique index i on t (a nulls first, b)", "index public.i: columns"
    ),
    change(
        'drop index i; create unique index i on t (a nulls first, b collate "C")',
        "index public.i: columns",
    ),
    change(
        'drop index i; create unique index i on t (a nulls first, b collate "C" text_pattern_ops)',
        "index public.i: columns",
    ),
    change(
        'drop index i; create unique index i on t (a nulls first, b collate "C" text_pattern_ops) include (c)',
        "index public.i: include",
    ),
    change(
        "drop index i;"
        'create unique index i on t (a nulls first, b collate "C" text_pattern_ops) include (c) nulls not distinct',
        "index public.i: nulls_not_distinct",
    ),
    change("alter index i set (fillfactor = 60)", "index public.i: options"),
    change(
        "drop index i; create unique index i on t"
        ' (a nulls first, b collate "C" text_pattern_ops) include (c) nulls not distinct'
        " with (fillfactor = 60) where a > 5 and b <> 'where (x'",
        "index public.i: where",
    ),
    change("comment on index i is 'x'", "index public.i: comment"),
    change("create index e on t (lower(b), (a + 1))", "+ index public.e"),
    change("alter index e alter column 1 set statistics 44", "index public.e: statistics"),
    change(
        "drop index e; create index e on t (upper(b), (a + 1))",
        "index public.e: columns",
        "index public.e: statistics",
    ),
    change(
        "drop index e; create index e on t using hash (upper(b))",
        "index public.e: method",
        "index public.e: columns",
    ),
    change("create index g on t using gin (j)", "+ index public.g"),
    change(
        "drop index g; create index g on t using gin (j jsonb_path_ops)", "index public.g: columns"
    ),
    change(
        "update pg_index set indisvalid = false where indexrelid = 'g'::regclass",
        "index public.g: valid",
    ),
    change("create index mi on m (b)", "+ index public.mi"),
    change("alter index mi rename to mi2", "- index public.mi", "+ index public.mi2"),
    change("create index pi on only part (a)", "+ index public.pi"),
    change("create index pi1 on part1 (a)", "+ index public.pi1"),
    change(
        "alter index pi attach partition pi1",
        "index public.pi1: attached_to",
        "index public.pi: valid",
    ),
    change("alter index e depends on extension plpgsql", "index public.e: depends_on_extensions"),
    change("drop index e", "- index public.e"),
)

group(
    "partition",
    "create table p (a integer not null, b text) partition by range (a); create table q (a integer not null, b text);"
    "create function f() returns trigger language plpgsql as 'begin return new; end'",
    change(
        "create table p1 partition of p for values from (0) to (10)",
        "+ table public.p1",
        "+ column public.p1.a",
        "+ column public.p1.b",
    ),
    change(
        "alter table p attach partition q for values from (10) to (20)",
        "table public.q: partition_of",
        "table public.q: partition_bound",
        "column public.q.a: local",
        "column public.q.b: local",
        pg="< 18",
    ),
    change(
        "alter table p attach partition q for values from (10) to (20)",
        "table public.q: partition_of",
        "table public.q: partition_bound",
        "column public.q.a: local",
        "column public.q.b: local",
        "column public.q.a: not_null_local",
        pg=">= 18",
    ),
    change(
        "alter table p add primary key (a)",
        "+ constraint p_pkey on public.p",
        "+ constraint p1_pkey on public.p1",
        "+ constraint q_pkey on public.q",
    ),
    change(
        "create trigger g after insert on p for each row execute function f()",
        "+ trigger g on public.p",
        "+ trigger g on public.p1",
        "+ trigger g on public.q",
    ),
    change("alter table q disable trigger g", "trigger g on public.q: enabled"),
    change(
        "drop table p; create table p (a integer not null, b text) partition by hash (a)",
        "table public.p: partition_by",
        "- constraint p_pkey on public.p",
        "- trigger g on public.p",
        "- table public.p1",
        "- column public.p1.a",
        "- column public.p1.b",
        "- constraint p1_pkey on public.p1",
        "- trigger g on public.p1",
        "- table public.q",
        "- column public.q.a",
        "- column public.q.b",
        "- constraint q_pkey on public.q",
        "- trigger g on public.q",
    ),
)

group(
    "view",
    "create table t (a integer, b text); create view v as select a from t",
    change("create or replace view v as select a from t where a > 3", "view public.v: definition"),
    change("alter view v set (security_barrier = true)", "view public.v: options"),
    change("alter view v set (security_invoker = true)", "view public.v: options"),
    change(
        "create or replace view v with (security_barrier, security_invoker) as select a from t where a > 3"
        " with local check option",
        "view public.v: options",
    ),
    change("alter view v owner to bed_ann", "view public.v: owner"),
    change("grant select on v to public", "view public.v: acl"),
    change("comment on view v is 'x'", "view public.v: comment"),
    change("create materialized view m as select a, b from t", "+ materialized view public.m"),
    change(
        "alter materialized view m set (fillfactor = 50)", "materialized view public.m: options"
    ),
    change(
        "alter materialized view m set (toast.autovacuum_enabled = false)",
        "materialized view public.m: toast_options",
    ),
    change("create index mi on m (a)", "+ index public.mi"),
    change("alter materialized view m cluster on mi", "materialized view public.m: clustered_on"),
    change("alter materialized view m owner to bed_ann", "materialized view public.m: owner"),
    change("grant select on m to public", "materialized view public.m: acl"),
    change("comment on materialized view m is 'x'", "materialized view public.m: comment"),
    change(
        "alter materialized view m depends on extension plpgsql",
        "materialized view public.m: depends_on_extensions",
    ),
    change(
        "create access method heap2 type table handler heap_tableam_handler",
        "+ access method heap2",
    ),
    change(
        "alter materialized view m set access method heap2",
        "materialized view public.m: access_method",
    ),
    change("refresh materialized view m with no data", dump=False),
    change(
        "drop materialized view m; create materialized view m as select b from t",
        "materialized view public.m: definition",
        "materialized view public.m: options",
        "materialized view public.m: toast_options",
        "materialized view public.m: clustered_on",
        "materialized view public.m: owner",
        "materialized view public.m: acl",
        "materialized view public.m: comment",
        "materialized view public.m: access_method",
        "materialized view public.m: depends_on_extensions",
        "- index public.mi",
    ),
    change("drop view v", "- view public.v"),
)

group(
    "sequence",
    'create sequence "Seq"; create table t (a integer); create table u (a serial)',
    change('alter sequence "Seq" as smallint', 'sequence public."Seq": type'),
    change('alter sequence "Seq" start 5', 'sequence public."Seq": start'),
    change('alter sequence "Seq" increment 2', 'sequence public."Seq": increment'),
    change('alter sequence "Seq" minvalue 0', 'sequence public."Seq": minimum'),
    change('alter sequence "Seq" maxvalue 99', 'sequence public."Seq": maximum'),
    change('alter sequence "Seq" cache 3', 'sequence public."Seq": cache'),
    change('alter sequence "Seq" cycle', 'sequence public."Seq": cycle'),
    change('alter sequence "Seq" set unlogged', 'sequence public."Seq": persistence'),
    change('alter sequence "Seq" owned by t.a', 'sequence public."Seq": owned_by'),
    change('alter sequence "Seq" owned by none', 'sequence public."Seq": owned_by'),
    change('alter sequence "Seq" owner to bed_ann', 'sequence public."Seq": owner'),
    change('grant usage on sequence "Seq" to "BED_Ünï"', 'sequence public."Seq": acl'),
    change("comment on sequence \"Seq\" is 'x'", 'sequence public."Seq": comment'),
    change("select nextval('\"Seq\"')", dump=False),
    change(
        "drop sequence u_a_seq cascade", "- sequence public.u_a_seq", "column public.u.a: default"
    ),
    change(
        "alter table t add column i integer generated by default as identity",
        "+ column public.t.i",
        "+ sequence public.t_i_seq",
    ),
    change(
        "alter table t alter column i drop identity; create sequence t_i_seq as integer owned by t.i",
        "column public.t.i: identity",
        "sequence public.t_i_seq: identity",
        "sequence public.t_i_seq: type",
    ),
)

group(
    "function",
    "create function f(a integer, b text default 'x') returns integer language sql as 'select 1';"
    "create procedure p(inout a integer) language plpgsql as 'begin end'; create type ty as (a int)",
    change(
        "create or replace function f(a integer, b text default 'x') returns integer language sql as 'select 2'",
        "function public.f(integer, text): body",
    ),
    change(
        "create or replace function f(a integer, b text default 'y') returns integer language sql as 'select 2'",
        "function public.f(integer, text): arguments",
    ),
    change(
        "create or replace function f(a integer, b text default 'y') returns integer language sql return 2",
        "function public.f(integer, text): body",
        "function public.f(integer, text): sql_body",
    ),
    change(
        "create or replace function f(a integer, b text default 'y') returns integer language plpgsql as"
        " 'begin return 2; end'",
        "function public.f(integer, text): body",
        "function public.f(integer, text): sql_body",
        "function public.f(integer, text): language",
    ),
    change(
        "alter function f(integer, text) immutable", "function public.f(integer, text): volatility"
    ),
    change("alter function f(integer, text) strict", "function public.f(integer, text): strict"),
    change(
        "alter function f(integer, text) security definer",
        "function public.f(integer, text): security_definer",
    ),
    change(
        "alter function f(integer, text) leakproof", "function public.f(integer, text): leakproof"
    ),
    change(
        "alter function f(integer, text) parallel safe",
        "function public.f(integer, text): parallel",
    ),
    change("alter function f(integer, text) cost 7", "function public.f(integer, text): cost"),
    change(
        'alter function f(integer, text) set search_path = a, "B c"',
        "function public.f(integer, text): settings",
    ),
    change(
        "alter function f(integer, text) set work_mem = '9MB'",
        "function public.f(integer, text): settings",
    ),
    change(
        "alter function f(integer, text) support generate_series_int4_support",
        "function public.f(integer, text): support",
    ),
    change(
        "alter function f(integer, text) owner to bed_ann",
        "function public.f(integer, text): owner",
    ),
    change(
        "revoke execute on function f(integer, text) from public",
        "function public.f(integer, text): acl",
    ),
    change(
        "comment on function f(integer, text) is 'x'", "function public.f(integer, text): comment"
    ),
    change(
        "alter function f(integer, text) depends on extension plpgsql",
        "function public.f(integer, text): depends_on_extensions",
    ),
    change(
        "create function rows() returns setof integer language sql as 'select 1'",
        "+ function public.rows()",
    ),
    change("alter function rows() rows 5", "function public.rows(): rows"),
    change(
        "drop function rows(); create function rows() returns setof bigint language sql rows 5 as 'select 1'",
        "function public.rows(): result",
    ),
    change(
        "create function w() returns bigint language internal window as 'window_row_number'",
        "+ function public.w()",
    ),
    change(
        "drop function w(); create function w() returns bigint language internal as 'window_row_number'",
        "function public.w(): window",
    ),
    change(
        "create function c(internal) returns internal language c strict as '$libdir/plpgsql', 'plpgsql_validator'",
        "+ function public.c(internal)",
    ),
    change(
        "create or replace function c(internal) returns internal language c strict as 'plpgsql', 'plpgsql_validator'",
        "function public.c(internal): library",
    ),
    change(
        "create or replace procedure p(inout a integer) language plpgsql as 'begin null; end'",
        "procedure public.p(integer): body",
    ),
    change(
        "alter procedure p(integer) security definer",
        "procedure public.p(integer): security_definer",
    ),
    change("comment on procedure p(integer) is 'x'", "procedure public.p(integer): comment"),
    change(
        "create function f(integer) returns integer language sql as 'select 1'",
        "+ function public.f(integer)",
    ),
    change(
        "create function to_x(internal) returns ty language internal immutable strict as 'int4recv';"
        "create transform for ty language plpgsql (to sql with function to_x(internal))",
        "+ function public.to_x(internal)",
        "+ transform (public.ty LANGUAGE plpgsql)",
    ),
    change(
        "create function tf(ty) returns integer language plpgsql as 'begin return 1; end'",
        "+ function public.tf(public.ty)",
    ),
    change(
        "create or replace function tf(ty) returns integer language plpgsql transform for type ty as 'begin return 1; end'",
        "function public.tf(public.ty): transforms",
    ),
    change("drop procedure p(integer)", "- procedure public.p(integer)"),
)

group(
    "aggregate",
    "create aggregate ag(integer) (sfunc = int4pl, stype = integer);"
    "create function fin(internal) returns bigint language internal as 'int8_avg'",
    change("alter aggregate ag(integer) owner to bed_ann", "aggregate public.ag(integer): owner"),
    change(
        "revoke execute on function ag(integer) from public", "aggregate public.ag(integer): acl"
    ),
    change("comment on aggregate ag(integer) is 'x'", "aggregate public.ag(integer): comment"),
    change(
        "create or replace aggregate ag(integer) (sfunc = int4pl, stype = integer, initcond = '0')",
        "aggregate public.ag(integer): initial",
    ),
    change(
        "create or replace aggregate ag(integer) (sfunc = int4pl, stype = integer, initcond = '0', sspace = 9,"
        " combinefunc = int4pl, parallel = safe, sortop = operator(pg_catalog.<))",
        "aggregate public.ag(integer): state_size",
        "aggregate public.ag(integer): combine",
        "aggregate public.ag(integer): parallel",
        "aggregate public.ag(integer): sort_operator",
    ),
    change(
        "create or replace aggregate ag(integer) (sfunc = int4mi, stype = integer, initcond = '0', sspace = 9,"
        " combinefunc = int4pl, parallel = safe, sortop = operator(pg_catalog.<), finalfunc = int4up,"
        " finalfunc_extra = false, finalfunc_modify = read_write)",
        "aggregate public.ag(integer): transition",
        "aggregate public.ag(integer): final",
        "aggregate public.ag(integer): final_modify",
    ),
    change(
        "create or replace aggregate ag(integer) (sfunc = int4mi, stype = integer, initcond = '0', sspace = 9,"
        " combinefunc = int4pl, parallel = safe, sortop = operator(pg_catalog.<), finalfunc = int4up,"
        " finalfunc_modify = read_write, msfunc = int4pl, minvfunc = int4mi, mstype = integer, msspace = 3,"
        " mfinalfunc = int4up, minitcond = '0', mfinalfunc_modify = shareable)",
        "aggregate public.ag(integer): moving_transition",
        "aggregate public.ag(integer): moving_inverse",
        "aggregate public.ag(integer): moving_state_type",
        "aggregate public.ag(integer): moving_state_size",
        "aggregate public.ag(integer): moving_final",
        "aggregate public.ag(integer): moving_final_modify",
        "aggregate public.ag(integer): moving_initial",
    ),
    change(
        "create aggregate big(bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = numeric_poly_avg)",
        "+ aggregate public.big(bigint)",
    ),
    change(
        "create or replace aggregate big(bigint) (sfunc = int8_avg_accum, stype = internal,"
        " finalfunc = numeric_poly_avg, combinefunc = int8_avg_combine, serialfunc = int8_avg_serialize,"
        " deserialfunc = int8_avg_deserialize)",
        "aggregate public.big(bigint): combine",
        "aggregate public.big(bigint): serialize",
        "aggregate public.big(bigint): deserialize",
    ),
    change(
        "create aggregate os(double precision order by anyelement) (sfunc = ordered_set_transition, stype = internal,"
        " finalfunc = percentile_disc_final, finalfunc_extra)",
        "+ aggregate public.os(double precision, anyelement)",
    ),
    change("drop aggregate big(bigint)", "- aggregate public.big(bigint)"),
)

_F = "create function f() returns trigger language plpgsql as 'begin return new; end';"
group(
    "trigger",
    "create table t (a integer, b integer); create table u (a integer);"
    + _F
    + _F.replace("f()", "g()"),
    change(
        "create trigger x before insert on t for each row execute function f()",
        "+ trigger x on public.t",
    ),
    change(
        "create or replace trigger x after insert on t for each row execute function f()",
        "trigger x on public.t: timing",
    ),
    change(
        "create or replace trigger x after insert or update on t for each row execute function f()",
        "trigger x on public.t: events",
    ),
    change(
        "create or replace trigger x after insert or update of b on t for each row execute function f()",
        "trigger x on public.t: columns",
    ),
    change(
        "create or replace trigger x after insert or update of b on t for each row"
        " when (new.a > 0 and 'FOR EACH ROW WHEN (' <> '') execute function f()",
        "trigger x on public.t: when",
    ),
    change(
        "create or replace trigger x after insert or update of b on t for each row"
        " when (new.a > 0 and 'FOR EACH ROW WHEN (' <> '') execute function f('a''b', 'ü', '\\')",
        "trigger x on public.t: arguments",
    ),
    change(
        "create or replace trigger x after insert or update of b on t for each row"
        " when (new.a > 0 and 'FOR EACH ROW WHEN (' <> '') execute function g('a''b', 'ü', '\\')",
        "trigger x on public.t: function",
    ),
    change("alter table t disable trigger x", "trigger x on public.t: enabled"),
    change("alter table t enable always trigger x", "trigger x on public.t: enabled"),
    change("alter table t enable replica trigger x", "trigger x on public.t: enabled"),
    change("comment on trigger x on t is 'x'", "trigger x on public.t: comment"),
    change(
        "alter trigger x on t depends on extension plpgsql",
        "trigger x on public.t: depends_on_extensions",
    ),
    change("create trigger s after insert on t execute function f()", "+ trigger s on public.t"),
    change(
        "create or replace trigger s after insert on t for each row execute function f()",
        "trigger s on public.t: level",
    ),
    change(
        "create trigger tt after insert on t referencing new table as n execute function f()",
        "+ trigger tt on public.t",
    ),
    change(
        'drop trigger tt on t; create trigger tt after insert on t referencing new table as "N" execute function f()',
        "trigger tt on public.t: new_table",
    ),
    change(
        'drop trigger tt on t; create trigger tt after update on t referencing new table as "N" old table as o'
        " execute function f()",
        "trigger tt on public.t: old_table",
        "trigger tt on public.t: events",
    ),
    change(
        "create constraint trigger c after insert on t for each row execute function f()",
        "+ trigger c on public.t",
    ),
    change(
        "drop trigger c on t; create constraint trigger c after insert on t deferrable for each row execute function f()",
        "trigger c on public.t: deferrable",
    ),
    change(
        "drop trigger c on t;"
        "create constraint trigger c after insert on t deferrable initially deferred for each row execute function f()",
        "trigger c on public.t: initially_deferred",
    ),
    change(
        "drop trigger c on t;"
        "create constraint trigger c after insert on t from u deferrable initially deferred for each row execute function f()",
        "trigger c on public.t: references",
    ),
    change(
        "drop trigger c on t; create trigger c after insert on t for each row execute function f()",
        "trigger c on public.t: references",
        "trigger c on public.t: deferrable",
        "trigger c on public.t: initially_deferred",
        "trigger c on public.t: constraint",
    ),
    change(
        "alter trigger c on t rename to d", "- trigger c on public.t", "+ trigger d on public.t"
    ),
    change("drop trigger x on t", "- trigger x on public.t"),
)

group(
    "event trigger",
    "create function f() returns event_trigger language plpgsql as 'begin end';"
    "create function g() returns event_trigger language plpgsql as 'begin end';"
    "create event trigger et on ddl_command_start execute function f()",
    change("alter event trigger et disable", "event trigger et: enabled"),
    change("comment on event trigger et is 'x'", "event trigger et: comment"),
    change(
        "drop event trigger et; create event trigger et on ddl_command_end when tag in ('CREATE TABLE') execute function g()",
        "event trigger et: enabled",
        "event trigger et: event",
        "event trigger et: tags",
        "event trigger et: function",
        "event trigger et: comment",
    ),
    change(
        "alter role bed_ann superuser; alter event trigger et owner to bed_ann",
        "event trigger et: owner",
    ),
    change("drop event trigger et", "- event trigger et"),
)

group(
    "rule",
    "create table t (a integer); create table u (a integer)",
    change('create rule "R" as on insert to t do instead nothing', '+ rule "R" on public.t'),
    change(
        'create or replace rule "R" as on insert to t do instead insert into u values (new.a)',
        'rule "R" on public.t: definition',
    ),
    change('alter table t disable rule "R"', 'rule "R" on public.t: enabled'),
    change("comment on rule \"R\" on t is 'x'", 'rule "R" on public.t: comment'),
    change('drop rule "R" on t', '- rule "R" on public.t'),
)

group(
    "policy",
    "create table t (a integer)",
    change("create policy p on t using (a > 0)", "+ policy p on public.t"),
    change("alter policy p on t using (a > 1)", "policy p on public.t: using"),
    change("alter policy p on t with check (a > 2)", "policy p on public.t: check"),
    change('alter policy p on t to bed_ann, "bed Bob"', "policy p on public.t: roles"),
    change("comment on policy p on t is 'x'", "policy p on public.t: comment"),
    change(
        "drop policy p on t; create policy p on t as restrictive for update"
        ' to bed_ann, "bed Bob" using (a > 1) with check (a > 2)',
        "policy p on public.t: command",
        "policy p on public.t: permissive",
        "policy p on public.t: comment",
    ),
    change("drop policy p on t", "- policy p on public.t"),
)

group(
    "statistics",
    'create table t (a integer, "B" integer, c integer); create statistics st (ndistinct, mcv) on a, "B" from t',
    change("alter statistics st set statistics 9", "statistics public.st: target"),
    change("alter statistics st owner to bed_ann", "statistics public.st: owner"),
    change("comment on statistics st is 'x'", "statistics public.st: comment"),
    change(
        "drop statistics st; create statistics st (mcv) on a, c, (a + c) from t",
        "statistics public.st: target",
        "statistics public.st: owner",
        "statistics public.st: comment",
        "statistics public.st: kinds",
        "statistics public.st: columns",
        "statistics public.st: expressions",
    ),
    change(
        "drop statistics st; create table u (a int, c int); create statistics st (mcv) on a, c, (a + c) from u",
        "+ table public.u",
        "+ column public.u.a",
        "+ column public.u.c",
        "statistics public.st: table",
    ),
    change("drop statistics st", "- statistics public.st"),
)

group(
    "operator",
    "create function eq(integer, text) returns boolean language sql immutable as 'select true';"
    "create operator === (leftarg = integer, rightarg = text, function = eq)",
    change(
        "alter operator === (integer, text) set (restrict = eqsel)",
        "operator public.=== (integer, text): restrict",
    ),
    change(
        "alter operator === (integer, text) set (join = eqjoinsel)",
        "operator public.=== (integer, text): join",
    ),
    change(
        "alter operator === (integer, text) owner to bed_ann",
        "operator public.=== (integer, text): owner",
    ),
    change(
        "comment on operator === (integer, text) is 'x'",
        "operator public.=== (integer, text): comment",
    ),
    change(
        "create operator !=== (leftarg = integer, rightarg = text, function = eq, negator = ===)",
        "+ operator public.!=== (integer, text)",
        "operator public.=== (integer, text): negator",
    ),
    change(
        "create operator ~~~ (rightarg = integer, function = int4um)",
        "+ operator public.~~~ (NONE, integer)",
    ),
    change(
        "create function qe(text, integer) returns boolean language sql immutable as 'select true';"
        "create operator ==== (leftarg = text, rightarg = integer, function = qe, commutator = ===, hashes, merges)",
        "+ function public.qe(text, integer)",
        "+ operator public.==== (text, integer)",
        "operator public.=== (integer, text): commutator",
    ),
    change(
        "drop operator ==== (text, integer);"
        "create operator ==== (leftarg = text, rightarg = integer, function = qe, commutator = ===)",
        "operator public.==== (text, integer): hashes",
        "operator public.==== (text, integer): merges",
    ),
    change("drop operator ~~~ (none, integer)", "- operator public.~~~ (NONE, integer)"),
)

group(
    "operator class",
    "create operator family fam using btree; create operator class oc for type integer using btree family fam as"
    " operator 1 <, function 1 btint4cmp(integer, integer); create operator family fam2 using btree",
    change(
        "alter operator family fam using btree add operator 1 < (integer, bigint)",
        "operator family public.fam using btree: operators",
    ),
    change(
        "alter operator family fam using btree add function 1 (integer, bigint) btint48cmp(integer, bigint)",
        "operator family public.fam using btree: functions",
    ),
    change(
        "alter operator class oc using btree owner to bed_ann",
        "operator class public.oc using btree: owner",
    ),
    change(
        "alter operator family fam using btree owner to bed_ann",
        "operator family public.fam using btree: owner",
    ),
    change(
        "comment on operator class oc using btree is 'x'",
        "operator class public.oc using btree: comment",
    ),
    change(
        "comment on operator family fam using btree is 'x'",
        "operator family public.fam using btree: comment",
    ),
    change(
        "drop operator class oc using btree; create operator class oc for type integer using btree family fam2 as"
        " operator 1 <, operator 2 <=, function 1 btint4cmp(integer, integer), function 2 btint4sortsupport(internal)",
        "operator class public.oc using btree: owner",
        "operator class public.oc using btree: comment",
        "operator class public.oc using btree: family",
        "operator class public.oc using btree: operators",
        "operator family public.fam2 using btree: functions",
    ),
    change(
        "drop operator family fam2 using btree cascade",
        "- operator family public.fam2 using btree",
        "- operator class public.oc using btree",
    ),
)

group(
    "access method",
    "create access method am type index handler bthandler",
    change("comment on access method am is 'x'", "access method am: comment"),
    change(
        "drop access method am; create access method am type index handler hashhandler",
        "access method am: handler",
        "access method am: comment",
    ),
    change(
        "drop access method am; create access method am type table handler heap_tableam_handler",
        "access method am: handler",
        "access method am: type",
    ),
    change("drop access method am", "- access method am"),
)

group(
    "cast",
    "create type c as (a integer); create function ci(c) returns integer language sql immutable as 'select 1';"
    "create cast (c as integer) with function ci(c)",
    change("comment on cast (c as integer) is 'x'", "cast (public.c AS integer): comment"),
    change(
        "drop cast (c as integer); create cast (c as integer) with inout as assignment",
        "cast (public.c AS integer): function",
        "cast (public.c AS integer): method",
        "cast (public.c AS integer): context",
        "cast (public.c AS integer): comment",
    ),
    change("drop cast (c as integer)", "- cast (public.c AS integer)"),
)

group(
    "collation and conversion",
    "create collation co (provider = libc, locale = 'C'); create conversion cv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8",
    change("alter collation co owner to bed_ann", "collation public.co: owner"),
    change("comment on collation co is 'x'", "collation public.co: comment"),
    change(
        "drop collation co; create collation co (provider = libc, lc_collate = 'POSIX', lc_ctype = 'C')",
        "collation public.co: lc_collate",
        "collation public.co: owner",
        "collation public.co: comment",
    ),
    change(
        "drop collation co; create collation co (provider = libc, lc_collate = 'POSIX', lc_ctype = 'POSIX')",
        "collation public.co: lc_ctype",
    ),
    change("alter conversion cv owner to bed_ann", "conversion public.cv: owner"),
    change("comment on conversion cv is 'x'", "conversion public.cv: comment"),
    change(
        "drop conversion cv; create default conversion cv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8",
        "conversion public.cv: default",
        "conversion public.cv: owner",
        "conversion public.cv: comment",
    ),
    change(
        "drop conversion cv; create default conversion cv for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1",
        "conversion public.cv: source",
        "conversion public.cv: target",
        "conversion public.cv: function",
    ),
)

group(
    "language",
    "create trusted language l handler plpgsql_call_handler",
    change("alter language l owner to bed_ann", "language l: owner"),
    change("revoke usage on language l from public", "language l: acl"),
    change("comment on language l is 'x'", "language l: comment"),
    change(
        "create or replace language l handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator",
        "language l: inline",
        "language l: validator",
        "language l: trusted",
    ),
    change("drop language l", "- language l"),
)

group(
    "transform",
    "create type ty as (a integer); create function to_x(internal) returns ty language internal immutable strict as 'int4recv';"
    "create function from_x(internal) returns internal language internal immutable strict as 'int4recv';"
    "create transform for ty language plpgsql (to sql with function to_x(internal))",
    change(
        "comment on transform for ty language plpgsql is 'x'",
        "transform (public.ty LANGUAGE plpgsql): comment",
    ),
    change(
        "create or replace transform for ty language plpgsql (from sql with function from_x(internal))",
        "transform (public.ty LANGUAGE plpgsql): from_sql",
        "transform (public.ty LANGUAGE plpgsql): to_sql",
    ),
    change("drop transform for ty language plpgsql", "- transform (public.ty LANGUAGE plpgsql)"),
)

group(
    "text search",
    "create text search template te (lexize = dsimple_lexize, init = dsimple_init);"
    "create text search dictionary di (template = te, stopwords = english);"
    "create text search parser pa (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);"
    "create text search configuration co (parser = default)",
    change("comment on text search template te is 'x'", "text search template public.te: comment"),
    change(
        "alter text search dictionary di (stopwords = dutch)",
        "text search dictionary public.di: options",
    ),
    change(
        "alter text search dictionary di owner to bed_ann",
        "text search dictionary public.di: owner",
    ),
    change(
        "comment on text search dictionary di is 'x'", "text search dictionary public.di: comment"
    ),
    change("comment on text search parser pa is 'x'", "text search parser public.pa: comment"),
    change(
        "alter text search configuration co add mapping for asciiword with di, simple",
        "text search configuration public.co: mappings",
    ),
    change(
        "alter text search configuration co alter mapping for asciiword with simple, di",
        "text search configuration public.co: mappings",
    ),
    change(
        "alter text search configuration co owner to bed_ann",
        "text search configuration public.co: owner",
    ),
    change(
        "comment on text search configuration co is 'x'",
        "text search configuration public.co: comment",
    ),
    change(
        "drop text search configuration co; create text search configuration co (parser = pa)",
        "text search configuration public.co: parser",
        "text search configuration public.co: mappings",
        "text search configuration public.co: owner",
        "text search configuration public.co: comment",
    ),
    change(
        "drop text search dictionary di; create text search dictionary di (template = simple, stopwords = dutch)",
        "text search dictionary public.di: template",
        "text search dictionary public.di: owner",
        "text search dictionary public.di: comment",
    ),
    change(
        "drop text search template te; create text search template te (lexize = dsynonym_lexize)",
        "text search template public.te: init",
        "text search template public.te: lexize",
        "text search template public.te: comment",
    ),
    change(
        "drop text search configuration co; drop text search parser pa;"
        "create text search parser pa (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,"
        " lextypes = prsd_lextype, headline = prsd_headline)",
        "- text search configuration public.co",
        "text search parser public.pa: headline",
        "text search parser public.pa: comment",
    ),
)

group(
    "foreign data",
    'create foreign data wrapper w; create server "Srv" foreign data wrapper w;'
    'create foreign table ft (a integer, b text) server "Srv"; create server other foreign data wrapper w',
    change(
        "alter foreign data wrapper w options (add debug 'true')",
        "foreign data wrapper w: foreign_options",
    ),
    change("comment on foreign data wrapper w is 'x'", "foreign data wrapper w: comment"),
    change(
        "alter role bed_ann superuser; alter foreign data wrapper w owner to bed_ann",
        "foreign data wrapper w: owner",
    ),
    change('grant usage on foreign data wrapper w to "bed Bob"', "foreign data wrapper w: acl"),
    change(
        "alter server \"Srv\" options (add host 'h', add password 'one')",
        'server "Srv": foreign_options',
    ),
    change("alter server \"Srv\" options (set password 'two')", 'server "Srv": foreign_options'),
    change("alter server \"Srv\" version '2'", 'server "Srv": version'),
    change('alter server "Srv" owner to bed_ann', 'server "Srv": owner'),
    change('grant usage on foreign server "Srv" to "bed Bob"', 'server "Srv": acl'),
    change("comment on server \"Srv\" is 'x'", 'server "Srv": comment'),
    change(
        "create user mapping for public server \"Srv\" options (user 'u', password 'one')",
        '+ user mapping for public server "Srv"',
    ),
    change(
        "alter user mapping for public server \"Srv\" options (set password 'two')",
        'user mapping for public server "Srv": foreign_options',
    ),
    change(
        'create user mapping for "bed Bob" server "Srv"', '+ user mapping for bed Bob server "Srv"'
    ),
    change(
        "alter foreign table ft options (add x '1')", "foreign table public.ft: foreign_options"
    ),
    change(
        "alter foreign table ft alter column a options (add y '1')",
        "column public.ft.a: foreign_options",
    ),
    change("alter foreign table ft owner to bed_ann", "foreign table public.ft: owner"),
    change("grant select on ft to public", "foreign table public.ft: acl"),
    change("comment on foreign table ft is 'x'", "foreign table public.ft: comment"),
    change("alter foreign table ft add constraint k check (a > 0)", "+ constraint k on public.ft"),
    change(
        "drop foreign table ft; create foreign table ft (a integer, b text) server other",
        "foreign table public.ft: server",
        "foreign table public.ft: foreign_options",
        "foreign table public.ft: owner",
        "foreign table public.ft: acl",
        "foreign table public.ft: comment",
        "column public.ft.a: foreign_options",
        "- constraint k on public.ft",
    ),
    change(
        "drop server other cascade; create foreign data wrapper w2 no validator; create server other type 'T' foreign data wrapper w2",
        "- foreign table public.ft",
        "- column public.ft.a",
        "- column public.ft.b",
        "+ foreign data wrapper w2",
        "server other: type",
        "server other: wrapper",
    ),
    change('drop user mapping for public server "Srv"', '- user mapping for public server "Srv"'),
    change("drop server other", "- server other"),
)
group(
    "foreign data handlers",
    "create extension postgres_fdw; create foreign data wrapper w",
    change(
        "alter foreign data wrapper w handler postgres_fdw_handler",
        "foreign data wrapper w: handler",
    ),
    change(
        "alter foreign data wrapper w validator postgres_fdw_validator",
        "foreign data wrapper w: validator",
    ),
    needs="postgres_fdw",
)

group(
    "default privileges",
    "create schema s",
    change(
        "alter default privileges for role bed_ann grant select on tables to public",
        "+ default privileges for role bed_ann on tables",
    ),
    change(
        "alter default privileges for role bed_ann grant update on tables to public",
        "default privileges for role bed_ann on tables: acl",
    ),
    change(
        'alter default privileges for role bed_ann in schema s grant execute on functions to "bed Bob"',
        "+ default privileges for role bed_ann in schema s on functions",
    ),
    change(
        'alter default privileges for role bed_ann in schema s grant usage on types to "bed Bob"',
        "+ default privileges for role bed_ann in schema s on types",
    ),
    change(
        "alter default privileges for role bed_ann revoke all on tables from public",
        "- default privileges for role bed_ann on tables",
    ),
)

group(
    "publication",
    "create table t (a integer primary key, b text, c text); create schema s; create table s.u (a integer primary key)",
    change(
        "create publication pub for table t",
        "+ publication pub",
        "+ publication table public.t in pub",
    ),
    change(
        "alter publication pub set table t (a, b)", "publication table public.t in pub: columns"
    ),
    change(
        "alter publication pub set table t (a, b) where (a > 5)",
        "publication table public.t in pub: where",
    ),
    change(
        "alter publication pub set (publish = 'insert')",
        "publication pub: update",
        "publication pub: delete",
        "publication pub: truncate",
    ),
    change(
        "alter publication pub set (publish = 'update')",
        "publication pub: update",
        "publication pub: insert",
    ),
    change(
        "alter publication pub set (publish_via_partition_root = true)", "publication pub: via_root"
    ),
    change(
        "alter publication pub set (publish_generated_columns = stored)",
        "publication pub: generated_columns",
        pg=">= 18",
    ),
    change("comment on publication pub is 'x'", "publication pub: comment"),
    change(
        "alter role bed_ann superuser; alter publication pub owner to bed_ann",
        "publication pub: owner",
    ),
    change(
        "alter publication pub set table t",
        "publication table public.t in pub: columns",
        "publication table public.t in pub: where",
    ),
    change("alter publication pub add tables in schema s", "+ publication schema s in pub"),
    change("alter publication pub drop table t", "- publication table public.t in pub"),
    change("alter publication pub drop tables in schema s", "- publication schema s in pub"),
    change(
        "drop publication pub; create publication pub for all tables with (publish = 'update')",
        "publication pub: all_tables",
        "publication pub: comment",
        "publication pub: owner",
        "publication pub: via_root",
        pg="< 18",
    ),
    change(
        "drop publication pub; create publication pub for all tables with (publish = 'update')",
        "publication pub: all_tables",
        "publication pub: comment",
        "publication pub: owner",
        "publication pub: via_root",
        "publication pub: generated_columns",
        pg=">= 18",
    ),
    change("drop publication pub", "- publication pub"),
)

group(
    "subscription",
    "create subscription sub connection 'host=nowhere password=one' publication a"
    " with (connect = false, slot_name = none, enabled = false)",
    change(
        "alter subscription sub connection 'host=nowhere password=two'",
        "subscription sub: connection",
    ),
    change(
        "alter subscription sub set publication b, a with (refresh = false)",
        "subscription sub: publications",
    ),
    change("alter subscription sub set (binary = true)", "subscription sub: binary"),
    change("alter subscription sub set (streaming = on)", "subscription sub: streaming", pg="< 18"),
    change(
        "alter subscription sub set (streaming = off)", "subscription sub: streaming", pg=">= 18"
    ),
    change(
        "alter subscription sub set (disable_on_error = true)", "subscription sub: disable_on_error"
    ),
    change(
        "alter subscription sub set (synchronous_commit = local)",
        "subscription sub: synchronous_commit",
    ),
    change("alter subscription sub set (slot_name = 'slot')", "subscription sub: slot"),
    change("alter subscription sub set (slot_name = none)", "subscription sub: slot"),
    change("alter subscription sub set (origin = none)", "subscription sub: origin", pg=">= 16"),
    change(
        "alter subscription sub set (password_required = false)",
        "subscription sub: password_required",
        pg=">= 16",
    ),
    change(
        "alter subscription sub set (run_as_owner = true)",
        "subscription sub: run_as_owner",
        pg=">= 16",
    ),
    change("comment on subscription sub is 'x'", "subscription sub: comment"),
    change("drop subscription sub", "- subscription sub"),
)

group(
    "setting",
    "select 1",
    change(
        "do $$begin execute format('alter database %I set work_mem = ''9MB''', current_database()); end$$",
        "+ setting work_mem",
        dump=False,
    ),
    change(
        "do $$begin execute format('alter database %I set work_mem = ''8MB''', current_database()); end$$",
        "setting work_mem: value",
        dump=False,
    ),
    change(
        "do $$begin execute format('alter role bed_ann in database %I set search_path = a, b', current_database()); end$$",
        "+ setting search_path for role bed_ann",
        dump=False,
    ),
    change(
        "do $$begin execute format('alter database %I reset all', current_database()); end$$",
        "- setting work_mem",
        dump=False,
    ),
)

group(
    "security label",
    "create table t (a integer); create function f() returns integer language sql as 'select 1';"
    "set allow_system_table_mods = on",
    change(
        "insert into pg_seclabel values ('t'::regclass, 'pg_class'::regclass, 0, 'p', 'secret')",
        "table public.t: security_labels",
    ),
    change(
        "insert into pg_seclabel values ('t'::regclass, 'pg_class'::regclass, 1, 'p', 'secret')",
        "column public.t.a: security_labels",
    ),
    change(
        "insert into pg_seclabel values ('f'::regproc, 'pg_proc'::regclass, 0, 'p', 'secret')",
        "function public.f(): security_labels",
    ),
)

group(
    "rare attributes",
    "create function lt(integer, integer) returns boolean language sql immutable as 'select true';"
    "create function ge(integer, integer) returns boolean language sql immutable as 'select true';"
    "create function nt(integer, integer) returns integer language sql immutable as 'select 1';"
    "create operator <<< (leftarg = integer, rightarg = integer, function = lt);"
    "create operator class oc for type integer using gin as"
    " operator 1 =, function 1 btint4cmp, function 2 gin_extract_tsvector(tsvector, internal, internal);"
    "create aggregate ag(integer) (sfunc = int4pl, stype = integer);"
    "create text search parser pa (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,"
    " lextypes = prsd_lextype)",
    change(
        "drop operator <<< (integer, integer);"
        "create operator <<< (leftarg = integer, rightarg = integer, function = ge)",
        "operator public.<<< (integer, integer): function",
    ),
    change(
        "drop operator <<< (integer, integer);"
        "create operator <<< (leftarg = integer, rightarg = integer, function = nt)",
        "operator public.<<< (integer, integer): function",
        "operator public.<<< (integer, integer): result",
    ),
    change(
        "drop operator family oc using gin cascade; create operator class oc default for type integer"
        " using gin as operator 1 =, function 1 btint4cmp,"
        " function 2 gin_extract_tsvector(tsvector, internal, internal)",
        "operator class public.oc using gin: default",
    ),
    change(
        "drop operator family oc using gin cascade; create operator class oc default for type integer"
        " using gin as operator 1 =, function 1 btint4cmp,"
        " function 2 gin_extract_tsvector(tsvector, internal, internal), storage bigint",
        "operator class public.oc using gin: storage",
    ),
    change(
        "drop aggregate ag(integer);"
        "create aggregate ag(a integer) (sfunc = int4pl, stype = integer)",
        "aggregate public.ag(integer): arguments",
    ),
    change(
        "drop aggregate ag(integer);"
        "create aggregate ag(a integer) (sfunc = int84pl, stype = bigint, initcond = 0)",
        "aggregate public.ag(integer): transition",
        "aggregate public.ag(integer): state_type",
        "aggregate public.ag(integer): initial",
        "aggregate public.ag(integer): result",
    ),
    change(
        "create procedure p(integer) language sql as ''; alter procedure p(integer) set work_mem = '1MB'",
        "+ procedure public.p(integer)",
    ),
    change("alter procedure p(integer) owner to bed_ann", "procedure public.p(integer): owner"),
    change("revoke all on procedure p(integer) from public", "procedure public.p(integer): acl"),
    change("alter procedure p(integer) reset all", "procedure public.p(integer): settings"),
)

group(
    "tablespace",
    "set allow_in_place_tablespaces = on",
    change("create tablespace bed_space location ''", dump=False),
    change(
        "create table t (a integer constraint k primary key); create materialized view m as select 1 as a;"
        "create index i on m (a)",
        "+ table public.t",
        "+ column public.t.a",
        "+ constraint k on public.t",
        "+ materialized view public.m",
        "+ index public.i",
    ),
    change("alter table t set tablespace bed_space", "table public.t: tablespace"),
    change("alter index k set tablespace bed_space", "constraint k on public.t: tablespace"),
    change("alter index i set tablespace bed_space", "index public.i: tablespace"),
    change(
        "alter materialized view m set tablespace bed_space",
        "materialized view public.m: tablespace",
    ),
    change(
        "drop table t; drop materialized view m",
        "- table public.t",
        "- column public.t.a",
        "- constraint k on public.t",
        "- materialized view public.m",
        "- index public.i",
    ),
    change("drop tablespace bed_space", dump=False),
)

group(
    "parts of partitions",
    "create table p (a integer not null, b integer, primary key (a)) partition by list (a);"
    "create table q (a integer not null, b integer, constraint q_key primary key (a));"
    "create table r (a integer references p)",
    change("alter table only p add constraint u unique (a, b)", "+ constraint u on public.p"),
    change(
        "alter table p attach partition q default",
        "table public.q: partition_of",
        "table public.q: partition_bound",
        "column public.q.a: local",
        "column public.q.b: local",
        "constraint q_key on public.q: inherited_from",
        "constraint q_key on public.q: local",
        "+ constraint q_a_b_key on public.q",
        pg="< 18",
    ),
    change(
        "alter table p attach partition q default",
        "table public.q: partition_of",
        "table public.q: partition_bound",
        "column public.q.a: local",
        "column public.q.b: local",
        "constraint q_key on public.q: inherited_from",
        "constraint q_key on public.q: local",
        "+ constraint q_a_b_key on public.q",
        "column public.q.a: not_null_local",
        pg=">= 18",
    ),
    change("create index pi on p (b) where a > 0", "+ index public.pi", "+ index public.q_b_idx"),
    change("alter index q_b_idx set (fillfactor = 50)", "index public.q_b_idx: options"),
    change("alter table r add column c integer", "+ column public.r.c"),
)

group(
    "icu collation",
    "create collation co (provider = icu, locale = 'en')",
    change(
        "drop collation co; create collation co (provider = icu, locale = 'de')",
        "collation public.co: locale",
    ),
    change(
        "drop collation co; create collation co (provider = icu, locale = 'de', deterministic = false)",
        "collation public.co: deterministic",
    ),
    change(
        "drop collation co;"
        "create collation co (provider = icu, locale = 'de', deterministic = false, rules = '&V << w')",
        "collation public.co: rules",
        pg=">= 16",
    ),
    needs="icu",
)
