# SPDX-License-Identifier: Apache-2.0
"""What plans say of their statements is what the observer sees when they are run.

Those of the pairs of schemas, too, where their file is named: see ``test_schema_pairs.py``.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from catalog_changes import GROUPS, Group
from catalog_observed import make_roles
from plan_applied import need
from plan_traced import Said, fill, run_traced

import servers
from bedstone.catalog import read_catalog
from bedstone.errors import NotPlannable
from bedstone.plan import plan

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server


PAIRS = os.environ.get("BEDSTONE_SCHEMA_PAIRS")
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
    """The same of the pairs of ``test_schema_pairs.py``, both ways, each with rows."""
    if PAIRS is None:
        pytest.skip("NOT RUN: 415 pairs of schemas; name their file in BEDSTONE_SCHEMA_PAIRS")
    cases = json.loads(Path(PAIRS).read_text(encoding="utf-8"))["cases"]
    lies = []
    for case in cases[part::PARTS]:
        for first, second in (("old", "new"), ("new", "old")):
            try:
                target = build(scratch, case, second)
                start = build(scratch, case, first)
            except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
                continue  # an extension that this server comes without
            made = plan(start, target)
            fill(scratch, start)
            trace = run_traced(scratch, made)
            lies += [f"{case['id']}: {lie}" for lie in Said(made, trace, start).lies()]
    assert lies == []


def build(scratch: Scratch, case: dict[str, Any], side: str) -> Catalog:
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        for role in case.get("roles", ()):
            with suppress(psycopg.errors.DuplicateObject):
                conn.execute(f"create role {role}".encode())
        for statements in case[side]:
            conn.execute(statements.encode())
        return read_catalog(conn)
