# SPDX-License-Identifier: Apache-2.0
"""One side of a comparison: a database, a project's history, a SQL file, or a saved catalog."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes, from_json, read_catalog, without_managed
from bedstone.dsn import is_url, parse_dsn
from bedstone.errors import SideUnusable
from bedstone.history import open_history, run_file
from bedstone.project import resolve
from bedstone.prove.evidence import without_versions
from bedstone.server import database_at

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bedstone.catalog import Catalog, Key
    from bedstone.server import Server


def read_sides(a: str, b: str, server: Server, *, cwd: Path) -> tuple[Catalog, Catalog]:
    """Return the catalogs that *a* and *b* lead to, as :func:`read_side` does.

    What was made here belongs to whoever made it, which says nothing: what only that side has is
    owned by nobody, and beside a side that was not made here the rest has the owners of that.

    Raises:
        SideUnusable: a history or a file does not run to its end.
    """
    first, second = read_side(a, server, cwd=cwd), read_side(b, server, cwd=cwd)
    made = _is_made_here(a, cwd), _is_made_here(b, cwd)
    if made[0]:
        first = _with_owners_of(second, first, server, overrule=not made[1])
    if made[1]:
        second = _with_owners_of(first, second, server, overrule=not made[0])
    return without_managed(first, second), without_managed(second, first)


def _is_made_here(text: str, cwd: Path) -> bool:
    return not is_url(text) and not ((cwd / text).suffix == ".json" and (cwd / text).is_file())


def _with_owners_of(other: Catalog, made: Catalog, server: Server, *, overrule: bool) -> Catalog:
    objects = dict(made.objects)
    for key, item in made.objects.items():
        if item.attributes.get("owner") != server.dsn.user:
            continue
        there = other.objects.get(key)
        if there is not None and not overrule:
            continue
        shape, row = item.attributes.shape, list(item.attributes.row)
        row[shape.index["owner"]] = there.attributes.get("owner") if there is not None else None
        objects[key] = replace(item, attributes=Attributes(shape, tuple(row)))
    return replace(made, objects=objects)


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


def within(catalog: Catalog, schemas: Collection[str], exclude: Collection[str]) -> Catalog:
    """Return what of *catalog* is in *schemas*, all where none is given, less what is excluded.

    *exclude* are patterns such as ``table public.tmp_*``; the parts of an object go with it.
    """

    def is_out(key: Key) -> bool:
        place = key.name if key.kind == "schema" else key.schema
        if schemas and place not in schemas:
            return True
        return any(fnmatchcase(str(key), pattern) for pattern in exclude)

    return catalog.without(is_out) if schemas or exclude else catalog
