# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501  a statement is easier to read in one piece
"""Random schemas from a grammar of objects: the plan from any to any other leaves nothing.

A schema is a choice for each part of the grammar: which form it has, or none. What a form needs
is left out where it is not there. To try other examples, or more of them:

    BEDSTONE_EXAMPLES=1000 .venv/bin/python -m pytest tests/server/plan/test_random_schemas.py
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
import pytest
from catalog_observed import dump_to_the_byte, make_roles
from catalog_random import _NAMES, EXAMPLES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from plan_applied import bring

from bedstone.catalog import read_catalog
from bedstone.plan import Options
from bedstone.sql import quote_identifier as q

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server

#: The forms of each part, in the order in which they are made. ``<t>`` is the qualified name of
#: the part or relation ``t``, ``<.t>`` the bare one; a form needs the parts that it names.
GRAMMAR: dict[str, tuple[str, ...]] = {
    "e": ("create type <e> as enum ('a', 'b')", "create type <e> as enum ('a', 'x', 'b')",
          "create type <e> as enum ('b')"),
    "d": ("create domain <d> as integer", "create domain <d> as integer check (value > 0)",
          "create domain <d> as bigint not null default 7"),
    "y": ("create type <y> as (a integer)", "create type <y> as (a integer, b text)",
          "create type <y> as (b text, a bigint)", "create type <y> as (a <e>)"),
    "r": ("create type <r> as range (subtype = float8)", "create type <r> as range (subtype = numeric)"),
    "q": ("create sequence <q>", "create sequence <q> increment by 5 cache 3 maxvalue 1000",
          "create sequence <q> as smallint cycle"),
    "f": ("create function <f>(i integer) returns integer immutable language sql as 'select 1'",
          "create function <f>(i integer) returns integer immutable strict language sql as 'select i'",
          "create function <f>(j integer) returns integer immutable language sql return j + 1",
          "create function <f>(i integer) returns bigint immutable language sql as 'select 2::bigint'"),
    "z": ("create function <z>() returns trigger language plpgsql as 'begin return new; end'",
          "create function <z>() returns trigger language plpgsql as 'begin return old; end' security definer"),
    "ag": ("create aggregate <ag>(integer) (sfunc = int4pl, stype = integer)",),
    "t": ("create table <t> (id integer not null)", "create table <t> (id bigint not null)",
          "create table <t> (id integer generated always as identity)",
          "create table <t> (x text, id integer not null)", "create unlogged table <t> (id integer not null)"),
    "t.a": ("alter table <t> add a integer", "alter table <t> add a integer not null default 3",
            "alter table <t> add a numeric(10,2)", "alter table <t> add a text"),
    "t.b": ("alter table <t> add b text", 'alter table <t> add b text collate "C"',
            "alter table <t> add b varchar(20) not null default 'x'", "alter table <t> add b <e> default 'b'",
            "alter table <t> add b <d>", "alter table <t> add b <y>", "alter table <t> add b <e>[]"),
    "t.c": ("alter table <t> add c integer default nextval('<q>')", "alter table <t> add c bigint default <f>(1)",
            "alter table <t> add c serial", "alter table <t> add c uuid default gen_random_uuid()"),
    "t.g": ("alter table <t> add g bigint generated always as (id + 1) stored",
            "alter table <t> add g bigint generated always as (id + 2) stored",
            "alter table <t> add g bigint generated always as (<f>(id::integer)) stored"),
    "t.pk": ("alter table <t> add constraint <.pk> primary key (id)",
             "alter table <t> add constraint <.pk> unique (id)",
             "alter table <t> add constraint <.pk> primary key (id) deferrable"),
    "t.k": ("alter table <t> add constraint <.k> check (id > 0)",
            "alter table <t> add constraint <.k> check (<f>(id::integer) > 0)",
            "alter table <t> add constraint <.k> check (id > 0) not valid"),
    "t.x": ("alter table <t> add constraint <.x> exclude using gist (int8range(id, id + 1) with &&)",
            "alter table <t> add constraint <.x> exclude using gist (int8range(id, id + 9) with &&) where (id > 3)"),
    "t.i": ("create index <.i> on <t> (id)", "create index <.i> on <t> (id desc nulls last) where id > 0",
            "create unique index <.i> on <t> (<f>(id::integer))", "create index <.i> on <t> using hash (id)"),
    "t.tr": ("create trigger <.tr> before insert on <t> for each row execute function <z>()",
             "create trigger <.tr> after update of id on <t> for each row when (new.id > 0) execute function <z>('x')"),
    "t.po": ("create policy <.po> on <t> using (id > 0)",
             "create policy <.po> on <t> for select to bed_ann using (<f>(id::integer) > 0)"),
    "t.rls": ("alter table <t> enable row level security", "alter table <t> force row level security"),
    "t.ri": ("alter table <t> replica identity full",),
    "t.acl": ("grant select on <t> to bed_ann", "grant all on <t> to public", 'grant update (id) on <t> to "bed Bob"'),
    "t.no": ("comment on table <t> is 'x'", "comment on column <t>.id is 'it''s'"),
    "t.ow": ("alter table <t> owner to bed_ann",),
    "s": ("create statistics <s> on id, (id + 1) from <t>",),
    "u": ("create table <u> (t bigint)", "create table <u> (t integer, n text)"),
    "u.f": ("alter table <u> add constraint <.fk> foreign key (t) references <t> (id)",
            "alter table <u> add constraint <.fk> foreign key (t) references <t> (id) on delete cascade not valid",
            "alter table <u> add constraint <.fk> foreign key (t) references <t> (id) deferrable"),
    "v": ("create view <v> as select id from <t>", "create view <v> as select id, 1 as one from <t>",
          "create view <v> with (security_barrier) as select <f>(id::integer) as id from <t>"),
    "w": ("create view <w> as select id from <v>", "create view <w> as select v.id, u.t from <v> v, <u> u"),
    "m": ("create materialized view <m> as select id from <w>", "create materialized view <m> as select id from <t>"),
    "m.i": ("create index <.mi> on <m> (id)", "create unique index <.mi> on <m> (id)"),
    "ru": ("create rule <.ru> as on insert to <v> do instead nothing",),
    "p": ("create table <p> (k integer, v text) partition by list (k)",
          "create table <p> (k integer not null, v text) partition by range (k)",
          "create table <p> (v text, k integer) partition by list (k)",
          "create table <p> (k integer, v <e>) partition by list (k)"),
    "p.i": ("create index <.pi> on <p> (k)", "create unique index <.pi> on <p> (k)"),
    "p.k": ("alter table <p> add constraint <.pc> check (k > 0)", "alter table <p> add constraint <.pc> unique (k, v)"),
    "p1": ("create table <p1> partition of <p> default",),
    "p1.i": ("create index <.p1i> on <p1> (v)",),
    "p.f": ("alter table <p> add constraint <.pf> foreign key (k) references <t> (id)",),
    "h": ("create table <h> (a integer, b text)", "create table <h> (b text, a integer not null)",
          "create table <h> (a integer check (a > 0))"),
    "c": ("create table <c> (n integer) inherits (<h>)", "create table <c> (a integer, m text) inherits (<h>)",
          "create table <c> (a integer, b text, n integer)"),
    "pub": ("create publication <.pub> for table <t> with (publish = insert)", "create publication <.pub> for tables in schema <.schema> with (publish = insert)"),
    "dp": ("alter default privileges in schema <.schema> grant select on tables to bed_ann",),
}  # fmt: skip
NAMED = (
    "schema", "e", "d", "y", "r", "q", "f", "z", "ag", "t", "pk", "k", "x", "i", "tr", "po", "s", "u",
    "fk", "v", "w", "m", "mi", "ru", "p", "pi", "pc", "p1", "p1i", "pf", "h", "c", "pub",
)  # fmt: skip
_NAME = re.compile(r"<(\.?)(\w+)>")
Choice = dict[str, int]
choices = st.fixed_dictionaries(
    {part: st.integers(0, len(forms)) for part, forms in GRAMMAR.items()}
)
names = st.lists(_NAMES, min_size=len(NAMED), max_size=len(NAMED), unique=True)
OPTIONS = (Options(), Options(online=False), Options(strict=True))


def statements(choice: Choice, named: dict[str, str]) -> list[str]:
    """Return what makes the schema, less what needs something that was not chosen."""
    made = {"schema"}
    found = [f"create schema {q(named['schema'])}"]

    def said(match: re.Match[str]) -> str:
        if match[2] == "quoted":
            return "'" + q(named["schema"], named["q"]).replace("'", "''") + "'::regclass"
        name = named[match[2]]
        return q(name) if match[1] else q(named["schema"], name)

    for part, number in choice.items():
        if not number:
            continue
        text = GRAMMAR[part][number - 1]
        needs = {name for dot, name in _NAME.findall(text) if not dot} - {part, "quoted"}
        if part.partition(".")[0] in made | {part} and needs <= made:
            found.append(_NAME.sub(said, text.replace("'<q>'", "<.quoted>")))
            made.add(part)
    return found


@pytest.mark.pg("!= 16, != 17")
@settings(
    max_examples=int(EXAMPLES or 5),
    derandomize=EXAMPLES is None,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(first=choices, second=choices, drawn=names, options=st.sampled_from(OPTIONS))
def test_any_schema_can_be_turned_into_any_other(
    any_server: Server,
    scratch: Scratch,
    first: Choice,
    second: Choice,
    *,
    drawn: list[str],
    options: Options,
) -> None:
    """A to B applied to A is B, and B to A applied to that is A."""
    named = dict(zip(NAMED, drawn, strict=True))
    a, _ = build(scratch, statements(first, named))
    b, wanted = build(scratch, statements(second, named), dumped=options.strict)
    build(scratch, statements(first, named))
    with scratch.connect(autocommit=True) as session:
        bring(scratch, a, b, options, session=session)
        if options.strict:
            assert dump_to_the_byte(scratch.dump() or "") == wanted
        bring(scratch, b, a, options, session=session)


def build(
    scratch: Scratch, script: list[str], *, dumped: bool = False
) -> tuple[Catalog, list[str]]:
    """Make a schema of the statements that PostgreSQL takes."""
    scratch.reset()
    with scratch.connect(autocommit=True) as session:
        make_roles(session)
        for statement in script:
            with suppress(psycopg.Error):
                session.execute(statement.encode())
        return read_catalog(session), dump_to_the_byte(scratch.dump() or "") if dumped else []
