# SPDX-License-Identifier: Apache-2.0
"""Runs a plan, by psql or in one session, and says what is left to do."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest

from bedstone.catalog import Catalog, Meaning, compare, read_catalog
from bedstone.plan import Options, Plan, plan, render_script, split_script

if TYPE_CHECKING:
    from bedstone.server import Scratch


class ScriptFailed(AssertionError):
    """psql stopped at an error."""


def run_script(scratch: Scratch, script: str) -> None:
    """Run *script* as users do: by psql, until the first error."""
    pg_dump = scratch.workspace.server.pg_dump
    assert pg_dump is not None
    done = subprocess.run(
        [str(pg_dump.program.with_name("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=script, capture_output=True, text=True, check=False,
        env=os.environ | scratch.dsn.libpq_env(),
    )  # fmt: skip
    if done.returncode:
        raise ScriptFailed(f"{done.stderr.strip()}\n{script}")


def observe(scratch: Scratch) -> Catalog:
    with scratch.connect(autocommit=True) as conn:
        return read_catalog(conn)  # less roles, which are the server's


def run_statements(session: psycopg.Connection, made: Plan) -> None:
    """Run what the script holds, statement by statement, in a session in autocommit."""
    for statement in split_script(made):
        try:
            session.execute(statement.encode())
        except psycopg.Error as error:
            session.execute("rollback")
            raise ScriptFailed(f"{error}\n{render_script(made)}") from error
    session.execute("reset all")


def bring(
    scratch: Scratch,
    a: Catalog,
    b: Catalog,
    options: Options | None = None,
    *,
    session: psycopg.Connection | None = None,
) -> Catalog:
    """Turn the database from *a* into *b* by the plan; say what the plan left to be done.

    By psql, or in *session*, which is ten times as fast.
    """
    made = plan(a, b, options)
    script = render_script(made)
    if session is None:
        run_script(scratch, script)
        after = observe(scratch)
    else:
        run_statements(session, made)
        after = read_catalog(session)
    left = [str(d) for d in compare(after, b) if d.meaning is Meaning.MEANINGFUL]
    assert not left, f"{left} after {script}"
    again = plan(after, b, options).statements
    assert not again, f"{again} after {script}"
    return after


def need(session: psycopg.Connection, name: str | None) -> None:
    row = session.execute(
        "select from pg_available_extensions where name = %(name)s"
        # A server without ICU has a collation of it all the same, which cannot be used.
        " union all select from pg_collation where %(name)s = 'icu' and collname = 'de-x-icu'",
        {"name": name or "plpgsql"},
    ).fetchone()
    if row is None:
        pytest.skip(f"this server comes without {name}")
