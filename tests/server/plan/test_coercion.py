# SPDX-License-Identifier: Apache-2.0
"""Which changes of type touch rows and indexes: what the plan knows is what the server does."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import psycopg

from bedstone.catalog import read_catalog
from bedstone.plan.casts import conversion
from bedstone.plan.coercion import keeps_indexes, rewrites
from bedstone.plan.side import Side

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server

TYPES = (
    "text", "character varying", "character varying(5)", "character varying(9)", "character(4)",
    "character(9)", "bpchar", "name", '"char"', "integer", "bigint", "oid", "regclass", "numeric",
    "numeric(5,2)", "numeric(9,2)", "numeric(9,4)", "numeric(5)", "bit(3)", "bit varying",
    "bit varying(3)", "bit varying(9)", "timestamp(3) without time zone",
    "timestamp without time zone", "timestamp(6) with time zone", "timestamp with time zone",
    "time(2) without time zone", "time without time zone", "interval", "interval(3)", "cidr",
    "inet", "xml", "json", "jsonb", "text[]", "character varying(5)[]", "public.free",
    "public.checked", "public.longer",
)  # fmt: skip
_DOMAINS = """
create domain public.free as text;
create domain public.checked as text check (value <> '');
create domain public.longer as character varying(9);
"""


def test_no_rewrite_is_missed_and_none_is_feared(server: Server, scratch: Scratch) -> None:
    """Of every pair of types that a plan converts; where the server may do either, it is feared."""
    wrong = []
    with scratch.connect(autocommit=True) as session:
        session.execute(_DOMAINS)
        types = (*TYPES, *_of_extensions(session))
        session.execute("set timezone = 'Europe/Berlin'")
        side = Side(read_catalog(session))
        for old, new in permutations(types, 2):
            found = conversion("a", old, new, side)
            if found is None:
                continue
            session.execute(f"drop table if exists t; create table t (a {old})".encode())
            indexed = _has_index(session)
            before = _files(session)
            using = f" using {found.using}" if found.using else ""
            try:
                session.execute(f"alter table t alter a type {new}{using}".encode())
            except psycopg.Error:
                continue
            after = _files(session)
            rewritten = before["t"] != after["t"]
            if rewrites(old, new, side, side) is not rewritten:
                wrong.append((old, new, "rewritten" if rewritten else "not rewritten"))
            rebuilt = indexed and not rewritten and before["i"] != after["i"]
            if not rewritten and rebuilt and keeps_indexes(old, new, side, side):
                wrong.append((old, new, "index rebuilt"))
    assert not wrong, wrong


def _of_extensions(session: psycopg.Connection) -> list[str]:
    try:
        session.execute("create extension citext schema public")
    except psycopg.errors.FeatureNotSupported:
        return []
    return ["public.citext"]


def _has_index(session: psycopg.Connection) -> bool:
    try:
        session.execute("create index i on t (a)")
    except psycopg.Error:
        return False
    return True


def _files(session: psycopg.Connection) -> dict[str, int]:
    rows = session.execute(
        "select relname, pg_relation_filenode(oid) from pg_class where relname in ('t', 'i')"
    ).fetchall()
    return dict(rows)
