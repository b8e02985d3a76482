# SPDX-License-Identifier: Apache-2.0
"""Running a command of the user's, and leaving nothing of it behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from bedstone.errors import CommandNotStarted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What an interrupted command is given to end by itself, and to end when it is told to, in seconds.
_PATIENCE = 3.0


def run_command(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status, 128 and more where a signal ended it.

    What it prints goes to standard error: standard output is for the result. When we are
    interrupted, the command is ended first.

    Raises:
        CommandNotStarted: there is no such program, or it cannot be run.
    """
    sys.stderr.flush()
    try:
        process = subprocess.Popen(words, env=dict(environ), stdout=sys.stderr.fileno())
    except OSError as error:
        raise CommandNotStarted(
            f"{words[0]} cannot be started: {(error.strerror or str(error)).lower()}",
            hint="Write the command as the shell finds it, after two dashes: "
            "bedstone trace -- psql -f schema.sql",
        ) from error
    try:
        status = process.wait()
    except BaseException:
        _end(process)
        raise
    return status if status >= 0 else 128 - status


def _end(process: subprocess.Popen[bytes]) -> None:
    """A terminal has interrupted the command with us; anything else has not."""
    for signal_number in (None, signal.SIGTERM, signal.SIGKILL):
        if signal_number is not None:
            process.send_signal(signal_number)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue
        return
    process.wait()
