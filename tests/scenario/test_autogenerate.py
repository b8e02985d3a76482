# SPDX-License-Identifier: Apache-2.0
"""With one line in ``env.py`` Alembic's own commands answer as ``bedstone revision`` does."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commands import bedstone
from written import AFTER, BEFORE, Made, alembic

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.server import Scratch


@pytest.fixture(scope="module", params=["newest", "oldest"])
def packages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return where Alembic is to be found: the newest, or 1.8 with SQLAlchemy 1.4."""
    if request.param == "newest":
        return ""
    folder = tmp_path_factory.mktemp("packages")
    names = ("alembic==1.8.1", "sqlalchemy==1.4.54", "setuptools")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "-t", str(folder), *names]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"peer not there: Alembic 1.8.1: {done.stderr[-200:]}")
    return str(folder)


def test_check_and_autogenerate_see_what_alembic_does_not(
    tmp_path: Path, scratch: Scratch, packages: str
) -> None:
    driver = "psycopg2" if packages else "psycopg"
    made = Made.by_template(tmp_path, driver=driver)
    env = tmp_path / "migrations/env.py"
    env.write_text("import bedstone.autogenerate\n" + env.read_text())
    address = scratch.dsn.url(driver)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return alembic(tmp_path, *words, DATABASE_URL=address, PYTHONPATH=packages)

    def check() -> bool:
        """Whether there is nothing to do; Alembic 1.8 has no such command."""
        return bool(packages) or run("check").returncode == 0

    made.models(BEFORE)
    assert run("revision", "--autogenerate", "-m", "first").returncode == 0
    assert run("upgrade", "head").returncode == 0
    assert check()
    made.models(AFTER)
    assert run("revision", "--autogenerate", "-m", "more", "--rev-id", "more").returncode == 0
    names = sorted(p.name for p in (tmp_path / "migrations/versions").glob("*more*.py"))
    assert names[0] == f"more_2_more_2_of_{len(names)}.py"
    assert run("upgrade", "head").returncode == 0
    assert check()
    with scratch.connect() as session:
        (said,) = session.execute("select said()").fetchone() or ()
    assert said == 'a % b " \\: c :d'
    assert run("downgrade", "base").returncode == 0
    made.models(AFTER.replace("not like '5%'", "not like '6%'"))
    if packages:
        done = bedstone(tmp_path, "revision", "-m", "by hand", env={"PYTHONPATH": packages})
        assert done.returncode == 0, done.stdout
        assert run("upgrade", "head").returncode == 0
    else:
        assert run("upgrade", "head").returncode == 0
        checked = run("check")
        assert checked.returncode != 0
        assert "validate constraint ck_orders_odd" in checked.stdout + checked.stderr


def test_what_the_command_refuses_is_told_as_alembic_tells_it(shop: Made, scratch: Scratch) -> None:
    shop.models('Table("t", metadata, Column("x", Integer, server_default=text("no()")))')
    done = shop.alembic(scratch, "check")
    assert done.returncode != 0
    assert "BED194: the models cannot be built" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def shop(tmp_path: Path) -> Made:
    made = Made.by_template(tmp_path)
    env = tmp_path / "migrations/env.py"
    env.write_text("import bedstone.autogenerate\n" + env.read_text())
    return made
