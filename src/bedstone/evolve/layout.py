# SPDX-License-Identifier: Apache-2.0
"""SQL laid out for people: lines broken between words, what is inside of quotes left as it is."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import postgast


@dataclass(frozen=True)
class Layout:
    """One statement and where its words are."""

    sql: str

    @cached_property
    def words(self) -> tuple[tuple[int, int], ...]:
        """Where each word begins and ends, in characters; none where the text cannot be cut."""
        try:
            tokens = postgast.scan(self.sql).tokens
        except postgast.PgQueryError:
            return ()
        places = [0]
        for character in self.sql:
            places.append(places[-1] + len(character.encode("utf-8", "surrogatepass")))
        at = {place: number for number, place in enumerate(places)}
        return tuple((at[token.start], at[token.end]) for token in tokens)

    @cached_property
    def is_free(self) -> bool:
        """Whether line breaks stand only between words, so that lines may be moved sideways."""
        return bool(self.words) and not any("\n" in self.sql[a:b] for a, b in self.words)

    def lines(self, width: int) -> list[tuple[str, bool]]:
        """Return the lines, none longer than *width* where that can be.

        With each goes whether it begins between words, so that blanks may stand before it.
        """
        starts = [start for start, _ in self.words]
        found: list[tuple[str, bool]] = []
        place = 0
        for line in self.sql.split("\n"):
            index = bisect_right(starts, place) - 1
            is_inside = index >= 0 and self.words[index][1] > place > self.words[index][0]
            is_inside = is_inside or (bool(line) and not self.words)
            for number, part in enumerate(self._broken(line, place, width)):
                found.append((part, not is_inside or bool(number)))
            place += len(line) + 1
        return found

    def _broken(self, line: str, place: int, width: int) -> list[str]:
        """Break one line, which begins at *place*, where blanks stand between two words."""
        if len(line) <= width or "--" in line:
            return [line]
        gaps = [
            (left - place, right - place)
            for (_, left), (right, _) in pairwise(self.words)
            if left < right and place <= left and right <= place + len(line)
        ]
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        parts, begin, prefix = [], 0, ""
        while len(prefix) + len(line) - begin > width:
            room = begin + width - len(prefix)
            fitting = [gap for gap in gaps if begin < gap[0] <= room]
            later = [gap for gap in gaps if gap[0] > room]
            gap = fitting[-1] if fitting else next(iter(later), None)
            if gap is None:
                break
            parts.append(prefix + line[begin : gap[0]])
            begin, prefix = gap[1], indent
        return [*parts, prefix + line[begin:]]
