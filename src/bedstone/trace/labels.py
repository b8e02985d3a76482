# SPDX-License-Identifier: Apache-2.0
"""The labels of what nobody noted: what drivers send by themselves, between two statements."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.trace.ledger import Record

_BEGINS = ("begin", "start")


def spread_labels(records: Sequence[Record]) -> list[str | None]:
    """Return the label of each record, in its order.

    What stands between two statements of one revision is of that revision. At a boundary, what
    ends a transaction is of the revision before it, what begins one of that after it.
    """
    labels = [record.label for record in records]
    sessions = defaultdict(list)
    for index, record in enumerate(records):
        sessions[record.session].append(index)
    for indexes in sessions.values():
        noted = [index for index in indexes if _is_told(records[index])]
        if not noted:
            continue
        following = iter(noted)
        before: int | None = None
        after = next(following, None)
        for index in indexes:
            if index == after:
                before, after = index, next(following, None)
            elif labels[index] is None:
                around = [None if i is None else records[i].label for i in (before, after)]
                labels[index] = _label(records[index], *around)
    return labels


def _is_told(record: Record) -> bool:
    """Whether the client's word stands; an end of a transaction may come from outside the runs."""
    return record.noted and (record.label is not None or not record.is_control)


def _label(record: Record, before: str | None, after: str | None) -> str | None:
    if before == after:
        return before
    if record.ends_transaction:
        return before
    is_begin = record.is_control and record.statements[0].text.lower().startswith(_BEGINS)
    return after if is_begin else None
