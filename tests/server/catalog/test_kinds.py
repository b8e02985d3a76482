# SPDX-License-Identifier: Apache-2.0
"""Every attribute of every kind, changed by one statement: compare names that and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_changes import GROUPS, Group
from catalog_observed import check_difference

import servers
from bedstone.catalog import read_catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from bedstone.server import Server


#: Where pg_dump is asked, too: the oldest and the newest, so that each change is at least once.
#: It takes four times as long as all the rest.
DUMPED = (servers.MAJORS[0], servers.MAJORS[-1])


@pytest.fixture(params=GROUPS.values(), ids=GROUPS)
def group(request: pytest.FixtureRequest, any_server: Server) -> Group:
    found: Group = request.param
    if not servers.matches(found.pg, any_server.version.major):
        pytest.skip(f"of PostgreSQL {found.pg}")
    return found


def test_each_change_is_named_and_nothing_else(
    group: Group, any_server: Server, session: psycopg.Connection, dump: Callable[[], list[str]]
) -> None:
    need(session, group.needs)
    session.execute(group.setup.encode())
    observed = any_server.version.major in DUMPED
    before, dumped = read_catalog(session), dump() if observed else []
    for change in group.changes:
        if not servers.matches(change.pg, any_server.version.major):
            continue
        session.execute(change.sql.encode())
        after, dumped_after = read_catalog(session), dump() if observed else []
        check_difference(before, after, change.expected, change.sql)
        if observed:
            assert (dumped != dumped_after) is change.dump, f"pg_dump after {change.sql}"
        before, dumped = after, dumped_after


def need(session: psycopg.Connection, name: str | None) -> None:
    row = session.execute(
        "select from pg_available_extensions where name = %(name)s"
        # A server without ICU has a collation of it all the same, which cannot be used.
        " union all select from pg_collation where %(name)s = 'icu' and collname = 'de-x-icu'",
        {"name": name or "plpgsql"},
    ).fetchone()
    if row is None:
        pytest.skip(f"this server comes without {name}")
