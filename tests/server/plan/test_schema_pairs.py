# SPDX-License-Identifier: Apache-2.0
"""Pairs of schemas that others wrote: the plan from each to the other leaves nothing to be done.

Two observers say so: the catalog, and pg_dump, which says the same to the byte where the plan is
strict about what is cosmetic. The pairs are those of ``pairs.py``, which says how they are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_observed import dump_less_cosmetic, dump_to_the_byte
from plan_applied import bring

from bedstone.plan import Options
from pairs import UNAVAILABLE, build, named_pairs

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server

#: pg_dump takes four times as long as all the rest: it is asked of each server's own version.
PARTS = 4


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("strict", [False, True], ids=["cosmetic", "strict"])
@pytest.mark.parametrize("way", [("old", "new"), ("new", "old")], ids=["there", "back"])
def test_nothing_is_left_and_pg_dump_agrees(
    way: tuple[str, str],
    part: int,
    any_server: Server,
    scratch: Scratch,
    *,
    strict: bool,
) -> None:
    wrong, unavailable = [], 0
    chosen = named_pairs()[part::PARTS]
    view = dump_to_the_byte if strict else dump_less_cosmetic
    for case in chosen:
        try:
            target = build(scratch, case, way[1])
            text = dumped(scratch)
            start = build(scratch, case, way[0])
        except UNAVAILABLE:
            unavailable += 1
            continue
        try:
            bring(scratch, start, target, Options(lowest=15, strict=strict))
        except AssertionError as reason:
            wrong.append(f"{case['id']}: {reason}")
            continue
        wanted, got = view(text), view(dumped(scratch))
        if got != wanted:
            differing = sorted({*got} ^ {*wanted})
            wrong.append(f"{case['id']}: pg_dump: {differing}")
    assert not wrong, "\n\n".join(wrong)
    assert unavailable < len(chosen) / 10


def dumped(scratch: Scratch) -> str:
    text = scratch.dump()
    assert text is not None
    return text
