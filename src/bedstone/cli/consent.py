# SPDX-License-Identifier: Apache-2.0
"""Asks on a terminal before anything is written that loses rows."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from bedstone.cli.progress import show_progress
from bedstone.cli.renames import answers, is_answered
from bedstone.errors import DestructivePlan

if TYPE_CHECKING:
    from bedstone.evolve import Order, Written
    from bedstone.evolve.draft import Draft
    from bedstone.plan import Rename
    from bedstone.project import Project


def write_with_consent(project: Project, order: Order, *, allowed: bool) -> Written:
    """Write the revision; where it would lose something, ask on a terminal and do it then.

    First whether what goes only has another name: each yes may show more.
    """
    from bedstone.evolve import write_revision

    asked: set[Rename] = set()
    lost: frozenset[str] = frozenset()
    while True:
        asking = _Asking(lost, allowed=allowed)
        try:
            with show_progress() as progress:
                return write_revision(project, order, consent=asking.consent, progress=progress)
        except DestructivePlan:
            draft = asking.draft
            if draft is None or not is_answered():
                raise
            if renames := tuple(answers(draft.candidates, asked)):
                order = replace(order, renames=(*order.renames, *renames))
            elif all(map(_is_typed, sorted(_losses(draft)))):
                lost = _losses(draft)
            else:
                raise


class _Asking:
    """Consents to what may be lost, and keeps the draft that it was asked about."""

    def __init__(self, lost: frozenset[str], *, allowed: bool) -> None:
        self._lost = lost
        self._allowed = allowed
        self.draft: Draft | None = None

    def consent(self, draft: Draft) -> bool:
        """Whether all that *draft* loses may be lost."""
        self.draft = draft
        return self._allowed or _losses(draft) <= self._lost


def tell_of_draft(written: Written, *, allowed: bool) -> None:
    """Say on standard error what the same without ``--dry-run`` would say."""
    for note in written.notes:
        typer.echo(f"note: {note}", err=True)
    for name in sorted(_losses(written.draft)):
        refused = "" if allowed else ", which is refused without --allow-destructive"
        typer.echo(f"the revision would lose rows or values of {name}{refused}", err=True)


def _losses(draft: Draft) -> frozenset[str]:
    return frozenset(str(statement.subject) for statement in draft.losses)


def _is_typed(name: str) -> bool:
    typer.echo(f"the revision would lose {name}", err=True)
    sys.stderr.write("type its name to go on: ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    return bool(answer == name or answer == name.partition(" ")[2])
