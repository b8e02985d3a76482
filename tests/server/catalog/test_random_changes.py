# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501  a statement is easier to read in one piece
"""Random changes to databases with random names: each is named by compare, and nothing else is.

A run draws the same examples every time. To try others, or more of them, and to have a failing
one made small (which takes minutes):

    BEDSTONE_EXAMPLES=400 .venv/bin/python -m pytest tests/server/catalog/test_random_changes.py \
        --hypothesis-seed=7 --timeout=0
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from catalog_observed import check_laws, make_roles
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from bedstone.catalog import Attributes, Catalog, Change, Key, Value, compare, fold, read_catalog
from bedstone.sql import quote_identifier as q
from bedstone.sql import quote_literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.server import Scratch, Server

What = tuple[Change, Key, str | None]
#: What must be found, and the new value of the attribute or one of its values, where it is stated.
Expected = dict[What, Value]

EXAMPLES = os.environ.get("BEDSTONE_EXAMPLES")

#: Names that a parser of what the server prints could take for something else.
_ODD = [
    "select",
    "null",
    "PRIMARY KEY",
    " DESC",
    " WHEN (",
    "it's (",
    ") INCLUDE (",
    ") WITH ('",
    '" WHERE (" USING ',
    'a"b, c',
    '{a,"b"}=c/d.e',
    "E'\\",
    "$1\\n",
    "x" * 63,
    "ö" * 31 + "x",
]
_TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=63
).filter(lambda name: len(name.encode()) <= 63)
_NAMES = st.one_of(st.sampled_from(_ODD), _TEXT)
_LITERALS = st.one_of(st.sampled_from(_ODD), _TEXT).filter(lambda text: text not in {"one", "two"})


@dataclass(frozen=True)
class Cell:
    """One schema with one of everything. All names are made up."""

    s: str  # schema
    t: str  # table
    a: str  # its columns
    b: str
    c: str
    g: str  # generated
    i: str  # index
    pk: str  # constraints: primary key, check, foreign key, unique
    k: str
    f: str
    u: str
    tr: str  # trigger
    po: str  # policy
    r: str  # rule
    st: str  # statistics
    v: str  # view
    m: str  # materialized view
    fn: str  # functions: one that is changed, one that the trigger calls
    tf: str
    e: str  # types: enum, domain, composite
    d: str
    ty: str
    sq: str  # sequence
    new: str  # what changes add: a relation, a routine, a type or the like, a part of the table
    proc: str
    typ: str
    sub: str
    literal: str  # a text

    def __call__(self, text: str) -> str:
        """Put the names into the text: <t> the qualified table, <.a> a bare name, <'> the text."""
        return re.sub(r"<(\.?\w+|')>", self._said, text)

    def _said(self, match: re.Match[str]) -> str:
        if match[1] == "'":
            return quote_literal(self.literal)
        name = getattr(self, match[1].removeprefix("."))
        return q(name) if match[1].startswith(".") else q(self.s, name)

    def on_table(self, kind: str, name: str) -> Key:
        return Key(kind, self.s, name, self.t)

    def of_schema(self, kind: str, name: str, parent: str | None = None) -> Key:
        return Key(kind, self.s, name, parent)

    @property
    def setup(self) -> str:
        return self(
            "create schema <.s>;"
            "create type <e> as enum ('one', 'two'); create domain <d> as integer;"
            "create type <ty> as (<.a> integer); create sequence <sq>;"
            "create table <t> (<.a> integer not null, <.b> text, <.c> integer default 0,"
            " <.g> integer generated always as (<.a> + 1) stored, constraint <.pk> primary key (<.a>),"
            " constraint <.k> check (<.a> > 0), constraint <.u> unique (<.c>),"
            " constraint <.f> foreign key (<.c>) references <t> (<.a>));"
            "create index <.i> on <t> (lower(<.b>), <.c> desc);"
            "create statistics <st> on <.a>, <.c> from <t>;"
            "create view <v> as select <.a>, <.b> from <t>;"
            "create materialized view <m> as select <.a> from <t>;"
            "create function <fn>(integer) returns integer language sql as 'select 1';"
            "create function <tf>() returns trigger language plpgsql as 'begin return new; end';"
            "create trigger <.tr> before insert on <t> for each row when (new.<.a> > 0 and new.<.c> > 0)"
            " execute function <tf>('x');"
            "create policy <.po> on <t> using (<.a> > 0);"
            "create rule <.r> as on delete to <t> do instead nothing;"
        )


