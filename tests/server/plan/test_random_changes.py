# SPDX-License-Identifier: Apache-2.0
"""Random changes to databases with random names: the plan there and the plan back leave nothing.

To try other examples, or more of them, see ``catalog/test_random_changes.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_observed import make_roles
from catalog_random import EXAMPLES, KINDS, Cell, cells, changes
from hypothesis import HealthCheck, Phase, given, settings
from plan_applied import bring, observe

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server


@pytest.mark.pg("!= 16, != 17")
@settings(
    max_examples=int(EXAMPLES or 6),
    derandomize=EXAMPLES is None,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(made=cells(), drawn=changes())
def test_random_changes_can_be_planned_both_ways(
    any_server: Server, scratch: Scratch, made: list[Cell], drawn: list[tuple[int, str]]
) -> None:
    """Of any set of changes: A to B applied to A is B, B to A applied to B is A."""
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        make_roles(conn)
        for cell in made:
            conn.execute(cell.setup.encode())
    before = observe(scratch)
    with scratch.connect(autocommit=True) as conn:
        for number, name in drawn:
            conn.execute(made[number](KINDS[name].sql).encode())
    after = observe(scratch)
    bring(scratch, after, before)
    bring(scratch, before, after)
