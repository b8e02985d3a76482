# SPDX-License-Identifier: Apache-2.0
"""The documentation says what is true: pages that are generated, commands, the tutorial."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from commands import bedstone, timeless

from bedstone.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]


def test_generated_pages_are_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def _commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`(bedstone [^`]+)`", text)
    found = [line for line in lines if re.match(r"(uvx )?bedstone ", line)] + inline
    return [line.removeprefix("uvx ") for line in found if "…" not in line]


SAID = [(page, line) for page in PAGES for line in _commands(page)]


@pytest.mark.parametrize(
    ("page", "line"), SAID, ids=[f"{page.name}: {line}" for page, line in SAID]
)
def test_every_command_and_option_that_a_page_shows_exists(page: Path, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if words[0] == "--version":
        return
    group = typer.main.get_command(app)
    command = group.commands[words[0]]  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in parameter.opts}
    for word in words[1:]:
        if word == "--":
            break
        if word.startswith("-"):
            assert word.partition("=")[0] in options | {"--help"}, f"{page}: {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize(
    ("page", "commands"),
    [
        ("tutorial/first-proof.md", 2),
        ("how-to/plan-a-change.md", 1),
        ("how-to/prove-sql-files.md", 1),
    ],
)
def test_a_page_works_as_written(tmp_path: Path, page: str, commands: int) -> None:
    """Its files are written, its commands run, and their output is what it shows."""
    folder = tmp_path / "shop"
    folder.mkdir()
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    parts = re.finditer(
        r"^`(?P<name>[\w./]+)`[^\n]*:\n\n```\w+\n(?P<body>.*?)```"
        r"|^Add one line to .*? in `(?P<mended>[\w./]+)`:\n\n```python\n(?P<line>.*?)```"
        r"|^```console\n\$ (?P<command>.*?)\n(?P<output>.*?)```",
        text,
        re.DOTALL | re.MULTILINE,
    )
    ran = 0
    for part in parts:
        if part["name"]:
            path = folder / part["name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(part["body"])
        elif part["mended"]:
            path = folder / part["mended"]
            path.write_text(path.read_text() + part["line"])
        else:
            done = bedstone(folder, *shlex.split(part["command"])[1:])
            assert timeless(done.stdout) == timeless(part["output"])
            ran += 1
    assert ran == commands
