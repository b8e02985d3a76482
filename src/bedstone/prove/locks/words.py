# SPDX-License-Identifier: Apache-2.0
"""Findings about locks, worded alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.findings import Example, Method
from bedstone.prove.locks.forms import render_alembic, render_sql
from bedstone.prove.locks.reading import short
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedstone.prove.locks.effects import Effect, Grip
    from bedstone.prove.locks.forms import Form
    from bedstone.prove.locks.ground import Seat
    from bedstone.trace import StatementFacts

#: What the lock keeps others from, as the manual's table of conflicts has it.
_BLOCKS = {
    LockMode.SHARE: "Nobody can write to it",
    LockMode.SHARE_ROW_EXCLUSIVE: "Nobody can write to it",
    LockMode.EXCLUSIVE: "Nobody can write to it or lock a row of it",
    LockMode.ACCESS_EXCLUSIVE: "Nobody can read it or write to it",
}


def called(table: Seat) -> str:
    """Name a table as findings do."""
    kinds = {"m": "materialized view", "v": "view", "f": "foreign table"}
    return f"{kinds.get(table.kind, 'table')} {table}"


def named(tables: Iterable[Seat]) -> str:
    """Name several tables in a sentence."""
    names = list(dict.fromkeys(str(table) for table in tables))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def blocks(grip: Grip) -> str:
    """Say whom a lock keeps waiting."""
    return _BLOCKS[max(grip.mode, LockMode.SHARE)]


def where(statement: StatementFacts) -> str:
    """Say where a statement stands, as ``file:line``, if that is known."""
    place = statement.place
    return f" ({Path(place.file).name}:{place.line})" if place is not None else ""


def cause(statement: StatementFacts) -> str:
    """Return what tells a statement from the others of its revision tomorrow, too."""
    return short("; ".join(statement.sql), 200)


def seen(statement: StatementFacts) -> dict[str, Any]:
    """Return a statement and its place."""
    told: dict[str, Any] = {"statement": "; ".join(statement.sql)}
    if statement.place is not None:
        told |= {"file": statement.place.file, "line": statement.place.line}
    if statement.error is not None:
        told["sqlstate"] = statement.error.sqlstate
    return told


def evidence(effect: Effect, grips: Sequence[Grip] = ()) -> dict[str, Any]:
    """Return what was seen of a statement."""
    told: dict[str, Any] = {
        "locks": [
            {"mode": str(g.mode), "on": str(g.place), "method": g.method.value} for g in grips
        ],
        "work": [
            {"on": str(w.place), "why": w.reason, "method": w.method.value} for w in effect.works
        ],
        "lock_timeout": effect.statement.lock_timeout,
    }
    told = {name: value for name, value in told.items() if value not in (None, [])}
    return seen(effect.statement) | told


def weakest(methods: Iterable[Method]) -> Method:
    """Return the method that a conclusion from several facts has."""
    order = [Method.MEASURED, Method.SAMPLED, Method.EXECUTED, Method.DERIVED, Method.UNKNOWN]
    return max(methods, key=order.index, default=Method.UNKNOWN)


def examples(form: Form | None, *, is_sql: bool = False) -> tuple[Example, ...]:
    """Return a safe form as SQL and in Alembic; *is_sql*: for a file of SQL."""
    if form is None or not form.steps:
        return ()
    if is_sql:
        return (Example("sql", render_sql(form)),)
    return Example("sql", render_sql(form)), Example("python", render_alembic(form))


def hint(form: Form | None) -> str | None:
    """Say a safe form in a line."""
    if form is None:
        return None
    return f"{form.words[:1].upper()}{form.words[1:]}."
