# SPDX-License-Identifier: Apache-2.0
"""Statements as a SQL file of a history."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from bedstone.evolve.layout import Layout
from bedstone.history.writing import NO_TRANSACTION
from bedstone.plan import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.evolve.step import Step

_WIDTH = 100


def is_in_transaction(steps: Sequence[Step]) -> bool:
    """Whether one transaction around the whole file is what its steps need."""
    return not any(step.alone for step in steps) or (
        len(steps) == 1 and steps[0].transaction is Transaction.OWN
    )


def render_file(steps: Sequence[Step]) -> str:
    """Return the text of one file: in one transaction, or with those that it begins itself."""
    whole = is_in_transaction(steps)
    lines = [] if whole else [NO_TRANSACTION, ""]
    is_open = False
    for number, step in enumerate(steps):
        lines += [""] if number else []
        if not whole and step.alone is is_open:
            lines += ["commit;" if is_open else "begin;", ""]
            is_open = not is_open
        lines += _statement(step)
    lines += ["", "commit;"] if is_open else []
    return "\n".join(lines) + "\n"


def _statement(step: Step) -> Iterator[str]:
    for comment in step.comments:
        words = "".join(c if c.isprintable() else " " for c in comment)
        yield from (f"-- {line}" for line in wrap(words, _WIDTH - 3, break_on_hyphens=False))
    *lines, last = (line for line, _ in Layout(step.sql).lines(_WIDTH))
    yield from lines
    yield f"{last};"
