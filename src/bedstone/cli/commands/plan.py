# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan``."""

from __future__ import annotations

import json as json_module
import sys
from typing import Annotated

import typer

from bedstone.cli.options import Config, Database, Env, Json, Python, Section, Server, X
from bedstone.cli.progress import show_progress
from bedstone.cli.sides import SIDE, OfProject, place_of

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
    from bedstone.dsn import is_url, parse_dsn
    from bedstone.plan import (
        Options,
        check_range,
        check_roles,
        plan,
        read_inverses,
        read_range,
        read_stakes,
        render_script,
        to_data,
        unknown_stakes,
    )
    from bedstone.prove import read_sides, server_for, within
    from bedstone.server import database_at

    options = Options(online=online, lowest=read_range(postgres), strict=strict_order)
    with show_progress() as progress:
        place, settings = place_of(
            a, b, project=project, database=database, progress=progress, python=python,
            config=config, section=section, env=env, x=x, server=server,
        )  # fmt: skip
        with server_for(settings) as scratch_server:
            found = read_sides(a, b, scratch_server, place)
    patterns = (*settings.exclude, *(exclude or ()))
    first, second = (within(side, schema or (), patterns) for side in found)
    if reverse:
        a, first, second = b, second, first
    if a == "live" and place.database:
        a = place.database
    if is_url(a):
        check_range(options.lowest, first.major)
    made = plan(first, second, options)
    stakes = unknown_stakes(made)
    if made.statements and is_url(a):
        with database_at(parse_dsn(a)).connect(autocommit=True) as connection:
            check_roles(made, second, connection)
            stakes = read_stakes(made, first, connection)
    if json:
        data = to_data(made, options, stakes, read_inverses(made, first, second, options))
        sys.stdout.write(json_module.dumps(data, indent=2) + "\n")
    else:
        sys.stdout.write(render_script(made, stakes))
    for stake in stakes.values():
        sys.stderr.write(f"destroys {stake}\n")
