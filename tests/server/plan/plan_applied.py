# SPDX-License-Identifier: Apache-2.0
"""Runs a plan by psql and says what is left to do."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from bedstone.catalog import Catalog, Meaning, compare, read_catalog
from bedstone.plan import Options, plan, render_script

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


def bring(scratch: Scratch, a: Catalog, b: Catalog, options: Options | None = None) -> Catalog:
    """Turn the database from *a* into *b* by the plan; say what the plan left to be done."""
    script = render_script(plan(a, b, options))
    run_script(scratch, script)
    after = observe(scratch)
    left = [str(d) for d in compare(after, b) if d.meaning is Meaning.MEANINGFUL]
    assert not left, f"{left} after {script}"
    again = plan(after, b, options).statements
    assert not again, f"{again} after {script}"
    return after
