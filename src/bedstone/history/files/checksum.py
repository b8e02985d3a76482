# SPDX-License-Identifier: Apache-2.0
"""The checksum of a SQL file, the same number as Flyway's.

CRC-32 of the lines without their ends, so that a change of line ends or a byte order mark is no
change of the file (Flyway's ``ChecksumCalculator``). A signed 32-bit integer.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What Java's ``BufferedReader.readLine`` ends a line at.
_ENDS = re.compile("[\r\n]")


def checksum(lines: Iterable[str]) -> int:
    """Return the checksum of the text that *lines* make up, their ends included."""
    value = 0
    for line in lines:
        value = zlib.crc32(_ENDS.sub("", line).encode(), value)
    return value - (1 << 32) if value >= 1 << 31 else value
