# SPDX-License-Identifier: Apache-2.0
"""Versions of PostgreSQL, as the server itself numbers them."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The oldest major version that bedstone works on.
OLDEST_MAJOR = 15

_TEXT = re.compile(r"\(PostgreSQL\)\s+(\d+)(?:\.(\d+)|(\w+))?")


@dataclass(frozen=True, order=True, slots=True)
class ServerVersion:
    """A version of PostgreSQL 10 or newer.

    *num* is ``server_version_num``: the major version times 10,000 plus the minor one.
    """

    num: int

    @property
    def major(self) -> int:
        """The major version: 18 of 18.6."""
        return self.num // 10_000

    @property
    def minor(self) -> int:
        """The minor version: 6 of 18.6."""
        return self.num % 10_000

    def __str__(self) -> str:
        if self.num < 100_000:
            return f"{self.num // 10_000}.{self.num // 100 % 100}"
        return f"{self.major}.{self.minor}"


def read_version(text: str) -> ServerVersion | None:
    """Return the version in what ``postgres --version`` or ``pg_dump --version`` prints."""
    match = _TEXT.search(text)
    if match is None:
        return None
    return ServerVersion(int(match.group(1)) * 10_000 + int(match.group(2) or 0))
