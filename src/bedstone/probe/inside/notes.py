# SPDX-License-Identifier: Apache-2.0
"""Notes of what is about to be sent to the database, and which line of the project caused it."""

from __future__ import annotations

import functools
import hashlib
import importlib
import itertools
import json
import os
import sys

from .recorders import RECORDERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any

    from .imports import ImportHook
    from .steps import Steps


class Notes:
    """Writes a line to a file for each statement, before the driver sends it.

    A line is a JSON array: the process id of the server's session, a digest of the text as it is
    sent, the revision, and the file and line that caused it; never the text itself. Who reads
    the statement on its way to the server finds its note in the file already.
    """

    def __init__(self, steps: Steps, imports: ImportHook, root: str) -> None:
        self.steps = steps
        self.imports = imports
        self.root = os.path.realpath(root) + os.sep if root else ""
        self.descriptor = -1
        self.is_installed = False
        self.kinds: dict[str, tuple[str, bool]] = {}
        self.migrations: Any = None

    def write_to(self, path: str | None) -> None:
        """Write to *path* from now on; nothing more where there is none."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        if not path:
            return
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        if not self.is_installed:
            self.is_installed = True
            for name, action in RECORDERS.items():
                self.imports.add(name, functools.partial(action, self.note))

    def note(self, pid: int, text: bytes | str) -> None:
        """Note that the session *pid* is about to be sent *text*."""
        if self.descriptor < 0:
            return
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)
        digest = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
        line = json.dumps([pid, digest, *self.cause()]) + "\n"
        os.write(self.descriptor, line.encode("utf-8", "backslashreplace"))

    def cause(self) -> tuple[str | None, str | None, int | None]:
        """Return the revision, the file and the line that the present call comes from."""
        own, home = sys._getframe(2), self._suspended()
        current = self.steps.label
        if current is not None and self.steps.is_running:
            file = self._file(current[2])[0]
            for frame in itertools.chain(_callers(own), _callers(home)):
                if self._file(frame.f_code.co_filename)[0] == file:
                    return current[0], current[2], frame.f_lineno
            return current[0], None, None
        frames = [*_callers(home), *_callers(own)]
        revision = current[0] if current is not None and self._is_migrating(frames) else None
        for frame in frames:
            if self._file(frame.f_code.co_filename)[1]:
                return revision, frame.f_code.co_filename, frame.f_lineno
        return revision, None, None

    def _suspended(self) -> FrameType | None:
        """Return where the run waits, if SQLAlchemy's asyncio has it wait for the present call."""
        home = self.steps.home
        if home is None or home.gr_frame is None:
            return None
        current = importlib.import_module("greenlet").getcurrent()
        above = home.parent
        while above is not None and above is not current:
            above = above.parent
        return None if above is None else home.gr_frame

    def _is_migrating(self, frames: list[FrameType]) -> bool:
        """Whether Alembic is between two steps: writing down the version of the last one."""
        if self.migrations is None:
            module = importlib.import_module("alembic.runtime.migration")
            self.migrations = module.MigrationContext.run_migrations.__code__
        return any(frame.f_code is self.migrations for frame in frames)

    def _file(self, name: str) -> tuple[str, bool]:
        """Return the real path of a file, and whether it is of the project's own code."""
        found = self.kinds.get(name)
        if found is None:
            path = os.path.realpath(name)
            is_own = bool(self.root) and path.startswith(self.root) and os.path.isfile(path)
            for foreign in ("site-packages", "dist-packages"):
                is_own = is_own and foreign not in path
            found = self.kinds[name] = (path, is_own)
        return found


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
