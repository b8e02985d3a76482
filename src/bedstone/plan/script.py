# SPDX-License-Identifier: Apache-2.0
"""A plan as a script for psql."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.statement import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.plan.planner import Plan
    from bedstone.plan.statement import Statement

#: Names in a plan are qualified, bodies of functions may name what is made after them.
_SETTINGS = (
    "set search_path = ''",
    "set check_function_bodies = off",
    "set client_min_messages = warning",
    "set standard_conforming_strings = on",
    "set xmloption = content",
)


def render_script(plan: Plan) -> str:
    """Return *plan* for ``psql -v ON_ERROR_STOP=1 -f``; nothing where nothing is to be done."""
    if not plan.statements:
        return ""
    return "\n".join((*(f"{line};" for line in _SETTINGS), "", *_lines(plan.statements), ""))


def _lines(statements: tuple[Statement, ...]) -> Iterator[str]:
    inside = False
    for statement in statements:
        shared = statement.transaction is Transaction.SHARED
        if shared and not inside:
            yield "begin;"
        elif inside and not shared:
            yield "commit;"
        inside = shared
        yield from _comments(statement)
        yield f"{statement.sql};"
    if inside:
        yield "commit;"


def _comments(statement: Statement) -> Iterator[str]:
    words = []
    if statement.lock is not None:
        words.append(f"{statement.lock} on {statement.on}")
    words += [str(hazard) for hazard in statement.hazards]
    if statement.reason:
        words.append(statement.reason)
    if words:
        yield "-- " + "; ".join(words).replace("\n", " ")
