# SPDX-License-Identifier: Apache-2.0
"""One Alembic history of a project and the process that runs it."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from bedstone.errors import EnvironmentScriptFailed, RevisionNotWritten, VersionTableUnusable
from bedstone.history.bootstrap import bootstrap
from bedstone.history.failure import asks_for_async, failure_of, guesses, versions_of
from bedstone.history.folder import PrivateFolder
from bedstone.history.form import Following, Standing
from bedstone.history.run import Run, read_run
from bedstone.probe import SHORTEST_SECRET, Delivery, Places, ProbeClient, Reply, render
from bedstone.probe.delivery import libpq_environment, without_libpq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bedstone.dsn import ConnectionString
    from bedstone.history.form import Direction, Listener, Namer, TableName
    from bedstone.history.writing import Language, NewRevision, Placement
    from bedstone.project import HistorySource, Project
    from bedstone.server import Database
    from bedstone.settings import HistorySettings

#: Seconds; a project that loads in less is tried twice more with a guessed address, not once.
_QUICK = 15.0

#: Imports of up to 90 s were seen in published projects.
SHORTEST_LOADING_TIMEOUT = 300.0

_INI = """\
[{section}]
prepend_sys_path = .
version_path_separator = space
path_separator = space

[loggers]
keys = root,sqlalchemy,alembic
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[logger_sqlalchemy]
level = WARNING
handlers =
qualname = sqlalchemy.engine
[logger_alembic]
level = INFO
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic
[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
datefmt = %H:%M:%S
"""


class AlembicStrand:
    """One history (or the models alone), loaded once in a process of the project's interpreter."""

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
        self._private = PrivateFolder()
        self._folder = self._private.path
        self._places = Places(
            project.root or self.cwd, self._folder / "tmp", self._folder / "files"
        )
        self._places.tmp.mkdir()
        self._places.files.mkdir()
        self._guard_file = self._folder / "guard.json"
        self._extra_path: list[str] = []
        self._guessed: dict[str, str] = {}
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
    def name(self) -> str:
        """What reports call the history."""
        return self.source.name if self.source else self.project.name

    @property
    def python(self) -> Path:
        """The interpreter."""
        assert self.project.python is not None  # noqa: S101  resolve() found one
        return self.project.python.path

    # -- what it holds --------------------------------------------------------------------------

    @property
    def has_history(self) -> bool:
        """Whether there are revisions at all, not only models."""
        return self.source is not None

    @property
    def place(self) -> str | None:
        """Where Alembic looked for revisions."""
        return self.facts.get("script_location")

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The revisions as the probe described them."""
        return tuple(self.facts["revisions"])

    @property
    def has_models(self) -> bool:
        """Whether ``env.py`` or the settings name models with a table in them."""
        return bool(self.facts["has_models"])

    @property
    def startup_seconds(self) -> float:
        """How long the project's imports took."""
        return float(self.facts["seconds"])

    @property
    def version_tables(self) -> Sequence[TableName]:
        """The version table of each context that ``env.py`` configures."""
        contexts = self.facts["contexts"]
        return tuple((c["version_table_schema"], c["version_table"]) for c in contexts)

    @property
    def notes(self) -> Sequence[str]:
        """What was seen while loading."""
        return tuple(self.facts["notes"])

    @property
    def files(self) -> Sequence[Path]:
        """The project's own files that ``env.py`` imports, and its configuration."""
        found = [Path(file) for file in self.facts.get("files") or ()]
        if self.source is not None:
            found += [path for path in (self.source.ini, self.source.toml) if path is not None]
        return tuple(found)

    # -- runs -----------------------------------------------------------------------------------

    def upgrade(self, database: Database) -> Run:
        """Upgrade to the heads of the settings, as ``alembic upgrade`` does."""
        return self.run(database, "upgrade", revisions=list(self.settings.heads))

    def downgrade(self, database: Database) -> Run:
        """Downgrade to base."""
        return self.run(database, "downgrade", revisions=["base"])

    def steps(
        self,
        database: Database,
        numbers: Sequence[str],
        direction: Direction,
        *,
        destination: str,
        record: bool,
    ) -> Run:
        """Run exactly *numbers* in one run that leads to *destination*."""
        return self.run(
            database,
            "steps",
            revisions=list(numbers),
            direction=direction,
            destination=destination,
            record=record,
        )

    def prepare(self, database: Database) -> Run:
        """Make what the application makes at its start, then the bootstrap, then its stamp."""
        run = self.load_again(database)
        if run.ok and self.settings.bootstrap is not None:
            run = run.then(bootstrap(self, database))
        if run.ok and self.settings.stamp:
            run = run.then(self.run(database, "stamp", revisions=list(self.settings.stamp)))
        return run

    def create_models(self, database: Database) -> Run:
        """Run ``create_all`` of the models."""
        return self.run(database, "create_models")

    def standing(self, database: Database) -> Standing:
        """Read the version tables."""
        run = self.run(database, "current")
        if run.error is not None:
            raise EnvironmentScriptFailed(
                f"the version of {self.name} cannot be read: {run.error.message}",
                detail=run.error.traceback.rstrip() or None,
                hint="alembic current says the same.",
            )
        return Standing(tuple(n for table in run.result or () for n in table["heads"]))

    def standing_in(self, connection: psycopg.Connection, schema: str) -> Standing:
        """Read the version tables by *connection*; ``env.py`` is not run."""
        found: list[str] = []
        for own, name in self.version_tables:
            place = own or schema
            try:
                with connection.transaction():
                    found += read_versions(connection, place, name)
            except psycopg.Error as error:
                raise VersionTableUnusable(
                    f"the version table {place}.{name} cannot be read: "
                    f"{error.diag.message_primary or error}",
                    detail="Without it nobody knows which revisions the database has.",
                    hint=f"Let this role read it: grant select on {place}.{name} to …",
                ) from error
        return Standing(tuple(found))

    def filtered(
        self, database: Database, names: Iterable[TableName]
    ) -> frozenset[TableName] | None:
        """Ask ``include_name``, ``include_object`` and ``include_schemas`` of ``env.py``."""
        if self.source is None:
            return None
        asked = [{"schema": schema, "name": name} for schema, name in names]
        run = self.run(database, "filtered", names=asked)
        answers = run.result if run.ok else ()
        return frozenset((name["schema"], name["name"]) for name in answers or ())

    @property
    def language(self) -> Language:
        """Python."""
        return "python"

    def write(
        self, database: Database, revisions: Sequence[NewRevision], place: Placement, journal: Path
    ) -> tuple[str, ...]:
        """Have the project's own Alembic write *revisions*; its hooks are run.

        Raises:
            RevisionNotWritten: it did not; what it has made until then is in *journal*.
        """
        asked = [_asked(revision, place, number) for number, revision in enumerate(revisions)]
        try:
            reply = self.ask(database, "write", asked=asked, journal=str(journal))
        except BaseException:
            if self._client is not None:
                self._client.kill()  # so that nothing is written any more
            raise
        error = read_run(reply, timeout=self.timeout).error
        if error is not None:
            raise RevisionNotWritten(
                f"the project's Alembic wrote no revision: {error.message}",
                detail=error.traceback.rstrip() or _last_lines(reply.output),
                hint=error.hint or "alembic revision, with the same options, says the same.",
            )
        return tuple(row["id"] for row in (reply.facts or {}).get("result") or ())

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
            delivery = self.delivery(database.dsn).message(witness) | {"notes": notes}
            self.write_guard(delivery)
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
        path = self._folder / "notes"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        with database.follow(path, self.name_of):
            yield str(path)

    def write_guard(self, delivery: Mapping[str, Any]) -> Path:
        """Write what guards the Python processes that the project's code starts.

        Returns the file in which they say what was refused; it is there only then.
        """
        refusals = self._folder / "refusals"
        refusals.unlink(missing_ok=True)
        facts = {key: delivery[key] for key in ("address", "witness")}
        facts |= {"env": list(delivery["env"]), "refusals": str(refusals)}
        self._guard_file.touch(mode=0o600)
        self._guard_file.write_text(json.dumps(facts), encoding="utf-8")
        return refusals

    def close(self) -> None:
        """End the process and remove what was written for it."""
        try:
            if self._client is not None:
                self._client.close()
                self._client = None
        finally:
            self._private.close()

    # -- starting -----------------------------------------------------------------------------

    def _load(self, database: Database) -> None:
        reply = self._start(database)
        lacks = _local_module(reply, self._search_places())
        if lacks:
            self._extra_path = [str(place) for place in self._search_places()]
            self._notes.append(f"{lacks} was found only with {self._places.root} on the path")
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
            self._guessed = guess
            reply = self._start(database)
            if not reply.failed and reply.facts is not None:
                given = " ".join(f"--env '{name}={text}'" for name, text in guess.items())
                self._notes.append(f"the address was given in what env.py reads: {given}")
                return reply
        self._guessed = {}
        if asks_for_async(failed) and self._driver is None:
            self._driver = "asyncpg"
            reply = self._start(database)
            if not reply.failed and reply.facts is not None:
                self._notes.append('the driver was found out: driver = "asyncpg"')
                return reply
        return failed

    def _search_places(self) -> list[Path]:
        root = self._places.root
        return [place for place in dict.fromkeys((self.cwd, root, root / "src")) if place.is_dir()]

    def _start(self, database: Database, *, keep: bool = False) -> Reply:
        if self._client is not None:
            self._client.kill()
        password = database.dsn.password.reveal() if database.dsn.password else ""
        self._client = ProbeClient(
            python=self.python,
            cwd=self.cwd,
            environ=self.environ(database.dsn),
            spec=self._spec() | {"extra_path": self._extra_path},
            secrets=(password,),
        )
        return self._send(database, "warm", targets=list(self.settings.heads), keep=keep)

    def environ(self, dsn: ConnectionString) -> dict[str, str]:
        """Return the environment of the project's processes, all of it pointed at *dsn*."""
        own = self.project.python.environ if self.project.python else {}
        kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "BEDSTONE_SERVER"}}
        return without_libpq(kept) | own | dict(self.delivery(dsn).env)

    def rendered(self, text: str, dsn: ConnectionString) -> str:
        """Return *text* with its placeholders filled in."""
        return render(text, dsn, self._places)

    def plain_url(self, dsn: ConnectionString) -> str:
        """Return the address as a program of the project most likely expects it."""
        drivers = {context["driver"] for context in self.facts.get("contexts", ())}
        return dsn.url("asyncpg" if drivers == {"asyncpg"} else None)

    def cleaned(self, text: str, dsn: ConnectionString) -> str:
        """Return *text* without the password of *dsn*."""
        password = dsn.password.reveal() if dsn.password else ""
        return text.replace(password, "***") if len(password) > SHORTEST_SECRET else text

    def delivery(self, dsn: ConnectionString) -> Delivery:
        """Return the address *dsn* in the forms that the settings ask for, files written."""
        for name, text in self.settings.files.items():
            path = self._places.files / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(text, dsn, self._places), encoding="utf-8")
            path.chmod(0o600)
        env = self._guessed | self.settings.env
        given = {name: render(text, dsn, self._places) for name, text in env.items()}
        return Delivery(
            dsn,
            env=libpq_environment(dsn, self._places) | given,
            x=tuple(render(text, dsn, self._places) for text in self.settings.x),
            database_url=None if "DATABASE_URL" in given else self._form_of_database_url(),
            guard_file=self._guard_file,
        )

    def _form_of_database_url(self) -> str:
        """Return the driver that the user's own DATABASE_URL has, ``any`` where there is none."""
        text = os.environ.get("DATABASE_URL") or _dotenv(self._places.root).get("DATABASE_URL", "")
        match = re.match(r"postgres(?:ql)?(?:\+(\w+))?://", text)
        if match is None:
            return "any"
        return match.group(1) or "bare"

    def _spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "driver": self._driver,
            "models": self.settings.models or self.project.models,
            "connection": self.settings.connection,
            "app": self.settings.app,
            "section": self.settings.section,
            "root": str(self._places.root),
        }
        if self.source is None:
            return spec | {"models_only": True}
        return spec | self._config_spec(self.source)

    def _config_spec(self, source: HistorySource) -> dict[str, Any]:
        options: dict[str, str] = {}
        if self.settings.script_location:
            options["script_location"] = self.settings.script_location
        if self.settings.version_locations:
            options["version_locations"] = " ".join(self.settings.version_locations)
            options["version_path_separator"] = options["path_separator"] = "space"
        ini, toml, argument = source.ini, source.toml, None
        if source.script_location is not None:
            options["script_location"] = source.script_location
        if ini is None and toml is None:
            ini = self._folder / "alembic.ini"
            ini.write_text(_INI.replace("{section}", self.settings.section), encoding="utf-8")
        elif ini is not None and ini != source.cwd / "alembic.ini":
            argument = str(ini)
        return {
            "ini": _shown(ini, source.cwd) if ini else "alembic.ini",
            "toml": str(toml) if toml else None,
            "config_argument": argument,
            "options": options,
        }


