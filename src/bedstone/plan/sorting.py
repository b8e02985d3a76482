# SPDX-License-Identifier: Apache-2.0
"""Steps in an order in which each comes after all that it waits for."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

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


def in_order(
    steps: Collection[Step],
    edges: Mapping[Step, set[Step]],
    rank: Callable[[Step], tuple[object, ...]],
) -> list[Step]:
    """Return the steps sorted, by *rank* where nothing else decides.

    Raises:
        Stuck: some wait for each other.
    """
    waits = dict.fromkeys(steps, 0)
    for followers in edges.values():
        for step in followers:
            waits[step] += 1
    ready = [(rank(step), step) for step, left in waits.items() if not left]
    heapq.heapify(ready)
    found = []
    while ready:
        _, step = heapq.heappop(ready)
        found.append(step)
        for follower in edges.get(step, ()):
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (rank(follower), follower))
    if len(found) < len(steps):
        raise Stuck(sorted({step.key for step in set(steps) - set(found)}))
    return found


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
