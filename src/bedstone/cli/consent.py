# SPDX-License-Identifier: Apache-2.0
"""Asks on a terminal before anything is written that loses rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from bedstone.cli.progress import show_progress
from bedstone.errors import DatabaseNotNamed, DestructivePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.evolve import Order, Written
    from bedstone.plan import Statement
    from bedstone.project import Project


def live_address(database: str | None) -> str:
    """Return the address of the live database.

    Raises:
        DatabaseNotNamed: there is none.
    """
    if database is None:
        raise DatabaseNotNamed(
            "no database is named",
            detail="Bedstone never guesses which database is the live one.",
            hint="Set BEDSTONE_DATABASE, or give --database postgresql://user@host/dbname",
        )
    return database


def write_with_consent(project: Project, order: Order, *, allowed: bool) -> Written:
    """Write the revision; where it would lose something, ask on a terminal and do it then."""
    from bedstone.evolve import write_revision

    lost: list[str] = []

    def consent(losses: Sequence[Statement]) -> bool:
        lost.extend(dict.fromkeys(str(statement.subject) for statement in losses))
        return allowed

    try:
        with show_progress() as progress:
            return write_revision(project, order, consent=consent, progress=progress)
    except DestructivePlan:
        if not sys.stdin.isatty() or not all(map(_is_typed, lost)):
            raise
    with show_progress() as progress:
        return write_revision(
            project,
            order,
            consent=lambda losses: {str(s.subject) for s in losses} <= set(lost),
            progress=progress,
        )


def _is_typed(name: str) -> bool:
    typer.echo(f"the revision would lose {name}", err=True)
    answer = typer.prompt("type its name to go on", default="", show_default=False, err=True)
    return bool(answer == name or answer == name.partition(" ")[2])
