# SPDX-License-Identifier: Apache-2.0
"""The history of a project: its revisions, and the ways to run them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from bedstone.errors import HeadsAmbiguous, HistoryEmpty
from bedstone.history.fingerprint import fingerprint
from bedstone.history.form import Standing
from bedstone.history.graph import Graph
from bedstone.history.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import psycopg

    from bedstone.history.form import Strand
    from bedstone.project import Project
    from bedstone.server import Database

    #: Told what is being done, how many steps are done and how many there are.
    Progress = Callable[[str, int, int], None]


class History:
    """The revisions of a project and what can be done with them.

    Each run is a session of its own: of Alembic a process, forked from the one in which the project
    was loaded; of SQL files a connection. A project with several histories in one database is one
    ``History``: they are run in the order of the settings, on the way down in the reverse of it.
    """

    def __init__(
        self,
        project: Project,
        strands: Sequence[Strand],
        progress: Progress | None = None,
        *,
        may_be_empty: bool = False,
    ) -> None:
        self.name = project.name
        self._strands = tuple(strands)
        self._progress = progress
        graph = self._graph = Graph(strands)
        self.revisions, self.unreached = graph.revisions, graph.unreached
        self.heads, self.bases = graph.heads, graph.bases
        if project.sources and not graph.by_id and not may_be_empty:
            raise HistoryEmpty(
                "the history has no revision",
                detail=f"There is none in {strands[0].place}.",
                hint='Write the first: alembic revision --autogenerate -m "first", or check '
                "version_locations.",
            )
        self._strand_of = {
            r.id: s for s in strands for r in graph.by_id.values() if r.history == s.name
        }
        for strand in strands:
            strand.name_of = partial(graph.id_of, strand.name)
        self.has_models = any(s.has_models for s in strands)
        self.startup_seconds = sum(s.startup_seconds for s in strands)
        self.version_tables: tuple[tuple[str | None, str], ...] = tuple(
            dict.fromkeys(table for s in strands for table in s.version_tables)
        )
        self.versions: Mapping[str, str] = dict(strands[0].versions)
        self.notes: tuple[str, ...] = tuple(note for s in strands for note in s.notes)
        self.fingerprint = fingerprint(project, strands)

    # -- runs -----------------------------------------------------------------------------------

    def upgrade(self, database: Database, revisions: Sequence[str] | None = None) -> Run:
        """Run *revisions* up, in this order, in one run; all that is missing where none is given.

        Transactions are the project's own.
        """
        if revisions is not None:
            return self._steps(database, revisions, "up")
        run = Run.nothing()
        for strand in self._strands:
            if run.ok and strand.has_history:
                with self._told(strand, len(strand.rows)):
                    run = run.then(self._named(strand, strand.upgrade(database)))
        return run

    def downgrade(self, database: Database, revisions: Sequence[str] | None = None) -> Run:
        """Run *revisions* down, in this order, in one run; down to base where none is given."""
        if revisions is not None:
            return self._steps(database, revisions, "down")
        run = Run.nothing()
        for strand in reversed(self._strands):
            if run.ok and strand.has_history:
                with self._told(strand, len(strand.rows)):
                    run = run.then(self._named(strand, strand.downgrade(database)))
        return run

    def step(self, database: Database, revision: str, direction: Literal["up", "down"]) -> Run:
        """Run exactly *revision*, up or down, in a process of its own."""
        return self._steps(database, (revision,), direction)

    @contextmanager
    def in_haste(self, seconds: float) -> Iterator[None]:
        """Stop each run in the block after *seconds*, where the settings allow it more."""
        before = [(strand, strand.timeout) for strand in self._strands]
        for strand, timeout in before:
            strand.timeout = min(timeout, seconds)
        try:
            yield
        finally:
            for strand, timeout in before:
                strand.timeout = timeout

    def rehearse(
        self, database: Database, revisions: Sequence[str], direction: Literal["up", "down"]
    ) -> Run:
        """Run *revisions* as :meth:`upgrade` and :meth:`downgrade` do, and keep what was sent.

        The result is a list of ``statement`` and ``bound``, the number of its bound values.
        """
        return self._steps(database, revisions, direction, record=True)

    def prepare(self, database: Database) -> Run:
        """Bring an empty *database* to where the first revision can run.

        That is what loading the project makes, as some applications do at their start, the
        settings' bootstrap, and their stamp; nothing where there is none of them.
        """
        run = Run.nothing()
        for strand in self._strands:
            if run.ok:
                run = run.then(self._named(strand, strand.prepare(database)))
        return run

    @property
    def is_bootstrapped(self) -> bool:
        """Whether something other than the first revision makes what a history starts from."""
        return any(s.settings.bootstrap is not None or s.settings.stamp for s in self._strands)

    def below(self, revisions: Iterable[str]) -> frozenset[str]:
        """Return *revisions* and all that they stand on."""
        return self._graph.below(revisions)

    def create_models(self, database: Database) -> Run:
        """Create everything that the models describe, by the project's own SQLAlchemy.

        The result is a list with what each metadata contains, in plain JSON values.
        """
        run, found = Run.nothing(), []
        for strand in self._strands:
            if run.ok and strand.has_models:
                run = run.then(strand.create_models(database))
                found += (run.result or {}).get("metadata", ())
        return replace(run, result=found)

    def current(self, database: Database) -> tuple[str, ...]:
        """Return the revisions that the version tables of *database* hold."""
        return self.standing(database).current

    def standing(self, database: Database) -> Standing:
        """Read where *database* stands; ``applied`` is filled in. Changes nothing."""
        return self._standing((s, s.standing(database)) for s in self._strands if s.has_history)

    def standing_in(self, connection: psycopg.Connection, schema: str) -> Standing:
        """Read where the database of *connection* stands, in its open transaction if it is in one.

        Nothing of the project is run: only the version tables are read. *schema* is where those
        are that the project does not qualify.

        Raises:
            VersionTableUnusable: a version table is there and may not be read.
        """
        return self._standing(
            (s, s.standing_in(connection, schema)) for s in self._strands if s.has_history
        )

    def writer(self, name: str | None = None) -> Strand:
        """Return the strand that new revisions go to: the only one, or that of *name*.

        Raises:
            HeadsAmbiguous: there are several, and *name* is none of them.
            HistoryEmpty: there is none.
        """
        found = [s for s in self._strands if s.has_history and name in (None, s.name)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(s.name for s in self._strands if s.has_history)
        if not names:
            raise HistoryEmpty(
                f"{self.name} has models and no history",
                detail="A revision is written into one.",
                hint="Begin one: alembic init migrations, or a folder with V1__start.sql",
            )
        raise HeadsAmbiguous(
            f'there is no history "{name}"' if name else "the project has several histories",
            detail=f"They are {names}.",
            hint="Name the one that the revision goes to: --history NAME",
        )

    def filtered(
        self, database: Database, names: Iterable[tuple[str | None, str]]
    ) -> frozenset[tuple[str | None, str]]:
        """Return which of the tables *names* the project's own filters leave out.

        Those are ``include_name``, ``include_object`` and ``include_schemas`` of ``env.py``. A
        table that is in the database is shown to them as reflected.
        """
        out = frozenset(names)
        for strand in self._strands:
            answer = strand.filtered(database, out)
            if answer is None:
                return frozenset()
            out &= answer
        return out

    # -- inside ---------------------------------------------------------------------------------

    def _standing(self, each: Iterable[tuple[Strand, Standing]]) -> Standing:
        found = tuple(each)
        current = tuple(
            dict.fromkeys(s.name_of(number) for s, one in found for number in one.current)
        )
        applied: set[str] = set()
        unknown: list[str] = []
        for strand, one in found:
            numbers = one.current if one.applied is None else one.applied
            ids = [strand.name_of(number) for number in numbers]
            applied |= self._graph.below(ids) if one.applied is None else set(ids)
            unknown += [name for name in ids if name not in self._graph.by_id] + [*one.unknown]
        return Standing(
            current,
            frozenset(applied & self._graph.by_id.keys()),
            tuple(dict.fromkeys(unknown)),
            tuple(error for _, one in found for error in one.amiss),
            tuple(note for _, one in found for note in one.notes),
        )

    def _steps(
        self,
        database: Database,
        revisions: Sequence[str],
        direction: Literal["up", "down"],
        *,
        record: bool = False,
    ) -> Run:
        run = Run.nothing()
        sent: list[Any] = []
        groups = groupby(revisions, key=lambda name: self._strand_of[name].name)
        for _, group in groups:
            chosen = [self._graph.by_id[name] for name in group]
            if not run.ok:
                break
            strand = self._strand_of[chosen[0].id]
            last = chosen[-1]
            below = self._graph.number_below(last)
            numbers = tuple(revision.number for revision in chosen)
            with self._told(strand, len(numbers)):
                done = strand.steps(
                    database,
                    numbers,
                    direction,
                    destination=last.number if direction == "up" else below,
                    record=record,
                )
            run = run.then(self._named(strand, done))
            sent += run.result or ()
        return replace(run, result=sent)

    @contextmanager
    def _told(self, strand: Strand, total: int) -> Iterator[None]:
        """Tell of the strand's steps, of which there are *total*, in the block."""
        strand.listen = self._listener(strand, total)
        try:
            yield
        finally:
            strand.listen = None

    def _listener(self, strand: Strand, total: int) -> Callable[[Mapping[str, Any]], None] | None:
        progress = self._progress
        if progress is None:
            return None
        done = 0

        def listen(event: Mapping[str, Any]) -> None:
            nonlocal done
            if event["event"] == "step":
                name = strand.name_of(event["revision"])
                progress(f"{name} {event['direction']}", done, total)
            elif event["event"] == "stepped":
                done += 1

        return listen

    def _named(self, strand: Strand, run: Run) -> Run:
        """Give every revision in *run* the id that it has among all histories."""
        error = run.error
        if error is not None and error.revision is not None:
            error = replace(error, revision=strand.name_of(error.revision))
        steps = tuple(replace(step, revision=strand.name_of(step.revision)) for step in run.steps)
        return replace(run, steps=steps, error=error)
