# SPDX-License-Identifier: Apache-2.0
"""A plan as steps of revisions, each of which can be taken again where it was cut off.

A step stands alone, outside of the transactions around it, or shares one with its neighbours. One
that stands alone is always in a form that may be repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.history.files.transactions import concurrent_index
from bedstone.plan import Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bedstone.catalog import Catalog
    from bedstone.plan import Statement

_UNCHECKED = ("set local check_function_bodies = off", "functions may name what is made after them")
_BOUNDED = (
    "set local lock_timeout = '5s'",
    "gives up rather than let others wait behind it; the same command goes on from here",
)
_ROUTINE = re.compile(r"create (?:or replace )?(?:function|procedure)\b")
_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view"})
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


def steps_of(
    statements: Iterable[Statement], before: Catalog, *, is_bounded: bool
) -> tuple[Step, ...]:
    """Return the steps of *statements*, each one outside of a transaction made repeatable.

    With *is_bounded* no transaction waits long for a strong lock on a relation of *before*.
    """
    older = {key.path for key in before.objects if key.kind in _RELATIONS} if is_bounded else set()
    found: list[Step] = []
    for statements_of_one in _transactions(statements):
        if not _is_shared(statements_of_one[0]):
            found += _repeatable(_step(statements_of_one[0]))
            continue
        said: set[tuple[str, str]] = set()
        for statement in statements_of_one:
            for setting in _settings(statement, older):
                if setting not in said:
                    said.add(setting)
                    found.append(Step(setting[0], (setting[1],)))
            found.append(_step(statement))
    return tuple(found)


def _transactions(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Yield what is in one transaction; what stands alone by itself."""
    waiting: list[Statement] = []
    for statement in statements:
        if waiting and not (_is_shared(statement) and _is_shared(waiting[-1])):
            yield waiting
            waiting = []
        waiting.append(statement)
    if waiting:
        yield waiting


def _is_shared(statement: Statement) -> bool:
    return statement.transaction is Transaction.SHARED


def _settings(statement: Statement, older: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is to be set for the transaction before *statement*, with the reason."""
    if _ROUTINE.match(statement.sql):
        yield _UNCHECKED
    if statement.on in older and (statement.lock or 0) >= LockMode.SHARE:
        yield _BOUNDED


def _step(statement: Statement) -> Step:
    return Step(statement.sql, tuple(_comments(statement)), statement.transaction, statement)


def _repeatable(step: Step) -> Iterator[Step]:
    """Yield what can be done again wherever the step was cut off."""
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
