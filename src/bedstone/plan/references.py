# SPDX-License-Identifier: Apache-2.0
"""Expressions in which columns or types have another name for a while."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import postgast

from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD = "select "
_WORD = rb'(?:"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*)'
_PATH = re.compile(_WORD + rb"(?:\." + _WORD + rb")*")


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """Return *expression* with the columns of *names* as what they are called there.

    Only the names are written over, all else stays as PostgreSQL wrote it.
    """
    found: dict[int, str] = {}
    for message in _nodes(expression, "ColumnRef"):
        if len(message.fields) == 1 and (name := message.fields[0].string.sval) in names:
            found[message.location] = quote_identifier(names[name])
    return _written_over(expression, found)


def retyped(expression: str, types: Mapping[str, str]) -> str:
    """Return *expression* with the types of *types*, by their paths, as they are called there."""
    found: dict[int, str] = {}
    for message in _nodes(expression, "TypeName"):
        path = quote_identifier(*(name.string.sval for name in message.names))
        if path in types:
            found[message.location] = types[path]
    return _written_over(expression, found)


def _nodes(expression: str, kind: str) -> Iterator[Any]:
    for node in postgast.walk(postgast.parse(f"{_HEAD}{expression}")):
        message = node[1] if isinstance(node, tuple) else node
        if type(message).__name__ == kind:
            yield message


def _written_over(expression: str, found: Mapping[int, str]) -> str:
    """Write over the names at these places, in bytes from the start of the query."""
    source = f"{_HEAD}{expression}".encode()
    for place in sorted(found, reverse=True):
        word = _PATH.match(source, place)
        assert word is not None  # noqa: S101  the parser found a name there
        source = source[:place] + found[place].encode() + source[word.end() :]
    return source.decode().removeprefix(_HEAD)
