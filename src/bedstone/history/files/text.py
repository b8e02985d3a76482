# SPDX-License-Identifier: Apache-2.0
"""The text of a SQL file, decoded a line at a time, or in blocks where it is data."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Self

from bedstone.errors import FileUndecodable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK = 1 << 20
#: The line that ends the data of a COPY.
_END_OF_DATA = re.compile(rb"^[ \t]*\\\.[ \t]*\r?$", re.MULTILINE)


class Text:
    """A SQL file that is read once, from its beginning. *number* is that of the line read last.

    A byte order mark is left out. Memory is bounded by the longest line.

    Raises:
        FileUndecodable: the file is not in *encoding*; the byte is named.
    """

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        self.path = path
        self.encoding = encoding
        self.number = 0
        self._file = path.open("rb")
        self._place = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield where each line begins, in bytes, and the line with its end."""
        while raw := self._file.readline():
            skip = _skip_mark(self.path, raw) if not self._place else 0
            begin = self._place + skip
            line = self._decoded(raw[skip:], begin)
            self.number += 1
            self._place += len(raw)
            yield begin, line

    def pass_data(self, prefix: str | None) -> tuple[int, int, bool] | None:
        r"""Pass over the data of a COPY that begins here, and the line of ``\.`` below it.

        Returns where it begins and ends, in bytes, and whether *prefix* is in it; ``None`` where
        nothing ends it.
        """
        start, found = self._place, False
        sought = prefix.encode() if prefix else None
        while block := self._file.read(_BLOCK):
            data = block + self._file.readline()
            end = _END_OF_DATA.search(data)
            if end is not None:
                data = data[: end.start()]
            self._decoded(data, self._place)
            found = found or (sought is not None and sought in data)
            self.number += data.count(b"\n")
            self._place += len(data)
            if end is not None:
                last = self._place
                self._file.seek(last)
                line = self._file.readline()
                self._place += len(line)
                self.number += 1
                return start, last, found
        return None

    def _decoded(self, data: bytes, place: int) -> str:
        if b"\0" in data:
            raise _undecodable(self.path, place + data.index(b"\0"), "is a NUL, which no SQL has")
        try:
            return data.decode(self.encoding)
        except UnicodeDecodeError as error:
            why = f"is not {self.encoding.upper()}"
            raise _undecodable(self.path, place + error.start, why) from error


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield where each line of *path* begins, in bytes, and the line with its end.

    Raises:
        FileUndecodable: the file is not in *encoding*; the byte is named.
    """
    with Text(path, encoding) as text:
        yield from text.lines()


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
