# SPDX-License-Identifier: Apache-2.0
"""Flyway's own configuration, as far as it says where SQL files are and how they are run."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from bedstone.errors import SettingsInvalid
from bedstone.project.layout import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Where Flyway and its plugins look, later ones going before earlier ones.
_NAMES = ("conf/flyway.conf", "flyway.conf", "conf/flyway.toml", "flyway.toml")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read_flyway(root: Path) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Return what Flyway's configuration in *root* sets, and the files that say so."""
    found: dict[str, Any] = {}
    files = tuple(root / name for name in _NAMES if (root / name).is_file())
    for path in files:
        values = _toml(path) if path.suffix == ".toml" else _conf(path)
        placeholders = found.get("placeholders", {}) | values.get("placeholders", {})
        found |= values
        if placeholders:
            found["placeholders"] = placeholders
    return found, files


def flyway_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders of SQL files that Flyway's configuration in *root* names.

    ``classpath:`` is looked for below ``src/main/resources``.
    """
    found, _ = read_flyway(root)
    locations = found.get("locations") or ()
    if isinstance(locations, str):
        locations = [part.strip() for part in locations.split(",") if part.strip()]
    return tuple(_folder(root, str(location)) for location in locations)


def read_properties(path: Path) -> dict[str, str]:
    """Return the ``key=value`` lines of *path*; ``#`` and ``!`` begin comments."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"{path} is not UTF-8", hint="Save it as UTF-8.") from error
    found = {}
    for line in map(str.strip, lines):
        if line and line[0] not in "#!":
            name, _, value = line.partition("=")
            found[name.strip()] = _VARIABLE.sub(_environment, value.strip())
    return found


def _environment(match: re.Match[str]) -> str:
    return os.environ.get(match.group(1), match.group())


def _folder(root: Path, location: str) -> Path:
    kind, colon, path = location.partition(":")
    if not colon:
        kind, path = "filesystem" if (root / location).is_dir() else "classpath", location
    if kind == "classpath":
        return root / "src/main/resources" / path.strip("/")
    return root / path


def _conf(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    placeholders: dict[str, str] = {}
    for name, value in read_properties(path).items():
        key = name.removeprefix("flyway.")
        if key.startswith("placeholders."):
            placeholders[key.removeprefix("placeholders.")] = value
        else:
            found[key] = value
    return found | ({"placeholders": placeholders} if placeholders else {})


def _toml(path: Path) -> dict[str, Any]:
    document = read_toml(path)
    own: Mapping[str, Any] = document.get("flyway", {})
    name = str(own.get("environment", "default"))
    environment: Mapping[str, Any] = document.get("environments", {}).get(name, {})
    found = dict(own)
    if "schemas" in environment:
        found.setdefault("schemas", environment["schemas"])
    if "placeholders" in found:
        found["placeholders"] = {k: str(v) for k, v in found["placeholders"].items()}
    return found
