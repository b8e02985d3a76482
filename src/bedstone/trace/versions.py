# SPDX-License-Identifier: Apache-2.0
"""The tables in which other tools write down which revisions have run, and what is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import postgast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class VersionTable:
    """One tool's table.

    *columns* name a revision; *otherwise* do where those are null or not given. *marks* are
    columns that an INSERT or a WHERE of the tool's own names. *pending* is a column that is true,
    *finished* one that is not set, in a row that is written before the revision is run; without
    either of them rows are written after it. *heads* says that the table holds the last revisions
    only, so that a write may replace one by another. *order* is that of its columns, for an INSERT
    that names none. *apart* says that the tool may run a revision in another session than the one
    that writes the row. Its CREATE TABLE names its *columns* and *marks*.
    """

    name: str
    columns: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()
    separator: str = "."
    pending: str | None = None
    finished: str | None = None
    heads: bool = False
    order: tuple[str, ...] = ()
    apart: bool = False

    def is_made_by(self, text: str) -> bool:
        """Whether the text of a CREATE TABLE is of the tool's table, not of another's."""
        names = {*self.columns, *self.marks}
        return names <= set(re.findall(r"\w+", text.lower()))


VERSION_TABLES = {
    table.name: table
    for table in (
        # alembic/runtime/migration.py: HeadMaintainer.update_to_step() follows each step's function
        VersionTable("alembic_version", ("version_num",), heads=True, order=("version_num",)),
        # flyway-core …/internal/command/DbMigrate.java: doMigrateGroup() ends in
        # schemaHistory.addAppliedMigration(); a repeatable migration has no version
        VersionTable(
            "flyway_schema_history",
            ("version",),
            ("script",),
            marks=frozenset({"installed_rank"}),
            apart=True,
        ),
        # liquibase-standard …/sqlgenerator/core/MarkChangeSetRanGenerator.java; sent by
        # ChangeSet's visitor after the change set has run. The three columns are its identity
        VersionTable("databasechangelog", ("filename", "id", "author"), separator="::"),
        # django/db/migrations/executor.py: apply_migration() calls record_migration() last
        VersionTable("django_migrations", ("app", "name")),
        # knex/lib/migrations/migrate/Migrator.js: _waterfallBatch()
        VersionTable("knex_migrations", ("name",), apart=True),
        # prisma-engines …/sql_migration_persistence.rs: record_migration_started_impl() inserts a
        # row that has no finished_at, record_migration_finished() updates it
        VersionTable("_prisma_migrations", ("migration_name",), finished="finished_at", apart=True),
        # Rails, activerecord/lib/active_record/migration.rb: execute_migration_in_transaction();
        # dbmate/pkg/dbmate/db.go: execMigration. Both write last. golang-migrate's migrate.go
        # calls SetVersion(version, true) first and SetVersion(version, false) last
        VersionTable(
            "schema_migrations", ("version",), pending="dirty", order=("version", "dirty")
        ),
        # sqitch/lib/App/Sqitch/Role/DBIEngine.pm: log_deploy_change() and log_revert_change(),
        # after the script, which psql runs in a session of its own
        VersionTable(
            "changes", ("change",), ("change_id",), marks=frozenset({"change_id"}), apart=True
        ),
    )
}


class Moment(Enum):
    """When a row was written."""

    BEFORE = "before"
    AFTER = "after"
    #: After, by a row that was there before and has no name for the revision.
    END = "end"


#: A text of the statement, the number of a bound value, or nothing that could be read.
_Value = str | int | None


@dataclass(frozen=True, slots=True)
class VersionWrite:
    """A row that a statement writes: the values of the columns that matter, new ones and old."""

    table: VersionTable
    new: tuple[tuple[str, _Value], ...] = ()
    old: tuple[tuple[str, _Value], ...] = ()

    def bind(self, values: Sequence[str | None]) -> VersionWrite:
        """Return it with the values in the places of their numbers."""

        def filled(pairs: tuple[tuple[str, _Value], ...]) -> tuple[tuple[str, _Value], ...]:
            return tuple((column, _bound(value, values)) for column, value in pairs)

        return replace(self, new=filled(self.new), old=filled(self.old))

    @property
    def moment(self) -> Moment:
        """Whether it is written before its revision is run, or after."""
        new, table = dict(self.new), self.table
        if table.pending in new:
            return Moment.BEFORE if new[table.pending] in {"true", "t", "1"} else Moment.AFTER
        if table.finished is None or (not self.old and table.finished in new):
            return Moment.AFTER
        return Moment.END if self.old else Moment.BEFORE

    @property
    def installed(self) -> str | None:
        """The revision that is in the table from now on."""
        return self._name(dict(self.new))

    @property
    def removed(self) -> str | None:
        """The revision that is no longer there."""
        return self._name(dict(self.old))

    def _name(self, row: Mapping[str, _Value]) -> str | None:
        for columns in (self.table.columns, self.table.otherwise):
            texts = [row.get(column) for column in columns]
            if texts and all(isinstance(text, str) for text in texts):
                return self.table.separator.join(str(text) for text in texts)
        return None


def _bound(value: _Value, values: Sequence[str | None]) -> _Value:
    if not isinstance(value, int):
        return value
    return values[value - 1] if 0 < value <= len(values) else None


def read_version_write(kind: str, stmt: Any) -> VersionWrite | None:
    """Return what an INSERT, UPDATE or DELETE writes to a table of ``VERSION_TABLES``, if so."""
    table = VERSION_TABLES.get(stmt.relation.relname.lower())
    if table is None:
        return None
    new: dict[str, _Value] = {}
    old: dict[str, _Value] = {}
    if kind == "insert":
        new = _inserted(stmt, table)
    else:
        old = _compared(stmt.where_clause)
    if kind == "update":
        new = {t.res_target.name.lower(): _value(t.res_target.val) for t in stmt.target_list}
    matter = {*table.columns, *table.otherwise, table.pending, table.finished}
    if not table.marks <= (new.keys() | old.keys()) or not matter & (new.keys() | old.keys()):
        return None
    return VersionWrite(table, _chosen(new, matter), _chosen(old, matter) or _any(old))


def _chosen(row: dict[str, _Value], matter: set[str | None]) -> tuple[tuple[str, _Value], ...]:
    return tuple((column, value) for column, value in row.items() if column in matter)


def _any(row: dict[str, _Value]) -> tuple[tuple[str, _Value], ...]:
    """Say no more than that the row was there."""
    return tuple((column, None) for column in row)


def _inserted(stmt: Any, table: VersionTable) -> dict[str, _Value]:
    """Return the row that an INSERT names; nothing where there are several."""
    select = stmt.select_stmt.select_stmt
    if len(select.values_lists) > 1:
        return {}
    items = [item for row in select.values_lists for item in row.list.items]
    items = items or [target.res_target.val for target in select.target_list]
    names = [column.res_target.name.lower() for column in stmt.cols] or table.order
    return dict(zip(names, map(_value, items), strict=False))


def _compared(node: Any) -> dict[str, _Value]:
    """Return the columns that a WHERE compares with a value each, all of which must hold."""
    name = node.WhichOneof("node")
    if name == "bool_expr" and node.bool_expr.boolop == postgast.pg_query_pb2.AND_EXPR:
        return {c: v for arg in node.bool_expr.args for c, v in _compared(arg).items()}
    if name != "a_expr" or [part.string.sval for part in node.a_expr.name] != ["="]:
        return {}
    left = node.a_expr.lexpr
    if left.WhichOneof("node") != "column_ref":
        return {}
    column = left.column_ref.fields[-1].string.sval.lower()
    return {column: _value(node.a_expr.rexpr)}


def _value(node: Any) -> _Value:
    name = node.WhichOneof("node")
    if name == "type_cast":
        return _value(node.type_cast.arg)
    if name == "param_ref":
        return int(node.param_ref.number)
    if name != "a_const":
        return None
    constant = node.a_const
    kind = constant.WhichOneof("val")
    if kind == "ival":
        return str(constant.ival.ival)
    if kind == "boolval":
        return "true" if constant.boolval.boolval else "false"
    return str(getattr(getattr(constant, kind), kind)) if kind in {"sval", "fval"} else None


def bound_values(data: bytes, position: int) -> list[str | None]:
    """Return the values of a Bind message, from the position of their formats on, as text."""

    def number(size: int) -> int:
        nonlocal position
        position += size
        return int.from_bytes(data[position - size : position], "big", signed=True)

    formats = [number(2) for _ in range(number(2))]
    values: list[str | None] = []
    for index in range(number(2)):
        size = number(4)
        value = None if size < 0 else data[position : position + size]
        position += max(size, 0)
        is_binary = bool(formats) and formats[min(index, len(formats) - 1)] == 1
        values.append(None if value is None else _text(value, is_binary=is_binary))
    return values


def _text(value: bytes, *, is_binary: bool) -> str:
    """Return a value as text: of the binary forms a text is the text itself, others are numbers."""
    text = value.decode("utf-8", "replace")
    if is_binary and not text.isprintable() and len(value) in {1, 2, 4, 8}:
        return str(int.from_bytes(value, "big", signed=True))
    return text
