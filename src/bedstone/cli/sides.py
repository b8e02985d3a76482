# SPDX-License-Identifier: Apache-2.0
"""What the commands that compare two sides have in common."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.cli.options import ServerOptions
    from bedstone.prove import Place
    from bedstone.settings import Settings

SIDE = (
    "models, history or live of the project; a postgresql:// URL; another project (its history's "
    "head); a .sql file; or a saved catalog."
)

OfProject = Annotated[
    str,
    typer.Option(
        "--project",
        help="The project that models, history and live are of: what other commands take as "
        "TARGET.",
        metavar="TARGET",
    ),
]


def place_of(
    a: str,
    b: str,
    *,
    project: str,
    database: str | None,
    progress: Callable[[str, int, int], None],
    given: ServerOptions,
) -> tuple[Place, Settings]:
    """Return where the sides *a* and *b* are looked for, and the settings that hold there."""
    from bedstone.prove import WORDS, Place
    from bedstone.settings import read_settings

    found = given.open(project) if WORDS & {a, b} else None
    overrides = given.overrides()
    settings = found.settings if found else read_settings(Path.cwd(), overrides=overrides)
    place = Place(
        project=found, overrides=overrides, database=database, progress=progress, tell=_tell
    )
    return place, settings


def _tell(note: str) -> None:
    sys.stderr.write(f"note: {note}\n")
