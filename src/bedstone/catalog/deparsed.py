# SPDX-License-Identifier: Apache-2.0
"""Parts of what the server prints as one text: index and trigger definitions.

Only the output of ``pg_get_indexdef`` and ``pg_get_triggerdef`` is read here, never SQL that
somebody wrote: its keywords are upper case, its names quoted where they must be.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bedstone.catalog.model import Value

_NESTING = re.compile(r"[\"'(\[]")
_OPENING = {"(": ")", "[": "]"}
_NAME = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")+")'
_SUFFIX = re.compile(
    rf"(?: COLLATE (?P<collation>{_NAME}(?:\.{_NAME})?))?"
    rf"(?: (?!DESC\b|ASC\b|NULLS\b)(?P<operator_class>{_NAME}(?:\.{_NAME})?))?"
    r"(?: \((?P<options>.*)\))?"
    r"(?P<descending> DESC)?(?: NULLS (?P<nulls>FIRST|LAST))?\Z",
    re.DOTALL,
)
_PLAIN_NAME = re.compile(rf"\A{_NAME}")
_OPTION = re.compile(rf"\s*({_NAME})=(.*)\Z", re.DOTALL)


class IndexParts(NamedTuple):
    """The parts of an index definition.

    Each of *columns* is a tuple: column or expression as SQL, collation, operator class, its
    options, ``asc`` or ``desc``, nulls ``first`` or ``last``; ``None`` where the default holds.
    """

    method: str
    columns: Value
    include: Value
    options: Value
    nulls_not_distinct: bool
    where: str | None


def parse_index(definition: str) -> IndexParts:
    """Take apart the text of ``pg_get_indexdef(oid)``."""
    start = skip_to(definition, " USING ", 0) + len(" USING ")
    return _parse_index_tail(definition[start:])


@lru_cache(maxsize=8192)
def _parse_index_tail(tail: str) -> IndexParts:
    opening = skip_to(tail, " (", 0) + 1
    method = tail[:opening].strip().strip('"')
    closing = matching(tail, opening)
    columns = tuple(_parse_column(part) for part in split(tail[opening + 1 : closing]))
    rest = tail[closing + 1 :]
    include: Value = None
    if rest.startswith(" INCLUDE ("):
        end = matching(rest, len(" INCLUDE "))
        include = tuple(_unquote(part) for part in split(rest[len(" INCLUDE (") : end]))
        rest = rest[end + 1 :]
    distinct = rest.startswith(" NULLS NOT DISTINCT")
    rest = rest.removeprefix(" NULLS NOT DISTINCT")
    options: Value = None
    if rest.startswith(" WITH ("):
        end = matching(rest, len(" WITH "))
        options = tuple(sorted(_parse_option(part) for part in split(rest[len(" WITH (") : end])))
        rest = rest[end + 1 :]
    if rest.startswith(" TABLESPACE "):
        rest = rest[skip_to(rest + " WHERE ", " WHERE ", len(" TABLESPACE ")) :]
    where = rest.removeprefix(" WHERE ") if rest.startswith(" WHERE ") else None
    return IndexParts(method, columns, include, options, distinct, where)


def _parse_column(text: str) -> Value:
    end = _end_of_expression(text)
    suffix = _SUFFIX.match(text[end:])
    if suffix is None:  # something newer than what this code knows: kept whole, still comparable
        return (text, None, None, None, None, None)
    order = "desc" if suffix["descending"] else "asc"
    nulls = (suffix["nulls"] or ("FIRST" if suffix["descending"] else "LAST")).lower()
    collation, operator_class = suffix["collation"], suffix["operator_class"]
    return (text[:end], collation, operator_class, suffix["options"], order, nulls)


def _end_of_expression(text: str) -> int:
    if text.startswith("("):
        return matching(text, 0) + 1
    position = 0
    while True:  # a name, perhaps qualified, perhaps called
        name = _PLAIN_NAME.match(text[position:])
        if name is None:
            return len(text)
        position += name.end()
        if text[position : position + 1] == ".":
            position += 1
        elif text[position : position + 1] == "(":
            return matching(text, position) + 1
        else:
            return position


def _parse_option(text: str) -> tuple[str, str]:
    match = _OPTION.match(text)
    if match is None:
        return (text, "")
    name, value = match.groups()
    if value.startswith("'") and value.endswith("'"):
        value = value[1:-1].replace("''", "'")
    return (_unquote(name), value)


def parse_when(definition: str) -> str:
    """Return the WHEN condition in the text of ``pg_get_triggerdef(oid)``."""
    start = skip_to(definition, " WHEN (", 0) + len(" WHEN ")
    return definition[start + 1 : matching(definition, start)]


def skip_to(text: str, word: str, start: int) -> int:
    """Return where *word* stands outside of quotes and parentheses, or the length of *text*."""
    position = text.find(word, start)
    if position < 0:
        return len(text)
    if not _NESTING.search(text, start, position):
        return position
    position = start
    while position < len(text):
        if text.startswith(word, position):
            return position
        position = _step(text, position)
    return len(text)


def matching(text: str, opening: int) -> int:
    """Return where the parenthesis that opens at *opening* closes."""
    return _step(text, opening) - 1


def split(text: str) -> list[str]:
    """Split at the commas outside of quotes and parentheses."""
    if not any(mark in text for mark in "\"'(["):
        return text.split(", ") if text else []
    parts: list[str] = []
    start = position = 0
    while position < len(text):
        if text[position] == ",":
            parts.append(text[start:position].strip())
            start = position + 1
        position = _step(text, position)
    parts.append(text[start:].strip())
    return parts


def _step(text: str, position: int) -> int:
    """Return the position after the character, quoted text or parenthesis at *position*."""
    char = text[position]
    if char in "\"'":
        # Inside E'...' the server doubles both quotes and backslashes, so \' never occurs.
        end = text.find(char, position + 1)
        while end >= 0 and text[end + 1 : end + 2] == char:
            end = text.find(char, end + 2)
        return len(text) if end < 0 else end + 1
    closing = _OPENING.get(char)
    if closing is None:
        return position + 1
    position += 1
    while position < len(text) and text[position] != closing:
        position = _step(text, position)
    return position + 1


def _unquote(name: str) -> str:
    if name.startswith('"') and name.endswith('"'):
        return name[1:-1].replace('""', '"')
    return name
