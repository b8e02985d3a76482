# SPDX-License-Identifier: Apache-2.0
"""Makes what the first revision of a history expects to find."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from bedstone.errors import BootstrapUnusable
from bedstone.history.run import Failure, Run, StepError

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.history.strand import Strand
    from bedstone.server import Database


def bootstrap(strand: Strand, database: Database) -> Run:
    """Run the bootstrap of the settings on *database*: ``models``, a .sql file, or a command.

    Raises:
        BootstrapUnusable: the file or the command is not there.
    """
    text = strand.settings.bootstrap
    assert text is not None  # noqa: S101  the caller asked
    if text == "models":
        return strand.run(database, "create_models")
    path = strand.cwd / text
    if text.endswith(".sql"):
        return _run_file(path, database)
    return _run_command(text, strand, database)


def _run_file(path: Path, database: Database) -> Run:
    try:
        statements = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BootstrapUnusable(
            f"the bootstrap {path} cannot be read: {error}",
            hint="Name it relative to the project's folder.",
        ) from error
    started = time.monotonic()
    failed = None
    with database.connect(autocommit=True) as connection:
        try:
            connection.execute(statements.encode())
        except psycopg.Error as error:
            failed = StepError(
                message=error.diag.message_primary or str(error).partition("\n")[0],
                exception=f"psycopg.errors.{type(error).__name__}",
                sqlstate=error.sqlstate,
                file=str(path),
                detail=error.diag.message_detail,
                server_hint=error.diag.message_hint,
            )
    return Run((), failed, time.monotonic() - started)


def _run_command(text: str, strand: Strand, database: Database) -> Run:
    command = [strand.rendered(word, database.dsn) for word in shlex.split(text)]
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            cwd=strand.cwd,
            env=strand.environ(database.dsn),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BootstrapUnusable(
            f"the bootstrap {shlex.split(text)[0]} cannot be run: {error.strerror}",
            hint="Name a program of the project's environment, or a .sql file.",
        ) from error
    failed = None
    try:
        output, _ = process.communicate(timeout=strand.timeout)
    except subprocess.TimeoutExpired:
        output = b""
        failed = StepError(
            f"the bootstrap did not end within {strand.timeout:g} s", failure=Failure.HUNG
        )
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    said = output[-64_000:].decode("utf-8", "replace")
    if failed is None and process.returncode:
        last = said.strip().splitlines()[-1:] or ["it printed nothing"]
        failed = StepError(
            f"the bootstrap ended with status {process.returncode}: {last[0]}",
            failure=Failure.EXITED,
        )
    return Run((), failed, time.monotonic() - started, said)
