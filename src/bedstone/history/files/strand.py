# SPDX-License-Identifier: Apache-2.0
"""One history of SQL files, run in this process through a connection of its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql

from bedstone import __version__
from bedstone.errors import BootstrapUnusable
from bedstone.history.files.collection import collect
from bedstone.history.files.configuration import read_configuration
from bedstone.history.files.journey import Journey
from bedstone.history.files.ledger import Ledger, half_table, table_errors
from bedstone.history.files.naming import Version
from bedstone.history.files.placeholders import Placeholders
from bedstone.history.files.position import standing_of
from bedstone.history.files.script_file import run_file
from bedstone.history.files.session import open_session
from bedstone.history.files.turn import turn
from bedstone.history.files.writing import write_files
from bedstone.history.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import psycopg

    from bedstone.history.files.collection import SqlFile
    from bedstone.history.files.session import Session
    from bedstone.history.form import Direction, Listener, Namer, Standing, TableName
    from bedstone.history.writing import Language, NewRevision, Placement
    from bedstone.project import HistorySource, Project
    from bedstone.server import Database


class FilesStrand:
    """The SQL files of some folders, as ``Strand`` has it. Reading the names is all that it does.

    An upgrade calls Flyway's callbacks as Flyway does, but not where there is nothing to run.
    """

    def __init__(self, project: Project, source: HistorySource) -> None:
        started = time.monotonic()
        self.settings = source.settings
        self.cwd = source.cwd
        self.timeout = project.settings.timeout
        self.listen: Listener | None = None
        self.name_of: Namer = str
        self.name = source.name
        self.configuration = read_configuration(source.cwd, source.settings)
        self.collection = collect(source.folders, self.configuration)
        self._by_number = {file.number: file for file in self.collection.revisions}
        self._folders = source.folders
        self.startup_seconds = time.monotonic() - started

    # -- what it holds --------------------------------------------------------------------------

    @property
    def has_history(self) -> bool:
        """Always."""
        return True

    @property
    def place(self) -> str | None:
        """The folders."""
        return ", ".join(map(str, self._folders))

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The files as revisions, each standing on the one before it."""
        found: list[dict[str, Any]] = []
        for file in self.collection.revisions:
            undo = self.undo_of(file)
            beside = [*file.beside, *((undo.path, *undo.beside) if undo else ())]
            found.append(
                {
                    "id": file.number,
                    "down": [found[-1]["id"]] if found else [],
                    "depends_on": [],
                    "labels": [],
                    "message": file.name.description,
                    "path": str(file.path),
                    "beside": [str(path) for path in beside],
                    "is_repeatable": file.is_repeatable,
                    "is_head": file is self.collection.revisions[-1],
                    "is_reached": True,
                }
            )
        return found

    @property
    def has_models(self) -> bool:
        """Never: models beside SQL files are a strand of their own."""
        return False

    @property
    def version_tables(self) -> Sequence[TableName]:
        """The version table, and the one beside it."""
        schema, table = self.configuration.default_schema, self.configuration.table
        return ((schema, table), (schema, half_table(table)))

    @property
    def versions(self) -> Mapping[str, Any]:
        """What runs the files is bedstone itself."""
        return {"bedstone": __version__}

    @property
    def notes(self) -> Sequence[str]:
        """Which files are not run, and why."""
        return self.collection.notes

    @property
    def files(self) -> Sequence[Path]:
        """Flyway's configuration, the callbacks, and the files beside those of the revisions."""
        called = [file for several in self.collection.callbacks.values() for file in several]
        beside = [path for file in (*called, *self.collection.revisions) for path in file.beside]
        return (*self.configuration.files, *(file.path for file in called), *beside)

    def undo_of(self, file: SqlFile) -> SqlFile | None:
        """Return the file that undoes *file*, if there is one."""
        version = file.name.version
        return self.collection.undos.get(version) if version is not None else None

    # -- runs -----------------------------------------------------------------------------------

    def upgrade(self, database: Database) -> Run:
        """Run every file that is missing."""
        missing = self.standing(database).applied or frozenset()
        numbers = [f.number for f in self.collection.revisions if f.number not in missing]
        return self.steps(database, numbers, "up")

    def downgrade(self, database: Database) -> Run:
        """Run every undo file, the newest first."""
        applied = self.standing(database).applied or frozenset()
        numbers = [f.number for f in self.collection.versions if f.number in applied]
        return self.steps(database, numbers[::-1], "down")

    def steps(
        self,
        database: Database,
        numbers: Sequence[str],
        direction: Direction,
        *,
        destination: str = "",
        record: bool = False,
    ) -> Run:
        """Run exactly *numbers*. All files are read before the first is run.

        Raises:
            BedstoneError: one of the files cannot be run at all.
        """
        del destination  # a file has no other way than its own
        if not numbers:
            return Run.nothing()
        files = [self._by_number[number] for number in numbers]
        with open_session(database, record=record, name=self.name_of) as session:
            journey = Journey(self, database, session, files, direction)
            ledger = self.ledger(session)
            with turn(session.connection, ledger.schema, ledger.table):
                return journey.run()

    def prepare(self, database: Database) -> Run:
        """Run the bootstrap of the settings, which is a .sql file here, and note its stamp."""
        run = Run.nothing()
        text = self.settings.bootstrap
        if text is not None:
            if not text.endswith(".sql"):
                raise BootstrapUnusable(
                    f"the bootstrap {text} is no .sql file",
                    detail="A history of SQL files has no interpreter to run anything else in.",
                    hint='Write it as a file: bootstrap = "start.sql"',
                )
            run = run_file(self.cwd / text, database)
        if run.ok and self.settings.stamp:
            with open_session(database) as session:
                ledger = self.ledger(session)
                with session.transaction():
                    self.make_tables(session, ledger)
                    newest = max(map(Version, self.settings.stamp))
                    ledger.record_baseline(newest.text)
        return run

    def create_models(self, database: Database) -> Run:  # noqa: ARG002  the form's
        """Do nothing: there are no models here."""
        return Run.nothing()

    def standing(self, database: Database) -> Standing:
        """Compare the version table with the files."""
        with open_session(database) as session:
            return self.standing_in(session.connection, session.current_schema)

    def standing_in(self, connection: psycopg.Connection, schema: str) -> Standing:
        """Compare the version table, as *connection* sees it, with the files."""
        configuration = self.configuration
        ledger = Ledger(connection, configuration.default_schema or schema, configuration.table)
        with table_errors(ledger), connection.transaction():
            records = ledger.read()
        row = connection.execute("select session_user").fetchone()
        values = self._texts(schema, str(row[0] if row else ""), connection.info.dbname)
        return standing_of(
            self.collection,
            records,
            lambda file: self.placeholders_of(file, values),
            out_of_order=configuration.out_of_order,
        )

    def filtered(
        self,
        database: Database,  # noqa: ARG002  the form's
        names: Iterable[TableName],  # noqa: ARG002
    ) -> frozenset[TableName] | None:
        """Return no answer: SQL files filter nothing."""
        return None

    @property
    def language(self) -> Language:
        """SQL."""
        return "sql"

    def write(
        self,
        database: Database,  # noqa: ARG002  the form's
        revisions: Sequence[NewRevision],
        place: Placement,
        journal: Path,
    ) -> tuple[str, ...]:
        """Write a file up and one down for each of *revisions*."""
        where = self.collection, self.configuration
        return write_files(revisions, place, *where, folder=self._folders[0], journal=journal)

    def close(self) -> None:
        """Do nothing: each run closed its own connection."""

    # -- inside ---------------------------------------------------------------------------------

    def ledger(self, session: Session) -> Ledger:
        """Return the version table as *session* sees it."""
        schema = self.configuration.default_schema or session.current_schema
        return Ledger(session.connection, schema, self.configuration.table)

    def make_tables(self, session: Session, ledger: Ledger) -> None:
        """Make the schemas and the version table where they are missing, as Flyway does."""
        missing = []
        for schema in self.configuration.schemas:
            query = "select from pg_catalog.pg_namespace where nspname = %s"
            if session.connection.execute(query, [schema]).fetchone() is None:
                session.connection.execute(
                    sql.SQL("create schema {}").format(sql.Identifier(schema))
                )
                missing.append(schema)
        if not ledger.exists():
            ledger.create()
        if missing:
            ledger.record_schemas(tuple(missing))

    def placeholders(self, session: Session) -> Mapping[str, str]:
        """Return the texts of all placeholders but the name of the file, by lower-case names."""
        return self._texts(session.current_schema, session.user, session.connection.info.dbname)

    def _texts(self, schema: str, user: str, database: str) -> Mapping[str, str]:
        configuration = self.configuration
        own = {
            "defaultSchema": configuration.default_schema or schema,
            "user": user,
            "database": database,
            "timestamp": datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            "workingDirectory": str(self.cwd),
            "table": configuration.table,
            "environment": "default",
        }
        separator = configuration.placeholder_separator
        given = dict(configuration.placeholders)
        given |= {f"flyway{separator}{name}": value for name, value in own.items()}
        return {name.lower(): value for name, value in given.items()}

    def placeholders_of(self, file: SqlFile, values: Mapping[str, str]) -> Placeholders | None:
        """Return what is filled into *file*, ``None`` where nothing is."""
        configuration = self.configuration
        wanted = file.configuration.placeholder_replacement
        if not (configuration.placeholder_replacement if wanted is None else wanted):
            return None
        own = {f"flyway{configuration.placeholder_separator}filename": file.path.name}
        return Placeholders(
            {**values, **own}, configuration.placeholder_prefix, configuration.placeholder_suffix
        )
