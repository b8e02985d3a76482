# SPDX-License-Identifier: Apache-2.0
"""Access control lists as sorted, readable tuples."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.catalog.model import Value

#: The letters of an access control list (utils/acl.h).
_PRIVILEGES = {
    "r": "select",
    "a": "insert",
    "w": "update",
    "d": "delete",
    "D": "truncate",
    "x": "references",
    "t": "trigger",
    "m": "maintain",
    "X": "execute",
    "U": "usage",
    "C": "create",
    "T": "temporary",
    "c": "connect",
    "s": "set",
    "A": "alter system",
}


def parse_acl(items: Sequence[str] | None, owner: str | None) -> Value:
    """Return an access control list as tuples (grantee, privilege, grantable, grantor), sorted.

    The owner of the object is ``None``, so that a new owner is one difference and not one for
    each privilege; everybody is ``public``, which can be no role's name.
    """
    return None if items is None else _parse(tuple(items), owner)


@lru_cache(maxsize=4096)
def _parse(items: tuple[str, ...], owner: str | None) -> Value:
    grants = set()
    for item in items:
        grantee, rest = _role(item)
        letters, rest = rest[1:].split("/", 1)
        grantor, _ = _role(rest)
        who = "public" if grantee == "" else None if grantee == owner else grantee
        by = None if grantor == owner else grantor
        for position, letter in enumerate(letters):
            if letter != "*":
                grantable = letters[position + 1 : position + 2] == "*"
                grants.add((who, _PRIVILEGES.get(letter, letter), grantable, by))
    return tuple(sorted(grants, key=lambda g: (g[0] or "", g[1], g[2], g[3] or "")))


def _role(text: str) -> tuple[str, str]:
    """Return the role that *text* starts with, unquoted, and what follows it."""
    if not text.startswith('"'):
        end = len(text)
        for stop in "=/":
            at = text.find(stop)
            end = at if 0 <= at < end else end
        return text[:end], text[end:]
    position = 1
    while True:
        position = text.index('"', position)
        if text[position + 1 : position + 2] != '"':
            return text[1:position].replace('""', '"'), text[position + 1 :]
        position += 2
