# SPDX-License-Identifier: Apache-2.0
"""Steps that wait for each other, brought into one order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.plan.side import number
from bedstone.plan.step import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.catalog import Key
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side


class Stuck(NotPlannable):
    """Steps wait for each other; *keys* are what they are for."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(
            f"{keys[0]} and {len(keys) - 1} more objects wait for each other",
            detail=", ".join(str(key) for key in keys[:8]),
            hint="Change one of them by hand first.",
        )
        self.keys = keys


class Sequence:
    """Steps and what each has to come after, and their order."""

    def __init__(self, work: Differences, b: Side) -> None:
        self._work, self._b = work, b
        self._after: defaultdict[Step, set[Step]] = defaultdict(set)
        self.steps: set[Step] = set()
        #: What ends a transaction: done before anything stands aside, where it can be.
        self._early: set[Step] = set()

    def bring_forward(self, steps: Iterable[Step]) -> None:
        """Let *steps* come before anything stands aside, with all that they wait for.

        What waits for something that stands aside itself, or is changed, comes as early as it can.
        """
        before = self._reversed()
        for step in steps:
            awaited = reached((step,), before)
            if any(self._holds_back(other) for other in awaited - {step}):
                awaited = {step} if step.verb is Verb.ALTER or step.key.kind == "column" else set()
            self._early |= awaited

    def _holds_back(self, step: Step) -> bool:
        renewed = step.verb is Verb.DROP and step.key in self._work.renewed
        return renewed or step.verb in {Verb.UNSET, Verb.SAVE, Verb.ALTER}

    def _reversed(self) -> Mapping[Step, set[Step]]:
        before: defaultdict[Step, set[Step]] = defaultdict(set)
        for step, followers in self._after.items():
            for follower in followers:
                before[follower].add(step)
        return before

    def sorted(self) -> list[Step]:
        """Return the steps so that each comes after all that it waits for.

        Raises:
            NotPlannable: some wait for each other.
        """
        waits = dict.fromkeys(self.steps, 0)
        for followers in self._after.values():
            for step in followers:
                waits[step] += 1
        ready = [(self._rank(step), step) for step, left in waits.items() if not left]
        heapq.heapify(ready)
        found = []
        while ready:
            _, step = heapq.heappop(ready)
            found.append(step)
            for follower in self._after[step]:
                waits[follower] -= 1
                if not waits[follower]:
                    heapq.heappush(ready, (self._rank(follower), follower))
        if len(found) < len(self.steps):
            raise Stuck(sorted({step.key for step in self.steps - set(found)}))
        return found

    def _rank(self, step: Step) -> tuple[object, ...]:
        placed = step.verb is Verb.CREATE and step.key.kind in {"column", "attribute"}
        rank = step.rank(number(self._b[step.key].attributes["position"]) if placed else 0)
        return (Verb.PREPARE, *rank[1:]) if step in self._early else rank

    def around_copies(self) -> tuple[list[Step], list[Step], list[Step]]:
        """Return the steps before, within and after the copying of tables, each part sorted.

        What is within has to be one transaction: the rows are nowhere else meanwhile.
        """
        steps, before_of = self.sorted(), self._reversed()
        later = reached(
            (s for s in steps if s.verb is Verb.SAVE or self._sets_apart(s)), self._after
        )
        earlier = reached((s for s in steps if s.verb is Verb.LOAD), before_of)
        within = later & earlier
        return (
            [step for step in steps if step not in later],
            [step for step in steps if step in within],
            [step for step in steps if step in later - within],
        )

    def _sets_apart(self, step: Step) -> bool:
        """Whether a partition is detached because its whole is made anew."""
        if step.verb is not Verb.UNSET or step.key.kind != "table":
            return False
        return any(then.verb is Verb.SAVE for then in self._after.get(step, ()))


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
