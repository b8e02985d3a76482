# SPDX-License-Identifier: Apache-2.0
"""Pairs of schemas that others wrote: comparing says what pg_dump says, of each one.

The pairs are those of ``pairs.py``, which says how they are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_observed import check_laws, normal_dump

from bedstone.catalog import compare, fold
from pairs import UNAVAILABLE, Pair, build, named_pairs

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server

#: What pg_dump does not write down.
NOT_DUMPED = {("extension", "version")}


@pytest.mark.timeout(900)
def test_comparing_says_what_pg_dump_says(any_server: Server, scratch: Scratch) -> None:
    wrong, refused, cases = [], 0, named_pairs()
    for case in cases:
        try:
            old, old_dump = observe(scratch, case, "old")
            new, new_dump = observe(scratch, case, "new")
        except UNAVAILABLE:
            refused += 1
            continue
        differences = compare(old, new)
        dumped = [d for d in differences if (d.key.kind, d.attribute) not in NOT_DUMPED]
        if bool(dumped) is not (old_dump != new_dump):
            wrong.append(f"{case['id']}: {[str(item) for item in differences]}")
        folded = fold(differences)
        assert sum(1 + len(group.consequences) for group in folded) == len(differences)
        check_laws(old, new, case["id"])
    assert wrong == []
    assert refused < len(cases) / 10


def observe(scratch: Scratch, pair: Pair, side: str) -> tuple[Catalog, list[str]]:
    catalog = build(scratch, pair, side)
    assert catalog.unmodelled == ()
    text = scratch.dump()
    assert text is not None
    return catalog, normal_dump(text)
