# SPDX-License-Identifier: Apache-2.0
"""``bedstone.lock``: what a project accepts, line by line, so that a review shows each change."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedstone.errors import LockFileInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bedstone.findings import Finding

LOCK_NAME = "bedstone.lock"
_VERSION = 1
_HEADER = """\
# What this project accepts: findings that bedstone prove reports as known and does not fail on.
# Written by `bedstone accept`. Review its changes like code; a deleted entry is found again.
"""


@dataclass(frozen=True, slots=True, order=True)
class Accepted:
    """One finding that the project has accepted, by what makes it the same one tomorrow."""

    code: str
    revision: str = ""
    object: str = ""
    cause: str = ""
    message: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The key of the finding."""
        return (self.code, self.revision, self.object, self.cause)

    @classmethod
    def of(cls, finding: Finding) -> Accepted:
        """Accept *finding*."""
        return cls(*finding.key, finding.message)


@dataclass(frozen=True, slots=True)
class Lock:
    """Everything that a project accepts."""

    accepted: tuple[Accepted, ...] = ()

    @property
    def keys(self) -> frozenset[tuple[str, str, str, str]]:
        """The keys of all accepted findings."""
        return frozenset(entry.key for entry in self.accepted)

    def with_findings(self, findings: Iterable[Finding]) -> Lock:
        """Return a lock that also accepts *findings*."""
        entries = {entry.key: entry for entry in self.accepted}
        entries |= {finding.key: Accepted.of(finding) for finding in findings}
        return Lock(tuple(sorted(entries.values())))


def read_lock(root: Path) -> Lock:
    """Read the lock file of the project in *root*; an empty lock where there is none.

    Raises:
        LockFileInvalid: the file is not one that bedstone writes.
    """
    path = root / LOCK_NAME
    if not path.is_file():
        return Lock()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        if content.get("version") != _VERSION:
            raise _invalid(path, f"its version is {content.get('version')!r}, not {_VERSION}")
        return Lock(tuple(sorted(_entry(path, entry) for entry in content.get("accepted", []))))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(path, str(error)) from error


def render_lock(lock: Lock) -> str:
    """Return the text of the lock file: the same lock always gives the same text."""
    blocks = [_HEADER + f"version = {_VERSION}\n"]
    for entry in lock.accepted:
        lines = ["[[accepted]]"]
        for name in ("code", "revision", "object", "cause", "message"):
            value = getattr(entry, name)
            if value:
                # A JSON string is a TOML basic string but for DEL, which TOML wants escaped
                text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
                lines.append(f"{name} = {text}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _entry(path: Path, entry: dict[str, Any]) -> Accepted:
    try:
        return Accepted(**{name: str(value) for name, value in entry.items()})
    except TypeError as error:
        raise _invalid(path, f"an entry has other fields than expected: {sorted(entry)}") from error


def _invalid(path: Path, what: str) -> LockFileInvalid:
    return LockFileInvalid(
        f"{path.name} cannot be read: {what}",
        detail=f"The file is {path}.",
        hint="Mend it, or delete it and run: bedstone accept",
    )
