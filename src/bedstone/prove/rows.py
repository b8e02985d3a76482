# SPDX-License-Identifier: Apache-2.0
"""The way up once more, with rows in the tables whose columns a revision changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.fill import insert_rows

if TYPE_CHECKING:
    from bedstone.fill import Filled
    from bedstone.history import Run
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.stairs import Stair

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RowsTried:
    """One upgrade with rows in the tables whose columns it changes.

    *up* is ``None`` where the state with rows before it could not be made.
    """

    stair: Stair
    filled: Filled
    up: Run | None


def climb_with_rows(evidence: Evidence) -> tuple[RowsTried, ...]:
    """Run up to each revision that changes columns, put in rows, and run it.

    Rows stay on the way up, as they do in life. After a failure it goes on from a fresh copy. A
    row or two is no work: what takes far longer than without them waits for what never comes.
    """
    seconds = max(_PATIENCE_SECONDS, 2 * evidence.chain.up.seconds)
    with evidence.history.in_haste(seconds):
        return _climb(evidence)


def _climb(evidence: Evidence) -> tuple[RowsTried, ...]:
    tried: list[RowsTried] = []
    at: int | None = None
    stairs = [stair for stair in evidence.stairs.steps if stair.reached]
    for height, stair in enumerate(stairs):
        tables = _changed_tables(stair)
        if not tables:
            continue
        evidence.progress(f"{stair.revision.id} with rows", height, len(stairs))
        if not _come_to(evidence, at, height):
            at = None
            continue
        with evidence.scratch.connect() as connection:
            filled = insert_rows(connection, tables)
        up = evidence.history.step(evidence.scratch, stair.revision.id, "up")
        tried.append(RowsTried(stair, filled, up))
        at = height + 1 if up.ok else None
    return tuple(tried)


def _come_to(evidence: Evidence, at: int | None, height: int) -> bool:
    """Go up from *at* with the rows that are there; from a fresh copy where that fails."""
    if at is not None:
        ids = [revision.id for revision in evidence.selected[at:height]]
        if evidence.history.upgrade(evidence.scratch, ids).ok:
            return True
    return evidence.ladder.come_to(height).ok


def _changed_tables(stair: Stair) -> tuple[Key, ...]:
    """Return the tables that were there and get a column, or another form of one."""
    changes = stair.changes.meaningful if stair.changes else ()
    return tuple(
        sorted(
            {
                Key("table", difference.key.schema, difference.key.parent)
                for difference in changes
                if difference.key.kind == "column"
                and difference.change != "removed"
                and difference.key.parent is not None
            }
        )
    )
