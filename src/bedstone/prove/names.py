# SPDX-License-Identifier: Apache-2.0
"""Constraints and indexes that are on both sides of a comparison, under different names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.catalog import Difference, Key


def same_but_for_the_name(groups: Sequence[tuple[Difference, ...]]) -> dict[Key, Key]:
    """Pair what is removed and what is added where nothing but the name differs, both ways round.

    Constraints and indexes of one table only. *groups* holds the differences of one object each.
    """
    missing = [group[0] for group in groups if group[0].change == "removed"]
    extra = [group[0] for group in groups if group[0].change == "added"]
    pairs: dict[Key, Key] = {}
    for gone in missing:
        if gone.key.kind not in {"constraint", "index"}:
            continue
        for made in extra:
            alike = _place(made.key) == _place(gone.key) and made.new == gone.old
            if alike and made.key not in pairs:
                pairs[gone.key], pairs[made.key] = made.key, gone.key
                break
    return pairs


def _place(key: Key) -> tuple[str | None, ...]:
    return key.kind, key.schema, key.parent
