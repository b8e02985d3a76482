# SPDX-License-Identifier: Apache-2.0
"""``bedstone trace``."""

from __future__ import annotations

import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bedstone.cli.dialects import DIALECTS, variables_of
from bedstone.cli.options import Json, Server, Verbose, read_pairs

EXAMPLES = (
    "Examples:  bedstone trace -- psql -f schema.sql    "
    "bedstone trace --env DB_URL={url:asyncpg} -- alembic upgrade head    "
    "bedstone trace --dialect knex --format markdown -- npx knex migrate:latest"
)


#: What connections are given to end when the command has, in seconds.
_GRACE = 1.0


class Format(StrEnum):
    """How a trace is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


Command = Annotated[
    list[str],
    typer.Argument(help="The command to run, with its arguments, after --.", metavar="COMMAND"),
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        help="A variable that tells the command its database, as NAME={url}, NAME={url:asyncpg}, "
        "NAME={url:jdbc}, NAME={host} … Repeatable. DATABASE_URL and libpq's variables are set "
        "anyway.",
        metavar="NAME=TEXT",
    ),
]
Stack = Annotated[
    str | None,
    typer.Option(
        "--dialect",
        help=f"The form of DATABASE_URL, and the variables, of a stack: {', '.join(DIALECTS)}.",
        autocompletion=lambda: list(DIALECTS),
        metavar="NAME",
    ),
]


def run(
    command: Command,
    *,
    env: Env = None,
    dialect: Stack = None,
    server: Server = None,
    format: Annotated[Format, typer.Option(help="How to print the trace.")] = Format.TEXT,  # noqa: A002
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run a command on a scratch database and tell what it did, statement by statement.

    Locks and how long they were held, rewrites, scans, rows, errors. The command may be written
    in any language; what it prints goes to standard error, and its exit status is passed on. The
    database is empty at the beginning and gone at the end. A command that has its address from
    elsewhere than the environment goes there: it is not held back as by prove.
    """
    from bedstone.cli.traced import environment, nothing_traced, still_connected
    from bedstone.prove import server_for
    from bedstone.report import render_trace_json, render_trace_markdown, render_trace_text
    from bedstone.settings import read_settings
    from bedstone.trace import observe, run_command

    settings = read_settings(Path.cwd(), overrides={"server": server})
    pairs = (variables_of(dialect) if dialect else {}) | read_pairs(env or ())
    with (
        server_for(settings) as opened,
        opened.workspace("trace") as workspace,
        observe(workspace.scratch("traced")) as observer,
        tempfile.TemporaryDirectory(prefix="bedstone-") as folder,
    ):
        status = run_command(command, environment(observer.dsn, pairs, Path(folder)))
        cut = observer.connected(_GRACE)
        trace, sessions = observer.trace(), observer.sessions
        version = f"PostgreSQL {opened.version}"
    if not sessions and not status:
        raise nothing_traced(command[0], dialect)
    if cut:
        sys.stderr.write(still_connected(cut))
    form = Format.JSON if json else format
    if form is Format.TEXT:
        render_trace_text(trace, sys.stdout, verbose=verbose)
    elif form is Format.JSON:
        sys.stdout.write(render_trace_json(trace, server=version, status=status, cut=cut))
    else:
        sys.stdout.write(render_trace_markdown(trace))
    raise typer.Exit(status)
