# SPDX-License-Identifier: Apache-2.0
"""``bedstone downgrade``."""

from __future__ import annotations

from typing import Annotated

import typer

from bedstone.cli.movement import move
from bedstone.cli.options import Database, ProjectOptions, Target

EXAMPLES = "Examples:  bedstone downgrade . --database postgresql://app@db/shop --to 0041"


def run(
    target: Target = ".",
    *,
    database: Database = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="The revision to come back to, or base; one revision back where not given."
        ),
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for another runner.")] = 60,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the exact SQL, change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    given: ProjectOptions,
) -> None:
    """Take a database back by one revision, or to one that is named.

    Can lose rows: wants the database's name typed, or --yes.
    """
    move(
        target,
        database,
        to=to,
        direction="down",
        wait=wait,
        dry_run=dry_run,
        sure=yes,
        given=given,
    )
