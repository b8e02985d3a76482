# SPDX-License-Identifier: Apache-2.0
"""One run's place on a server: its scratch databases, its life sign, its cleaning up."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from bedstone.errors import BedstoneError
from bedstone.server.databases import drop_database
from bedstone.server.names import RunName
from bedstone.server.scratch import Scratch, Template
from bedstone.server.sweep import drop_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

    from bedstone.server.server import Server

_ROLES = "select rolname::text from pg_catalog.pg_roles"

_MINE = """
    select datname from pg_catalog.pg_database
    where pg_catalog.starts_with(datname::text, %s)
    order by datname
"""


class Workspace:
    """The databases of one run. ``Server.workspace`` opens it and drops all when it closes.

    A session of its own holds the advisory lock that proves the run alive to all others.
    *known_roles* are the roles that were there before the run.
    """

    def __init__(
        self, server: Server, label: str, run: RunName, control: psycopg.Connection[TupleRow]
    ) -> None:
        self.server = server
        self.label = label
        self.run = run
        self.control = control
        self.known_roles = frozenset(row[0] for row in control.execute(_ROLES))
        self._labels: dict[str, int] = {}

    def scratch(self, label: str, *, template: Template | None = None) -> Scratch:
        """Make a scratch database, empty (from template0) or with the content of *template*.

        Its name stays the same for its life, through every ``reset``.
        """
        scratch = Scratch(self, self.new_name(label), label)
        scratch.reset(template)
        return scratch

    def cached(self, key: str) -> Template | None:
        """Return the template that some run saved under *key*; ``None`` where there is none."""
        return None

    def new_name(self, label: str) -> str:
        """Return a database name that this run has not used."""
        count = self._labels.get(label, 0) + 1
        self._labels[label] = count
        return self.run.database(label[:32] if count == 1 else f"{label[:32]}_{count}")

    def close(self) -> None:
        """Drop every database of this run, known by name, whatever became of the objects."""
        try:
            names = [row[0] for row in self.control.execute(_MINE, [f"bedstone_{self.run.id}_"])]
            for name in names:
                drop_database(self.server, self.control, name)
        finally:
            self.control.close()


@contextmanager
def open_workspace(server: Server, label: str) -> Iterator[Workspace]:
    """Give a workspace for the block; see ``Server.workspace``."""
    control = server.connect()
    try:
        run = RunName.new()
        control.execute("select pg_catalog.pg_advisory_lock(%s)", [run.lock_key])
        drop_leftovers(server, control)
        workspace = Workspace(server, label, run, control)
    except BaseException:
        control.close()
        raise
    try:
        yield workspace
    finally:
        with _uninterrupted():
            _close(server, workspace)


def _close(server: Server, workspace: Workspace) -> None:
    try:
        workspace.close()
    except (psycopg.OperationalError, psycopg.InterfaceError):
        _close_again(server, workspace)


def _close_again(server: Server, workspace: Workspace) -> None:
    """Clean up by a new session where the run's own was lost; else the next run does it."""
    try:
        workspace.control = server.connect()
        workspace.close()
    except (BedstoneError, psycopg.Error):
        return


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off until the block is done: dropping takes milliseconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