@dataclass(frozen=True)
class Kind:
    """One kind of change; of those that touch the same part of a cell one is made at a time."""

    parts: frozenset[str]
    sql: str
    expected: Callable[[Cell], Expected]


KINDS: dict[str, Kind] = {}


def kind(parts: str, name: str, sql: str, expected: Callable[[Cell], Expected]) -> None:
    assert name not in KINDS
    KINDS[name] = Kind(frozenset(parts.split()), sql, expected)


def changed(
    attribute: str, key: Callable[[Cell], Key], value: Callable[[Cell], Value] = lambda _: None
) -> Callable[[Cell], Expected]:
    return lambda x: {(Change.CHANGED, key(x), attribute): value(x)}


def added(*keys: Callable[[Cell], Key]) -> Callable[[Cell], Expected]:
    return lambda x: {(Change.ADDED, key(x), None): None for key in keys}


def removed(*keys: Callable[[Cell], Key]) -> Callable[[Cell], Expected]:
    return lambda x: {(Change.REMOVED, key(x), None): None for key in keys}


def literal(x: Cell) -> str:
    """Return the text as the server prints a string constant."""
    return "'" + x.literal.replace("'", "''") + "'::text"


def table(x: Cell) -> Key:
    return x.of_schema("table", x.t)


def column(field: str) -> Callable[[Cell], Key]:
    return lambda x: x.on_table("column", getattr(x, field))


def constraint(field: str) -> Callable[[Cell], Key]:
    return lambda x: x.on_table("constraint", getattr(x, field))


def on_table(what: str, field: str) -> Callable[[Cell], Key]:
    return lambda x: x.on_table(what, getattr(x, field))


def index(x: Cell) -> Key:
    return x.on_table("index", x.i)


def thing(what: str, field: str, parent: str | None = None) -> Callable[[Cell], Key]:
    return lambda x: x.of_schema(what, getattr(x, field), parent)


def schema(x: Cell) -> Key:
    return Key("schema", None, x.s)


