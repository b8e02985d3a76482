# SPDX-License-Identifier: Apache-2.0
"""Sees to it that nothing stays of what was written, unless it was said that it is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.evolve.removal import KEEP, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM = Path(__file__).with_name("removal.py")


class Janitor:
    """Notes what is about to be written; a process of its own notes it too."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.paths: list[Path] = []
        self.is_kept = False

    def expect(self, path: Path) -> None:
        """Note that *path* is about to be made."""
        self.paths.append(path)
        assert self._process.stdin is not None  # noqa: S101  it was asked for
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()

    def keep(self) -> None:
        """Let everything stay that was made."""
        self.is_kept = True
        assert self._process.stdin is not None  # noqa: S101  it was asked for
        self._process.stdin.write(KEEP + "\n")
        self._process.stdin.flush()


@contextmanager
def clean_up() -> Iterator[Janitor]:
    """Remove at the end of the block what was made in it, unless it is kept.

    So it goes however the block ends, also where this process is killed.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with process:
        janitor = Janitor(process)
        try:
            yield janitor
        finally:
            if not janitor.is_kept:
                remove(janitor.paths)
