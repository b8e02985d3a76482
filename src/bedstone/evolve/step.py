# SPDX-License-Identifier: Apache-2.0
"""A plan as steps of revisions, each of which can be taken again where it was cut off.

A chain of revisions is resumable when each is: first steps outside of any transaction, each of
which may be repeated, then one transaction that commits together with the version. A plan is cut
into as few revisions of that form as its order allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.history.files.transactions import concurrent_index
from bedstone.plan import Transaction
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.plan import Statement

#: Functions may name what is made after them.
_UNCHECKED = "set local check_function_bodies = off"
_ROUTINES = frozenset({"function", "procedure"})
_REPEATED = (
    (re.compile(r"drop index concurrently (?!if exists )"), "drop index concurrently if exists "),
    (re.compile(r"(alter type .+?) add value (?!if not exists )"), r"\1 add value if not exists "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a revision, *alone* outside of its transaction; *again* is for repeating.

    *source* is the statement of the plan that it comes from, where it is one.
    """

    sql: str
    comments: tuple[str, ...] = ()
    transaction: Transaction = Transaction.SHARED
    source: Statement | None = None

    @property
    def alone(self) -> bool:
        """Whether it is committed by itself."""
        return self.transaction is not Transaction.SHARED


def steps_of(statements: Iterable[Statement]) -> tuple[Step, ...]:
    """Return the steps of *statements*, each one outside of a transaction made repeatable."""
    found: list[Step] = []
    is_checked = True
    for statement in statements:
        shared = statement.transaction is Transaction.SHARED
        if statement.subject.kind in _ROUTINES and shared and is_checked:
            comment = "functions may name what is made after them"
            found.append(Step(_UNCHECKED, (comment,)))
            is_checked = False
        is_checked = is_checked or not shared
        found += _repeatable(Step(statement.sql, tuple(_comments(statement)),
                                  statement.transaction, statement))  # fmt: skip
    return tuple(found)


def _repeatable(step: Step) -> Iterator[Step]:
    if not step.alone:
        yield step
        return
    index = concurrent_index(step.sql)
    if index is not None:
        schema, _, name = index
        path = quote_identifier(*((schema,) if schema else ()), name)
        comment = "a build that was cut off leaves an index that is not valid"
        yield Step(f"drop index concurrently if exists {path}", (comment,), Transaction.NONE)
    for pattern, replacement in _REPEATED:
        if pattern.match(step.sql):
            yield replace(step, sql=pattern.sub(replacement, step.sql, count=1))
            return
    yield step


def _comments(statement: Statement) -> Iterator[str]:
    words = []
    if statement.lock is not None:
        words.append(f"{statement.lock} on {statement.on}" if statement.on else str(statement.lock))
    words += [str(hazard) for hazard in statement.hazards]
    if statement.reason:
        words.append(statement.reason)
    if words:
        yield "; ".join(words)


def cut_for_alembic(steps: Iterable[Step]) -> tuple[tuple[Step, ...], ...]:
    """Cut *steps* into revisions: what stands alone first, then one transaction."""
    parts: list[list[Step]] = []
    for step in steps:
        if not parts or (step.alone and not parts[-1][-1].alone):
            parts.append([])
        parts[-1].append(step)
    return tuple(map(tuple, parts))


def cut_for_files(steps: Iterable[Step]) -> tuple[tuple[Step, ...], ...]:
    """Cut *steps* into files: each is one transaction, or none."""
    parts: list[list[Step]] = []
    for step in steps:
        kind = step.transaction
        if not parts or parts[-1][-1].transaction is not kind or kind is Transaction.OWN:
            parts.append([])
        parts[-1].append(step)
    return tuple(map(tuple, parts))


def is_resumable(steps: Iterable[Step]) -> bool:
    """Whether no step stands alone after one that is in the revision's transaction."""
    return len(cut_for_alembic(steps)) <= 1
