# SPDX-License-Identifier: Apache-2.0
"""What is written about the blueprint ``ads`` is so, and its commands run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Enum

import bedstone.blueprints.ads
from bedstone.blueprints.ads.models import metadata

FOLDER = Path(bedstone.blueprints.ads.__file__).parent
DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = DOCS / "reference" / "blueprints" / "ads.md"
CHECKLIST = DOCS / "how-to" / "migration-checklist.md"


def blocks(page: Path, language: str) -> str:
    """Return the code of *page* in *language*, one block after the other."""
    text = page.read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def run(program: list[str], text: str, scratch: Any, folder: Path) -> None:
    env = {
        **os.environ,
        "DATABASE_URL": scratch.dsn.url(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        program, input=text, capture_output=True, text=True, env=env, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_commands_and_the_example_of_the_reference_run(scratch: Any, tmp_path: Path) -> None:
    run(["bash", "-eu"], blocks(REFERENCE, "bash"), scratch, tmp_path)
    run([sys.executable, "-"], blocks(REFERENCE, "python"), scratch, tmp_path)


def test_the_commands_of_the_checklist_run(scratch: Any, tmp_path: Path) -> None:
    project = shutil.copytree(
        FOLDER, tmp_path / "ads", ignore=shutil.ignore_patterns("__pycache__")
    )
    run(["bash", "-eu"], blocks(CHECKLIST, "bash"), scratch, project)


@pytest.mark.parametrize("name", metadata.tables)
def test_the_reference_has_each_column_and_index_in_the_row_of_its_table(name: str) -> None:
    table = metadata.tables[name]
    text = REFERENCE.read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{name}` \|.*$", text, re.MULTILINE)
    general = {"id", "created_at", "updated_at"}
    written = set(re.findall(r"`(\w+)`", row))
    assert {column.name for column in table.columns} - general <= written
    assert {index.name for index in table.indexes} <= written
    unique = set(re.findall(r"\*\*`(\w+)`\*\*", row))
    assert unique == {index.name for index in table.indexes if index.unique}
    for column in table.columns:
        if column.name not in general:
            assert (f"`{column.name}` null" in row) == bool(column.nullable), column.name


def test_the_reference_has_the_values_of_each_enum_in_order() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    enums = {
        column.type.name: column.type.enums
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum)
    }
    assert len(enums) == 6
    for name, values in enums.items():
        assert f"| `{name}` | {', '.join(f'`{value}`' for value in values)} |" in text
