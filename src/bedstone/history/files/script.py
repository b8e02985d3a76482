# SPDX-License-Identifier: Apache-2.0
"""The statements of a SQL file, and the data of its COPYs, which stay in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from bedstone.errors import CopyDataUnusable, MetaCommand
from bedstone.history.files.configuration import read_directive
from bedstone.history.files.lexing import End, cut, split
from bedstone.history.files.text import Text, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.history.files.placeholders import Placeholders

#: A passage of SQL is cut as soon as it is longer than this and a statement ends.
_LONG = 1 << 20
#: The semicolon of a COPY comes so soon after its STDIN; its options are between.
_NEAR = 2000
_CHUNK = 1 << 16
_HARMLESS = re.compile(
    r"\\(?:restrict|unrestrict|echo|qecho|warn|timing|pset|errverbose)\b"
    r"|\\set\s+(?:ON_ERROR_STOP|VERBOSITY|QUIET|ECHO)\b"
    r"|\\encoding\s+'?utf-?8'?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of lines of SQL; *starts* and *numbers* say where each line begins, and which it is."""

    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def line_at(self, place: int) -> tuple[int, int]:
        """Return the number of the line at *place*, and the place in that line."""
        index = bisect_right(self.starts, place) - 1
        return self.numbers[index], place - self.starts[index]


