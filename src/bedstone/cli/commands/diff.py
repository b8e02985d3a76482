# SPDX-License-Identifier: Apache-2.0
"""``bedstone diff``."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bedstone.cli.options import Database, Json, ServerOptions
from bedstone.cli.progress import show_progress
from bedstone.cli.sides import SIDE, OfProject, place_of

if TYPE_CHECKING:
    from bedstone.catalog import Difference

EXAMPLES = (
    "Examples:  bedstone diff history models    bedstone diff postgresql://app@db/shop .    "
    "bedstone diff old.sql new.sql    "
    "bedstone diff yesterday.json postgresql://app@db/shop --json"
)


def run(
    a: Annotated[str, typer.Argument(help=SIDE, metavar="A")],
    b: Annotated[str, typer.Argument(help=SIDE, metavar="B")],
    *,
    project: OfProject = ".",
    database: Database = None,
    given: ServerOptions,
    cosmetic: Annotated[
        bool, typer.Option("--cosmetic", help="Show what is only cosmetic too.")
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Name each part of an object that is new or gone.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option(help="Save the catalog of B into a .json file.", metavar="FILE")
    ] = None,
    json: Json = False,
) -> None:
    """Name each difference between two schemas, by kind, object and attribute.

    Reads databases in one short read-only snapshot. Exit status 1 where a difference is
    meaningful; the order of columns and automatic names are cosmetic.
    """
    from bedstone.catalog import compare, fold, to_json
    from bedstone.errors import ExitStatus
    from bedstone.prove import read_sides, server_for

    with show_progress() as progress:
        place, settings = place_of(
            a, b, project=project, database=database, progress=progress, given=given
        )
        with server_for(settings) as scratch_server:
            first, second = read_sides(a, b, scratch_server, place)
    if save is not None:
        save.write_text(to_json(second), encoding="utf-8")
    found = compare(first, second)
    causes = found if complete else [item.cause for item in fold(found)]
    shown = [d for d in causes if cosmetic or d.meaning == "meaningful"]
    if json:
        sys.stdout.write(json_module.dumps([_data(d) for d in shown], indent=2, default=str) + "\n")
    else:
        for difference in shown:
            sys.stdout.write(f"{difference.meaning:<10} {difference}\n")
    meaningful = sum(d.meaning == "meaningful" for d in shown)
    if not json:
        hidden = sum(d.meaning == "cosmetic" for d in found)
        count = f"{meaningful} differences" if meaningful else "no meaningful difference"
        sys.stdout.write(f"{count}, {hidden} cosmetic\n")
    sys.exit(ExitStatus.FINDINGS if meaningful else ExitStatus.DONE)


def _data(difference: Difference) -> dict[str, object]:
    return {
        "change": difference.change,
        "kind": difference.key.kind,
        "object": str(difference.key),
        "attribute": difference.attribute,
        "a": difference.old,
        "b": difference.new,
        "class": difference.meaning,
        "message": str(difference),
    }