kind(
    "schema",
    "schema owner",
    "alter schema <.s> owner to bed_ann",
    changed("owner", schema, lambda _: "bed_ann"),
)
kind(
    "schema",
    "schema grant",
    "grant usage on schema <.s> to public",
    changed("acl", schema, lambda _: ("public", "usage", False, None)),
)
kind(
    "schema",
    "schema comment",
    "comment on schema <.s> is <'>",
    changed("comment", schema, lambda x: x.literal),
)
kind(
    "owner",
    "table owner",
    "alter table <t> owner to bed_ann",
    changed("owner", table, lambda _: "bed_ann"),
)
kind(
    "grant",
    "table grant",
    'grant select on <t> to "bed Bob"',
    changed("acl", table, lambda _: ("bed Bob", "select", False, None)),
)
kind(
    "remark",
    "table comment",
    "comment on table <t> is <'>",
    changed("comment", table, lambda x: x.literal),
)
kind("persistence", "unlogged", "alter table <t> set unlogged", changed("persistence", table))
kind(
    "options",
    "fillfactor",
    "alter table <t> set (fillfactor = 50)",
    changed("options", table, lambda _: ("fillfactor", "50")),
)
kind(
    "replica",
    "replica identity",
    "alter table <t> replica identity full",
    changed("replica_identity", table),
)
kind(
    "security",
    "row security",
    "alter table <t> enable row level security",
    changed("row_security", table),
)
kind(
    "security",
    "force row security",
    "alter table <t> force row level security",
    changed("force_row_security", table),
)
kind(
    "cluster",
    "cluster",
    "alter table <t> cluster on <.pk>",
    changed("clustered_on", table, lambda x: x.pk),
)
kind("sub", "add column", "alter table <t> add column <.sub> integer", added(column("sub")))
kind(
    "new",
    "add table",
    "create table <new> (<.a> integer)",
    added(thing("table", "new"), lambda x: Key("column", x.s, x.a, x.new)),
)
kind(
    "new",
    "add index",
    "create index <.new> on <t> (<.a>)",
    added(on_table("index", "new")),
)
kind(
    "sub",
    "add check",
    "alter table <t> add constraint <.sub> check (<.a> > 1) not valid",
    added(constraint("sub")),
)
kind("new", "add view", "create view <new> as select 1 as one", added(thing("view", "new")))
kind(
    "proc",
    "add function",
    "create function <proc>(integer) returns integer language sql as 'select 1'",
    added(thing("function", "proc", "integer")),
)
kind(
    "proc",
    "add procedure",
    "create procedure <proc>() language sql as ''",
    added(thing("procedure", "proc", "")),
)
kind(
    "proc",
    "add aggregate",
    "create aggregate <proc>(integer) (sfunc = int4pl, stype = integer)",
    added(thing("aggregate", "proc", "integer")),
)
kind("typ", "add enum", "create type <typ> as enum ('a')", added(thing("enum", "typ")))
kind("typ", "add domain", "create domain <typ> as text", added(thing("domain", "typ")))
kind(
    "typ",
    "add range",
    "create type <typ> as range (subtype = integer, multirange_type_name = <.s>)",
    added(thing("range", "typ")),
)
kind("new", "add sequence", "create sequence <new>", added(thing("sequence", "new")))
kind(
    "sub",
    "add trigger",
    "create trigger <.sub> after update on <t> for each row execute function <tf>()",
    added(on_table("trigger", "sub")),
)
kind(
    "sub",
    "add policy",
    "create policy <.sub> on <t> for select using (true)",
    added(on_table("policy", "sub")),
)
kind(
    "new",
    "add identity",
    "alter table <t> add column <.new> integer generated always as identity (sequence name <new>)",
    added(column("new"), thing("sequence", "new")),
)
kind(
    "typ",
    "add collation",
    "create collation <typ> (provider = libc, locale = 'C')",
    added(thing("collation", "typ")),
)
kind(
    "typ",
    "add text search",
    "create text search configuration <typ> (parser = default)",
    added(thing("text search configuration", "typ")),
)
kind(
    "a-comment",
    "column comment",
    "comment on column <t>.<.a> is <'>",
    changed("comment", column("a"), lambda x: x.literal),
)
kind(
    "a-grant",
    "column grant",
    'grant select (<.a>) on <t> to "bed Bob"',
    changed("acl", column("a"), lambda _: ("bed Bob", "select", False, None)),
)
kind(
    "a-statistics",
    "column statistics",
    "alter table <t> alter <.a> set statistics 7",
    changed("statistics", column("a")),
)
kind(
    "b",
    "column not null",
    "alter table <t> alter <.b> set not null",
    changed("not_null", column("b")),
)
kind(
    "b",
    "column default",
    "alter table <t> alter <.b> set default <'>",
    changed("default", column("b"), literal),
)
kind(
    "b",
    "column storage",
    "alter table <t> alter <.b> set storage external",
    changed("storage", column("b")),
)
kind(
    "b",
    "column compression",
    "alter table <t> alter <.b> set compression pglz",
    changed("compression", column("b")),
)
kind(
    "b",
    "column options",
    "alter table <t> alter <.b> set (n_distinct = 4)",
    changed("options", column("b")),
)
kind(
    "c",
    "column default changed",
    "alter table <t> alter <.c> set default 1",
    changed("default", column("c")),
)
kind(
    "c",
    "column default dropped",
    "alter table <t> alter <.c> drop default",
    changed("default", column("c")),
)
kind("g", "generated column dropped", "alter table <t> drop column <.g>", removed(column("g")))
kind("i", "index options", "alter index <i> set (fillfactor = 50)", changed("options", index))
kind("i", "index comment", "comment on index <i> is 'x'", changed("comment", index))
kind(
    "i",
    "index columns",
    "drop index <i>; create index <.i> on <t> (lower(<.b>), <.c>)",
    changed("columns", index, lambda x: (q(x.c), None, None, None, "asc", "last")),
)
kind(
    "i",
    "index where",
    "drop index <i>; create index <.i> on <t> (lower(<.b>), <.c> desc) where <.b> <> <'>",
    changed("where", index, lambda x: f"({q(x.b)} <> {literal(x)})"),
)
kind(
    "i",
    "index include",
    "drop index <i>; create index <.i> on <t> (lower(<.b>), <.c> desc) include (<.a>)",
    changed("include", index, lambda x: (x.a,)),
)
kind(
    "k",
    "check changed",
    "alter table <t> drop constraint <.k>; alter table <t> add constraint <.k> check (<.a> > 2)",
    changed("expression", constraint("k"), lambda x: f"({q(x.a)} > 2)"),
)
kind("k", "check dropped", "alter table <t> drop constraint <.k>", removed(constraint("k")))
kind(
    "k",
    "check comment",
    "comment on constraint <.k> on <t> is 'x'",
    changed("comment", constraint("k")),
)
kind(
    "f",
    "foreign key action",
    "alter table <t> drop constraint <.f>; alter table <t> add constraint <.f> foreign key (<.c>) references <t> (<.a>) on delete cascade",
    changed("on_delete", constraint("f")),
)
kind(
    "f",
    "foreign key deferrable",
    "alter table <t> alter constraint <.f> deferrable",
    changed("deferrable", constraint("f")),
)
kind(
    "u",
    "unique nulls",
    "alter table <t> drop constraint <.u>; alter table <t> add constraint <.u> unique nulls not distinct (<.c>)",
    changed("nulls_not_distinct", constraint("u")),
)
kind(
    "u",
    "unique include",
    "alter table <t> drop constraint <.u>; alter table <t> add constraint <.u> unique (<.c>) include (<.b>)",
    changed("include", constraint("u"), lambda x: (x.b,)),
)
kind(
    "st",
    "statistics target",
    "alter statistics <st> set statistics 8",
    changed("target", thing("statistics", "st")),
)
kind("st", "statistics dropped", "drop statistics <st>", removed(thing("statistics", "st")))
kind(
    "v",
    "view definition",
    "create or replace view <v> as select <.a>, <.b> from <t> where <.a> > 9",
    changed("definition", thing("view", "v")),
)
kind(
    "v",
    "view options",
    "alter view <v> set (security_barrier = true)",
    changed("options", thing("view", "v")),
)
kind(
    "v",
    "view column default",
    "alter view <v> alter <.b> set default 'x'",
    added(lambda x: Key("view column", x.s, x.b, x.v)),
)
kind(
    "r",
    "rule disabled",
    "alter table <t> disable rule <.r>",
    changed("enabled", on_table("rule", "r")),
)
kind(
    "r",
    "rule changed",
    "create or replace rule <.r> as on delete to <t> do instead select 1",
    changed("definition", on_table("rule", "r")),
)
kind(
    "m",
    "materialized view owner",
    "alter materialized view <m> owner to bed_ann",
    changed("owner", thing("materialized view", "m"), lambda _: "bed_ann"),
)
kind(
    "m",
    "materialized view dropped",
    "drop materialized view <m>",
    removed(thing("materialized view", "m")),
)
kind(
    "fn",
    "function body",
    "create or replace function <fn>(integer) returns integer language sql as 'select 2'",
    changed("body", thing("function", "fn", "integer")),
)
kind(
    "fn",
    "function volatility",
    "alter function <fn>(integer) stable",
    changed("volatility", thing("function", "fn", "integer")),
)
kind(
    "fn",
    "function setting",
    "alter function <fn>(integer) set search_path = <.s>",
    changed("settings", thing("function", "fn", "integer"), lambda x: ("search_path", q(x.s))),
)
kind(
    "fn",
    "function grant",
    "revoke execute on function <fn>(integer) from public",
    changed("acl", thing("function", "fn", "integer")),
)
kind(
    "tr",
    "trigger disabled",
    "alter table <t> disable trigger <.tr>",
    changed("enabled", on_table("trigger", "tr")),
)
kind(
    "tr",
    "trigger condition",
    "create or replace trigger <.tr> before insert on <t> for each row when (new.<.a> > 0 and new.<.c> > 1) execute function <tf>('x')",
    changed(
        "when", on_table("trigger", "tr"), lambda x: f"((new.{q(x.a)} > 0) AND (new.{q(x.c)} > 1))"
    ),
)
kind(
    "tr",
    "trigger arguments",
    "create or replace trigger <.tr> before insert on <t> for each row when (new.<.a> > 0 and new.<.c> > 0) execute function <tf>('x', <'>)",
    changed("arguments", on_table("trigger", "tr"), lambda x: ("x", x.literal)),
)
kind(
    "po",
    "policy condition",
    "alter policy <.po> on <t> using (<.a> > 1)",
    changed("using", on_table("policy", "po"), lambda x: f"({q(x.a)} > 1)"),
)
kind(
    "po",
    "policy role",
    "alter policy <.po> on <t> to bed_ann",
    changed("roles", on_table("policy", "po"), lambda _: ("bed_ann",)),
)
kind(
    "e",
    "enum value",
    "alter type <e> add value <'> before 'two'",
    changed("labels", thing("enum", "e"), lambda x: ("one", x.literal, "two")),
)
kind(
    "e",
    "enum rename value",
    "alter type <e> rename value 'one' to <'>",
    changed("labels", thing("enum", "e"), lambda x: (x.literal, "two")),
)
kind(
    "d",
    "domain default",
    "alter domain <d> set default 4",
    changed("default", thing("domain", "d")),
)
kind(
    "d",
    "domain not null",
    "alter domain <d> set not null",
    changed("not_null", thing("domain", "d")),
)
kind(
    "d",
    "domain check",
    "alter domain <d> add constraint <.k> check (value > 0)",
    added(lambda x: Key("domain constraint", x.s, x.k, x.d)),
)
kind(
    "ty",
    "composite attribute",
    "alter type <ty> add attribute <.b> text",
    added(lambda x: Key("attribute", x.s, x.b, x.ty)),
)
kind(
    "ty",
    "composite comment",
    "comment on type <ty> is <'>",
    changed("comment", thing("composite", "ty"), lambda x: x.literal),
)
kind(
    "sq",
    "sequence increment",
    "alter sequence <sq> increment 3",
    changed("increment", thing("sequence", "sq")),
)
kind(
    "sq owner persistence",  # a table's owner and persistence are its sequences' too
    "sequence owned",
    "alter sequence <sq> owned by <t>.<.a>",
    changed("owned_by", thing("sequence", "sq"), lambda x: (x.s, x.t, x.a)),
)
kind("sq", "sequence dropped", "drop sequence <sq>", removed(thing("sequence", "sq")))
kind(
    "default",
    "default privileges",
    "alter default privileges for role bed_ann in schema <.s> grant select on tables to public",
    added(lambda x: Key("default privileges", x.s, "bed_ann", "tables")),
)


