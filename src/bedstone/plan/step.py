# SPDX-License-Identifier: Apache-2.0
"""One step of a plan: what is done to which object."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from bedstone.plan.kinds import WRITERS

if TYPE_CHECKING:
    from bedstone.catalog import Key

_RANK = {kind: number for number, kind in enumerate(WRITERS)}


class Verb(IntEnum):
    """What a step does; the smaller come first where nothing else decides."""

    #: The rows of a table that is made anew are put aside, and brought back at last.
    SAVE = 0
    #: What takes long is made beside what is there, so that the moment of the change is short.
    PREPARE = 1
    UNSET = 2
    DROP = 3
    ALTER = 4
    #: The old form of a type goes, when nothing is of it any more.
    CLEAR = 5
    #: A type of which only the name is made, for the functions that it is made of.
    DECLARE = 6
    CREATE = 7
    SET = 8
    #: What names other objects that are made after it: partition bounds, owners of sequences.
    TIE = 9
    LOAD = 10


class Step(NamedTuple):
    """One thing that is done to one object."""

    verb: Verb
    key: Key

    def rank(self, position: int = 0) -> tuple[int, int, tuple[str, str, str], int, str]:
        """Return the order where nothing else decides; what is dropped goes the other way round.

        *position* is that of a column in its table.
        """
        number = _RANK.get(self.key.kind, len(_RANK))
        if self.verb is Verb.DROP:
            number = -number
        *place, name = self.key.sort_key
        kind, schema, parent = place
        return (self.verb, number, (kind, schema, parent), position, name)
