# SPDX-License-Identifier: Apache-2.0
"""Tells a wrong migration from a server or machine that lacks something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.history import Failure

if TYPE_CHECKING:
    from bedstone.history import StepError

_OTHER_SERVER = "Name a server that has it: --server postgresql://…"
#: Beginnings of SQLSTATEs that speak of the server or the role, not of the statement.
_STATES = (
    (("42501",), "the role may not do this", "Use the embedded server, or a role that may."),
    (("53", "57", "08"), "the server gave up", "Run the command again."),
)
#: What a server may be without, and how it says so. Collations come with the operating system or
#: with ICU: only names such as ``de_DE.utf8`` and ``de-x-icu`` are theirs.
_ABSENT = (
    (
        "extension",
        re.compile(r'extension "([^"]+)" is not available|extension/([^"/]+)\.control'),
    ),
    ("library", re.compile(r'could not access file "([^"]+)"')),
    (
        "collation",
        re.compile(
            r'collation "((?:[\w-]+\.)?(?:[a-z]{2,3}_[A-Z]{2}[^"]*|[^"]+-x-icu))" for encoding'
            r'|could not create locale "([^"]+)"'
        ),
    ),
)
#: What a build leaves out: ICU, a compression method, XML.
_BUILD = re.compile(r"not supported (?:by|in) this build|^compression method \w+ not supported")
#: What Python says where Alembic asks a revision's file for a function that it has not.
_NO_DOWNGRADE = re.compile(r"module '[^']+' has no attribute 'downgrade'")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something the server or machine lacks, so that nothing is said about the migration."""

    lacks: str
    hint: str


def obstacle_in(error: StepError) -> Obstacle | None:
    """Return what the server lacks, where that is why the step failed."""
    message, state = error.message, error.sqlstate or ""
    for what, pattern in _ABSENT:
        if match := pattern.search(message):
            name = next(filter(None, match.groups()))
            return Obstacle(f'the server has no {what} "{name}"', _OTHER_SERVER)
    if state == "0A000" and _BUILD.search(message):
        return Obstacle(f"the server was built without it: {message}", _OTHER_SERVER)
    if state in {"53100", "58030"} or "No space left on device" in message:
        return Obstacle(
            "the disk is full", "Free some room, or set cache_dir to a folder on another disk."
        )
    for states, words, hint in _STATES:
        if state.startswith(states) and not error.timed_out:
            return Obstacle(f"{words}: {message}", hint)
    return None


def is_refusal(error: StepError, path: Path | None) -> bool:
    """Whether a downgrade refuses on purpose: its own file raises, PostgreSQL said nothing.

    A file without a ``downgrade`` function says the same, and a SQL file without an undo file.
    """
    if error.failure is Failure.IRREVERSIBLE:
        return True
    if error.exception == "NotImplementedError" or has_no_downgrade(error):
        return True
    line = _own_line(error, path)
    return line is not None and line.startswith("raise")


def has_no_downgrade(error: StepError) -> bool:
    """Whether a revision's file has no ``downgrade`` function at all."""
    said = _NO_DOWNGRADE.fullmatch(error.message)
    return error.exception == "AttributeError" and said is not None


def is_slip(error: StepError, path: Path | None) -> bool:
    """Whether a revision's own line is wrong Python, whatever the rows hold.

    What a null in a row would explain as well is not called so.
    """
    if error.exception not in {"AttributeError", "NameError", "TypeError", "UnboundLocalError"}:
        return False
    return "NoneType" not in error.message and _own_line(error, path) is not None


def _own_line(error: StepError, path: Path | None) -> str | None:
    """Return the line of the revision's own file that failed, where no server refused anything."""
    if error.sqlstate or not (path and error.file and error.line):
        return None
    try:
        if Path(error.file).resolve() != path.resolve():
            return None
        return path.read_text(encoding="utf-8").splitlines()[error.line - 1].strip()
    except (OSError, IndexError, UnicodeDecodeError):
        return None
