# SPDX-License-Identifier: Apache-2.0
"""What is on both sides of a comparison, under different names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.catalog import Difference, Key


def same_but_for_the_name(groups: Sequence[tuple[Difference, ...]]) -> dict[Key, Key]:
    """Pair what is removed and what is added where nothing but the name differs, both ways round.

    Constraints and indexes of one table, and the sequences that a column owns, only. *groups* holds
    the differences of one object each.
    """
    missing = [group[0] for group in groups if group[0].change == "removed"]
    extra = [group[0] for group in groups if group[0].change == "added"]
    pairs: dict[Key, Key] = {}
    for gone in missing:
        if not _is_named_by_itself(gone):
            continue
        for made in extra:
            alike = _place(made.key) == _place(gone.key) and made.new == gone.old
            if alike and made.key not in pairs:
                pairs[gone.key], pairs[made.key] = made.key, gone.key
                break
    return pairs


def _place(key: Key) -> tuple[str | None, ...]:
    return key.kind, key.schema, key.parent


def _is_named_by_itself(difference: Difference) -> bool:
    """Whether it is of a kind that PostgreSQL or SQLAlchemy names where nobody does."""
    if difference.key.kind == "sequence":
        return isinstance(difference.old, Mapping) and difference.old["owned_by"] is not None
    return difference.key.kind in {"constraint", "index"}
