# SPDX-License-Identifier: Apache-2.0
"""One side of a comparison: a database, a project's history, a SQL file, or a saved catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import from_json, read_catalog
from bedstone.dsn import is_url, parse_dsn
from bedstone.errors import SideUnusable
from bedstone.history import open_history, run_file
from bedstone.project import resolve
from bedstone.prove.evidence import without_versions
from bedstone.server import database_at

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.catalog import Catalog
    from bedstone.server import Server


def read_side(text: str, server: Server, *, cwd: Path) -> Catalog:
    """Return the catalog that *text* leads to.

    A URL is read as it is, in one short read-only snapshot. A project's history and a SQL file
    are run on a scratch database of *server* first.

    Raises:
        SideUnusable: the history or the file does not run to its end.
    """
    if is_url(text):
        with database_at(parse_dsn(text)).connect(autocommit=True) as connection:
            return read_catalog(connection)
    path = cwd / text
    if path.suffix == ".json" and path.is_file():
        return from_json(path.read_text(encoding="utf-8"))
    if path.suffix == ".sql" and path.is_file():
        return _of_script(path, server)
    return _of_history(text, server, cwd)


def _of_script(path: Path, server: Server) -> Catalog:
    with server.workspace(path.stem) as workspace:
        scratch = workspace.scratch("script")
        scratch.reset()
        run = run_file(path, scratch)
        if run.error is not None:
            raise SideUnusable(
                f"{path.name} does not run: {run.error.message}",
                detail=run.error.traceback.rstrip() or None,
                hint="Mend the file; only a scratch database was touched.",
            )
        with scratch.connect(autocommit=True) as connection:
            return read_catalog(connection, known_roles=workspace.known_roles)


def _of_history(text: str, server: Server, cwd: Path) -> Catalog:
    project = resolve(text, cwd=cwd)
    with server.workspace(project.name) as workspace:
        scratch = workspace.scratch("history")
        with open_history(project, scratch) as history:
            scratch.reset()  # loading the project may have left something in it
            run = history.prepare(scratch)
            if run.ok:
                run = history.upgrade(scratch)
            if run.error is not None:
                raise SideUnusable(
                    f"{text} does not upgrade, at {run.error.revision}: {run.error.message}",
                    hint=f"bedstone prove {text} -v",
                )
            with scratch.connect(autocommit=True) as connection:
                catalog = read_catalog(connection, known_roles=workspace.known_roles)
            return without_versions(catalog, history.version_tables)
