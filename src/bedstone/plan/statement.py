# SPDX-License-Identifier: Apache-2.0
"""One statement of a plan, and what is to be known about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.catalog import Key
    from bedstone.trace import LockMode


class Hazard(StrEnum):
    """What may hurt when a statement is run on a database that is in use."""

    #: Rows or values are gone afterwards.
    LOSES_DATA = "loses data"
    #: Values are others afterwards: rounded, or written in another form.
    CHANGES_VALUES = "changes values"
    #: A lock that keeps readers or writers out is held for work proportional to rows.
    BLOCKS = "blocks"
    #: It fails where rows do not suit it.
    MAY_FAIL = "may fail on rows"
    #: Clients of the old name or form fail from here on.
    BREAKS_CLIENTS = "breaks clients"
    #: Who may do what is another afterwards.
    PRIVILEGES = "changes privileges"


class Transaction(StrEnum):
    """Which transaction a statement may run in."""

    #: Together with those before and after it.
    SHARED = "shared"
    #: In one of its own: it works long, or what follows needs it committed.
    OWN = "own"
    #: In none: PostgreSQL refuses it there.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement, without its semicolon.

    *lock* is the strongest that PostgreSQL documents for it, *on* the relation. *losses* are the
    objects whose data is gone afterwards, where it is not the subject's.
    """

    sql: str
    subject: Key
    reason: str = ""
    lock: LockMode | None = None
    on: str | None = None
    hazards: tuple[Hazard, ...] = ()
    transaction: Transaction = Transaction.SHARED
    losses: tuple[Key, ...] = ()

    @property
    def destroyed(self) -> tuple[Key, ...]:
        """The objects whose rows or values are gone afterwards."""
        if Hazard.LOSES_DATA not in self.hazards:
            return ()
        return self.losses or (self.subject,)
