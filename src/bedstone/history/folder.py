# SPDX-License-Identifier: Apache-2.0
"""A private folder for what the project's code is given: addresses and configuration files."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

_PREFIX = "bedstone-run-"


class PrivateFolder:
    """A folder that only this account can read, removed by ``close``.

    An interrupt can fall between any two steps, also of ``close``: what is then left is removed
    when this process ends. The folder is locked for as long as it lives; what a killed process
    left is thus told from what is in use, and is removed when the next folder is made.
    """

    def __init__(self) -> None:
        remove_abandoned()
        self.path = Path(tempfile.gettempdir()) / f"{_PREFIX}{secrets.token_hex(8)}"
        self._at_exit = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        self._lock = _make(self.path)

    def close(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._at_exit.detach()
        os.close(self._lock)


def remove_abandoned() -> None:
    """Remove the folders of processes that have ended without doing so."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = _open(path)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _make(path: Path) -> int:
    """Make and lock a folder; once more where another process took it for abandoned just then."""
    while True:
        path.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            lock = _open(path)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.is_dir():
                return lock
            os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
