# SPDX-License-Identifier: Apache-2.0
"""``bedstone drift``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from bedstone.cli.options import Database, Json, ServerOptions, Target
from bedstone.cli.progress import show_progress
from bedstone.cli.stakes import find_stakes

EXAMPLES = (
    "Examples:  bedstone drift . --database postgresql://reader@db/shop    "
    "bedstone drift . --ignore 'table public.tmp_*'    "
    "bedstone drift . --repair live > repair.sql"
)


class Repair(StrEnum):
    """Which of the two is brought to the other."""

    LIVE = "live"
    HISTORY = "history"


#: As many seconds as the server's settings hold.
_LONGEST = 2_000_000


def run(
    target: Target = ".",
    *,
    database: Database = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="Pass over what matches, as 'table public.tmp_*': as the report names it. "
            "Repeatable.",
            metavar="PATTERN",
        ),
    ] = None,
    repair: Annotated[
        Repair | None,
        typer.Option(
            help="Print the script that takes live back to its revision, or that does in the "
            "history what was done in live by hand."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds that one query on the live database may take.")
    ] = 60,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a lock that somebody holds there.")
    ] = 3,
    given: ServerOptions,
    json: Json = False,
) -> None:
    """Say where models, history and live database do not agree, object by object.

    The live database is read in one short read-only snapshot; nothing of the project is run on it,
    and nothing is written. One that has not applied the newest revisions is held against the
    history at its own: to be behind is no drift. Exit status 1 where something drifted.
    """
    from bedstone.catalog import Limits
    from bedstone.errors import ExitStatus
    from bedstone.plan import Options, check_range, plan, read_range, render_script
    from bedstone.prove import find_drift, open_sides, server_for
    from bedstone.report import render_drift, render_drift_json

    project = given.open(target)
    if repair is not None and json:
        raise typer.BadParameter("it prints a script for psql", param_hint="--repair with --json")
    patterns = (*project.settings.exclude, *project.settings.drift_ignore, *(ignore or ()))
    for name, seconds in (("--timeout", timeout), ("--wait", wait)):
        if not 0 < seconds < _LONGEST:
            raise typer.BadParameter("it is no number of seconds above 0", param_hint=name)
    limits = Limits(query=timeout, lock=wait)
    with (
        show_progress() as progress,
        server_for(project.settings) as scratch_server,
        open_sides(
            project, scratch_server, database=database, limits=limits, progress=progress
        ) as sides,
    ):
        found = find_drift(sides, ignore=patterns)
    if repair is not None:
        a, b = found.repair(repair.value)
        options = Options(lowest=read_range(project.settings.postgres))
        address = database if repair is Repair.LIVE else None
        if address is not None:
            check_range(options.lowest, a.major)
        made = plan(a, b, options)
        sys.stdout.write(render_script(made, find_stakes(made, a, b, address)))
        return
    sys.stdout.write(render_drift_json(found) if json else render_drift(found, target))
    sys.exit(ExitStatus.DONE if found.is_clean else ExitStatus.FINDINGS)