def _schema_is_ours(name: str) -> bool:
    return not name.startswith("pg_") and name not in {"public", "information_schema"}


@st.composite
def cells(draw: st.DrawFn) -> list[Cell]:
    """Draw two cells with names of their own, each name once in a cell."""
    count = len(fields(Cell)) - 1
    names = st.lists(_NAMES, min_size=count, max_size=count, unique=True)
    first, second = (
        Cell(*draw(names.filter(lambda found: _schema_is_ours(found[0]))), draw(_LITERALS))
        for _ in "12"
    )
    assume(first.s != second.s)
    return [first, second]


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[int, str]]:
    """Draw changes, each with the number of its cell: of each part one kind or none."""
    by_part: dict[str, list[str]] = {}
    for name, found in KINDS.items():
        by_part.setdefault(min(found.parts), []).append(name)
    taken: set[tuple[int, str]] = set()
    made = []
    for cell in (0, 1):
        for names in by_part.values():
            name = draw(st.one_of(st.none(), st.sampled_from(names)))
            parts = {(cell, part) for part in KINDS[name].parts} if name else set()
            if name and not parts & taken:
                taken |= parts
                made.append((cell, name))
    return draw(st.permutations(made))


def test_the_grammar_has_many_kinds_of_change() -> None:
    assert len(KINDS) >= 80


