# SPDX-License-Identifier: Apache-2.0
"""What plans say of their statements is what the observer sees when they are run.

Those of the pairs of schemas, too, where their file is named: see ``pairs.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_changes import GROUPS, Group
from catalog_observed import make_roles
from plan_applied import need
from plan_traced import Said, fill, run_traced

import servers
from bedstone.catalog import read_catalog
from bedstone.errors import NotPlannable
from bedstone.plan import plan
from pairs import UNAVAILABLE, build, named_pairs

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server

PARTS = 4
#: No server comes with a provider of labels.
RUN = [group for name, group in GROUPS.items() if name != "security label"]


@pytest.mark.parametrize("group", RUN, ids=lambda g: g.name)
def test_each_kind_of_change_locks_what_its_plan_says(
    group: Group, server: Server, scratch: Scratch
) -> None:
    with scratch.connect(autocommit=True) as conn:
        need(conn, group.needs)
        make_roles(conn)
        conn.execute("set allow_system_table_mods = on")
        conn.execute(group.setup.encode())
        before = read_catalog(conn)
        for change in group.changes:
            if servers.matches(change.pg, server.version.major):
                conn.execute(change.sql.encode())
        after = read_catalog(conn)
    lies = []
    for a, b in ((after, before), (before, after)):
        try:
            made = plan(a, b)
        except NotPlannable:
            break
        fill(scratch, a)
        trace = run_traced(scratch, made)
        lies += Said(made, trace, a).lies()
        if any(statement.error for statement in trace.statements):
            break  # rows did not suit a statement that had said so
    assert lies == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_pairs_of_schemas_lock_what_their_plans_say(
    part: int, server: Server, scratch: Scratch
) -> None:
    """The same of the pairs of ``pairs.py``, both ways, each with rows."""
    lies = []
    for case in named_pairs()[part::PARTS]:
        for first, second in (("old", "new"), ("new", "old")):
            try:
                target = build(scratch, case, second)
                start = build(scratch, case, first)
            except UNAVAILABLE:
                continue
            made = plan(start, target)
            fill(scratch, start)
            trace = run_traced(scratch, made)
            lies += [f"{case['id']}: {lie}" for lie in Said(made, trace, start).lies()]
    assert lies == []
