# SPDX-License-Identifier: Apache-2.0
"""Tells whoever watches the database which file and line each statement is from."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bedstone.history.folder import PrivateFolder
from bedstone.history.form import Following
from bedstone.trace.notes import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.history.form import Namer
    from bedstone.server import Database


class Notes:
    """Writes a line for each statement before it is sent; nothing where nobody watches.

    The form is that of the probe: the server's process id, a digest of the text, the revision,
    the file and the line.
    """

    def __init__(self, path: Path | None) -> None:
        self.revision: str | None = None
        self._path = path

    def note(self, pid: int, text: bytes, file: Path, line: int) -> None:
        """Note that the session *pid* is about to be sent *text*, from *line* of *file*."""
        if self._path is None:
            return
        entry = json.dumps([pid, digest_of(text), self.revision, str(file), line]) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, entry.encode())
        finally:
            os.close(descriptor)


@contextmanager
def notes_for(database: Database, name: Namer) -> Iterator[Notes]:
    """Give what the statements of one run are noted in; *name* gives revisions' ids to show."""
    if not isinstance(database, Following):
        yield Notes(None)
        return
    folder = PrivateFolder()
    try:
        path = folder.path / "notes"
        path.touch(mode=0o600)
        with database.follow(path, name):
            yield Notes(path)
    finally:
        folder.close()
