# SPDX-License-Identifier: Apache-2.0
"""Types that are declared first, so that the functions they are made of can name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable

if TYPE_CHECKING:
    from bedstone.catalog import Key
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side

_KINDS = frozenset({"base type", "range"})
#: What ALTER TYPE … SET changes of a base type, with what is written elsewhere.
ALTERABLE = ("receive", "send", "typmod_in", "typmod_out", "analyze", "subscript", "storage")


def functions_of(key: Key, side: Side) -> frozenset[Key]:
    """Return the functions that a type needs and that need the type: each needs the other."""
    if key.kind not in _KINDS or key not in side:
        return frozenset()
    needed = (other for other in side[key].depends if other.kind == "function")
    return frozenset(other for other in needed if key in side[other].depends)


def check_shells(work: Differences, a: Side) -> None:
    """Refuse what would drop such a type or one of its functions.

    Raises:
        NotPlannable: only CASCADE would drop them.
    """
    for key in sorted({*work.removed, *work.renewed, *work.changed}):
        stays = key in work.changed and (
            key.kind == "base type" or work.changed[key] <= {"owner", "acl", "comment"}
        )
        if not stays and functions_of(key, a):
            what = "is a base type" if key.kind == "base type" else "has a canonical function"
            raise NotPlannable(
                f"{key} {what}",
                detail="It and its functions in C need each other: only CASCADE would drop them.",
                hint=f"Drop it by hand, with all that is left: drop type {key.path} cascade",
            )
