# SPDX-License-Identifier: Apache-2.0
"""The same migration gives the same facts, whichever tool runs it.

A tool's own statements are set aside by one rule: a statement is the migration's if it reads
like one of its statements, constants left out. What is left must not have touched a relation
other than the tool's books, which shows that the rule sets nothing of the migration's aside.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from flyway import flyway
from migration import BEFORE, BOOKS, STATEMENTS, write_alembic, write_sql
from node import environment, knex

from bedstone.server.binaries import find_binaries
from bedstone.trace import LockMode, observe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bedstone.dsn import ConnectionString
    from bedstone.server import Server
    from bedstone.trace import StatementFacts, Trace

Command = tuple[list[str], dict[str, str]]


def by_psql(folder: Path, dsn: ConnectionString) -> Command:
    psql = str(find_binaries(None).bin_dir / "psql")
    script = write_sql(folder / "shop.sql", transaction=True)
    return [psql, "-Xqv", "ON_ERROR_STOP=1", "-f", str(script), dsn.url()], {}


def by_alembic(driver: str) -> Callable[[Path, ConnectionString], Command]:
    def command(folder: Path, dsn: ConnectionString) -> Command:
        ini = write_alembic(folder)
        words = [sys.executable, "-m", "alembic", "-c", str(ini), "upgrade", "head"]
        return words, {"DATABASE_URL": dsn.url(driver)}

    return command


def by_knex(folder: Path, dsn: ConnectionString) -> Command:
    return knex(folder, STATEMENTS), environment(dsn) | {"DATABASE_URL": dsn.url()}


def by_flyway(folder: Path, dsn: ConnectionString) -> Command:
    write_sql(folder / "V1__shop.sql", transaction=False)
    return flyway(folder, dsn), {}


TOOLS = {
    "alembic, psycopg": by_alembic("psycopg"),
    "alembic, psycopg2": by_alembic("psycopg2"),
    "knex": by_knex,
    "flyway": by_flyway,
}


def _run(server: Server, tool: Callable[[Path, ConnectionString], Command], folder: Path) -> Trace:
    with server.workspace("tool") as workspace:
        scratch = workspace.scratch("one")
        with scratch.connect(autocommit=True) as connection:
            connection.execute(BEFORE)
        with observe(scratch) as observer:
            words, environ = tool(folder, observer.dsn)
            done = subprocess.run(
                words, env=os.environ | environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr + done.stdout
            return observer.trace()


def _normal(sql: str) -> str:
    return " ".join(sql.split()).rstrip("; ")


def _touched(statement: StatementFacts) -> set[str]:
    """Return the relations to which something was done, or that were locked against writers."""
    locked = {k.relation.name for k in statement.locks if k.mode > LockMode.ROW_SHARE}
    facts = (*statement.rewrites, *statement.writes)
    made = {r.name for r in (*statement.created, *statement.dropped)}
    return locked | made | {fact.relation.name for fact in facts}


def _shape(statement: StatementFacts) -> dict[str, object]:
    """Return all that must be the same in two runs: not numbers, times and oids."""
    return {
        "locks": sorted(
            (k.relation.name, str(k.mode), k.method.name, k.relation.created)
            for k in statement.locks
        ),
        "rewrites": sorted(f.relation.name for f in statement.rewrites),
        "scans": sorted((f.relation.name, f.scans, f.rows) for f in statement.scans),
        "writes": sorted(
            (f.relation.name, f.inserted, f.updated, f.deleted) for f in statement.writes
        ),
        "created": sorted(r.name for r in statement.created),
        "dropped": sorted(r.name for r in statement.dropped),
        "method": statement.method.name,
        "error": statement.error,
        "unknown": statement.unknown,
    }


def _facts(trace: Trace, wanted: list[str]) -> dict[str, dict[str, object]]:
    """Return the facts of the migration's statements; the others are the tool's."""
    found = {}
    for statement in trace.statements:
        sql = _normal(statement.sql[0]) if len(statement.sql) == 1 else ""
        if sql in wanted:
            found[sql] = _shape(statement)
        else:
            theirs = {n for n in _touched(statement) if not n.startswith(BOOKS)}
            assert theirs == set(), (statement.sql, theirs)
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_the_same_migration_gives_the_same_facts(
    any_server: Server, tool: str, tmp_path: Path
) -> None:
    trace = _run(any_server, by_psql, tmp_path / "psql")
    wanted = [_normal(s.sql[0]) for s in trace.statements if s.kinds != ("transaction",)]
    assert len(wanted) == len(STATEMENTS)
    expected = _facts(trace, wanted)
    found = _facts(_run(any_server, TOOLS[tool], tmp_path / "tool"), wanted)
    assert list(found) == list(expected)
    different = {
        (sql, field): (fact, found[sql][field])
        for sql, facts in expected.items()
        for field, fact in facts.items()
        if fact != found[sql][field]
    }
    assert different == {}


#: Locks taken on what was there before, what got a new file, rows written; by the first words.
EXPECTED = {
    "create table address": ("customer SHARE ROW EXCLUSIVE", "", ""),
    "create unique index": ("customer SHARE", "", ""),
    "alter table purchase alter column total": (
        (
            "purchase ACCESS EXCLUSIVE, purchase_pkey ACCESS EXCLUSIVE, "
            "purchase_total ACCESS EXCLUSIVE"
        ),
        "purchase purchase_pkey",
        "",
    ),
    "alter table purchase add column token": ("", "purchase purchase_pkey", ""),
    "alter table purchase add constraint purchase_customer": (
        "purchase SHARE ROW EXCLUSIVE",
        "",
        "",
    ),
    "insert into address": ("", "", "address 30"),
    "update purchase": (
        "purchase ROW EXCLUSIVE, purchase_pkey ROW EXCLUSIVE",
        "",
        "purchase 30",
    ),
    "do": ("customer ROW EXCLUSIVE, customer_pkey ROW EXCLUSIVE", "", "customer 5"),
    "truncate": ("", "", ""),
}


def test_the_facts_are_those_of_the_migration(any_server: Server, tmp_path: Path) -> None:
    """Agreeing on nothing would be agreement, too."""
    statements = _run(any_server, by_psql, tmp_path).statements
    for words, expected in EXPECTED.items():
        (statement,) = (s for s in statements if s.sql[0].startswith(words))
        older: dict[str, str] = {}
        for lock in statement.locks:  # the strongest comes first
            if not lock.relation.created and lock.mode > LockMode.ROW_SHARE:
                older.setdefault(lock.relation.name, f"{lock.relation.name} {lock.mode}")
        written = [f"{w.relation.name} {w.inserted + w.updated}" for w in statement.writes]
        found = (
            ", ".join(older[name] for name in sorted(older)),
            " ".join(fact.relation.name for fact in statement.rewrites),
            ", ".join(written),
        )
        assert found == expected, words
