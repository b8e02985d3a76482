# SPDX-License-Identifier: Apache-2.0
"""A plan as a script for psql."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.statement import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedstone.catalog import Key
    from bedstone.plan.planner import Plan
    from bedstone.plan.stakes import Stake
    from bedstone.plan.statement import Statement

#: Names in a plan are qualified, bodies of functions may name what is made after them; a policy
#: that would hide rows from a copy is an error.
_SETTINGS = (
    "set search_path = ''",
    "set row_security = off",
    "set check_function_bodies = off",
    "set client_min_messages = warning",
    "set standard_conforming_strings = on",
    "set xmloption = content",
)


def render_script(plan: Plan, stakes: Mapping[Key, Stake] | None = None) -> str:
    """Return *plan* for ``psql -v ON_ERROR_STOP=1 -f``; nothing where nothing is to be done.

    *stakes* says how much each object holds that is destroyed.
    """
    return "".join(
        f"{line}\n"
        for sql, statement in _pieces(plan)
        for line in (
            *(_comments(statement, stakes or {}) if statement is not None else ()),
            f"{sql};",
        )
    )


def split_script(plan: Plan) -> tuple[str, ...]:
    """Return the statements of the script one by one, for a session in autocommit."""
    return tuple(sql for sql, _ in _pieces(plan))


def _pieces(plan: Plan) -> Iterator[tuple[str, Statement | None]]:
    """Yield settings, statements, and where a transaction begins and ends."""
    for line in _SETTINGS if plan.statements else ():
        yield line, None
    inside = False
    for statement in plan.statements:
        shared = statement.transaction is Transaction.SHARED
        if shared is not inside:
            yield "begin" if shared else "commit", None
        inside = shared
        yield statement.sql, statement
    if inside:
        yield "commit", None


def _comments(statement: Statement, stakes: Mapping[Key, Stake]) -> Iterator[str]:
    for key in statement.destroyed:
        yield "-- DESTROYS " + str(stakes.get(key, key)).replace("\n", " ")
    words = []
    if statement.lock is not None:
        words.append(f"{statement.lock} on {statement.on}")
    words += [str(hazard) for hazard in statement.hazards]
    if statement.reason:
        words.append(statement.reason)
    if words:
        yield "-- " + "; ".join(words).replace("\n", " ")
