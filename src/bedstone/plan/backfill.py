# SPDX-License-Identifier: Apache-2.0
"""Rows that get values in batches, each committed by itself, along the table's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.side import words
from bedstone.plan.spelling import dollar_quoted
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from bedstone.catalog import Attributes, Key
    from bedstone.plan.side import Side

#: Pages of 8 kB a batch: some ten thousand rows, which are locked until it is committed.
PAGES = 128
_LOOP = """
declare
    size constant bigint := pg_catalog.current_setting('block_size');
    pages constant bigint := {length} / size;
    batch constant bigint := {batch};
    page bigint := 0;
begin
    while page < pages loop
        {before}update {path}
        set {values}
        where ctid >= pg_catalog.format('(%s,0)', page)::tid
        and ctid < pg_catalog.format('(%s,0)', page + batch)::tid
        and ({left});
        commit;
        page := page + batch;
    end loop;
end
"""
_PAST_TRIGGERS = "perform pg_catalog.set_config('session_replication_role', 'replica', true);\n"
#: The tables that a statement about one of them is about: its partitions, its children.
_TREE = """(
        with recursive tree(oid) as (
            select {table}::regclass::oid
            union select below.inhrelid from pg_catalog.pg_inherits as below
            join tree on below.inhparent = tree.oid
        ) select {what} from tree
    )"""


def backfill(
    key: Key,
    path: str,
    values: dict[str, str],
    left: str,
    reason: str,
    *,
    past_triggers: bool = False,
    spread: bool = False,
    hazards: tuple[Hazard, ...] = (),
) -> Statement:
    """Write what sets *values* in the rows that are *left*, a batch of pages at a time.

    Rows that are written later lie behind the pages that it goes over, so that whatever keeps
    them up has to be there before. *past_triggers* keeps the table's own triggers from seeing it.
    *spread* says that the rows may be in partitions or children, of which the same pages are
    taken at a time.
    """
    table = quote_literal(path)
    length, batch = f"pg_catalog.pg_relation_size({table})", str(PAGES)
    if spread:
        length = _TREE.format(table=table, what="max(pg_catalog.pg_relation_size(oid))")
        batch = f"greatest(1, {PAGES} / {_TREE.format(table=table, what='count(*)')})"
    before = _PAST_TRIGGERS + " " * 8 if past_triggers else ""
    body = _LOOP.format(
        path=path, length=length, batch=batch, left=left, before=before,
        values=", ".join(f"{name} = {value}" for name, value in values.items()),
    )  # fmt: skip
    return Statement(
        f"do {dollar_quoted(body)}", key, reason, LockMode.ROW_EXCLUSIVE, path, hazards,
        Transaction.NONE,
    )  # fmt: skip


def fill_at_once(
    key: Key, path: str, values: dict[str, str], *, past_triggers: bool = False
) -> Statement:
    """Write what sets *values* in all rows, in the transaction of the statements around it."""
    assigned = ", ".join(f"{name} = {value}" for name, value in values.items())
    sql = f"update {path} set {assigned}"
    if past_triggers:
        role = "perform pg_catalog.set_config('session_replication_role', '{}', true);"
        body = (
            f"\nbegin\n    {role.format('replica')}\n    {sql};\n    {role.format('origin')}\nend\n"
        )
        sql = f"do {dollar_quoted(body)}"
    why = "rows that are there get their value"
    return Statement(sql, key, why, LockMode.ROW_EXCLUSIVE, path, (Hazard.BLOCKS,))


def has_triggers(table: Key, side: Side) -> bool:
    """Whether triggers of *table* would be fired by a backfill, unless it goes past them."""
    triggers = (side[k].attributes for k in side.parts.get(table, ()) if k.kind == "trigger")
    return any(is_fired(trigger) and trigger["enabled"] == "origin" for trigger in triggers)


def is_fired(trigger: Attributes) -> bool:
    """Whether a trigger would be fired by an UPDATE of a column that it does not know."""
    return "update" in words(trigger["events"]) and not trigger["columns"]


def may_go_past(key: Key) -> Statement:
    """Write what fails for those who may not go past triggers, before any work is done."""
    return Statement(
        "set session_replication_role = origin", key,
        "rows are filled past the table's triggers: who may not is told before the work",
        transaction=Transaction.NONE,
    )  # fmt: skip


def has_children(table: Key, side: Side) -> bool:
    """Whether other tables inherit from *table*."""
    return any(key.kind in {"table", "foreign table"} for key in side.dependants.get(table, ()))
