# SPDX-License-Identifier: Apache-2.0
"""Every attribute of every kind: the plan there and the plan back, run by psql, leave nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from catalog_changes import GROUPS, Group
from catalog_observed import make_roles
from plan_applied import bring, observe

import servers

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server


@pytest.fixture(params=GROUPS.values(), ids=GROUPS)
def group(request: pytest.FixtureRequest, any_server: Server) -> Group:
    found: Group = request.param
    if not servers.matches(found.pg, any_server.version.major):
        pytest.skip(f"of PostgreSQL {found.pg}")
    return found


def test_each_change_can_be_planned_both_ways(
    group: Group, any_server: Server, scratch: Scratch
) -> None:
    with scratch.connect(autocommit=True) as session:
        make_roles(session)
        need(session, group.needs)
    nothing = observe(scratch)
    execute(scratch, group.setup)
    before = observe(scratch)
    for change in group.changes:
        if not servers.matches(change.pg, any_server.version.major):
            continue
        execute(scratch, change.sql)
        after = observe(scratch)
        bring(scratch, after, before)
        before = bring(scratch, before, after)
    bring(scratch, before, nothing)
    bring(scratch, nothing, before)


def execute(scratch: Scratch, sql: str) -> None:
    with scratch.connect(autocommit=True) as session:
        session.execute(sql.encode())


def need(session: psycopg.Connection, name: str | None) -> None:
    row = session.execute(
        "select from pg_available_extensions where name = %(name)s"
        " union all select from pg_collation where %(name)s = 'icu' and collname = 'de-x-icu'",
        {"name": name or "plpgsql"},
    ).fetchone()
    if row is None:
        pytest.skip(f"this server comes without {name}")
