# SPDX-License-Identifier: Apache-2.0
"""The options that several commands share, and the project they lead to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bedstone.errors import DatabaseNotNamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.project import Project

Target = Annotated[
    str,
    typer.Argument(
        help="A folder with alembic.ini or SQL files, an ini file, package.module:metadata, a "
        "postgresql:// URL, or a blueprint.",
        show_default=True,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        help="Prove only what this work tree has that the named branch or commit has not.",
        envvar="BEDSTONE_SINCE",
        metavar="REF",
    ),
]
Python = Annotated[
    str | None,
    typer.Option(
        help="The project's Python interpreter.", envvar="BEDSTONE_PYTHON", metavar="PATH"
    ),
]
Config = Annotated[
    str | None,
    typer.Option("--config", "-c", help="The ini file to use.", metavar="FILE"),
]
Section = Annotated[
    str | None, typer.Option("--section", "-n", help="The section of the ini file.")
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        help="A variable that tells env.py its database, as NAME={url}, NAME={url:asyncpg}, "
        "NAME={host} … Repeatable.",
        metavar="NAME=TEXT",
    ),
]
X = Annotated[
    list[str] | None,
    typer.Option("-x", help="An -x argument for env.py, such as uri={url}. Repeatable."),
]
Server = Annotated[
    str | None,
    typer.Option(
        help="Address of the server for scratch databases (15 or newer); the embedded one where "
        "not given. Better in BEDSTONE_SERVER: a command line is seen by others.",
        envvar="BEDSTONE_SERVER",
        metavar="URL",
    ),
]
Online = Annotated[
    bool,
    typer.Option(help="Keep nobody out for work on rows: CONCURRENTLY, NOT VALID, VALIDATE."),
]
Postgres = Annotated[
    str | None,
    typer.Option(
        "--postgres",
        help="The major versions that the statements may meet, as >=15 or 17; >=15 where neither "
        "this nor the settings say.",
        metavar="RANGE",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show evidence, hints and what is known.")
]
Database = Annotated[
    str | None,
    typer.Option(
        help="Address of the database.", envvar=["BEDSTONE_DATABASE", "DATABASE_URL"], metavar="URL"
    ),
]


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """What a command line says of a project: each field is an option of the command."""

    python: Python = None
    config: Config = None
    section: Section = None
    env: Env = None
    x: X = None

    def overrides(self) -> dict[str, Any]:
        """Return the settings that are given; what says nothing is left out."""
        given = asdict(self) | {"env": read_pairs(self.env or ()), "x": tuple(self.x or ())}
        return {name: value for name, value in given.items() if value not in (None, "", {}, ())}

    def open(self, target: str) -> Project:
        """Resolve *target* with the settings that are given."""
        from bedstone.project import resolve

        return resolve(target, overrides=self.overrides(), cwd=Path.cwd())


@dataclass(frozen=True, slots=True)
class ServerOptions(ProjectOptions):
    """The same of a command that works on scratch databases."""

    server: Server = None


@dataclass(frozen=True, slots=True)
class PlanOptions(ServerOptions):
    """The same of a command that plans."""

    postgres: Postgres = None


def database_named(url: str | None) -> str:
    """Return the address of the database that matters.

    Raises:
        DatabaseNotNamed: it is not given; bedstone never takes it from the project itself.
    """
    if url is None:
        raise DatabaseNotNamed(
            "no database is named",
            detail="Bedstone never guesses which database it is.",
            hint="Set BEDSTONE_DATABASE, or give --database postgresql://user@host/dbname",
        )
    return url


def read_pairs(texts: Sequence[str]) -> dict[str, str]:
    """Return what was given as NAME=TEXT by its names."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f'"{name}" is not NAME=TEXT', param_hint="--env")
        pairs[name] = value
    return pairs
