# SPDX-License-Identifier: Apache-2.0
"""The lines of a SQL file, decoded one at a time."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from bedstone.errors import FileUndecodable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield where each line of *path* begins, in bytes, and the line with its end.

    A byte order mark is left out. Memory is bounded by the longest line.

    Raises:
        FileUndecodable: the file is not in *encoding*; the byte is named.
    """
    with path.open("rb") as file:
        place = 0
        for raw in file:
            skip = _skip_mark(path, raw) if not place else 0
            if b"\0" in raw:
                raise _undecodable(path, place + raw.index(b"\0"), "is a NUL, which no SQL has")
            try:
                line = raw[skip:].decode(encoding)
            except UnicodeDecodeError as error:
                at = place + skip + error.start
                raise _undecodable(path, at, f"is not {encoding.upper()}") from error
            yield place + skip, line
            place += len(raw)


def _skip_mark(path: Path, raw: bytes) -> int:
    if raw.startswith(_WIDE):
        raise _undecodable(path, 0, "begins UTF-16")
    return len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0


def _undecodable(path: Path, byte: int, why: str) -> FileUndecodable:
    return FileUndecodable(
        f"{path}: byte {byte} {why}",
        detail="Nothing of the file was run.",
        hint=f"Save the file as UTF-8, or name its encoding in {path.name}.conf: encoding=latin1",
    )
