# SPDX-License-Identifier: Apache-2.0
"""Expressions in which columns have another name for a while."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import postgast

from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = "select "
_WORD = re.compile(rb'"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*')


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """Return *expression* with the columns of *names* as what they are called there.

    Only the names are written over, all else stays as PostgreSQL wrote it.
    """
    source = f"{_HEAD}{expression}".encode()
    found: dict[int, str] = {}
    for node in postgast.walk(postgast.parse(source.decode())):
        message = node[1] if isinstance(node, tuple) else node
        if type(message).__name__ == "ColumnRef" and len(message.fields) == 1:
            name = message.fields[0].string.sval
            if name in names:
                found[message.location] = quote_identifier(names[name])
    for place in sorted(found, reverse=True):
        word = _WORD.match(source, place)
        assert word is not None  # noqa: S101  the parser found a name there
        source = source[:place] + found[place].encode() + source[word.end() :]
    return source.decode().removeprefix(_HEAD)
