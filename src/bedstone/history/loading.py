# SPDX-License-Identifier: Apache-2.0
"""A project that is loaded in a process of its own interpreter, and asked to do things there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.history.failure import asks_for_async, failure_of, guesses, versions_of
from bedstone.history.form import Following
from bedstone.history.run import Run, read_run
from bedstone.history.spec import spec_of
from bedstone.history.surroundings import Surroundings
from bedstone.probe import ProbeClient, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bedstone.dsn import ConnectionString
    from bedstone.history.form import Listener, Namer
    from bedstone.project import HistorySource, Project
    from bedstone.server import Database
    from bedstone.settings import HistorySettings

#: Seconds; a project that loads in less is tried twice more with a guessed address, not once.
_QUICK = 15.0

#: Imports of up to 90 s were seen in published projects.
SHORTEST_LOADING_TIMEOUT = 300.0


class LoadedProject:
    """One history of a project (or its models alone), loaded once; each run is a fork of that."""

    def __init__(self, project: Project, source: HistorySource | None, database: Database) -> None:
        self.project = project
        self.source = source
        self.settings: HistorySettings = source.settings if source else project.settings
        self.cwd = source.cwd if source else project.root or Path.cwd()
        self.timeout = project.settings.timeout
        self.facts: Mapping[str, Any] = {}
        self.versions: Mapping[str, Any] = {}
        self.name_of: Namer = str
        self.listen: Listener | None = None
        self.surroundings = Surroundings(project, self.settings, self.cwd)
        self._extra_path: list[str] = []
        self._driver = self.settings.driver
        self._notes: list[str] = []
        self._loads_anew = False
        self._client: ProbeClient | None = None
        before = _count_objects(database)
        try:
            self._load(database)
        except BaseException:
            self.close()
            raise
        self._leaves_objects = _count_objects(database) != before

    @property
    def loading_timeout(self) -> float:
        """Seconds that loading the project may take: imports are slower than revisions."""
        return max(self.timeout, SHORTEST_LOADING_TIMEOUT)

    @property
    def python(self) -> Path:
        """The interpreter."""
        assert self.project.python is not None  # noqa: S101  resolve() found one
        return self.project.python.path

    def run(self, database: Database, op: str, **request: Any) -> Run:
        """Run *op* in a process of its own, with everything pointed at *database*."""
        run = read_run(self.ask(database, op, **request), timeout=self.timeout)
        if self._loads_anew:
            note = "the project does not bear being forked, so it is loaded anew for each run"
            run = replace(run, notes=(*run.notes, note))
        return run

    def ask(self, database: Database, op: str, **request: Any) -> Reply:
        """Send one request, and say how it ended.

        Mostly it is done in a fork of the loaded project. A project that does not bear that is
        loaded anew, now and for every later request.
        """
        if self._client is None:
            raise RuntimeError("the history is closed")
        if not self._loads_anew:
            reply = self._send(database, op, **request)
            if not self._is_due_to_forking(reply):
                return reply
            self._loads_anew = True
        reply = self._start(database, keep=True)
        return reply if reply.failed else self._send(database, op, fork=False, **request)

    def load_again(self, database: Database) -> Run:
        """Load the project once more in a process of its own, if that leaves anything behind.

        Some applications make tables when they start. In a fork of the loaded project that would
        come out otherwise: more of its models are known there.
        """
        if self.source is None or not self._leaves_objects:
            return Run.nothing()
        client, self._client = self._client, None
        try:
            reply = self._start(database)
        finally:
            if self._client is not None:
                self._client.close()
            self._client = client
        return read_run(reply, timeout=self.loading_timeout)

    def plain_url(self, dsn: ConnectionString) -> str:
        """Return the address as a program of the project most likely expects it."""
        drivers = {context["driver"] for context in self.facts.get("contexts", ())}
        return dsn.url("asyncpg" if drivers == {"asyncpg"} else None)

    def close(self) -> None:
        """End the process and remove what was written for it."""
        try:
            if self._client is not None:
                self._client.close()
                self._client = None
        finally:
            self.surroundings.close()

    def _is_due_to_forking(self, reply: Reply) -> bool:
        """Whether *reply* may be a failure of the fork, not of the project.

        A fork has none of the project's threads and connections. Only what failed before any
        revision began is tried again.
        """
        if any(event["event"] == "step" for event in reply.events):
            return False
        if reply.ended_by in {"itself", "timeout"}:
            return bool(self.facts.get("threads"))
        error = reply.error
        if error is None or error.get("phase") != "env":
            return False
        return bool(self.facts.get("left_open")) or "closed" in error["message"]

    def _send(self, database: Database, op: str, **request: Any) -> Reply:
        """Send one request; the witness is held in *database* until it has ended."""
        assert self._client is not None  # noqa: S101  the callers see to it
        with database.witness() as witness, self._noting(database) as notes:
            delivery = self.surroundings.delivery(database.dsn).message(witness) | {"notes": notes}
            self.surroundings.write_guard(delivery)
            return self._client.request(
                {"op": op, "delivery": delivery, **request},
                timeout=self.loading_timeout if op == "warm" else self.timeout,
                on_event=self.listen,
            )

    @contextmanager
    def _noting(self, database: Database) -> Iterator[str | None]:
        """Give the file for the probe's notes, where *database* follows them."""
        if not isinstance(database, Following):
            yield None
            return
        path = self.surroundings.folder / "notes"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        with database.follow(path, self.name_of):
            yield str(path)

    def _load(self, database: Database) -> None:
        reply = self._start(database)
        lacks = _local_module(reply, self._search_places())
        if lacks:
            self._extra_path = [str(place) for place in self._search_places()]
            self._notes.append(f"{lacks} was found only with {self.surroundings.root} on the path")
            reply = self._start(database)
        if reply.failed:
            reply = self._guess(database, reply)
        if reply.failed or reply.facts is None:
            raise failure_of(reply, python=self.python, timeout=self.loading_timeout)
        self.facts = {**reply.facts, "notes": [*self._notes, *reply.facts["notes"]]}
        self.versions = versions_of(reply)

    def _guess(self, database: Database, failed: Reply) -> Reply:
        """Try once more with the address in the variables that the project was seen to read.

        Nothing can go wrong by that: what the guard lets through is our database or nothing.
        """
        for guess in guesses(failed, quick=failed.seconds < _QUICK):
            self.surroundings.guessed = guess
            reply = self._start(database)
            if not reply.failed and reply.facts is not None:
                given = " ".join(f"--env '{name}={text}'" for name, text in guess.items())
                self._notes.append(f"the address was given in what env.py reads: {given}")
                return reply
        self.surroundings.guessed = {}
        if asks_for_async(failed) and self._driver is None:
            self._driver = "asyncpg"
            reply = self._start(database)
            if not reply.failed and reply.facts is not None:
                self._notes.append('the driver was found out: driver = "asyncpg"')
                return reply
        return failed

    def _search_places(self) -> list[Path]:
        root = self.surroundings.root
        return [place for place in dict.fromkeys((self.cwd, root, root / "src")) if place.is_dir()]

    def _start(self, database: Database, *, keep: bool = False) -> Reply:
        if self._client is not None:
            self._client.kill()
        password = database.dsn.password.reveal() if database.dsn.password else ""
        self._client = ProbeClient(
            python=self.python,
            cwd=self.cwd,
            environ=self.surroundings.environ(database.dsn),
            spec=spec_of(self.project, self.source, self.surroundings)
            | {"driver": self._driver, "extra_path": self._extra_path},
            secrets=(password,),
        )
        return self._send(database, "warm", targets=list(self.settings.heads), keep=keep)


def _count_objects(database: Database) -> int:
    with database.connect(autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from ("
            " select oid from pg_catalog.pg_class union all select oid from pg_catalog.pg_proc"
            " union all select oid from pg_catalog.pg_type"
            " union all select oid from pg_catalog.pg_namespace where nspname !~ '^pg_'"
            ") as objects where oid >= 16384"
        ).fetchone()
    return int(row[0]) if row else 0


def _local_module(reply: Reply, places: Sequence[Path]) -> str | None:
    """Return the module that could not be found although it is in one of *places*."""
    missing = str((reply.error or {}).get("missing_module") or "").partition(".")[0]
    for place in places if missing else ():
        if (place / missing).is_dir() or (place / f"{missing}.py").is_file():
            return missing
    return None
