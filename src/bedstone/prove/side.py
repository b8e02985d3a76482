# SPDX-License-Identifier: Apache-2.0
"""One side of a comparison: a database, a project's history, a SQL file, or a saved catalog.

Inside a project ``models``, ``history`` and ``live`` are sides, too.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.catalog import from_json, is_named, read_catalog, without_managed
from bedstone.dsn import is_url, parse_dsn
from bedstone.errors import SideUnusable, TargetUnknown, TargetUnsupported
from bedstone.history import run_file
from bedstone.project import plain_sql_files, resolve
from bedstone.prove.evidence import silent
from bedstone.prove.ownership import unowned, with_owners_of
from bedstone.prove.sides_of_project import open_sides
from bedstone.server import database_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from bedstone.catalog import Catalog, Key, Limits, Unmodelled
    from bedstone.plan import Rename
    from bedstone.project import Project
    from bedstone.prove.evidence import Progress
    from bedstone.prove.sides_of_project import ProjectSides
    from bedstone.server import Server

#: What means a side of the project at hand, also where a file or folder is called so.
WORDS = frozenset({"models", "history", "live"})


def _nothing(_note: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where sides are looked for, and the project that ``models``, ``history``, ``live`` are of.

    That is the one in *cwd* where none is given. *overrides* are settings for every project that
    is a side, *database* is the address of ``live``. *tell* is given what is to be known of how a
    side came about.
    """

    cwd: Path = field(default_factory=Path.cwd)
    project: Project | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    database: str | None = None
    limits: Limits | None = None
    progress: Progress = silent
    tell: Callable[[str], None] = field(default=_nothing)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides. What models want is a second side that follows from the first.

    So where *first* is given other names, :meth:`second` is asked for after that. *renames* are
    those that the models tell of.
    """

    first: Catalog
    second: Callable[[Catalog], Catalog]
    renames: tuple[Rename, ...] = ()


@contextmanager
def open_pair(a: str, b: str, server: Server, place: Place | None = None) -> Iterator[Pair]:
    """Give the catalogs that *a* and *b* lead to, for the block.

    ``models`` is what the project's models want of the other side: that side, with all that models
    can say as they say it. What was made here belongs to whoever made it, which says nothing: it
    is owned by nobody, and beside a side that was not made here it has the owners of that.

    Raises:
        SideUnusable: a history or a file does not run to its end, or models cannot be built.
        DatabaseNotNamed: ``live`` is asked for, and nobody says where it is.
    """
    where = place or Place()
    made, user = (_is_made_here(a, where), _is_made_here(b, where)), server.dsn.user

    def owned(side: Catalog, other: Catalog, *, mine: bool, others: bool) -> Catalog:
        if not mine:
            return side
        return unowned(side, user) if others else with_owners_of(other, side, user)

    with _project(where, server) if WORDS & {a, b} else nullcontext() as project:
        reader = _Reader(server, where, project)
        first = reader.read(a, beside=b)
        if b == "models" and a != b and project is not None:
            told = project.told(first)
            models = owned(first, first, mine=made[0], others=made[1])
            yield Pair(
                models,
                lambda under: owned(project.models(under), under, mine=True, others=made[0]),
                told,
            )
            return
        second = reader.read(b, beside=a)
    first, second = (
        owned(first, second, mine=made[0], others=made[1]),
        owned(second, first, mine=made[1], others=made[0]),
    )
    second = without_managed(second, first)
    yield Pair(without_managed(first, second), lambda _: second)


def read_sides(
    a: str, b: str, server: Server, place: Place | None = None
) -> tuple[Catalog, Catalog]:
    """Return both sides as :func:`open_pair` gives them, under the names that they have.

    Raises:
        SideUnusable: a history or a file does not run to its end, or models cannot be built.
        DatabaseNotNamed: ``live`` is asked for, and nobody says where it is.
    """
    with open_pair(a, b, server, place) as pair:
        return pair.first, pair.second(pair.first)


@contextmanager
def _project(place: Place, server: Server) -> Iterator[ProjectSides]:
    project = place.project or resolve(".", overrides=place.overrides, cwd=place.cwd)
    with open_sides(
        project, server, database=place.database, limits=place.limits, progress=place.progress
    ) as sides:
        yield sides
        for note in sides.notes:
            place.tell(note)


def _is_made_here(text: str, place: Place) -> bool:
    if text in WORDS:
        return text != "live"
    path = place.cwd / text
    return not is_url(text) and not (path.suffix == ".json" and path.is_file())


class _Reader:
    """Reads sides; those of the project at hand from one run of it."""

    def __init__(self, server: Server, place: Place, project: ProjectSides | None) -> None:
        self._server = server
        self._place = place
        self._project = project
        self._found: dict[str, Catalog] = {}

    def read(self, text: str, *, beside: str) -> Catalog:
        """Return the catalog of a side, each read once."""
        if text == "models" and self._project is not None:
            other = "history" if beside == "models" else beside
            return self._project.models(self.read(other, beside=text))
        if text not in self._found:
            self._found[text] = self._read(text)
        return self._found[text]

    def _read(self, text: str) -> Catalog:
        if self._project is not None and text in WORDS:
            return self._project.history() if text == "history" else self._project.live()
        return read_side(text, self._server, self._place)


def read_side(text: str, server: Server, place: Place | None = None) -> Catalog:
    """Return the catalog that *text*, which is none of the three words, leads to.

    A URL is read as it is, in one short read-only snapshot. A project's history, a SQL file and
    a folder of such files are run on a scratch database of *server* first.

    Raises:
        SideUnusable: the history or the file does not run to its end.
    """
    where = place or Place()
    if is_url(text):
        with database_at(parse_dsn(text)).connect(autocommit=True) as connection:
            return read_catalog(connection, limits=where.limits)
    path = where.cwd / text
    if path.suffix == ".json" and path.is_file():
        return from_json(path.read_text(encoding="utf-8", errors="replace"), name=path.name)
    if path.suffix == ".sql" and path.is_file():
        return _of_scripts((path,), server)
    if path.suffix in {".json", ".sql"}:
        raise TargetUnknown(f"there is no file {text}", hint=f"Paths are relative to {where.cwd}.")
    try:
        project = resolve(text, overrides=where.overrides, cwd=where.cwd)
    except (TargetUnknown, TargetUnsupported):
        if not path.is_dir() or not (files := plain_sql_files(path)):
            raise
        return _of_scripts(files, server)
    with open_sides(project, server, progress=where.progress) as sides:
        return sides.history()


def _of_scripts(files: tuple[Path, ...], server: Server) -> Catalog:
    with server.workspace(files[0].stem) as workspace:
        scratch = workspace.scratch("script")
        scratch.reset()
        for path in files:
            run = run_file(path, scratch)
            if run.error is not None:
                raise SideUnusable(
                    f"{path.name} does not run: {run.error.message}",
                    detail=run.error.traceback.rstrip() or None,
                    hint="Mend the file; only a scratch database was touched.",
                )
        with scratch.connect(autocommit=True) as connection:
            return read_catalog(connection, known_roles=workspace.known_roles)


def within(catalog: Catalog, schemas: Collection[str], exclude: Collection[str]) -> Catalog:
    """Return what of *catalog* is in *schemas*, all where none is given, less what is excluded.

    *exclude* are patterns such as ``table public.tmp_*``; the parts of an object go with it.
    """

    def is_out(key: Key) -> bool:
        place = key.name if key.kind == "schema" else key.schema
        if schemas and place not in schemas:
            return True
        return is_named(key, exclude)

    def is_left(item: Unmodelled) -> bool:
        # "options of user mapping …" goes with the user mapping
        return not is_named(item.what, (f"{of}{p}" for p in exclude for of in ("", "* of ")))

    kept = catalog.without(is_out) if schemas or exclude else catalog
    return replace(kept, unmodelled=tuple(filter(is_left, catalog.unmodelled)))
