# SPDX-License-Identifier: Apache-2.0
"""Tells a wrong migration from a server or machine that lacks something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.history import StepError

_EXTENSION = re.compile(r'extension "([^"]+)" is not available|extension/([^"/]+)\.control')
_LIBRARY = re.compile(r'could not access file "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something the server or machine lacks, so that nothing is said about the migration."""

    lacks: str
    hint: str


def obstacle_in(error: StepError) -> Obstacle | None:
    """Return what the server lacks, where that is why the step failed."""
    message, state = error.message, error.sqlstate or ""
    if match := _EXTENSION.search(message):
        name = match.group(1) or match.group(2)
        return Obstacle(
            f'the server has no extension "{name}"',
            f"Name a server that has {name}: --server postgresql://…",
        )
    if match := _LIBRARY.search(message):
        return Obstacle(
            f'the server has no library "{match.group(1)}"',
            "Name a server that has it: --server postgresql://…",
        )
    if state == "42501":
        return Obstacle(
            f"the role may not do this: {message}",
            "Let the scratch server's role do it, or leave --server out to use the embedded one.",
        )
    if state == "0A000" and re.search(r"not supported (?:by|in) this build", message):
        return Obstacle(f"the server was built without it: {message}", "Name another server.")
    if state in {"53100", "58030"} or "No space left on device" in message:
        return Obstacle(
            "the disk is full", "Free some room, or set cache_dir to a folder on another disk."
        )
    if state[:2] in {"53", "57", "08"} and not error.timed_out:
        return Obstacle(f"the server gave up: {message}", "Run the command again.")
    return None


def is_refusal(error: StepError, path: Path | None) -> bool:
    """Whether a downgrade refuses on purpose: its own file raises, PostgreSQL said nothing."""
    if error.exception == "NotImplementedError":
        return True
    if error.sqlstate or not (path and error.file and error.line):
        return False
    try:
        if Path(error.file).resolve() != path.resolve():
            return False
        line = path.read_text(encoding="utf-8").splitlines()[error.line - 1]
    except (OSError, IndexError, UnicodeDecodeError):
        return False
    return line.strip().startswith("raise")
