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
    CREATE = 5
    SET = 6
    #: What names other objects that are made after it: partition bounds, owners of sequences.
    TIE = 7
    LOAD = 8


class Step(NamedTuple):
    """One thing that is done to one object."""

    verb: Verb
    key: Key

    @property
    def rank(self) -> tuple[int, int, tuple[str, str, str, str]]:
        """The order where nothing else decides; what is dropped goes the other way round."""
        number = _RANK.get(self.key.kind, len(_RANK))
        if self.verb is Verb.DROP:
            number = -number
        return (self.verb, number, self.key.sort_key)
