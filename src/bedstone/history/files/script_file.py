# SPDX-License-Identifier: Apache-2.0
"""Runs a .sql file that is no part of a history: a bootstrap, or a dump to compare with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bedstone.history.files.script import read_script
from bedstone.history.files.session import Interrupted, open_session
from bedstone.history.files.trouble import describe
from bedstone.history.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.server import Database


def run_file(path: Path, database: Database) -> Run:
    """Run the statements of *path* on *database*, each in its own transaction.

    Raises:
        BedstoneError: the file cannot be read or run; BED159 to BED163.
        OSError: it is not there.
    """
    started = time.monotonic()
    script = read_script(path, "utf-8", None)
    error = None
    with open_session(database) as session:
        try:
            for statement in script.statements:
                session.run(script, statement)
        except Interrupted as trouble:
            error = describe(trouble, revision=None, direction=None, timeout=None)
    return Run((), error, time.monotonic() - started, session.output)
