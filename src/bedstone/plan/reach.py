# SPDX-License-Identifier: Apache-2.0
"""Where edges of a graph lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.plan.step import Step


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
