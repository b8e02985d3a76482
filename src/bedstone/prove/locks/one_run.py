# SPDX-License-Identifier: Apache-2.0
"""Several new revisions in one run: what one of them locked may wait for the work of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.findings import Finding, Severity
from bedstone.prove.locks import words
from bedstone.prove.locks.holding import Waiting, read_holding
from bedstone.prove.locks.reading import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.prove.locks.climbing import Climbed
    from bedstone.prove.locks.effects import Effect
    from bedstone.prove.locks.judge import Judged


_IN_ALEMBIC = (
    "Give each revision a transaction of its own: transaction_per_migration=True in "
    "context.configure() of env.py."
)
_IN_SQL = "Give each file a transaction of its own."


def check_together(climbed: Climbed, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Yield where a revision's lock is held while another one of the same transaction works."""
    for texts in climbed.together:
        revisions: list[str] = []
        effects: list[Effect] = []
        for one in judged:
            revision = one.traced.revision
            for effect in one.effects:
                if (revision, effect.statement.sql) in texts:
                    number = len(effects)
                    statement = replace(effect.statement, number=number)
                    effects.append(replace(effect, statement=statement, unit=(0, 0)))
                    revisions.append(revision)
        holding = read_holding(effects)
        during = [
            Waiting(holder, grip, long.effect, long.work)
            for long in holding.long
            for holder, grip in zip(long.holders, long.grips, strict=True)
        ]
        for waiting in (*holding.waiting, *during):
            holder = revisions[waiting.holder.statement.number]
            worker = revisions[waiting.worker.statement.number]
            if holder != worker:
                is_sql = any(one.traced.is_sql for one in judged)
                yield _finding(holder, worker, waiting, _IN_SQL if is_sql else _IN_ALEMBIC)


def _finding(holder: str, worker: str, waiting: Waiting, hint: str) -> Finding:
    grip, work, statement = waiting.grip, waiting.work, waiting.worker.statement
    return Finding(
        "BED361",
        Severity.WARNING,
        f"in one run, {grip.mode} of {holder} on {grip.place} is still held while {worker} is at "
        f"work{words.where(statement)}: in {work.place}, {work.reason}",
        revision=worker,
        object=words.called(grip.place),
        cause=words.cause(statement),
        detail=f"{words.blocks(grip)} until the transaction of both ends; the lock was taken by "
        f"{short(waiting.holder.text)}",
        hint=hint,
        evidence=words.evidence(waiting.worker, (grip,)),
        method=words.weakest([grip.method, work.method]),
    )
