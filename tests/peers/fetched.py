# SPDX-License-Identifier: Apache-2.0
"""Foreign programs that tests run beside bedstone, fetched once in a pinned version.

They are kept in ``~/.cache/bedstone-peers``, or in the folder that ``BEDSTONE_PEERS`` names. What
cannot be had skips its tests, and says so in the summary of the run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What every reason begins with; the summary of a run is made of these.
MISSING = "peer not there:"
_PATIENCE = 240


def folder() -> Path:
    """The folder of all peers."""
    return Path(os.environ.get("BEDSTONE_PEERS") or "~/.cache/bedstone-peers").expanduser()


def program(name: str, *, needed_by: str) -> str:
    """Return the path of a program of this machine, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{MISSING} {needed_by} (no {name} on this machine)")
    return found


def fetch(name: str, files: Sequence[Path], words: Sequence[str]) -> Path:
    """Return a folder with copies of *files* in which the command *words* has run well.

    It runs once for a given content of the files, whoever asks first; the others wait.
    """
    reason = _fetch(name, tuple(files), tuple(words))
    if isinstance(reason, str):
        pytest.skip(f"{MISSING} {name} ({reason})")
    return reason


@cache
def _fetch(name: str, files: tuple[Path, ...], words: tuple[str, ...]) -> Path | str:
    content = b"".join(path.read_bytes() for path in files)
    target = folder() / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return target
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for path in files:
            shutil.copy(path, new)
        problem = _run(words, new)
        if problem is None:
            new.rename(target)
    return problem or target


def _run(words: tuple[str, ...], place: Path) -> str | None:
    try:
        done = subprocess.run(
            words, cwd=place, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{Path(words[0]).name}: {error}"
    if done.returncode == 0:
        return None
    lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return f"{Path(words[0]).name} says: {lines[0][:200] if lines else done.returncode}"
