# SPDX-License-Identifier: Apache-2.0
"""The version table of SQL files: Flyway's own, so that either of the two can go on.

Beside it is a second table, only while a file that is in no transaction is under way or was left
half done: it counts the statements that are done.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from bedstone.errors import HalfRun, VersionTableUnusable
from bedstone.history.files.naming import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.history.files.collection import SqlFile

#: As in Flyway's ``PostgreSQLDatabase.getRawCreateScript``.
_CREATE = """
    create table {table} (
        "installed_rank" int not null,
        "version" varchar(50),
        "description" varchar(200) not null,
        "type" varchar(20) not null,
        "script" varchar(1000) not null,
        "checksum" integer,
        "installed_by" varchar(100) not null,
        "installed_on" timestamp not null default now(),
        "execution_time" integer not null,
        "success" boolean not null
    );
    alter table {table} add constraint {primary_key} primary key ("installed_rank");
    create index {index} on {table} ("success")
"""
_CREATE_HALF = """
    create table if not exists {half} (
        script text primary key,
        done int not null,
        digest text not null,
        is_under_way boolean not null
    )
"""
_READ = """
    select installed_rank, version, description, type, script, checksum, success
    from {table}
    order by installed_rank
"""
_INSERT = """
    insert into {table}
        (installed_rank, version, description, type, script, checksum, installed_by,
        execution_time, success)
    select coalesce(max(installed_rank), 0) + 1, %s, %s, %s, %s, %s, session_user, %s, %s
    from {table}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the version table."""

    rank: int
    version: str | None
    description: str
    type: str
    script: str
    checksum: int | None
    success: bool

    @property
    def name(self) -> str:
        """What is called applied: a version, or a repeatable file."""
        return self.version or self.script


@dataclass(frozen=True, slots=True)
class Half:
    """How far a file came. *is_under_way*: one more was begun, and nobody saw it end."""

    done: int
    digest: str
    is_under_way: bool


@dataclass(slots=True)
class Records:
    """What the version table amounts to. *baseline*: what is not newer counts as applied."""

    versions: dict[Version, Entry] = field(default_factory=dict)
    repeatables: dict[str, Entry] = field(default_factory=dict)
    failed: list[Entry] = field(default_factory=list)
    halves: dict[str, Half] = field(default_factory=dict)
    baseline: Version | None = None

    def take(self, entry: Entry) -> None:
        """Follow one row of the table. Rows of Flyway's other editions are understood."""
        if entry.type == "SCHEMA":
            return
        if not entry.success:
            self.failed.append(entry)
        elif entry.version is None:
            if entry.type == "DELETE":
                self.repeatables.pop(entry.description, None)
            else:
                self.repeatables[entry.description] = entry
        elif entry.type == "BASELINE":
            self.baseline = Version(entry.version)
        elif entry.type == "DELETE" or entry.type.startswith("UNDO"):
            self.versions.pop(Version(entry.version), None)
        else:
            self.versions[Version(entry.version)] = entry

    @property
    def newest(self) -> Version | None:
        """The newest version that is applied."""
        return max(self.versions, default=self.baseline)

    def covers(self, version: Version) -> bool:
        """Whether *version* is applied, or the baseline stands for it."""
        return version in self.versions or (self.baseline is not None and version <= self.baseline)


