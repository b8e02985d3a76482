# SPDX-License-Identifier: Apache-2.0
"""The oldest Alembic, SQLAlchemy and Python that a project may have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedstone.history import Failure

if TYPE_CHECKING:
    from bedstone.server import Scratch, Workspace
    from conftest import Sample

PACKAGES = {
    "3.8": ("alembic==1.8.1", "sqlalchemy==1.3.24", "psycopg2-binary"),
    "3.9": ("alembic==1.8.1", "sqlalchemy==1.4.54", "psycopg2-binary", "asyncpg", "greenlet"),
    "3.10": ("alembic==1.8.1", "sqlalchemy==1.4.54", "psycopg2-binary", "asyncpg", "greenlet"),
}


#: Where there is no old Python, its own newest one with an old Alembic.
NEWEST_PYTHON = ("alembic==1.8.1", "sqlalchemy==1.4.54", "psycopg2-binary", "setuptools")


def interpreter(version: str) -> str | None:
    """Return a Python of *version* that is installed here."""
    found = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


def missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter with the oldest versions, made once; it needs the package registry."""
    version = next((v for v in PACKAGES if interpreter(v)), None)
    program = interpreter(version) if version else sys.executable
    packages = PACKAGES[version] if version else NEWEST_PYTHON
    folder = tmp_path_factory.mktemp("old") / "venv"
    assert program is not None
    subprocess.run([program, "-m", "venv", folder], check=True)
    done = subprocess.run(
        [folder / "bin/pip", "install", "-q", *packages],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        missing(f"OLD VERSIONS ARE NOT TESTED: pip failed: {done.stderr.strip()[-300:]}")
    return folder / "bin/python"


def test_up_down_models_and_errors(
    sample: Sample, scratch: Scratch, workspace: Workspace, old_python: Path
) -> None:
    sample.write(
        "models.py",
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('t', metadata, sa.Column('id', sa.Integer, info={'renamed_from': 'nr'}),"
        " schema='away')\n",
    )
    sample.env(imports="import models", options="target_metadata=models.metadata")
    sample.table("a")
    sample.table("b", "a")
    sample.revision("c", "b", upgrade="op.execute('select 1/0')")
    with sample.open(scratch, python=str(old_python)) as history:
        assert history.versions["alembic"] == "1.8.1"
        assert history.upgrade(scratch, ["a", "b"]).ok
        assert history.current(scratch) == ("b",)
        error = history.step(scratch, "c", "up").error
        assert error is not None
        assert (error.sqlstate, error.revision) == ("22012", "c")
        assert history.downgrade(scratch).ok
        made = history.create_models(scratch)
        assert made.ok
        assert [hint["old"] for hint in made.result[0]["renames"]] == ["nr"]
        assert history.filtered(scratch, [("other", "t")]) == {("other", "t")}
        other = workspace.scratch("other")
        assert history.upgrade(other, ["a"]).ok
        assert sample.tables(other) == {"a"}


def test_the_guard(
    sample: Sample, scratch: Scratch, workspace: Workspace, old_python: Path
) -> None:
    url = workspace.scratch("victim").dsn.url()
    sample.revision("a", upgrade=f"import psycopg2; psycopg2.connect({url!r})")
    with sample.open(scratch, python=str(old_python)) as history:
        error = history.upgrade(scratch).error
    assert error is not None
    assert error.failure is Failure.REFUSED
