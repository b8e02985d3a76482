# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan``."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bedstone.cli.options import Json, Server

if TYPE_CHECKING:
    from bedstone.plan import Options, Plan, Statement

EXAMPLES = (
    "Examples:  bedstone plan old.sql new.sql    bedstone plan postgresql://app@db/shop .    "
    "bedstone plan yesterday.json . --reverse    "
    "bedstone plan a.sql b.sql | psql -v ON_ERROR_STOP=1 -f -"
)

_SIDE = "A postgresql:// URL, a project (its history's head), a .sql file, or a saved catalog."


def run(
    a: Annotated[str, typer.Argument(help=_SIDE, metavar="FROM")],
    b: Annotated[str, typer.Argument(help=_SIDE, metavar="TO")],
    *,
    server: Server = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Plan the way back: from TO to FROM.")
    ] = False,
    online: Annotated[
        bool,
        typer.Option(help="Keep nobody out for work on rows: CONCURRENTLY, NOT VALID, VALIDATE."),
    ] = True,
    strict_order: Annotated[
        bool,
        typer.Option(
            "--strict-order",
            help="Plan the order of columns and automatic names too: pg_dump will say the same.",
        ),
    ] = False,
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
    from bedstone.dsn import is_url
    from bedstone.plan import Options, check_range, plan, read_range, render_script
    from bedstone.prove import read_sides, server_for, within
    from bedstone.settings import read_settings

    settings = read_settings(Path.cwd(), overrides={"server": server})
    options = Options(online=online, lowest=read_range(postgres), strict=strict_order)
    patterns = (*settings.exclude, *(exclude or ()))
    with server_for(settings) as scratch_server:
        found = read_sides(a, b, scratch_server, cwd=Path.cwd())
        first, second = (within(side, schema or (), patterns) for side in found)
    if reverse:
        a, first, second = b, second, first
    if is_url(a):
        check_range(options.lowest, first.major)
    made = plan(first, second, options)
    if json:
        sys.stdout.write(json_module.dumps(_data(made, options), indent=2) + "\n")
        return
    sys.stdout.write(render_script(made))
    _tell(made)


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
        "strict_order": options.strict,
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
