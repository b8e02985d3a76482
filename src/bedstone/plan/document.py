# SPDX-License-Identifier: Apache-2.0
"""A plan as data for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.plan.change import Options
    from bedstone.plan.inverse import Inverses
    from bedstone.plan.planner import Plan
    from bedstone.plan.stakes import Stake, Stakes
    from bedstone.plan.statement import Statement


def to_data(plan: Plan, options: Options, stakes: Stakes, inverses: Inverses) -> dict[str, object]:
    """Return *plan* with all that is known about each statement.

    ``inverse`` is ``None`` where nothing brings the object back; ``rows`` where nothing is
    destroyed.
    """
    return {
        "postgres": f">={options.lowest}",
        "online": options.online,
        "strict_order": options.strict,
        "statements": [_statement(s, stakes, inverses) for s in plan.statements],
    }


def statement_data(statement: Statement) -> dict[str, object]:
    """Return what a statement says of itself."""
    return {
        "sql": statement.sql,
        "object": str(statement.subject),
        "reason": statement.reason or None,
        "lock": str(statement.lock) if statement.lock is not None else None,
        "on": statement.on,
        "hazards": [str(hazard) for hazard in statement.hazards],
        "transaction": str(statement.transaction),
    }


def _statement(statement: Statement, stakes: Stakes, inverses: Inverses) -> dict[str, object]:
    inverse = inverses.get(statement.subject)
    return statement_data(statement) | {
        "inverse": list(inverse) if inverse is not None else None,
        "rows": [_stake(stakes[key]) for key in statement.destroyed] or None,
    }


def _stake(stake: Stake) -> dict[str, object]:
    return {
        "object": str(stake.key),
        "number": stake.number,
        "unit": stake.unit,
        "method": str(stake.method),
    }
