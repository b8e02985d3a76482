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

_INTERRUPTED = 130
"""What shells say of a command that Ctrl-C ended; typer exits with it as well."""
_A_MOMENT = 0.02
"""Seconds until a lost interrupt comes again."""
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
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _interrupt_again
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            typer.echo("interrupted: what was made for this run is gone", err=True)
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    sys.exit(ExitStatus.DONE)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Let a polite kill clean up as Ctrl-C does."""
    raise KeyboardInterrupt


def _interrupt_again(lost: sys.UnraisableHookArgs) -> None:
    """Let an interrupt come again that fell into a finalizer, where Python only prints it."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _A_MOMENT)
    else:
        sys.__unraisablehook__(lost)
