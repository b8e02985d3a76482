# SPDX-License-Identifier: Apache-2.0
"""Numbers in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a time, in milliseconds below one second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def count(number: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
