# SPDX-License-Identifier: Apache-2.0
"""Rows that get values in batches, each committed by itself, along the table's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.spelling import dollar_quoted
from bedstone.plan.statement import Statement, Transaction
from bedstone.sql import quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from bedstone.catalog import Key
    from bedstone.plan.statement import Hazard

#: Pages of 8 kB a batch: some ten thousand rows, which are locked until it is committed.
PAGES = 128
_LOOP = """
declare
    size constant bigint := pg_catalog.current_setting('block_size');
    pages constant bigint := pg_catalog.pg_relation_size({table}) / size;
    page bigint := 0;
begin
    while page < pages loop
        {before}update {path}
        set {values}
        where ctid >= pg_catalog.format('(%s,0)', page)::tid
        and ctid < pg_catalog.format('(%s,0)', page + {batch})::tid
        and ({left});
        commit;
        page := page + {batch};
    end loop;
end
"""
_PAST_TRIGGERS = "perform pg_catalog.set_config('session_replication_role', 'replica', true);\n"


def backfill(
    key: Key,
    path: str,
    values: dict[str, str],
    left: str,
    reason: str,
    *,
    past_triggers: bool = False,
    hazards: tuple[Hazard, ...] = (),
) -> Statement:
    """Write what sets *values* in the rows that are *left*, a batch of pages at a time.

    Rows that are written later lie behind the pages that it goes over, so that whatever keeps
    them up has to be there before. *past_triggers* keeps the table's own triggers from seeing it.
    """
    before = _PAST_TRIGGERS + " " * 8 if past_triggers else ""
    body = _LOOP.format(
        table=quote_literal(path), path=path, batch=PAGES, left=left, before=before,
        values=", ".join(f"{name} = {value}" for name, value in values.items()),
    )  # fmt: skip
    return Statement(
        f"do {dollar_quoted(body)}", key, reason, LockMode.ROW_EXCLUSIVE, path, hazards,
        Transaction.NONE,
    )  # fmt: skip
