# SPDX-License-Identifier: Apache-2.0
"""Throw-away databases, and saved contents to set them back to."""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from psycopg import sql

from bedstone.server.cache import evict, keep_as_cached
from bedstone.server.connection import connect
from bedstone.server.databases import (
    closed_to_sessions,
    create_database,
    drop_database,
    roll_back_prepared,
)
from bedstone.server.names import is_cached_name, render_tag
from bedstone.server.roles import any_made, drop_roles, roles_of
from bedstone.server.shared import (
    SharedRows,
    forget_dependencies,
    read_rows,
    remove_rows,
    restore_rows,
)
from bedstone.server.witness import hold_witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from psycopg.rows import TupleRow

    from bedstone.dsn import ConnectionString
    from bedstone.server.witness import Witness
    from bedstone.server.workspace import Workspace

#: How long a session that a client has closed may still be seen on the server, in seconds.
_LEAVING = 0.3


class Template:
    """A saved content that scratch databases are set to; nobody can connect to it."""

    def __init__(self, name: str, workspace: Workspace, rows: SharedRows | None = None) -> None:
        self.name = name
        self.workspace = workspace
        self.rows = rows

    def drop(self) -> None:
        """Drop it now; otherwise the workspace does when it closes. A cached one stays."""
        if not is_cached_name(self.name):
            drop_database(self.workspace.server, self.workspace.control, self.name)


class Scratch:
    """One throw-away database. ``Workspace.scratch`` makes it.

    *name* and *dsn* never change, so user code may remember the address. *dsn* is for user code:
    on the embedded server TCP with a password.

    Roles belong to the whole server. On the embedded one each scratch database has its own all
    the same: those of one that nobody is connected to are put away while another is in use, and
    come back when it is used again through ``connect``, ``witness``, ``dump``, ``save``.
    """

    def __init__(self, workspace: Workspace, name: str, label: str) -> None:
        self.workspace = workspace
        self.name = name
        self.label = label
        self.dsn: ConnectionString = workspace.server.user_dsn.at(name)
        self._parked: SharedRows | None = None
        self._gone = True

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[TupleRow]:
        """Open a session of ours in the database."""
        with self.workspace.lock:
            self._come_forward()
            return self._connect(autocommit=autocommit)

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        """Hold an advisory lock in the database, by which user code proves where it is."""
        with hold_witness(self.connect(autocommit=True)) as witness:
            yield witness

    def dump(self) -> str | None:
        """Return what pg_dump says the database holds; ``None`` where no pg_dump can read it."""
        pg_dump = self.workspace.server.pg_dump
        if pg_dump is None:
            return None
        with self.workspace.lock:
            self._come_forward()
            # a session in it keeps the database's roles from being put away meanwhile
            roles = any_made(self.workspace.control)
            held = self._connect(autocommit=True) if roles else nullcontext()
        with held:
            return pg_dump.run(self.workspace.server.dsn.at(self.name))

    def save(self, label: str, *, cache_key: str | None = None) -> Template:
        """Copy the content as it is now into a template, the database's roles with it.

        Every session in the database is ended and its prepared transactions are rolled back.
        With *cache_key* the template outlives the run, on the embedded server.
        """
        with self.workspace.lock:
            return self._save(label, cache_key)

    def _save(self, label: str, cache_key: str | None) -> Template:
        server, control = self.workspace.server, self.workspace.control
        self._come_forward()
        name = self.workspace.new_name(f"t_{label}")
        roll_back_prepared(server, control, self.name)
        with closed_to_sessions(control, self.name):
            rows = self._read_rows() if server.embedded else None
            create_database(server, control, name, template=self.name, connectable=False)
        self._tag(name, label)
        if rows is None:
            return Template(name, self.workspace)
        if rows.rows["shdepend"]:
            forget_dependencies(control, name)
        if cache_key is not None:
            cached = keep_as_cached(control, name, cache_key, rows)
            if cached is not None:
                evict(server, control)
                name = cached
        return Template(name, self.workspace, rows)

    def reset(self, template: Template | None = None) -> None:
        """Give the database the content of *template*, or none at all (from template0).

        Every session in it is ended. The roles that belong to it are brought to what they were
        when *template* was saved; on a server that is not ours those made since are dropped.
        """
        with self.workspace.lock:
            self._reset(template)

    def _reset(self, template: Template | None) -> None:
        server, control = self.workspace.server, self.workspace.control
        self._drop()
        self.workspace.park_others(self)
        source = template.name if template else "template0"
        create_database(server, control, self.name, template=source)
        self._gone = False
        self._tag(self.name, self.label)
        if template is not None and template.rows is not None:
            restore_rows(control, self.name, template.rows)

    def drop(self) -> None:
        """Drop the database and its roles now, ending its sessions.

        Otherwise the workspace does at its end.
        """
        with self.workspace.lock:
            self._drop()

    def _drop(self) -> None:
        workspace = self.workspace
        roles: frozenset[int] = frozenset()
        if not self._gone and self._parked is None and any_made(workspace.control):
            roles = roles_of(workspace, self.name)
        drop_database(workspace.server, workspace.control, self.name)
        self._parked = None
        self._gone = True
        drop_roles(workspace, roles)

    def park(self) -> None:
        """Put the database's roles away, unless somebody is connected to it."""
        control = self.workspace.control
        if self._gone or self._parked is not None or _is_used(control, self.name):
            return
        rows = self._read_rows()
        if rows.roles:
            remove_rows(control, rows)
            self._parked = rows

    def _read_rows(self) -> SharedRows:
        return read_rows(self.workspace.control, self.name, roles_of(self.workspace, self.name))

    def _come_forward(self) -> None:
        """Have this database's own roles on the server, and as few of the others' as can be."""
        self.workspace.park_others(self)
        if self._parked is not None:
            restore_rows(self.workspace.control, self.name, self._parked)
            self._parked = None

    def _connect(self, *, autocommit: bool) -> psycopg.Connection[TupleRow]:
        server = self.workspace.server
        return connect(server.dsn.at(self.name), autocommit=autocommit, embedded=server.embedded)

    def _tag(self, name: str, label: str) -> None:
        tag = render_tag(self.workspace.run, label)
        self.workspace.control.execute(
            sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(tag))
        )


def _is_used(control: psycopg.Connection[TupleRow], name: str) -> bool:
    """Whether a session stays in the database; one that was just closed takes a moment to go."""
    deadline = time.monotonic() + _LEAVING
    while True:
        row = control.execute(
            "select exists (select from pg_catalog.pg_stat_activity where datname = %s)", [name]
        ).fetchone()
        if row is None or not row[0]:
            return False
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)
