# SPDX-License-Identifier: Apache-2.0
"""The page on published projects and the recipes that the benchmark runs say the same."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from bedstone.prove.codes import CODES
from bedstone.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/real-projects.md").read_text(encoding="utf-8")
RECIPES = sorted(path.parent for path in (ROOT / "benchmarks/real_projects").glob("*/recipe.toml"))


def section(recipe: Path) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## {recipe.name}\n")[1], flags=re.MULTILINE)[0]


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_the_page_shows_the_settings_and_packages_that_are_measured(recipe: Path) -> None:
    settings = (recipe / "bedstone.toml").read_text(encoding="utf-8")
    requires = tomllib.loads((recipe / "recipe.toml").read_text(encoding="utf-8"))["requires"]
    assert blocks("toml", section(recipe)) == [settings]
    assert f"pip install {shlex.join(requires)}\n" in blocks("sh", section(recipe))
    assert len(settings.splitlines()) <= 6
    Settings.model_validate(tomllib.loads(settings))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_the_page_confirms_each_finding_that_is_expected(recipe: Path) -> None:
    findings = (recipe / "findings.txt").read_text(encoding="utf-8").splitlines()
    rows = [line for line in section(recipe).splitlines() if line.startswith("| ")]
    for line in findings:
        severity, code, revision, name = line.split(" ", 3)
        assert severity in {"error", "warning", "note"}
        assert code in CODES
        assert any(code in row.split(" | ")[0] for row in rows), line
        assert revision == "-" or revision in "\n".join(rows), line
        assert name == "-" or re.split(r"[. ]", name)[-1].strip('"') in section(recipe), line


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_the_page_counts_the_findings_that_are_expected(recipe: Path) -> None:
    findings = (recipe / "findings.txt").read_text(encoding="utf-8").splitlines()
    errors = sum(line.startswith("error ") for line in findings)
    (row,) = [line for line in PAGE.splitlines() if f"](#{recipe.name})" in line]
    assert f"| {len(findings)} ({errors}) |" in row
