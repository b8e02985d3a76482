# SPDX-License-Identifier: Apache-2.0
"""Running a command of the user's, and leaving nothing of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from bedstone.errors import CommandNotStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: What an interrupted command is given to end by itself, and to end when it is told to, in seconds.
_PATIENCE = 3.0


def run_command(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status, 128 and more where a signal ended it.

    What it prints goes to standard error: standard output is for the result. When we are
    interrupted, the command is ended first, with all that it has started. On a terminal that is
    the terminal's to do, whose group it stays in so that it can read there: only itself is told.

    Raises:
        CommandNotStarted: there is no such program, or it cannot be run.
    """
    group = None if _is_on_a_terminal() else 0
    sys.stderr.flush()
    kept: list[int] = []
    try:
        with _keeping(kept):
            process = subprocess.Popen(
                words, env=dict(environ), stdout=sys.stderr.fileno(), process_group=group
            )
    except OSError as error:
        raise CommandNotStarted(
            f"{words[0]} cannot be started: {(error.strerror or str(error)).lower()}",
            hint="Write the command as the shell finds it, after two dashes: "
            "bedstone trace -- psql -f schema.sql",
        ) from error
    try:
        for number in kept:
            signal.raise_signal(number)
        status = process.wait()
    except BaseException:
        if group is None:
            _end(process, (None, signal.SIGTERM, signal.SIGKILL), process.send_signal)
        else:
            tell = partial(_tell_group, process.pid)
            try:
                _end(process, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), tell)
            finally:
                tell(signal.SIGKILL)
        raise
    return status if status >= 0 else 128 - status


@contextmanager
def _keeping(kept: list[int]) -> Iterator[None]:
    """Keep interrupts until there is a process to be ended."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(number, lambda n, _: kept.append(n)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _is_on_a_terminal() -> bool:
    """Whether a terminal interrupts us, and so the command, by itself."""
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _tell_group(leader: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _end(
    process: subprocess.Popen[bytes],
    signals: Sequence[signal.Signals | None],
    tell: Callable[[signal.Signals], None],
) -> None:
    """Tell a command to end in one way after another, until it does."""
    for number in signals:
        if number is not None:
            tell(number)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue
        return
    process.wait()
