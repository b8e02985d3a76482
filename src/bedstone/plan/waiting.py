# SPDX-License-Identifier: Apache-2.0
"""Steps that wait for others: for all that leads to them, or for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.catalog import Key
    from bedstone.plan.step import Step


class Stuck(NotPlannable):
    """Steps wait for each other; *keys* are what they are for."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(
            f"{keys[0]} and {len(keys) - 1} more objects wait for each other",
            detail=", ".join(str(key) for key in keys[:8]),
            hint="Change one of them by hand first.",
        )
        self.keys = keys


def reached(start: Iterable[Step], edges: Mapping[Step, set[Step]]) -> set[Step]:
    """Return the steps that *edges* lead to, those at the start among them."""
    found: set[Step] = set()
    waiting = list(start)
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += edges.get(step, ())
    return found
