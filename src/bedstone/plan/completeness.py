# SPDX-License-Identifier: Apache-2.0
"""Whether a catalog holds all that there is: what was not read cannot be planned for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog.assembly import PASSED_OVER
from bedstone.errors import CatalogIncomplete

if TYPE_CHECKING:
    from bedstone.catalog import Catalog


def check_complete(side: Catalog, name: str) -> None:
    """Refuse a side that holds what could not be taken in: it would be taken for nothing.

    Raises:
        CatalogIncomplete: it names what, and why.
    """
    left_out = [item for item in side.unmodelled if item.reason != PASSED_OVER]
    if not left_out:
        return
    first = left_out[0]
    more = f", and {len(left_out) - 1} more" if len(left_out) > 1 else ""
    what = first.what.partition(" of ")[2] or first.what
    raise CatalogIncomplete(
        f"{name} holds {first.what}, which was not read: {first.reason}{more}",
        detail="; ".join(map(str, left_out[1:9])) or None,
        hint=f"Read it with a role that may, or leave it out: --exclude '{what}'",
    )
