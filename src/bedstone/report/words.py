# SPDX-License-Identifier: Apache-2.0
"""Numbers in words, and names that can neither write to a terminal nor break a table."""

from __future__ import annotations

import re

_ESCAPED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def duration(seconds: float) -> str:
    """Return a time, in milliseconds below one second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def count(number: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def visible(text: str, *, lines: bool = False) -> str:
    """Return a text with whatever is not printed written out, by its code.

    Its ends of lines stay where *lines*.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or (lines and char == "\n") else _written_out(char)
        for char in text
    )


def _written_out(char: str) -> str:
    code = ord(char)
    form = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return _ESCAPED.get(char, form)


def markdown(text: str) -> str:
    """Keep a text from being read as Markdown, HTML, a mention or the border of a cell."""
    text = visible(text.replace("\n", " "))
    text = text.replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"([`*_\[\]|#~])", r"\\\1", text)
    return text.replace("@", "@\u200b")


def markdown_code(text: str) -> str:
    """Return a text as code that may stand in a cell, where a backslash is no escape."""
    text = visible(text).replace("`", "'").replace("\\|", "\\ |").replace("|", "\\|")
    return f"`{text}`"
