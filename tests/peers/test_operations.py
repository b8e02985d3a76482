# SPDX-License-Identifier: Apache-2.0
"""Each operation's locks, rewrites and scans, through node-postgres and JDBC."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from jdbc import run_java
from node import run_node
from operation_runs import check_operations, expect, statements

if TYPE_CHECKING:
    from pathlib import Path

    from operation_runs import Runs

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server


def _script(runs: Runs, folder: Path) -> str:
    lines = []
    for schema, operation in runs:
        lines += [f"# {schema}", f"set search_path = {schema}, public"]
        lines += [" ".join(sql.split()) for sql in statements(operation, autocommit=True)]
    path = folder / "operations.sql"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def _compare(printed: str, runs: Runs) -> None:
    states = dict(line.split() for line in printed.splitlines())
    for schema, operation in runs:
        expect(operation, None if states[schema] == "done" else states[schema])


def node(mode: str, dsn: ConnectionString, runs: Runs, folder: Path) -> None:
    _compare(run_node("operations.js", dsn, _script(runs, folder), mode), runs)


def jdbc(options: str, dsn: ConnectionString, runs: Runs, folder: Path) -> None:
    _compare(run_java("Operations", dsn, _script(runs, folder), options=options), runs)


CLIENTS = {
    "node simple": partial(node, "simple"),
    "node extended": partial(node, "extended"),
    "node prepared": partial(node, "prepared"),
    "jdbc simple": partial(jdbc, "preferQueryMode=simple"),
    "jdbc extended": partial(jdbc, ""),
    "jdbc prepared": partial(jdbc, "prepareThreshold=1"),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_operation_is_told_as_the_server_does_it(
    any_server: Server, client: str, tmp_path: Path
) -> None:
    check_operations(any_server, CLIENTS[client], tmp_path)
