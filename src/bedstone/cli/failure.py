# SPDX-License-Identifier: Apache-2.0
"""What is said of a command that fails: coded lines, and JSON where that was asked for."""

from __future__ import annotations

import json
import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from bedstone.errors import BedstoneError, FileUnusable, InternalError

if TYPE_CHECKING:
    from collections.abc import Callable


def told(run: Callable[..., None]) -> Callable[..., None]:
    """Return the command *run*, with every failure of it said on standard error.

    With ``--json`` or ``--format json`` it is an object on standard output, too.
    """

    @wraps(run)
    def guarded(**given: Any) -> None:
        try:
            run(**given)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except BedstoneError as error:
            _end(error, given)
        except OSError as error:
            _end(_bug(error) if error.filename is None else _unusable(error), given)
        except Exception as error:  # noqa: BLE001  the last resort: a bug is said, not shown raw
            _end(_bug(error), given)

    return guarded


def _end(error: BedstoneError, given: dict[str, Any]) -> NoReturn:
    typer.echo(str(error), err=True)
    if given.get("json") or given.get("format") == "json":
        said = {name: getattr(error, name) for name in ("code", "message", "detail", "hint")}
        typer.echo(json.dumps({"error": said, "exit": int(error.exit_status)}, indent=2))
    sys.exit(error.exit_status)


def _unusable(error: OSError) -> FileUnusable:
    return FileUnusable(
        f"{error.filename} cannot be used: {(error.strerror or str(error)).lower()}",
        hint="Give this account the right to it, or make room; then run the command again.",
    )


def _bug(error: Exception) -> InternalError:
    if os.environ.get("BEDSTONE_DEBUG"):
        raise error
    return InternalError(
        f"bedstone met what it believes impossible: {type(error).__name__}",
        detail="This is a bug in bedstone; nothing but scratch databases was touched.",
        hint="Run it again with BEDSTONE_DEBUG=1 and report what that prints.",
    )
