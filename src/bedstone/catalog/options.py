# SPDX-License-Identifier: Apache-2.0
"""Lists and ``name=value`` options as tuples, with no secret in them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.catalog.model import Value

_PAIRS = frozenset({"options", "toast_options", "foreign_options", "settings"})
_SECRET = re.compile(r"pass(word|wd|code|phrase)?\b|passw|secret|token|credential|private|api_?key")
_CONNECTION_SECRET = re.compile(r"((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_URL_SECRET = re.compile(r"(//[^:/@\s]*:)([^@\s]*)(@)")


def parse_options(name: str, values: object) -> Value:
    """Return an array of the server as a tuple; options as sorted pairs of name and value."""
    if not isinstance(values, list | tuple):
        return None
    if name not in _PAIRS:
        return tuple(values)
    pairs = (str(item).partition("=") for item in values)
    return tuple(sorted(_pair(key, value, name) for key, _, value in pairs)) or None


def mask(text: str) -> str:
    """Return what stands for a secret: two equal secrets look equal, neither can be read.

    Forty-eight bits of a hash: enough to see a change, too little to confirm a long guess list.
    """
    return f"hidden:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def mask_connection(text: str | None) -> str | None:
    """Return a connection string of libpq with its passwords masked."""
    if text is None:
        return None
    text = _CONNECTION_SECRET.sub(lambda match: match[1] + mask(match[2]), text)
    return _URL_SECRET.sub(lambda match: match[1] + mask(match[2]) + match[3], text)


def _pair(key: str, value: str, where: str) -> tuple[str, str]:
    if where == "foreign_options" and _SECRET.search(key.lower()):
        return (key, mask(value))
    return (key, value)
