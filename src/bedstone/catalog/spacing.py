# SPDX-License-Identifier: Apache-2.0
"""White space in the text of functions: where it means nothing."""

from __future__ import annotations

import re

#: Languages to which a line break and an indentation are the same as a blank.
_FREE = frozenset({"sql", "plpgsql"})
#: What keeps its white space: literals, quoted names, dollar quotes, and a comment's line end.
_KEPT = re.compile(
    r"""\b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | (\$\w*\$).*?\1
        | --[^\n]*(?:\n|$) | /\*.*?\*/""",
    re.VERBOSE | re.DOTALL,
)


def differ_in_spacing_only(old: object, new: object, language: object) -> bool:
    """Whether two bodies in *language* are the same to the server but for white space."""
    if language not in _FREE or not (isinstance(old, str) and isinstance(new, str)):
        return False
    return _words(old) == _words(new)


def _words(body: str) -> list[str]:
    words: list[str] = []
    start = 0
    for kept in _KEPT.finditer(body):
        words += [*body[start : kept.start()].split(), kept.group()]
        start = kept.end()
    return words + body[start:].split()
