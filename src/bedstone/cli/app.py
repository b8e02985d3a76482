# SPDX-License-Identifier: Apache-2.0
"""The program: finds its commands and runs the one that is asked for."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bedstone import __version__
from bedstone.cli.failure import told
from bedstone.cli.signature import spread
from bedstone.errors import ExitStatus

if TYPE_CHECKING:
    from types import FrameType

_EPILOG = "Examples:  bedstone prove .    bedstone prove . --since origin/main    bedstone doctor"

app = typer.Typer(
    name="bedstone",
    help="The PostgreSQL foundation of a Python service: declare the schema, plan the migration, "
    "prove it on a real server, run it.",
    epilog=_EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"bedstone {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def _add_commands() -> None:
    """Add each module of ``commands``: its ``run`` becomes the command of its name."""
    from bedstone.cli import commands

    for found in iter_modules(commands.__path__):
        module = import_module(f"{commands.__name__}.{found.name}")
        app.command(found.name.replace("_", "-"), epilog=module.EXAMPLES)(told(spread(module.run)))


_add_commands()


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("interrupted: what was made for this run is gone", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    sys.exit(ExitStatus.DONE)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Let a polite kill clean up as Ctrl-C does."""
    raise KeyboardInterrupt
