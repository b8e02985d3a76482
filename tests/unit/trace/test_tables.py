# SPDX-License-Identifier: Apache-2.0
"""A trace by table."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from bedstone.findings import Method
from bedstone.report import (
    render_tables_markdown,
    render_trace_json,
    render_trace_markdown,
    render_trace_text,
)
from bedstone.trace import (
    LockFact,
    LockMode,
    Relation,
    RewriteFact,
    ScanFact,
    StatementFacts,
    Trace,
    by_table,
)

ORDERS = Relation(20000, "public", "orders", "table")
ITEMS = Relation(20001, "public", "items", "table")
NEW = Relation(20002, "public", "new", "table", created=True)
INDEX = Relation(20003, "public", "orders_pkey", "index")


def _statement(
    number: int, label: str | None, *locks: tuple[Relation, LockMode, float]
) -> StatementFacts:
    return StatementFacts(
        number=number,
        session=1,
        transaction=number,
        label=label,
        sql=("…",),
        kinds=("alter_table",),
        executions=1,
        seconds=0.001,
        method=Method.MEASURED,
        locks=tuple(LockFact(r, mode, Method.MEASURED, seconds) for r, mode, seconds in locks),
    )


def _trace(a: str | None, b: str | None) -> Trace:
    first = _statement(
        1,
        a,
        (ORDERS, LockMode.ACCESS_EXCLUSIVE, 0.5),
        (ORDERS, LockMode.ROW_EXCLUSIVE, 9.0),
        (INDEX, LockMode.ACCESS_EXCLUSIVE, 0.5),
        (NEW, LockMode.ACCESS_EXCLUSIVE, 0.5),
    )
    first = replace(
        first,
        rewrites=(RewriteFact(ORDERS, Method.MEASURED),),
        scans=(ScanFact(ORDERS, 2, 2000, Method.MEASURED),),
    )
    second = _statement(2, b, (ORDERS, LockMode.ACCESS_EXCLUSIVE, 1.5))
    third = _statement(3, b, (ITEMS, LockMode.SHARE, 0.25))
    fourth = _statement(4, b, (Relation(1, "public", "read", "table"), LockMode.ACCESS_SHARE, 1.0))
    return Trace((first, second, third, fourth))


def test_the_strongest_lock_counts_and_how_often_it_was_taken() -> None:
    orders, items = by_table(_trace("a", "b"))
    assert (orders.table, orders.mode) == (ORDERS, LockMode.ACCESS_EXCLUSIVE)
    assert (orders.steps, orders.seconds, orders.revisions) == (2, 1.5, ("a", "b"))
    assert (orders.rewrites, orders.scans, orders.rows) == (1, 2, 2000)
    assert (items.table, items.mode, items.steps) == (ITEMS, LockMode.SHARE, 1)


def test_a_revision_of_several_transactions_is_one_step() -> None:
    orders, _ = by_table(_trace("a", "a"))
    assert (orders.steps, orders.revisions) == (1, ("a",))


def test_a_table_made_again_is_one() -> None:
    again = replace(ORDERS, oid=30000)
    trace = _trace("a", "b")
    other = _statement(5, "c", (again, LockMode.ACCESS_EXCLUSIVE, 0.1))
    orders, _ = by_table(replace(trace, statements=(*trace.statements, other)))
    assert orders.revisions == ("a", "b", "c")


def test_text() -> None:
    stream = io.StringIO()
    render_trace_text(_trace(None, None), stream)
    assert (
        "by table:\n"
        "  public.orders  ACCESS EXCLUSIVE in 2 transactions, at most 1.5 s, 1 new file, "
        "2 scans of 2,000 rows\n"
        "  public.items   SHARE in 1 transaction, at most 250.0 ms\n"
    ) in stream.getvalue()


def test_markdown() -> None:
    trace = _trace("a", "b|c")
    table = render_tables_markdown(trace)
    assert table.splitlines()[2:] == [
        "| public.orders | ACCESS EXCLUSIVE | 2 revisions | 1.5 s | 1 | 2 (2,000) | a, b\\|c |",
        "| public.items | SHARE | 1 revision | 250.0 ms |  |  | b\\|c |",
    ]
    assert table in render_trace_markdown(trace)
    assert render_tables_markdown(trace, times=False).splitlines()[2:] == [
        "| public.orders | ACCESS EXCLUSIVE | 2 revisions | 1 | 2 (2,000) | a, b\\|c |",
        "| public.items | SHARE | 1 revision |  |  | b\\|c |",
    ]
    assert render_tables_markdown(Trace()) == ""


def test_many_revisions_are_counted() -> None:
    locks = (ORDERS, LockMode.SHARE, 0.1)
    trace = Trace(tuple(_statement(n, f"r{n}", locks) for n in range(9)))
    assert "r0, r1, r2, r3, r4, r5 and 3 more" in render_tables_markdown(trace)


def test_json() -> None:
    data = json.loads(render_trace_json(_trace("a", "b"), server="PostgreSQL 18", status=0))
    assert [(t["table"]["name"], t["mode"], t["steps"]) for t in data["tables"]] == [
        ("orders", "ACCESS EXCLUSIVE", 2),
        ("items", "SHARE", 1),
    ]