def _asked(revision: NewRevision, place: Placement, number: int) -> dict[str, Any]:
    """Return one revision of a chain as the probe reads it."""
    return {
        "message": revision.message,
        "upgrade": revision.upgrade,
        "downgrade": revision.downgrade,
        "imports": list(revision.imports),
        "rev_id": place.rev_id_of(number),
        "head": place.head if not number else None,
        "splice": place.splice,
        "branch_label": place.branch_label,
        "version_path": place.version_path,
        "depends_on": list(place.depends_on),
    }


def _last_lines(output: str) -> str | None:
    lines = output.strip().splitlines()
    return "It printed last: " + " / ".join(lines[-3:]) if lines else None


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


def _shown(path: Path, cwd: Path) -> str:
    """Return *path* as the user would have written it."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def _local_module(reply: Reply, places: Sequence[Path]) -> str | None:
    """Return the module that could not be found although it is in one of *places*."""
    missing = str((reply.error or {}).get("missing_module") or "").partition(".")[0]
    for place in places if missing else ():
        if (place / missing).is_dir() or (place / f"{missing}.py").is_file():
            return missing
    return None


def _dotenv(root: Path) -> dict[str, str]:
    """Return the plain assignments of the project's ``.env``."""
    try:
        lines = (root / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def read_versions(connection: psycopg.Connection, schema: str, table: str) -> list[str]:
    """Return what the version table holds; nothing where there is none."""
    there = connection.execute(
        "select from pg_catalog.pg_class as c"
        " join pg_catalog.pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p', 'v')",
        [schema, table],
    ).fetchone()
    if there is None:
        return []
    query = sql.SQL("select version_num from {} order by 1").format(sql.Identifier(schema, table))
    return [str(row[0]) for row in connection.execute(query).fetchall()]
