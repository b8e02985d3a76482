# SPDX-License-Identifier: Apache-2.0
"""Which interpreter a project is run in."""

from __future__ import annotations

import os
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from bedstone.errors import InterpreterNotFound
from bedstone.project import find_interpreter

if TYPE_CHECKING:
    from pathlib import Path


def make(folder: Path, *packages: str) -> Path:
    """Make an environment that can import *packages*, which are empty."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    site = next((folder / "lib").glob("python*")) / "site-packages"
    for package in packages:
        (site / package).mkdir(parents=True)
        (site / package / "__init__.py").touch()
    return python


def test_the_projects_own_environment(tmp_path: Path) -> None:
    python = make(tmp_path / ".venv", "alembic", "sqlalchemy")
    found = find_interpreter(tmp_path, environ={})
    assert found.path == python
    assert found.version[:2] == sys.version_info[:2]
    assert found.environ["VIRTUAL_ENV"] == str(tmp_path / ".venv")
    assert found.environ["PATH"].startswith(str(tmp_path / ".venv/bin") + os.pathsep)


def test_the_environment_of_a_folder_above(tmp_path: Path) -> None:
    python = make(tmp_path / "venv", "alembic", "sqlalchemy")
    (tmp_path / ".git").mkdir()
    (tmp_path / "backend").mkdir()
    assert find_interpreter(tmp_path / "backend", environ={}).path == python


def test_the_active_environment_goes_before_the_projects(tmp_path: Path) -> None:
    make(tmp_path / ".venv", "alembic", "sqlalchemy")
    python = make(tmp_path / "active", "alembic", "sqlalchemy")
    environ = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert find_interpreter(tmp_path, environ=environ).path == python


def test_an_environment_without_alembic_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path / ".venv", "sqlalchemy")
    assert str(find_interpreter(tmp_path, environ={}).path) == sys.executable


def test_a_folder_named_alembic_is_not_taken_for_alembic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / ".venv", "sqlalchemy")
    (tmp_path / "alembic").mkdir()
    (tmp_path / "alembic/__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    assert str(find_interpreter(tmp_path, environ={}).path) == sys.executable


def test_models_need_no_alembic(tmp_path: Path) -> None:
    python = make(tmp_path / ".venv", "sqlalchemy")
    assert find_interpreter(tmp_path, needs=("sqlalchemy",), environ={}).path == python


def test_an_environment_can_be_named_by_its_folder(tmp_path: Path) -> None:
    python = make(tmp_path / "other", "alembic", "sqlalchemy")
    assert find_interpreter(tmp_path, given="other", environ={}).path == python
    assert find_interpreter(tmp_path, given=str(tmp_path / "other"), environ={}).path == python


def test_what_was_named_is_not_replaced_by_another(tmp_path: Path) -> None:
    make(tmp_path / ".venv", "sqlalchemy")
    with pytest.raises(InterpreterNotFound) as caught:
        find_interpreter(tmp_path, given=".venv", environ={})
    assert "alembic cannot be imported in it" in str(caught.value)


def test_pdm_says_where_its_interpreter_is(tmp_path: Path) -> None:
    python = make(tmp_path / "elsewhere", "alembic", "sqlalchemy")
    (tmp_path / ".pdm-python").write_text(f"{python}\n")
    found = find_interpreter(tmp_path, environ={})
    assert (found.path, found.origin) == (python, "pdm")


@pytest.mark.parametrize(
    ("tool", "file"), [("uv", "uv.lock"), ("poetry", "poetry.lock"), ("pipenv", "Pipfile")]
)
def test_the_projects_tool_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, file: str
) -> None:
    python = make(tmp_path / "elsewhere", "alembic", "sqlalchemy")
    program = tmp_path / "bin" / tool
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho {python}\n")
    program.chmod(0o755)
    (tmp_path / file).touch()
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    found = find_interpreter(tmp_path, environ={})
    assert (found.path, found.origin) == (python, tool)
