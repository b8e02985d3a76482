# SPDX-License-Identifier: Apache-2.0
"""Where projects keep their Alembic configuration."""

from __future__ import annotations

import configparser
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = 3
SKIPPED = frozenset(
    {
        "node_modules",
        "site-packages",
        "__pycache__",
        "venv",
        "env",
        "build",
        "dist",
        "tests",
        "docs",
    }
)


def find_configurations(root: Path) -> list[Path]:
    """Return the Alembic configurations of the project in *root*.

    The one in *root* itself goes before those deeper inside.
    """
    ini = root / "alembic.ini"
    if ini.is_file():
        return [ini]
    toml = root / "pyproject.toml"
    if toml.is_file() and "alembic" in read_toml(toml).get("tool", {}):
        return [toml]
    return sorted(_below(root))


def _below(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        names[:] = sorted(
            n for n in names if depth < _DEPTH and n not in SKIPPED and not n.startswith(".")
        )
        if "alembic.ini" in files and here != root:
            yield here / "alembic.ini"


def read_toml(path: Path) -> dict[str, Any]:
    """Return what the TOML file *path* holds, nothing where it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def project_name(root: Path) -> str:
    """Return what the project in *root* calls itself."""
    name = read_toml(root / "pyproject.toml").get("project", {}).get("name")
    return name if isinstance(name, str) else root.name


def read_ini(path: Path) -> configparser.ConfigParser:
    """Return the ini file *path*, nothing of it where it cannot be read."""
    parser = configparser.ConfigParser({"here": str(path.parent)}, interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return configparser.ConfigParser()
    return parser


def script_location(path: Path, section: str) -> str | None:
    """Return the script location that the ini file *path* names, ``%(here)s`` filled in."""
    parser = read_ini(path)
    text = parser.get(section, "script_location", fallback=None)
    return None if text is None else text.replace("%(here)s", str(path.parent))


def work_folder(ini: Path, section: str, outermost: Path) -> Path:
    """Return the folder that Alembic is called in for *ini*.

    That is the nearest folder, from the one of the file up to *outermost*, in which its relative
    script location exists.
    """
    location = script_location(ini, section)
    if location is None or ":" in location or Path(location).is_absolute():
        return ini.parent
    for folder in (ini.parent, *ini.parent.parents):
        if (folder / location).is_dir():
            return folder
        if folder == outermost or (folder / ".git").exists():
            break
    return ini.parent
