# SPDX-License-Identifier: Apache-2.0
"""``bedstone trace --dialect`` reaches the tools that it names."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commands import bedstone
from flyway import flyway
from jdbc import classes
from node import knex, modules

if TYPE_CHECKING:
    from pathlib import Path

CREATE = "create table shop (id int primary key)"
_SQLALCHEMY = f"""
import asyncio, os, sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
url = os.environ["DATABASE_URL"]
async def main():
    async with create_async_engine(url).begin() as connection:
        await connection.execute(sa.text({CREATE!r}))
if "asyncpg" in url:
    asyncio.run(main())
else:
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text({CREATE!r}))
"""


def by_sqlalchemy(_: Path) -> list[str]:
    return [sys.executable, "-W", "ignore", "-c", _SQLALCHEMY]


def by_knex(folder: Path) -> list[str]:
    found = str(modules() / "node_modules")
    return ["env", f"NODE_PATH={found}", *knex(folder / "shop", (CREATE,))]


def by_flyway(folder: Path) -> list[str]:
    (folder / "V1__shop.sql").write_text(f"{CREATE};\n")
    return flyway(folder)


def by_jdbc(folder: Path) -> list[str]:
    script = folder / "script.sql"
    script.write_text(f"# shop\n{CREATE}\n")
    there = classes()
    return ["java", "-cp", f"{there}/*:{there}", "Operations", str(script)]


COMMANDS = {
    "psycopg": by_sqlalchemy,
    "psycopg2": by_sqlalchemy,
    "asyncpg": by_sqlalchemy,
    "knex": by_knex,
    "flyway": by_flyway,
    "jdbc": by_jdbc,
}


@pytest.mark.parametrize("dialect", COMMANDS)
def test_a_tool_finds_the_database_by_its_dialect(tmp_path: Path, dialect: str) -> None:
    """The user's own variables of the same names lead elsewhere, and are not passed on."""
    words = COMMANDS[dialect](tmp_path)
    others = {"DATABASE_URL": "postgres://db.invalid/live", "FLYWAY_URL": "jdbc:postgresql://x/y"}
    done = bedstone(tmp_path, "trace", "--json", "--dialect", dialect, "--", *words, env=others)
    assert done.returncode == 0, done.stderr
    statements = json.loads(done.stdout)["statements"]
    (create,) = [s for s in statements if CREATE in s["sql"]]
    assert [r["name"] for r in create["created"]] == ["shop", "shop_pkey"]
    told = json.dumps(json.loads(done.stdout)) + " ".join(words)
    assert "password=" not in told


def test_the_users_own_address_is_not_passed_on(tmp_path: Path) -> None:
    """Without --dialect the command is told less, and never more than before."""
    words = [sys.executable, "-c", "import os; raise SystemExit('FLYWAY_URL' in os.environ)"]
    others = {"FLYWAY_URL": "jdbc:postgresql://db.invalid/live"}
    done = bedstone(tmp_path, "trace", "--", *words, env=others)
    assert done.stderr.startswith("BED197")


def test_the_names_are_completed_and_listed() -> None:
    done = subprocess.run(
        [shutil.which("bedstone") or f"{sys.prefix}/bin/bedstone"],
        env={
            "_BEDSTONE_COMPLETE": "complete_bash",
            "COMP_WORDS": "bedstone trace --dialect f",
            "COMP_CWORD": "3",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "flyway" in done.stdout.split()
    assert "knex" not in done.stdout.split()
