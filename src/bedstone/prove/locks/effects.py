# SPDX-License-Identifier: Apache-2.0
"""What a statement did to tables that are older than its revision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.findings import Method
    from bedstone.prove.locks.ground import Seat
    from bedstone.prove.locks.reading import Sentence
    from bedstone.trace import LockMode, StatementFacts


@dataclass(frozen=True, slots=True)
class Grip:
    """A lock that a statement took on a table, or on an index or partition of it.

    *at* is the partition that was locked, where the table itself was not.
    """

    table: Seat
    mode: LockMode
    method: Method
    at: Seat | None = None

    @property
    def place(self) -> Seat:
        """What is locked, by the name to show."""
        return self.at or self.table


@dataclass(frozen=True, slots=True)
class Work:
    """Why a statement takes longer the more rows a table has; *at* as a grip's."""

    table: Seat
    reason: str
    method: Method
    at: Seat | None = None

    @property
    def place(self) -> Seat:
        """What is worked on, by the name to show."""
        return self.at or self.table


@dataclass(frozen=True, slots=True)
class Written:
    """Rows of a table that are written: the more, the more rows *work* goes through."""

    table: Seat
    operation: str
    work: Work


@dataclass(frozen=True, slots=True)
class Doubt:
    """What nobody knows of a statement: whether it works on *table*, or at all.

    *always* says that it makes a difference whatever is locked.
    """

    reason: str
    table: Seat | None = None
    always: bool = False

    def __str__(self) -> str:
        return self.reason if self.table is None else f"{self.table}: {self.reason}"


@dataclass(frozen=True)
class Effect:
    """One statement: the locks it took and the work it did, tables that were there only.

    *unit* is the transaction: what is in one is held together. *written* are rows in number with
    a table's, *row_locked* the tables of which it locked rows to write them. *doubts* say what
    nobody knows.
    """

    statement: StatementFacts
    sentences: tuple[Sentence, ...]
    unit: tuple[int, int]
    grips: tuple[Grip, ...]
    works: tuple[Work, ...]
    written: tuple[Written, ...] = ()
    row_locked: frozenset[int] = frozenset()
    doubts: tuple[Doubt, ...] = ()

    @cached_property
    def text(self) -> str:
        """The statement in one line."""
        return "; ".join(self.statement.sql)

    @property
    def is_strong(self) -> bool:
        """Whether it would block others by itself."""
        return bool(self.grips) or any(sentence.is_strong for sentence in self.sentences)
