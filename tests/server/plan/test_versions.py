# SPDX-License-Identifier: Apache-2.0
"""Sides on servers of different major versions: the same schema needs no statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog_observed import make_roles

from bedstone.catalog import Meaning, compare, read_catalog
from bedstone.plan import plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.catalog import Catalog
    from bedstone.server import Server

#: What is printed, granted or stored otherwise since 16, 17 or 18.
SCHEMA = """
create table part (id integer generated always as identity, at date not null, "a.b" text)
    partition by range (at);
create table part_1 partition of part for values from ('2026-01-01') to ('2027-01-01');
create view v as select p.id, (select count(*) from part x where x.id = p.id), "a.b" || p."a.b" c
    from part p where p.at > '2026-01-01' group by p.id, p."a.b";
create materialized view m as select part.id from part;
create view two as select part.id, x.at from part join part x using (id);
create table t (id integer primary key, n integer not null check (n > 0) unique);
grant all on t to bed_ann;
grant select on t to "bed Bob";
"""


def catalog_of(server: Server) -> Catalog:
    with server.workspace("versions") as workspace:
        scratch = workspace.scratch("versions")
        scratch.reset()
        with scratch.connect(autocommit=True) as session:
            make_roles(session)
            session.execute(SCHEMA.encode())
            return read_catalog(session)


def test_the_same_schema_on_15_and_18_is_no_change(server_at: Callable[[int], Server]) -> None:
    """Neither for a plan nor for a comparison, in either direction."""
    old, new = (catalog_of(server_at(major)) for major in (15, 18))
    assert plan(old, new).statements == ()
    assert plan(new, old).statements == ()
    assert [d for d in compare(old, new) if d.meaning is Meaning.MEANINGFUL] == []


def test_a_view_that_is_another_one_is_a_change(server_at: Callable[[int], Server]) -> None:
    """What is printed otherwise is not what is otherwise."""
    with server_at(15).workspace("versions") as workspace:
        scratch = workspace.scratch("versions")
        scratch.reset()
        with scratch.connect(autocommit=True) as session:
            make_roles(session)
            session.execute(SCHEMA.replace("x.id = p.id", "x.id = id").encode())
            old = read_catalog(session)
    (statement,) = plan(old, catalog_of(server_at(18))).statements
    assert statement.sql.startswith("create or replace view public.v as")
