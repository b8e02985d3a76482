# SPDX-License-Identifier: Apache-2.0
"""The lock modes of relations, in order of their strength."""

from __future__ import annotations

from enum import IntEnum


class LockMode(IntEnum):
    """A table-level lock mode; a stronger one is greater.

    Source: https://www.postgresql.org/docs/18/explicit-locking.html#LOCKING-TABLES
    """

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    def __str__(self) -> str:
        return self.name.replace("_", " ")


#: As ``pg_locks.mode`` writes them: AccessExclusiveLock.
LOCK_MODES = {mode.name.title().replace("_", "") + "Lock": mode for mode in LockMode}
