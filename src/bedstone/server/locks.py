# SPDX-License-Identifier: Apache-2.0
"""Locks on files, which the kernel lets go of when their holder dies, however it dies.

Standard library only: the keeper loads this module in an interpreter without site-packages.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FileLock:
    """A ``flock`` on one file. The file itself stays when the lock is let go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock and say whether it was had. Blocks when *wait* is true."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return True

    def release(self) -> None:
        """Let the lock go. Nothing happens where it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[FileLock]:
    """Hold a lock on *path* for the block, waiting for it as long as it takes."""
    lock = FileLock(path)
    lock.acquire(shared=shared)
    try:
        yield lock
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether another holder has an exclusive lock on *path* now."""
    if not path.exists():
        return False
    lock = FileLock(path)
    if lock.acquire(shared=True, wait=False):
        lock.release()
        return False
    return True
