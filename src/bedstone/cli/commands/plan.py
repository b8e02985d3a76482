# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan``."""

from __future__ import annotations

import json as json_module
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bedstone.cli.options import Config, Database, Env, Json, Python, Section, Server, X
from bedstone.cli.progress import show_progress
from bedstone.cli.sides import SIDE, OfProject, place_of

if TYPE_CHECKING:
    from bedstone.plan import Options, Plan, Statement

EXAMPLES = (
    "Examples:  bedstone plan history models    bedstone plan live history    "
    "bedstone plan old.sql new.sql    bedstone plan postgresql://app@db/shop .    "
    "bedstone plan yesterday.json . --reverse    "
    "bedstone plan a.sql b.sql | psql -v ON_ERROR_STOP=1 -f -"
)


def run(
    a: Annotated[str, typer.Argument(help=SIDE, metavar="FROM")],
    b: Annotated[str, typer.Argument(help=SIDE, metavar="TO")],
    *,
    project: OfProject = ".",
    database: Database = None,
    python: Python = None,
    config: Config = None,
    section: Section = None,
    env: Env = None,
    x: X = None,
    server: Server = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Plan the way back: from TO to FROM.")
    ] = False,
    online: Annotated[
        bool,
        typer.Option(help="Keep nobody out for work on rows: CONCURRENTLY, NOT VALID, VALIDATE."),
    ] = True,
    postgres: Annotated[
        str,
        typer.Option(
            help="The major versions that the script may meet, as >=15 or 17.", metavar="RANGE"
        ),
    ] = ">=15",
    schema: Annotated[
        list[str] | None, typer.Option(help="Plan for this schema only. Repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave out what matches, as 'table public.tmp_*'. Repeatable.", metavar="PATTERN"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Print a script for psql that turns the schema of FROM into that of TO.

    Where rows can be, the script keeps nobody out for long; each statement says its lock and what
    may hurt. Nothing is run but on scratch databases; nothing is printed where both are equal.
    """
    from bedstone.plan import Options, plan, render_script
    from bedstone.prove import read_sides, server_for, within

    options = Options(online=online, lowest=_lowest(postgres))
    with show_progress() as progress:
        place, settings = place_of(
            a, b, project=project, database=database, progress=progress, python=python,
            config=config, section=section, env=env, x=x, server=server,
        )  # fmt: skip
        with server_for(settings) as scratch_server:
            found = read_sides(a, b, scratch_server, place)
    patterns = (*settings.exclude, *(exclude or ()))
    first, second = (within(side, schema or (), patterns) for side in found)
    made = plan(second, first, options) if reverse else plan(first, second, options)
    if json:
        sys.stdout.write(json_module.dumps(_data(made, options), indent=2) + "\n")
        return
    sys.stdout.write(render_script(made))
    _tell(made)


def _lowest(text: str) -> int:
    match = re.fullmatch(r"(?:>=|==)?\s*(\d+)", text.strip())
    if match is None:
        raise typer.BadParameter(f'"{text}" is no range such as >=15', param_hint="--postgres")
    return int(match.group(1))


def _tell(made: Plan) -> None:
    """Say on standard error what the script will lose."""
    from bedstone.plan import Hazard

    lost = [s for s in made.statements if Hazard.LOSES_DATA in s.hazards]
    if lost and sys.stderr.isatty():
        for statement in lost:
            sys.stderr.write(f"loses data: {statement.sql.splitlines()[0]}\n")


def _data(made: Plan, options: Options) -> dict[str, object]:
    return {
        "postgres": f">={options.lowest}",
        "online": options.online,
        "statements": [_statement(statement) for statement in made.statements],
    }


def _statement(statement: Statement) -> dict[str, object]:
    return {
        "sql": statement.sql,
        "object": str(statement.subject),
        "reason": statement.reason or None,
        "lock": str(statement.lock) if statement.lock is not None else None,
        "on": statement.on,
        "hazards": [str(hazard) for hazard in statement.hazards],
        "transaction": str(statement.transaction),
    }
