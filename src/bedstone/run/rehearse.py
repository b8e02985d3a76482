# SPDX-License-Identifier: Apache-2.0
"""What a migration will send, learnt by running it where it does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bedstone.errors import RehearsalFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.history import History, Revision
    from bedstone.run.apply import Position
    from bedstone.server import Scratch


def rehearse(
    history: History,
    scratch: Scratch,
    position: Position,
    steps: Sequence[Revision],
    direction: Literal["up", "down"],
) -> Iterator[str]:
    """Bring *scratch* to *position*, run *steps* there, and yield each statement they send.

    A statement has its bound values left out, and their number said in a comment. What a
    revision makes of rows cannot be seen: the scratch database has none.

    Raises:
        RehearsalFailed: the history does not run on an empty database.
    """
    scratch.reset(None)
    before = history.prepare(scratch)
    if before.ok and position.applied:
        before = history.upgrade(scratch, [revision.id for revision in position.applied])
    run = history.rehearse(scratch, [r.id for r in steps], direction) if before.ok else before
    if run.error is not None:
        raise RehearsalFailed(
            f"{run.error.revision or 'the bootstrap'} fails on a scratch database: "
            f"{run.error.message}",
            detail="Nothing was changed in the database that was named.",
            hint="bedstone prove . -v",
        )
    for sent in run.result:
        text = sent["statement"].strip().rstrip(";")
        bound = f"  -- {sent['bound']} bound values" if sent["bound"] else ""
        yield f"{text};{bound}"
