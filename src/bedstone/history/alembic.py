# SPDX-License-Identifier: Apache-2.0
"""One Alembic history of a project, ready to be run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from bedstone.errors import EnvironmentScriptFailed, RevisionNotWritten, VersionTableUnusable
from bedstone.history.bootstrap import bootstrap
from bedstone.history.form import Standing
from bedstone.history.loading import LoadedProject
from bedstone.history.run import Run, read_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bedstone.history.form import Direction, TableName
    from bedstone.history.writing import Language, NewRevision, Placement
    from bedstone.server import Database


class AlembicStrand(LoadedProject):
    """One history (or the models alone), run by the project's own Alembic."""

    @property
    def name(self) -> str:
        """What reports call the history."""
        return self.source.name if self.source else self.project.name

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
