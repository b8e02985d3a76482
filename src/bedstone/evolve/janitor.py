# SPDX-License-Identifier: Apache-2.0
"""Sees to it that nothing stays of what was written, unless it was said that it is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.evolve.removal import KEEP, journaled, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM = Path(__file__).with_name("removal.py")


class Janitor:
    """The journal of what is about to be made, and whether that stays."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.is_kept = False

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were made, or were about to be."""
        return tuple(path for path in journaled(self.journal) if not path.is_dir())


@contextmanager
def clean_up() -> Iterator[Janitor]:
    """Remove at the end of the block what was made in it, unless it is kept.

    So it goes however the block ends; where this process is killed, one of its own does it.
    """
    handle, name = tempfile.mkstemp(prefix="bedstone-journal-")
    os.close(handle)
    janitor = Janitor(Path(name))
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_PROGRAM), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield janitor
    finally:
        if not janitor.is_kept:
            remove(janitor.journal)
        process.communicate(KEEP)  # all is done: the process has nothing left to do
        janitor.journal.unlink(missing_ok=True)