#: What a session may have set; none of it may show in what is read.
_SESSION = """
set search_path = <.s>, public; set standard_conforming_strings = off;
set quote_all_identifiers = on; set datestyle = 'SQL, DMY'; set intervalstyle = iso_8601;
set timezone = 'Asia/Kathmandu'; set extra_float_digits = -2; set bytea_output = escape
"""


@settings(
    max_examples=int(EXAMPLES or 32),
    derandomize=EXAMPLES is None,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=cells(), drawn=changes())
def test_random_changes_are_named(
    any_server: Server, scratch: Scratch, made: list[Cell], drawn: list[tuple[int, str]]
) -> None:
    """Of any set of changes, each is named, nothing else is, and folding loses none."""
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        make_roles(conn)
        for cell in made:
            conn.execute(cell.setup.encode())
        before = read_catalog(conn)
        assert before.unmodelled == ()
        expected: Expected = {}
        for number, name in drawn:
            conn.execute(made[number](KINDS[name].sql).encode())
            expected |= KINDS[name].expected(made[number])
        conn.execute(made[0](_SESSION).encode())
        after = read_catalog(conn)
    check(before, after, expected)


def check(before: Catalog, after: Catalog, expected: Expected) -> None:
    assert after.unmodelled == ()
    differences = compare(before, after)
    found = {(item.change, item.key, item.attribute): item.new for item in differences}
    assert len(found) == len(differences)
    assert expected.keys() - found.keys() == set(), "changes that were missed"
    assert found.keys() - expected.keys() == set(), "differences that nobody made"
    for what, value in expected.items():
        assert is_in(value, found[what]), f"{what}: {value!r} expected, {found[what]!r} found"
    folded = fold(differences)
    assert sum(1 + len(group.consequences) for group in folded) == len(differences)
    check_laws(before, after, str(expected))


def is_in(value: Value, found: Value | Attributes) -> bool:
    """Say whether *value*, if there is one, is what was found or among it."""
    return value in {None, found} or (isinstance(found, tuple) and value in found)
