# SPDX-License-Identifier: Apache-2.0
"""``bedstone accept``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bedstone.cli.options import ServerOptions, Since, Target
from bedstone.cli.progress import show_progress

EXAMPLES = (
    "Examples:  bedstone accept .    bedstone accept . --match BED310 --match 0057    "
    "bedstone accept . --dry-run    bedstone accept . --since origin/main"
)

Match = Annotated[
    list[str] | None,
    typer.Option(
        help="Accept only findings whose code, revision or object is this (* for any text). "
        "Repeatable.",
        metavar="TEXT",
    ),
]


def run(
    target: Target = ".",
    *,
    match: Match = None,
    since: Since = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the file, write nothing.")
    ] = False,
    given: ServerOptions,
) -> None:
    """Write what is found today into bedstone.lock, so that only what is new fails.

    Losses, irreversible revisions and known differences are accepted by name: a review of the
    file's changes is a review of what the team puts up with.
    """
    from bedstone.evolve import plan_acceptance, write_acceptance
    from bedstone.prove import prove_project

    project = given.open(target)
    if project.root is None:
        raise typer.BadParameter("it has no folder to write bedstone.lock to", param_hint="TARGET")
    with show_progress() as progress:
        verdict = prove_project(project, since=since, progress=progress).verdict
    acceptance = plan_acceptance(verdict, project.root, matching=match or ())
    if dry_run:
        sys.stdout.write(acceptance.text)
        return
    if not acceptance.added and not acceptance.gone:
        typer.echo("nothing to accept: bedstone.lock stays as it is")
        return
    write_acceptance(acceptance)
    for entry in acceptance.added:
        typer.echo(f"accepted  {entry.code} {entry.message}")
    for entry in acceptance.gone:
        typer.echo(f"gone      {entry.code} {entry.message}")
    typer.echo(
        f"{acceptance.path.name}: {len(acceptance.added)} accepted, {len(acceptance.gone)} gone"
        "      next: git diff bedstone.lock"
    )
