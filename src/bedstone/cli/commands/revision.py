# SPDX-License-Identifier: Apache-2.0
"""``bedstone revision``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bedstone.cli.consent import tell_of_draft, write_with_consent
from bedstone.cli.options import (
    Database,
    Json,
    Online,
    PlanOptions,
    Target,
    Verbose,
    database_named,
)
from bedstone.cli.renames import RenameOption

EXAMPLES = (
    'Examples:  bedstone revision -m "orders get a note"    '
    'bedstone revision . -m "drop the old tables" --allow-destructive    '
    'bedstone revision . -m "as wanted" --to wanted.sql --dry-run'
)


def run(
    target: Target = ".",
    *,
    message: Annotated[
        str, typer.Option("--message", "-m", help="What the revision does, in a few words.")
    ],
    to: Annotated[
        str | None,
        typer.Option(
            help="The schema to come to, in place of the models': live, a .sql file, a saved "
            "catalog, another project's history, a postgresql:// URL.",
            metavar="SIDE",
        ),
    ] = None,
    database: Database = None,
    rename: RenameOption = None,
    online: Online = True,
    allow_destructive: Annotated[
        bool, typer.Option("--allow-destructive", help="Write it though rows or values are lost.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Let the files stay though a proof of them fails.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, write nothing.")
    ] = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the plan as a script for psql, write nothing.")
    ] = False,
    rev_id: Annotated[
        str | None, typer.Option(help="The revision's id, or a SQL file's version.", metavar="ID")
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="The head, or branch@head, that it stands on.")
    ] = None,
    splice: Annotated[
        bool, typer.Option("--splice", help="Let it stand on a revision that is no head.")
    ] = False,
    branch_label: Annotated[str | None, typer.Option(help="A label for its branch.")] = None,
    version_path: Annotated[
        str | None, typer.Option(help="The folder of revisions that it goes to.", metavar="PATH")
    ] = None,
    depends_on: Annotated[
        list[str] | None, typer.Option(help="A revision that it depends on. Repeatable.")
    ] = None,
    history: Annotated[
        str | None, typer.Option(help="The history that it goes to, of several.", metavar="NAME")
    ] = None,
    given: PlanOptions,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write the revision that leads from the history to the models, and prove it.

    The project's own Alembic writes it, with its template, names and hooks; a history of SQL files
    gets a V and a U file. Where a proof fails nothing stays. What the revision loses is refused
    unless it is allowed, and then written into bedstone.lock. Exit status 1 where a proof fails.
    """
    from bedstone.evolve import Order
    from bedstone.history import Placement
    from bedstone.plan import Options, parse_rename, read_range
    from bedstone.report import render_draft, render_written_json, render_written_text

    if not message.strip():
        raise typer.BadParameter("it says nothing", param_hint="--message")
    place = Placement(
        rev_id=rev_id,
        head=head,
        splice=splice,
        branch_label=branch_label,
        version_path=str(Path(version_path).absolute()) if version_path else None,
        depends_on=tuple(depends_on or ()),
        history=history,
    )
    project = given.open(target)
    order = Order(
        message,
        to=database_named(database) if to == "live" else to,
        renames=tuple(parse_rename(text) for text in rename or ()),
        options=Options(online=online, lowest=read_range(project.settings.postgres)),
        place=place,
        keep=keep,
        dry_run=dry_run or sql,
    )
    written = write_with_consent(project, order, allowed=allow_destructive)
    if json:
        sys.stdout.write(render_written_json(written))
    elif order.dry_run:
        tell_of_draft(written, allowed=allow_destructive)
        sys.stdout.write(render_draft(written, as_script=sql))
    else:
        render_written_text(written, sys.stdout, verbose=verbose)
    raise typer.Exit(int(written.verdict.exit_status) if written.verdict is not None else 0)
