# SPDX-License-Identifier: Apache-2.0
"""What the judge says of each measured operation, beside what squawk 2.70 said of its text.

No false alarm on what is safe, no silence on what is not; nor is there a difference between a
table with rows and one without.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from operations import BEFORE, OPERATIONS
from watching import codes, execute, judged

from bedstone.findings import Severity

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server

LONG, HELD, ROWS, BRIEF = "BED360", "BED361", "BED362", "BED363"
#: By operation: what is found, and whether squawk, with default rules, was right (flagged what is
#: unsafe or has a form with a weaker lock, silent on the rest), wrong (flagged what is safe), or
#: silent (on what is unsafe, or fails). ``None``: it was not tried on it.
EXPECTED: dict[str, tuple[set[str], str | None]] = {
    "add column not null without default": ({LONG}, "right"),
    "add column with volatile default": ({LONG}, "right"),
    "add column not null with constant default": ({BRIEF}, "right"),
    "add column default now()": ({BRIEF}, "right"),
    "create index": ({LONG}, "right"),
    "drop index": ({BRIEF}, "right"),
    "add foreign key": ({LONG}, "right"),
    "validate foreign key": (set(), "right"),
    "add foreign key not valid": (set(), None),
    "add check": ({LONG}, "right"),
    "validate check": (set(), None),
    "add unique": ({LONG}, "right"),
    "add exclude": ({LONG}, "right"),
    "set not null": ({LONG}, "right"),
    "set not null with valid check": ({BRIEF}, "wrong"),
    "add not null not valid": ({BRIEF}, "right"),
    "int to bigint": ({LONG}, "right"),
    "varchar(10) to varchar(20)": ({BRIEF}, "wrong"),
    "varchar to text": ({BRIEF}, "wrong"),
    "int to bigint with a dependent view": (set(), "silent"),
    "varchar to text with a dependent view": (set(), "silent"),
    "stored generated column": ({LONG}, "right"),
    "virtual generated column": ({BRIEF}, "wrong"),
    "bigserial column": ({LONG}, "silent"),
    "json column": ({BRIEF}, "right"),
    "update of a whole table": ({ROWS}, "silent"),
    "add column and update in one transaction": ({HELD}, "silent"),
    "add not valid and validate in one transaction": ({HELD}, "right"),
    "attach partition without check": ({LONG}, "silent"),
    "attach partition with check": ({BRIEF}, None),
    "detach partition": ({BRIEF}, "right"),
    "refresh materialized view": ({LONG}, "silent"),
    "create trigger": (set(), "right"),
    "enable row level security": ({BRIEF}, "right"),
    "set unlogged": ({LONG}, "silent"),
    "cluster": ({LONG}, "silent"),
    "reindex table": ({LONG}, "right"),
    "index in a DO block": ({LONG}, "silent"),
    "index in a function": ({LONG}, None),
    "truncate": ({BRIEF}, None),
    "drop table": ({BRIEF}, None),
    "lock table": (set(), None),
}
#: What runs on a table without rows only: the statement fails on one that has some.
FAILS_ON_ROWS = "add column not null without default"


def test_every_operation_is_expected() -> None:
    assert list(EXPECTED) == [operation.name for operation in OPERATIONS]


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "rows"])
def test_each_operation_is_judged_as_it_was_measured(
    any_server: Server, scratch: Scratch, *, empty: bool
) -> None:
    for operation in OPERATIONS:
        if operation.since > any_server.version.major:
            continue
        scratch.reset()
        before = f"{BEFORE};{operation.before}"
        if empty:
            before = re.sub(r"insert into [^;]*", "", before)
        execute(scratch, before)
        found = judged(scratch, *operation.sql)
        expected, _ = EXPECTED[operation.name]
        if operation.name == FAILS_ON_ROWS and not empty:
            expected = set()
        assert set(codes(found)) == expected, operation.name
        alarms = {f.code for f in found.findings if f.severity is Severity.ERROR}
        assert alarms == expected & {LONG, HELD}, operation.name
        assert not found.unclear, operation.name
