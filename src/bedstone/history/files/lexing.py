# SPDX-License-Identifier: Apache-2.0
"""Where statements end in a text, by the server's own grammar, or by its scanner alone."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import Enum

import postgast

_TOKEN = postgast.pg_query_pb2.Token
_COMMENTS = frozenset({_TOKEN.SQL_COMMENT, _TOKEN.C_COMMENT})
_ATOMIC, _BEGIN, _CASE, _END = (_TOKEN.ATOMIC, _TOKEN.BEGIN_P, _TOKEN.CASE, _TOKEN.END_P)
_COPY, _FROM, _STDIN = (_TOKEN.COPY, _TOKEN.FROM, _TOKEN.STDIN)
_OPEN, _CLOSE, _SEMICOLON = ord("("), ord(")"), ord(";")
#: A tree takes many times the room of its text; what is longer is cut by the scanner.
_LONGEST_PARSED = 1 << 20
_BLANK = re.compile(r"\s*(?:--[^\n]*(?:\n|$)\s*)*")


class End(Enum):
    """What a text ends in."""

    LITERAL = "literal"
    STATEMENT = "statement"
    BOUNDARY = "boundary"


@dataclass(frozen=True, slots=True)
class Cut:
    """What the scanner sees of a text.

    *ends* are the places just after each semicolon that ends a statement, in bytes; *copies* says
    of each of those statements whether it is COPY … FROM STDIN.
    """

    end: End
    ends: tuple[int, ...] = ()
    copies: tuple[bool, ...] = ()


def cut(text: str) -> Cut:
    """Cut *text* at the semicolons that end statements.

    Those in literals, parentheses, comments and BEGIN ATOMIC … END end none.
    """
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return Cut(End.LITERAL)
    ends: list[int] = []
    copies: list[bool] = []
    kinds: list[int] = []
    depth = atomic = 0
    for token in tokens:
        kind = token.token
        if kind in _COMMENTS:
            continue
        if kind == _SEMICOLON and depth <= 0 and not atomic:
            ends.append(token.end)
            copies.append(_is_copy_in(kinds))
            kinds, depth = [], 0
            continue
        depth += (kind == _OPEN) - (kind == _CLOSE)
        if kind == _ATOMIC and kinds[-1:] == [_BEGIN]:
            atomic = 1
        elif atomic:
            atomic += (kind == _CASE) - (kind == _END)
        kinds.append(kind)
    end = End.STATEMENT if kinds else End.BOUNDARY
    return Cut(end, tuple(ends), tuple(copies))


def _is_copy_in(kinds: list[int]) -> bool:
    """Whether the kinds of a statement's tokens are those of COPY … FROM STDIN."""
    if kinds[:1] != [_COPY]:
        return False
    return any(pair == (_FROM, _STDIN) for pair in itertools.pairwise(kinds))


def split(text: str) -> list[tuple[int, str]]:
    """Return the statements of *text*, each with where it begins, in characters.

    By the server's grammar; where a statement is none for it, by the scanner; where a literal has
    no end, the rest is one statement. Whether it is one is for the server to say. Comments and
    blanks before a statement are left out.
    """
    data = text.encode()
    found: list[tuple[int, str]] = []
    done = chars = 0
    for end in (*_ends(text), len(data)):
        piece = data[done:end].decode()
        skip = blank_length(piece)
        body = piece[skip:].rstrip().removesuffix(";").rstrip()
        if body:
            found.append((chars + skip, body))
        chars += len(piece)
        done = end
    return found


def _ends(text: str) -> list[int]:
    """Return where each statement but the last ends, in bytes."""
    if len(text) <= _LONGEST_PARSED:
        try:
            tree = postgast.parse(text)
        except postgast.PgQueryError:
            pass
        else:
            return [s.stmt_location + s.stmt_len for s in tree.stmts if s.stmt_len]
    return list(cut(text).ends)


def blank_length(text: str) -> int:
    """Return how long the blanks, comments and lone semicolons are that *text* begins with."""
    place = 0
    while True:
        match = _BLANK.match(text, place)
        place = match.end() if match else place
        if text.startswith(";", place):
            place += 1
        elif text.startswith("/*", place):
            place = _end_of_comment(text, place)
        else:
            return place


def _end_of_comment(text: str, place: int) -> int:
    """Return where the comment at *place* ends; comments nest."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[place:]):
        depth += 1 if mark.group() == "/*" else -1
        if not depth:
            return place + mark.end()
    return len(text)
