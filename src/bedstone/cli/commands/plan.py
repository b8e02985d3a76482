# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan``."""

from __future__ import annotations

import json as json_module
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bedstone.cli.options import Database, Json, Online, PlanOptions
from bedstone.cli.progress import show_progress
from bedstone.cli.renames import RenameOption, candidates_data, settle_renames, tell_candidates
from bedstone.cli.sides import SIDE, OfProject, place_of
from bedstone.cli.stakes import find_stakes

if TYPE_CHECKING:
    from bedstone.catalog import Catalog

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
    given: PlanOptions,
    rename: RenameOption = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Plan the way back: from TO to FROM.")
    ] = False,
    online: Online = True,
    strict_order: Annotated[
        bool,
        typer.Option(
            "--strict-order",
            help="Plan the order of columns and automatic names too: pg_dump will say the same.",
        ),
    ] = False,
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
    may hurt. Nothing is run but on scratch databases; nothing is printed where both are equal. No
    rename is guessed: it is given, or asked for on a terminal.
    """
    from bedstone.dsn import is_url
    from bedstone.plan import (
        Options,
        check_range,
        parse_rename,
        read_range,
        render_script,
        to_data,
    )
    from bedstone.prove import open_pair, server_for, within

    with ExitStack() as stack:
        with show_progress() as progress:
            place, settings = place_of(
                a, b, project=project, database=database, progress=progress, given=given
            )
            lowest = read_range(settings.postgres)
            options = Options(online=online, lowest=lowest, strict=strict_order)
            scratch_server = stack.enter_context(server_for(settings))
            pair = stack.enter_context(open_pair(a, b, scratch_server, place))
        patterns = (*settings.exclude, *(exclude or ()))

        def view(catalog: Catalog) -> Catalog:
            return within(catalog, schema or (), patterns)

        renames = [*(parse_rename(text) for text in rename or ()), *pair.renames]
        found = settle_renames(
            pair.first, pair.second, renames, scratch_server, view=view, ask=not json
        )
    if not json:
        tell_candidates(found)  # first: a plan that is refused may need just that
    start, first, second = (b, found.b, found.a) if reverse else (a, pair.first, found.b)
    address = database if start == "live" else start if is_url(start) else None
    if address is not None:
        check_range(options.lowest, first.major)
    made = found.plan_back(options) if reverse else found.plan(options)
    stakes = find_stakes(made, first, second, address, None if reverse else found.former)
    if json:
        data = to_data(made, options, stakes, found.inverses(options, back=reverse))
        data["candidates"] = candidates_data(found)
        sys.stdout.write(json_module.dumps(data, indent=2) + "\n")
    else:
        sys.stdout.write(render_script(made, stakes))
