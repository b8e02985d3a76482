# SPDX-License-Identifier: Apache-2.0
"""The major versions of PostgreSQL that a script may meet."""

from __future__ import annotations

import re

from bedstone.errors import VersionRangeInvalid
from bedstone.server import OLDEST_MAJOR

_RANGE = re.compile(r"(?:>=|==)?\s*(\d{1,4})")


def read_range(text: str) -> int:
    """Return the oldest major version of a range such as ``>=15``; ``17`` is that one alone.

    Raises:
        VersionRangeInvalid: it is none, or begins before the oldest version that plans are for.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise VersionRangeInvalid(
            f'"{text}" is no range of major versions', hint="Write --postgres '>=15', or 17."
        )
    lowest = int(match[1])
    if lowest < OLDEST_MAJOR:
        raise VersionRangeInvalid(
            f"plans are written for PostgreSQL {OLDEST_MAJOR} and newer, not for {lowest}",
            hint=f"Write --postgres '>={OLDEST_MAJOR}'.",
        )
    return lowest


def check_range(lowest: int, major: int) -> None:
    """Refuse a script that the server of the first side does not understand.

    Raises:
        VersionRangeInvalid: the server is older than what the script may use.
    """
    if major < lowest:
        raise VersionRangeInvalid(
            f"the script may use what came with {lowest}, and FROM is PostgreSQL {major}",
            hint=f"Write --postgres '>={major}'.",
        )
