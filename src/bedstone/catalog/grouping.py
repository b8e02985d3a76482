# SPDX-License-Identifier: Apache-2.0
"""Parentheses in printed expressions: where they mean nothing.

PostgreSQL prints ``a BETWEEN 1 AND 5 AND b`` as ``(((a >= 1) AND (a <= 5)) AND b)``, and that text,
read again, as ``((a >= 1) AND (a <= 5) AND b)``: what was restored from a dump is not the same text
as what was dumped, and the same expression.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import postgast

if TYPE_CHECKING:
    from bedstone.catalog.model import Value

_LOOSE = re.compile(r"[()\s]+")


def differ_in_grouping_only(old: Value, new: Value) -> bool:
    """Whether two printed expressions, queries or lists of them are read as the same tree."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(
            first == second or differ_in_grouping_only(first, second)
            for first, second in zip(old, new, strict=True)
        )
    if not (isinstance(old, str) and isinstance(new, str)):
        return False
    if "(" not in old or _LOOSE.sub("", old) != _LOOSE.sub("", new):
        return False
    return any(_read(head + old) == _read(head + new) is not None for head in ("", "select "))


def _read(text: str) -> str | None:
    """Return the text as its tree would be written, or ``None`` where it is no statement."""
    try:
        return str(postgast.deparse(postgast.parse(text)))
    except postgast.PgQueryError:
        return None
