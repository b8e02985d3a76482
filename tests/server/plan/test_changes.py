# SPDX-License-Identifier: Apache-2.0
"""Every attribute of every kind: the plan there and the plan back leave nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_changes import GROUPS, Change, Group
from catalog_observed import make_roles
from plan_applied import bring, need

import servers
from bedstone.catalog import read_catalog
from bedstone.errors import NotPlannable
from bedstone.plan import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server

#: What PostgreSQL, or a catalog that holds no secrets, makes impossible, and how that is said.
REFUSED = {
    "range": ("has a canonical function",),
    "base type": ("is a base type",),
    "index": ("is not valid",),
    "language": ("is not trusted, and has privileges",),
    "foreign data": ("no catalog holds secrets",),
    "subscription": ("no catalog holds secrets",),
}


@pytest.fixture(
    params=[g for n, g in GROUPS.items() if n != "security label"], ids=lambda g: g.name
)
def group(request: pytest.FixtureRequest, any_server: Server) -> Group:
    found: Group = request.param
    if not servers.matches(found.pg, any_server.version.major):
        pytest.skip(f"of PostgreSQL {found.pg}")
    return found


@pytest.fixture
def session(scratch: Scratch) -> Iterator[psycopg.Connection]:
    with scratch.connect(autocommit=True) as conn:
        make_roles(conn)
        conn.execute("set allow_system_table_mods = on")
        yield conn


@pytest.mark.pg("!= 16, != 17")
def test_each_change_can_be_planned_both_ways(
    group: Group, any_server: Server, session: psycopg.Connection, scratch: Scratch
) -> None:
    need(session, group.needs)
    refused = []

    def go(a: Catalog, b: Catalog) -> bool:
        try:
            bring(scratch, a, b, session=session)
        except NotPlannable as reason:
            refused.append(str(reason))
            return False
        return True

    nothing = read_catalog(session)
    session.execute(group.setup.encode())
    before = read_catalog(session)
    for change in group.changes:
        if not servers.matches(change.pg, any_server.version.major):
            continue
        session.execute(change.sql.encode())
        after = read_catalog(session)
        if go(after, before) and not go(before, after):
            session.execute(change.sql.encode())
        before = after
    if go(before, nothing):
        go(nothing, before)
    reasons = REFUSED.get(group.name, ())
    unexpected = [text for text in refused if not any(reason in text for reason in reasons)]
    assert unexpected == []
    assert bool(refused) is (group.name in REFUSED)


@pytest.mark.parametrize("change", GROUPS["security label"].changes, ids=lambda c: c.expected)
def test_security_labels_are_written(
    change: Change, session: psycopg.Connection, scratch: Scratch
) -> None:
    """No server comes with a provider of labels, so that what is written cannot be run here."""
    session.execute(GROUPS["security label"].setup.encode())
    before = read_catalog(session)
    session.execute(change.sql.encode())
    after = read_catalog(session)
    (there,), (back,) = plan(before, after).statements, plan(after, before).statements
    assert there.sql == f"security label for p on {there.subject} is 'secret'"
    assert back.sql == f"security label for p on {back.subject} is null"
