# SPDX-License-Identifier: Apache-2.0
"""Makes what the first revision of a history expects to find."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from shutil import which
from typing import TYPE_CHECKING

from bedstone.errors import BootstrapUnusable, FileUndecodable
from bedstone.history.files import run_file
from bedstone.history.run import Failure, Run, StepError
from bedstone.history.surroundings import cleaned
from bedstone.probe import GUARDED

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.history.alembic import AlembicStrand
    from bedstone.server import Database


def bootstrap(strand: AlembicStrand, database: Database) -> Run:
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
        return run_file(path, database)
    except (OSError, FileUndecodable) as error:
        raise BootstrapUnusable(
            f"the bootstrap {path} cannot be read: {error}",
            hint="Name it relative to the project's folder.",
        ) from error


def _run_command(text: str, strand: AlembicStrand, database: Database) -> Run:
    with database.witness() as witness:
        surroundings = strand.surroundings
        delivery = surroundings.delivery(database.dsn).message(witness)
        refusals = surroundings.write_guard(delivery)
        guard = {
            "BEDSTONE_GUARD": delivery["guard_file"],
            "PYTHONPATH": f"{GUARDED}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        }
        environ = {"DATABASE_URL": strand.plain_url(database.dsn)}
        environ |= surroundings.environ(database.dsn)
        started = time.monotonic()
        words = [surroundings.rendered(word, database.dsn) for word in shlex.split(text)]
        process = _start(words, strand, environ | guard)
        with process:
            try:
                output, _ = process.communicate(timeout=strand.timeout)
            except subprocess.TimeoutExpired:
                output = None
            finally:
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
    seconds = time.monotonic() - started
    said = cleaned((output or b"")[-64_000:].decode("utf-8", "replace"), database.dsn)
    return Run((), _failure(process, output, said, refusals, strand.timeout), seconds, said)


def _start(
    command: list[str], strand: AlembicStrand, environ: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start the command; a program of the project's environment goes before others."""
    program = which(command[0], path=environ.get("PATH")) or command[0]
    try:
        return subprocess.Popen(
            [program, *command[1:]],
            cwd=strand.cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BootstrapUnusable(
            f"the bootstrap {command[0]} cannot be run: {error.strerror}",
            hint="Name a program of the project's environment, or a .sql file.",
        ) from error


def _failure(
    process: subprocess.Popen[bytes],
    output: bytes | None,
    said: str,
    refusals: Path,
    timeout: float,
) -> StepError | None:
    if output is None:
        message = f"the bootstrap did not end within {timeout:g} s and was stopped"
        return StepError(message, failure=Failure.HUNG)
    if process.returncode == 0:
        return None
    if refusals.is_file():
        address = json.loads(refusals.read_text(encoding="utf-8").splitlines()[0])["address"]
        return StepError(
            f"the bootstrap was about to connect to {address or 'another database'}",
            failure=Failure.REFUSED,
            hint="Give it the address: it has {url}, {dbname} … and the variables in env.",
        )
    last = said.strip().splitlines()[-1:] or ["it printed nothing"]
    message = f"the bootstrap ended with status {process.returncode}: {last[0]}"
    return StepError(message, failure=Failure.EXITED)
