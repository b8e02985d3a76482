# SPDX-License-Identifier: Apache-2.0
"""node-postgres and JDBC hear the same through the observer as without it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from jdbc import run_java
from node import run_node

from bedstone.trace import observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server
    from bedstone.trace import Trace

PROGRAMS = {
    "node-postgres": partial(run_node, "client.js"),
    "jdbc": partial(run_java, "Client"),
    "jdbc simple": partial(run_java, "Client", options="preferQueryMode=simple"),
    "jdbc prepared": partial(run_java, "Client", options="prepareThreshold=1"),
    "jdbc autosave": partial(run_java, "Client", options="autosave=always"),
    "jdbc binary": partial(run_java, "Client", options="prepareThreshold=-1"),
}


def _written(trace: Trace) -> dict[str, int]:
    """Return the rows that each kind of statement wrote to item."""
    found: dict[str, int] = {}
    for statement in trace.statements:
        for write in statement.writes:
            count = write.inserted + write.updated + write.deleted
            for kind in statement.kinds[:1]:
                found[kind] = found.get(kind, 0) + count
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_client_prints_the_same_through_the_observer(server: Server, name: str) -> None:
    run: Callable[[ConnectionString], str] = PROGRAMS[name]
    with server.workspace("peer") as workspace:
        scratch = workspace.scratch("one")
        expected = run(scratch.dsn)
        scratch.reset()
        with observe(scratch) as observer:
            found = run(observer.dsn)
            trace = observer.trace()
    assert found == expected
    assert len(found.splitlines()) > 40
    assert _written(trace)["copy"] == (2000 if name == "node-postgres" else 5000)
    assert {"23505", "42P01", "57014"} <= {s.error.sqlstate for s in trace.statements if s.error}
    assert [s.sql for s in trace.statements if s.unknown and not s.error] == []
    (alter,) = (s for s in trace.statements if "alter table item" in s.sql[0])
    assert [(k.relation.name, str(k.mode)) for k in alter.locks] == [("item", "ACCESS EXCLUSIVE")]
    assert {t.outcome for t in trace.transactions if not t.given} >= {"committed"}
