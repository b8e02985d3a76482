# SPDX-License-Identifier: Apache-2.0
"""Statements as a SQL file of a history."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from bedstone.evolve.layout import Layout
from bedstone.plan import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.evolve.step import Step

_WIDTH = 100


def render_file(steps: Iterable[Step]) -> str:
    """Return the text of one file: in one transaction, or in none where a step needs that."""
    steps = tuple(steps)
    kinds = {step.transaction for step in steps}
    is_mixed = len(kinds) > 1 and any(step.alone for step in steps)
    lines = []
    if Transaction.NONE in kinds or is_mixed:
        lines += ["-- bedstone: no-transaction", ""]
    for number, step in enumerate(steps):
        lines += [""] if number else []
        lines += _statement(step)
    return "\n".join(lines) + "\n"


def _statement(step: Step) -> Iterator[str]:
    for comment in step.comments:
        words = "".join(c if c.isprintable() else " " for c in comment)
        yield from (f"-- {line}" for line in wrap(words, _WIDTH - 3, break_on_hyphens=False))
    *lines, last = (line for line, _ in Layout(step.sql).lines(_WIDTH))
    yield from lines
    yield f"{last};"
