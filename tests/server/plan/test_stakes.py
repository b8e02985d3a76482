# SPDX-License-Identifier: Apache-2.0
"""How much a plan destroys: counted, estimated where counting is too much, or not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plan_applied import observe

from bedstone.plan import plan, read_stakes, render_script, unknown_stakes

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.plan import Plan
    from bedstone.server import Scratch

OLD = """
create table t (id integer, "Odd name" text, n integer);
create table whole (id integer, gone text) partition by list (id);
create table part partition of whole for values in (1, 2);
create table dropped (id integer) partition by list (id);
create table dropped_1 partition of dropped for values in (1, 2, 3);
create table parent (id integer);
create table child (more integer) inherits (parent);
create sequence s;
insert into t select n, nullif(n, 1)::text, n from generate_series(1, 1000) as n;
insert into whole values (1, 'x'), (2, null);
insert into dropped values (1), (2), (3);
insert into parent values (1);
insert into child values (1, 1), (2, 2);
"""
NEW = """
create table t (id integer);
create table whole (id integer) partition by list (id);
create table part partition of whole for values in (1, 2);
create table child (id integer, more integer);
"""
COUNTED = {
    'column public.t."Odd name": 999 values (counted)',
    "column public.t.n: 1,000 values (counted)",
    "column public.whole.gone: 1 value (counted)",
    "table public.dropped: 0 rows (counted)",
    "table public.dropped_1: 3 rows (counted)",
    "table public.parent: 1 row (counted)",
    "sequence public.s",
}


@pytest.fixture
def change(scratch: Scratch) -> tuple[Catalog, Plan]:
    scratch.reset()
    with scratch.connect(autocommit=True) as session:
        session.execute(NEW.encode())
    target = observe(scratch)
    scratch.reset()
    with scratch.connect(autocommit=True) as session:
        session.execute(OLD.encode())
        session.execute("analyze")
    start = observe(scratch)
    return start, plan(start, target)


def test_rows_and_values_are_counted(scratch: Scratch, change: tuple[Catalog, Plan]) -> None:
    start, made = change
    with scratch.connect(autocommit=True) as session:
        stakes = read_stakes(made, start, session)
    assert {*map(str, stakes.values())} == COUNTED
    assert {f"-- DESTROYS {stake}" for stake in COUNTED} <= {
        *render_script(made, stakes).splitlines()
    }


def test_what_is_too_large_to_count_is_estimated(
    scratch: Scratch, change: tuple[Catalog, Plan]
) -> None:
    start, made = change
    with scratch.connect(autocommit=True) as session:
        stakes = read_stakes(made, start, session, large=0)
    estimated = {s.replace("counted", "estimated") for s in COUNTED if ": 0 rows" not in s}
    assert estimated <= {*map(str, stakes.values())}


def test_what_the_role_may_not_read_is_estimated_or_not_known(
    scratch: Scratch, change: tuple[Catalog, Plan]
) -> None:
    """A table that was never analyzed has no estimate; values are not in anybody's statistics."""
    start, made = change
    with scratch.connect(autocommit=True) as session:
        session.execute("drop role if exists bed_counter; create role bed_counter")
        session.execute("update pg_class set reltuples = -1 where relname = 'parent'")
        session.execute("set role bed_counter")
        stakes = {*map(str, read_stakes(made, start, session).values())}
    assert "table public.parent: rows not known" in stakes
    assert "table public.dropped_1: 3 rows (estimated)" in stakes
    assert 'column public.t."Odd name": 1,000 values (estimated)' in stakes


def test_a_side_without_data_has_no_numbers(change: tuple[Catalog, Plan]) -> None:
    assert "column public.t.n: values not known" in map(str, unknown_stakes(change[1]).values())