class Ledger:
    """The version table *table* in *schema*, read and written through *connection*."""

    def __init__(self, connection: psycopg.Connection, schema: str, table: str) -> None:
        self.schema = schema
        self.table = table
        self._connection = connection
        self._names = {
            "table": sql.Identifier(schema, table),
            "half": sql.Identifier(schema, half_table(table)),
            "primary_key": sql.Identifier(f"{table}_pk"),
            "index": sql.Identifier(f"{table}_s_idx"),
        }

    def exists(self, table: str | None = None) -> bool:
        """Whether the version table, or *table* beside it, is there."""
        row = self._connection.execute(
            "select exists (select from pg_catalog.pg_class c"
            " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p'))",
            [self.schema, table or self.table],
        ).fetchone()
        return bool(row and row[0])

    def create(self) -> None:
        """Make the version table."""
        self._run(_CREATE)

    def read(self) -> Records:
        """Return what the tables say; nothing where they are not there."""
        records = Records()
        if self.exists():
            for row in self._connection.execute(self._text(_READ)).fetchall():
                records.take(Entry(*row))
        if self.exists(half_table(self.table)):
            query = self._text("select script, done, digest, is_under_way from {half}")
            records.halves = {
                script: Half(*rest) for script, *rest in self._connection.execute(query).fetchall()
            }
        for entry in records.failed:
            if entry.script not in records.halves and not _went_on(entry, records):
                raise HalfRun(
                    f"Flyway left {entry.script} half done",
                    detail=f"{self.schema}.{self.table} says that it failed, outside of a "
                    "transaction, and not how far it came.",
                    hint="Undo by hand what it did, then let Flyway forget it: flyway repair",
                )
        return records

    # -- writing --------------------------------------------------------------------------------

    def record(self, file: SqlFile, *, kind: str, checksum: int, seconds: float,
               success: bool) -> None:  # fmt: skip
        """Write that *file* was run."""
        version = file.name.version.text if file.name.version else None
        description, script = file.name.description, file.script
        self._connection.execute(
            self._text(_INSERT),
            [
                version,
                description if len(description) <= 200 else description[:197] + "...",
                kind,
                script if len(script) <= 1000 else "..." + script[3:1000],
                checksum,
                round(seconds * 1000),
                success,
            ],
        )

    def confirm(self, file: SqlFile, *, checksum: int, seconds: float) -> None:
        """Write that *file*, which was begun, came to its end."""
        self._connection.execute(
            self._text(
                "update {table} set success = true, checksum = %s, execution_time = %s"
                " where script = %s and not success"
            ),
            [checksum, round(seconds * 1000), file.script],
        )

    def forget(self, version: str) -> None:
        """Take a version out, and every repeatable file, which the next upgrade runs anew."""
        self._connection.execute(
            self._text(
                "delete from {table} where version = %s or version is null and type = 'SQL'"
            ),
            [version],
        )

    def record_baseline(self, version: str) -> None:
        """Write that everything up to *version* counts as applied, as ``flyway baseline`` does."""
        text = "<< Flyway Baseline >>"
        self._connection.execute(
            self._text(_INSERT), [version, text, "BASELINE", text, None, 0, True]
        )

    def record_schemas(self, schemas: tuple[str, ...]) -> None:
        """Write that *schemas* were made, as Flyway does."""
        script = ",".join(sql.Identifier(schema).as_string() for schema in schemas)
        self._connection.execute(
            self._text(_INSERT.replace("(max(installed_rank), 0)", "(max(installed_rank), -1)")),
            [None, "<< Flyway Schema Creation >>", "SCHEMA", script, None, 0, True],
        )

    def begin_half(self, script: str) -> None:
        """Note that *script* is under way and nothing of it is done."""
        self._run(_CREATE_HALF)
        self._connection.execute(
            self._text("insert into {half} values (%s, 0, '', false)"), [script]
        )

    def set_half(self, script: str, half: Half) -> None:
        """Note how far *script* came."""
        self._connection.execute(
            self._text(
                "update {half} set done = %s, digest = %s, is_under_way = %s where script = %s"
            ),
            [half.done, half.digest, half.is_under_way, script],
        )

    def end_half(self, script: str) -> None:
        """Note that *script* is whole; the table goes with its last row."""
        self._connection.execute(self._text("delete from {half} where script = %s"), [script])
        row = self._connection.execute(self._text("select count(*) from {half}")).fetchone()
        if row and not row[0]:
            self._run("drop table {half}")

    def _text(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(**self._names)

    def _run(self, text: str) -> None:
        self._connection.execute(self._text(text))


@contextmanager
def table_errors(ledger: Ledger) -> Iterator[None]:
    """Turn a server's refusal to read or make the version table into a coded error."""
    try:
        yield
    except psycopg.Error as error:
        raise VersionTableUnusable(
            f"the version table {ledger.schema}.{ledger.table} cannot be used: "
            f"{error.diag.message_primary or error}",
            detail="Without it nobody knows which files the database has. Nothing was run.",
            hint="Give the role the right to it, or name another: version_table and "
            "default_schema in bedstone.toml",
        ) from error


def half_table(table: str) -> str:
    """Return the name of the table beside the version table *table*."""
    return f"{table}_half_run"


def _went_on(entry: Entry, records: Records) -> bool:
    """Whether what failed once was run to its end later."""
    later = (*records.versions.values(), *records.repeatables.values())
    return any(other.script == entry.script and other.rank > entry.rank for other in later)
