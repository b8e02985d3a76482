# SPDX-License-Identifier: Apache-2.0
"""The checksum of a SQL file, the same number as Flyway's.

CRC-32 of the lines without their ends, so that a change of line ends or a byte order mark is no
change of the file (Flyway's ``ChecksumCalculator``). A signed 32-bit integer.
"""

from __future__ import annotations

import codecs
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BLOCK = 1 << 20
#: What Java's ``BufferedReader.readLine`` ends a line at.
_ENDS = re.compile("[\r\n]")


def checksum_of(path: Path) -> int:
    """Return the checksum of a file in UTF-8 as it is, in constant memory."""
    value = 0
    with path.open("rb") as file:
        block = file.read(_BLOCK).removeprefix(codecs.BOM_UTF8)
        while block:
            value = zlib.crc32(block.translate(None, b"\r\n"), value)
            block = file.read(_BLOCK)
    return _signed(value)


def checksum(lines: Iterable[str]) -> int:
    """Return the checksum of the text that *lines* make up, their ends included."""
    value = 0
    for line in lines:
        value = zlib.crc32(_ENDS.sub("", line).encode(), value)
    return _signed(value)


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
