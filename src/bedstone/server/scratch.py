# SPDX-License-Identifier: Apache-2.0
"""Throw-away databases, and saved contents to set them back to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from bedstone.server.connection import connect
from bedstone.server.databases import closed_to_sessions, create_database, drop_database
from bedstone.server.names import render_tag
from bedstone.server.witness import hold_witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from psycopg.rows import TupleRow

    from bedstone.dsn import ConnectionString
    from bedstone.server.witness import Witness
    from bedstone.server.workspace import Workspace


@dataclass(frozen=True)
class Template:
    """A saved content that scratch databases are set to; nobody can connect to it."""

    name: str
    workspace: Workspace

    def drop(self) -> None:
        """Drop it now; otherwise the workspace does when it closes."""
        drop_database(self.workspace.server, self.workspace.control, self.name)


class Scratch:
    """One throw-away database. ``Workspace.scratch`` makes it.

    *name* and *dsn* never change, so user code may remember the address. *dsn* is for user code:
    on the embedded server TCP with a password.
    """

    def __init__(self, workspace: Workspace, name: str, label: str) -> None:
        self.workspace = workspace
        self.name = name
        self.label = label
        self.dsn: ConnectionString = workspace.server.user_dsn.at(name)

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[TupleRow]:
        """Open a session of ours in the database."""
        server = self.workspace.server
        return connect(server.dsn.at(self.name), autocommit=autocommit, embedded=server.embedded)

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        """Hold an advisory lock in the database, by which user code proves where it is."""
        with hold_witness(self.connect(autocommit=True)) as witness:
            yield witness

    def save(self, label: str, *, cache_key: str | None = None) -> Template:
        """Copy the content as it is now into a template.

        Every session in the database is ended and its prepared transactions are rolled back.
        """
        server, control = self.workspace.server, self.workspace.control
        name = self.workspace.new_name(f"t_{label}")
        with closed_to_sessions(control, self.name):
            create_database(server, control, name, template=self.name, connectable=False)
        self._tag(name, label)
        return Template(name, self.workspace)

    def reset(self, template: Template | None = None) -> None:
        """Give the database the content of *template*, or none at all (from template0).

        Every session in it is ended.
        """
        server, control = self.workspace.server, self.workspace.control
        self.drop()
        create_database(
            server, control, self.name, template=template.name if template else "template0"
        )
        self._tag(self.name, self.label)

    def drop(self) -> None:
        """Drop the database now, ending its sessions; otherwise the workspace does at its end."""
        drop_database(self.workspace.server, self.workspace.control, self.name)

    def _tag(self, name: str, label: str) -> None:
        tag = render_tag(self.workspace.run, label)
        self.workspace.control.execute(
            sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(tag))
        )
