# SPDX-License-Identifier: Apache-2.0
"""``bedstone upgrade``."""

from __future__ import annotations

from typing import Annotated

import typer

from bedstone.cli.movement import move
from bedstone.cli.options import Database, ProjectOptions, Target

EXAMPLES = (
    "Examples:  bedstone upgrade . --database postgresql://app@db/shop    "
    "bedstone upgrade . --dry-run"
)


def run(
    target: Target = ".",
    *,
    database: Database = None,
    to: Annotated[
        str | None, typer.Option(help="The revision to come to; all heads where not given.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for another runner.")] = 60,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the exact SQL, change nothing.")
    ] = False,
    given: ProjectOptions,
) -> None:
    """Bring a database to the head of the project's history, one runner at a time.

    Each revision runs as the project's own env.py has it. A failure leaves the database at the
    last whole revision, or as it was, and says which; the same command goes on from there.
    """
    move(
        target,
        database,
        to=to,
        direction="up",
        wait=wait,
        dry_run=dry_run,
        sure=True,
        given=given,
    )
