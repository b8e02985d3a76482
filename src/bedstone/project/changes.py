# SPDX-License-Identifier: Apache-2.0
"""Which files a branch changed, as git tells it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bedstone.errors import GitUnusable


@dataclass(frozen=True, slots=True)
class Changes:
    """The files that differ between a merge base and the work tree, as absolute paths."""

    base: str
    top: Path
    touched: frozenset[Path]
    deleted: frozenset[Path]


def read_changes(folder: Path, since: str) -> Changes:
    """Return what the work tree of *folder* changed since it left the branch *since*.

    New files count, committed or not; ignored ones do not.

    Raises:
        GitUnusable: there is no git, *folder* is in no work tree, or *since* names no commit.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    # --end-of-options: a name that begins with a dash stays a name
    _git(
        top,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{since}^{{commit}}",
        about=since,
    )
    base = _git(top, "merge-base", "--end-of-options", since, "HEAD", about=since).strip()
    touched = _paths(top, _git(top, "diff", "--name-only", "-z", "--diff-filter=d", base, "--"))
    untracked = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    deleted = _paths(top, _git(top, "diff", "--name-only", "-z", "--diff-filter=D", base, "--"))
    return Changes(base, top, touched | _paths(top, untracked), deleted)


def write_base(changes: Changes, destination: Path) -> None:
    """Write the files of the merge base below *destination*, as they were then."""
    archive = subprocess.run(
        ["git", "-C", str(changes.top), "archive", "--format=tar", changes.base],
        check=True,
        stdout=subprocess.PIPE,
    )
    subprocess.run(["tar", "-x", "-C", str(destination)], input=archive.stdout, check=True)


def _paths(top: Path, listing: str) -> frozenset[Path]:
    return frozenset((top / name).resolve() for name in listing.split("\0") if name)


def _git(folder: Path, *arguments: str, about: str | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], check=False, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise GitUnusable(
            "git is not installed here", hint="Install git, or prove all revisions without --since."
        ) from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip().splitlines()
    if about is not None:
        raise GitUnusable(
            f'git finds no commit "{about}" that this branch shares history with',
            detail=said[0] if said else "A shallow clone has too little history for it.",
            hint=f"Fetch it first: git fetch --unshallow origin, or git fetch origin {about}",
        )
    raise GitUnusable(
        f"{folder} is not in a git work tree that can be read",
        detail=said[0] if said else None,
        hint="Run it inside the repository, or prove all revisions without --since.",
    )
