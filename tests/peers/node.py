# SPDX-License-Identifier: Apache-2.0
"""node-postgres and Knex, from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from fetched import fetch, program

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString

PROGRAMS = Path(__file__).with_name("node")


def modules() -> Path:
    """Return the folder that holds ``node_modules``."""
    program("node", needed_by="node-postgres and Knex")
    npm = program("npm", needed_by="node-postgres and Knex")
    files = (PROGRAMS / "package.json", PROGRAMS / "package-lock.json")
    return fetch("node", files, (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"))


def environment(dsn: ConnectionString) -> dict[str, str]:
    """Return the environment in which node finds the packages, and they the database."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return inherited | dsn.libpq_env() | {"NODE_PATH": str(modules() / "node_modules")}


def run_node(script: str, dsn: ConnectionString, *words: str) -> str:
    """Run one of our programs in ``node/`` and return what it prints."""
    done = subprocess.run(
        [str(shutil.which("node")), PROGRAMS / script, *words],
        env=environment(dsn),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def knex(folder: Path, statements: tuple[str, ...]) -> list[str]:
    """Write a Knex project of one migration; return the command that runs it."""
    (folder / "migrations").mkdir(parents=True)
    (folder / "knexfile.js").write_text(
        "module.exports = { client: 'pg', connection: process.env.DATABASE_URL };\n"
    )
    calls = "".join(f"  await knex.raw({_quoted(sql)});\n" for sql in statements)
    (folder / "migrations" / "20260101000000_shop.js").write_text(
        f"exports.up = async function (knex) {{\n{calls}}};\nexports.down = async () => {{}};\n"
    )
    bin_js = modules() / "node_modules" / "knex" / "bin" / "cli.js"
    return [str(shutil.which("node")), str(bin_js), "migrate:latest", "--cwd", str(folder)]


def _quoted(sql: str) -> str:
    return "`" + sql.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${") + "`"
