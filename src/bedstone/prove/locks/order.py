# SPDX-License-Identifier: Apache-2.0
"""Deadlocks to come: several tables locked in one transaction, or in two orders."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from bedstone.findings import Finding, Severity
from bedstone.prove.locks import words
from bedstone.prove.locks.ground import STORED
from bedstone.prove.locks.holding import held_at_end, units_of
from bedstone.prove.locks.reading import short
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bedstone.prove.locks.effects import Effect, Grip
    from bedstone.prove.locks.traced import Traced

_Step = tuple[str, "Effect", "Grip"]


_APART = (
    "Give each table a transaction of its own: a revision each with "
    "transaction_per_migration=True, or op.get_context().autocommit_block()."
)
_APART_IN_SQL = "Give each table a transaction of its own: a file each."


def several_tables(traced: Traced, effects: Sequence[Effect]) -> Iterator[Finding]:
    """Yield where statements of one transaction lock one table after the other.

    What a single statement locks together cannot be taken apart, so it is not told.
    """
    revision = traced.revision
    for unit in units_of(effects):
        first: dict[int, tuple[Effect, Grip]] = {}
        for effect, grip in held_at_end(unit):
            if grip.mode is LockMode.ACCESS_EXCLUSIVE and grip.table.kind in STORED:
                first.setdefault(grip.table.oid, (effect, grip))
        by_statement = {effect.statement.number for effect, _ in first.values()}
        if len(first) < 2 or len(by_statement) < 2:
            continue
        taken = list(first.values())
        tables = [grip.place for _, grip in taken]
        last, grip = taken[-1]
        yield Finding(
            "BED365",
            Severity.WARNING,
            f"{revision} takes ACCESS EXCLUSIVE on {words.named(tables)} in one transaction, one "
            f"after the other{words.where(last.statement)}",
            revision=revision,
            object=words.called(grip.place),
            cause=words.cause(last.statement),
            detail="A client that uses them in another order deadlocks with it, and the first "
            "table stays locked while the lock on the next one is waited for.",
            hint=_APART_IN_SQL if traced.is_sql else _APART,
            evidence=words.evidence(last, [grip for _, grip in taken]),
            method=words.weakest(grip.method for _, grip in taken),
        )


def opposite_orders(revisions: Iterable[tuple[str, Sequence[Effect]]]) -> Iterator[Finding]:
    """Yield the pairs of tables that two transactions lock in opposite order."""
    seen: dict[tuple[str, str], _Step] = {}
    told: set[frozenset[str]] = set()
    for revision, effects in revisions:
        for unit in units_of(effects):
            for (first, one), (second, other) in combinations(_taken(unit), 2):
                if first.statement.number == second.statement.number:
                    continue
                pair = (str(one.table), str(other.table))
                before = seen.get((pair[1], pair[0]))
                if before is not None and frozenset(pair) not in told:
                    told.add(frozenset(pair))
                    yield _opposite(revision, second, (one, other), before)
                seen.setdefault(pair, (revision, second, other))


def _opposite(revision: str, effect: Effect, grips: tuple[Grip, Grip], before: _Step) -> Finding:
    one, other = grips
    return Finding(
        "BED366",
        Severity.WARNING,
        f"{revision} locks {one.place}, then {other.place}; {before[0]} the other way round"
        f"{words.where(effect.statement)}",
        revision=revision,
        object=words.called(other.place),
        cause=words.cause(effect.statement),
        detail=f"Two runners, or a client that does as one of them does, deadlock. There: "
        f"{short(before[1].text)}{words.where(before[1].statement)}",
        hint="Lock them in the same order everywhere, or in transactions of their own.",
        evidence=words.evidence(effect, grips),
        method=words.weakest(grip.method for grip in grips),
    )


def _taken(unit: Sequence[Effect]) -> list[tuple[Effect, Grip]]:
    """Return the first strong lock on each table, in the order in which they were taken."""
    first: dict[int, tuple[Effect, Grip]] = {}
    for effect, grip in held_at_end(unit):
        if grip.table.kind in STORED:
            first.setdefault(grip.table.oid, (effect, grip))
    return list(first.values())