@dataclass(frozen=True, slots=True)
class CopyData:
    """Where the data of a COPY is in the file, in bytes. *plain*: it can be sent as it is."""

    path: Path
    start: int
    end: int
    line: int
    encoding: str
    placeholders: Placeholders | None
    plain: bool

    def chunks(self) -> Iterator[bytes]:
        """Yield the data in pieces, in constant memory."""
        if not self.plain:
            yield from self._filled()
            return
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.end - self.start
            while left > 0 and (data := file.read(min(_CHUNK, left))):
                left -= len(data)
                yield data

    def _filled(self) -> Iterator[bytes]:
        for number, (place, line) in enumerate(read_lines(self.path, self.encoding), 1):
            if self.start <= place < self.end:
                filled = self.placeholders.fill(line, path=self.path, number=number) if (
                    self.placeholders
                ) else line  # fmt: skip
                yield filled.encode()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is sent; *offset* is where it begins in its passage."""

    text: str
    offset: int
    passage: Passage
    data: CopyData | None = None

    @property
    def line(self) -> int:
        """The line of the file that it begins on."""
        return self.passage.line_at(self.offset)[0]

    def place(self, position: int) -> tuple[int, int]:
        """Return line and column of the character at *position*, which counts from 0."""
        return self.passage.line_at(self.offset + position)


@dataclass(frozen=True, slots=True)
class Script:
    """A SQL file, read. *directives* are what its comments ask bedstone for."""

    path: Path
    statements: tuple[Statement, ...]
    directives: frozenset[str]

    def digests(self) -> tuple[str, ...]:
        """Name the first statement, the first two, and so on, by their text; before them none."""
        digest, found = sha256(), [""]
        for statement in self.statements:
            digest.update(statement.text.encode() + b"\0")
            found.append(digest.hexdigest())
        return tuple(found)


def read_script(path: Path, encoding: str, placeholders: Placeholders | None) -> Script:
    """Read the statements of *path*; nothing is sent anywhere.

    Raises:
        BedstoneError: the file cannot be run; one class for each reason, BED159 to BED163.
    """
    return _Reader(path, encoding, placeholders).read()


@dataclass
class _Reader:
    path: Path
    encoding: str
    placeholders: Placeholders | None
    lines: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0
    since_stdin: int = _NEAR
    statements: list[Statement] = field(default_factory=list)
    directives: set[str] = field(default_factory=set)

    def read(self) -> Script:
        with Text(self.path, self.encoding) as source:
            self._read(source)
        return Script(self.path, tuple(self.statements), frozenset(self.directives))

    def _read(self, source: Text) -> None:
        limit = _LONG
        for _, raw in source.lines():
            number = source.number
            line = self._filled(raw, number)
            if (directive := read_directive(line, path=self.path, number=number)) is not None:
                self.directives.add(directive)
            if line.lstrip().startswith("\\") and self._takes_meta_command(line, number):
                continue
            self._add(number, line)
            if ";" not in line:
                continue
            if self.since_stdin < _NEAR and self._begins_copy(number):
                self._flush()
                self._read_data(source, number)
            elif self.size > limit:
                limit = _LONG if self._flush_at_boundary() else limit * 2
        self._flush()

    def _filled(self, line: str, number: int) -> str:
        if self.placeholders is None:
            return line
        return self.placeholders.fill(line, path=self.path, number=number)

    def _add(self, number: int, line: str) -> None:
        self.lines.append((number, line))
        self.size += len(line)
        at = line.lower().rfind("stdin")
        self.since_stdin = len(line) - at if at >= 0 else self.since_stdin + len(line)

    def _text(self) -> str:
        return "".join(line for _, line in self.lines)

    def _flush(self) -> None:
        """Cut what was gathered into statements."""
        starts, place = [], 0
        for _, line in self.lines:
            starts.append(place)
            place += len(line)
        passage = Passage(tuple(starts), tuple(number for number, _ in self.lines))
        for offset, text in split(self._text()) if self.lines else ():
            self.statements.append(Statement(text, offset, passage))
        self.lines, self.size, self.since_stdin = [], 0, _NEAR

    def _flush_at_boundary(self) -> bool:
        if cut(self._text()).end is not End.BOUNDARY:
            return False
        self._flush()
        return True

    def _takes_meta_command(self, line: str, number: int) -> bool:
        """Whether a line is a command of psql that can be left out; raise where it cannot."""
        end = cut(self._text()).end
        if end is End.LITERAL:
            return False
        words = line.split()
        if end is End.BOUNDARY and _HARMLESS.match(line.lstrip()):
            self._flush()
            return True
        raise MetaCommand(
            f"{self.path}, line {number}: {words[0]} is a command of psql, not of the server",
            detail="Left out, the file would mean something else.",
            hint="Take it out, or write it as SQL; \\restrict, \\echo and \\set ON_ERROR_STOP do "
            "no harm.",
        )

    def _begins_copy(self, number: int) -> bool:
        """Whether the data of a COPY begins on the next line."""
        text = self._text()
        found = cut(text)
        if not any(found.copies):
            return False
        line = len(text.encode()) - len(self.lines[-1][1].encode())
        late = [c for c, end in zip(found.copies, found.ends, strict=True) if end > line]
        if found.copies[-1] and found.end is End.BOUNDARY and sum(late) == 1:
            return True
        if any(late):
            raise CopyDataUnusable(
                f"{self.path}, line {number}: COPY … FROM STDIN must be the last on its line",
                detail="Its data begins on the next line.",
                hint="Write what follows below the data's end, which is a line of \\. alone.",
            )
        return False

    def _read_data(self, source: Text, number: int) -> None:
        """Pass over the data of the COPY that was read last, and note where it is."""
        prefix = self.placeholders.prefix if self.placeholders else None
        found = source.pass_data(prefix)
        if found is None:
            raise CopyDataUnusable(
                f"{self.path}, line {number}: the data of COPY has no end",
                detail="The file may have been cut off.",
                hint="End the data by a line of \\. alone.",
            )
        start, end, is_filled = found
        plain = self.encoding == "utf-8" and not is_filled
        data = CopyData(self.path, start, end, number + 1, self.encoding, self.placeholders, plain)
        for _ in data.chunks() if is_filled else ():
            pass  # so that a placeholder that nothing is given for is found now
        last = self.statements.pop()
        self.statements.append(Statement(last.text, last.offset, last.passage, data))
