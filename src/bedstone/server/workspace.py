# SPDX-License-Identifier: Apache-2.0
"""One run's place on a server: its scratch databases, its life sign, its cleaning up."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from bedstone.errors import BedstoneError
from bedstone.server.cache import find_cached
from bedstone.server.databases import drop_database
from bedstone.server.names import GATE_LOCK, RunName
from bedstone.server.roles import any_made, drop_roles, other_runs, reset_cluster, roles_of
from bedstone.server.scratch import Scratch, Template
from bedstone.server.sweep import drop_leftovers, live_runs

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
        #: Roles that were made meanwhile and that nothing shows to be this run's (see ``roles``).
        self.left_roles: list[str] = []
        #: Whether roles were made in this run's time while another run was on the same server,
        #: so that what a database shows of them need not come from what was run in it.
        self.mixed_roles = False
        #: Held while a scratch database is made, saved, set back: the session is one for all.
        self.lock = threading.RLock()
        self._labels: dict[str, int] = {}
        self._scratches: list[Scratch] = []

    def scratch(self, label: str, *, template: Template | None = None) -> Scratch:
        """Make a scratch database, empty (from template0) or with the content of *template*.

        Its name stays the same for its life, through every ``reset``.
        """
        with self.lock:
            scratch = Scratch(self, self.new_name(label), label)
            self._scratches.append(scratch)
            scratch.reset(template)
            return scratch

    def cached(self, key: str) -> Template | None:
        """Return the template that some run saved under *key*; ``None`` where there is none.

        There are some on the embedded server only. It stays while this run lives.
        """
        if not self.server.embedded:
            return None
        with self.lock:
            found = find_cached(self.control, key)
        return Template(found[0], self, found[1]) if found else None

    def park_others(self, used: Scratch) -> None:
        """Put away the roles of the scratch databases that nobody works in, but for *used*."""
        others = [scratch for scratch in self._scratches if scratch is not used]
        if not self.server.embedded or not others or not any_made(self.control):
            return
        for scratch in others:
            scratch.park()

    def watch_roles(self) -> None:
        """Note in ``mixed_roles`` whether roles are there that another run may have made."""
        if self.server.embedded and not self.mixed_roles and any_made(self.control):
            names = {row[0] for row in self.control.execute(_ROLES)}
            self.mixed_roles = bool(names - self.known_roles and other_runs(self))

    def new_name(self, label: str) -> str:
        """Return a database name that this run has not used."""
        count = self._labels.get(label, 0) + 1
        self._labels[label] = count
        return self.run.database(label[:32] if count == 1 else f"{label[:32]}_{count}")

    def close(self) -> None:
        """Drop every database of this run, known by name, whatever became of the objects."""
        try:
            names = [row[0] for row in self.control.execute(_MINE, [f"bedstone_{self.run.id}_"])]
            roles: frozenset[int] = frozenset()
            if any_made(self.control):
                roles = roles.union(*(roles_of(self, name) for name in names))
            for name in names:
                drop_database(self.server, self.control, name)
            drop_roles(self, roles)
            self._leave_clean()
        finally:
            self.control.close()

    def _leave_clean(self) -> None:
        """Clear the embedded server of what is this run's for sure, as nobody else is on it."""
        if self.server.embedded and any_made(self.control):
            with gate(self.control):
                if not other_runs(self):
                    reset_cluster(self.control)


@contextmanager
def open_workspace(server: Server, label: str) -> Iterator[Workspace]:
    """Give a workspace for the block; see ``Server.workspace``."""
    control = server.connect()
    try:
        run = RunName.new()
        clear_up(server, control, run)
        workspace = Workspace(server, label, run, control)
    except BaseException:
        control.close()
        raise
    try:
        yield workspace
    finally:
        with _uninterrupted():
            _close(server, workspace)


def clear_up(
    server: Server, control: psycopg.Connection[TupleRow], run: RunName | None = None
) -> None:
    """Take *run*'s life sign, and drop what dead runs left.

    On the embedded server, when no other run is on it, that is all that is left at all.
    """
    with gate(control):
        if run is not None:
            control.execute("select pg_catalog.pg_advisory_lock(%s)", [run.lock_key])
        drop_leftovers(server, control)
        if server.embedded and not live_runs(control) - {run}:
            reset_cluster(control)


@contextmanager
def gate(control: psycopg.Connection[TupleRow]) -> Iterator[None]:
    """Let no run of ours come or go on this server for the block."""
    control.execute("select pg_catalog.pg_advisory_lock(%s)", [GATE_LOCK])
    try:
        yield
    finally:
        if not control.closed:
            control.execute("select pg_catalog.pg_advisory_unlock(%s)", [GATE_LOCK])


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
