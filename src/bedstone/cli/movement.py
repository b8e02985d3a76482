# SPDX-License-Identifier: Apache-2.0
"""What ``upgrade`` and ``downgrade`` have in common: one history, one database, one direction."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import typer

from bedstone.cli.migration import open_migration
from bedstone.errors import ConfirmationMissing, MigrationFailed

if TYPE_CHECKING:
    from bedstone.cli.migration import Migration
    from bedstone.cli.options import ProjectOptions
    from bedstone.history import Revision, StepError
    from bedstone.run import Position


def move(
    target: str,
    url: str | None,
    *,
    to: str | None,
    direction: Literal["up", "down"],
    wait: float,
    dry_run: bool,
    sure: bool,
    given: ProjectOptions,
) -> None:
    """Run the history of *target* on the database at *url*, or print what would run.

    Raises:
        MigrationFailed: a revision failed; the message says where the database stands now.
    """
    from bedstone.run import apply_history, plan_steps, read_position

    with open_migration(target, url, given) as migration:
        position = read_position(migration.history, migration.database)
        steps = plan_steps(migration.history, position, to, direction)
        if dry_run:
            for note in position.notes:
                sys.stdout.write(f"-- {note}\n")
            if steps:
                _print_sql(migration, position, steps, direction)
            return
        if direction == "down" and steps and not sure:
            _confirm(migration, steps)
        applied = apply_history(
            migration.history, migration.database, to=to, direction=direction, wait=wait
        )
        if applied.run is not None and applied.run.error is not None:
            raise _failure(migration, applied.run.error)
        _print_done(applied.revisions, direction)


def _print_sql(
    migration: Migration,
    position: Position,
    steps: tuple[Revision, ...],
    direction: Literal["up", "down"],
) -> None:
    """Print the statements that the steps send, as they sent them to a scratch database."""
    from bedstone.prove import server_for
    from bedstone.run import rehearse

    with server_for(migration.settings) as server, server.workspace("rehearsal") as workspace:
        scratch = workspace.scratch("rehearsal")
        for line in rehearse(migration.history, scratch, position, steps, direction):
            sys.stdout.write(line + "\n")


def _confirm(migration: Migration, steps: tuple[Revision, ...]) -> None:
    name = migration.database.dsn.dbname or ""
    typer.echo(f"going down from {steps[0].id} through {_count(steps)} can lose rows", err=True)
    if (
        not sys.stdin.isatty()
        or typer.prompt("type the database's name to go on", err=True) != name
    ):
        raise ConfirmationMissing(
            f"downgrade of {name} was not confirmed",
            detail="Nothing was changed.",
            hint="Type the database's name when asked, or give --yes",
        )


def _count(steps: tuple[Revision, ...]) -> str:
    return f"{len(steps)} revision{'s' * (len(steps) != 1)}"


def _failure(migration: Migration, error: StepError) -> MigrationFailed:
    from bedstone.history import Failure

    current = ", ".join(migration.history.current(migration.database)) or "base"
    if error.failure is Failure.IRREVERSIBLE:
        return MigrationFailed(
            f"{error.revision} has no way back: {error.message}",
            detail=f"Nothing was changed; the database is at {current}.",
            hint=error.hint,
        )
    left = error.left or "what the failed revision did in its transaction is undone."
    place = f" At {error.file}, line {error.line}." if error.file and error.line else ""
    state = f" ({error.sqlstate})" if error.sqlstate else ""
    return MigrationFailed(
        f"{error.at} failed: {error.message}{state}",
        detail=f"The database is now at {current}; {left[:1].lower()}{left[1:]}{place}",
        hint="Mend the revision, then run the same command again: it goes on from there.",
    )


def _print_done(steps: tuple[Revision, ...], direction: str) -> None:
    for revision in steps:
        sys.stdout.write(f"{direction:>4}  {revision.id}  {revision.message}\n")
    word = f"{_count(steps)} run" if steps else "nothing to do"
    sys.stdout.write(f"{word}      next: bedstone status\n")
