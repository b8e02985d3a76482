# SPDX-License-Identifier: Apache-2.0
"""What a revision stands on: the relations before and after it, and which belongs to which."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from bedstone.prove.locks.ways import Server
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import psycopg

    from bedstone.trace import Relation

#: As ``pg_class.relkind`` has them: those that clients read and write.
TABLES = frozenset("rpmvf")
#: Those of them that have rows of their own, or partitions that have.
STORED = frozenset("rpm")


@dataclass(frozen=True, slots=True)
class Seat:
    """A relation and its place: *owner* is an index's table, or a partition's parent."""

    oid: int
    schema: str
    name: str
    kind: str
    owner: int | None = None
    is_valid: bool = True

    def __str__(self) -> str:
        return quote_identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint; *kind* as ``pg_constraint.contype``."""

    oid: int
    table_oid: int
    name: str
    kind: str


@dataclass(frozen=True)
class Ground:
    """All relations and constraints of a database at one moment.

    *required* are the columns that may not be null, each by its table's oid and its name.
    """

    seats: Mapping[int, Seat] = field(default_factory=dict)
    constraints: Mapping[int, Constraint] = field(default_factory=dict)
    required: frozenset[tuple[int, str]] = frozenset()

    @cached_property
    def _named(self) -> dict[tuple[str, str], Seat]:
        return {(seat.schema, seat.name): seat for seat in self.seats.values()}

    @cached_property
    def _by_name(self) -> dict[str, list[Seat]]:
        found: dict[str, list[Seat]] = {}
        for seat in self.seats.values():
            found.setdefault(seat.name, []).append(seat)
        return found

    def find(self, schema: str | None, name: str) -> Seat | None:
        """Return the relation of that name; without a schema, if only one has it."""
        if schema:
            return self._named.get((schema, name))
        seats = self._by_name.get(name, [])
        if len(seats) > 1:
            return self._named.get(("public", name))
        return seats[0] if seats else None

    def seat(self, relation: Relation) -> Seat | None:
        """Return the relation's place; by its name where the trace has no number for it."""
        if relation.oid:
            return self.seats.get(relation.oid)
        return self.find(relation.schema, relation.name)

    def table_of(self, relation: Relation) -> Seat | None:
        """Return the table that *relation* is or belongs to."""
        seat = self.seat(relation)
        return None if seat is None else self.top(seat)

    def top(self, seat: Seat) -> Seat | None:
        """Return the table that *seat* is or belongs to; of a partition, the topmost one."""
        above: Seat | None = seat
        while above is not None and above.owner is not None:
            above = self.seats.get(above.owner)
        return above if above is not None and above.kind in TABLES else None

    def own_table(self, relation: Relation) -> Seat | None:
        """Return the table or partition that *relation* is or that it is an index of."""
        seat = self.seat(relation)
        while seat is not None and seat.kind not in TABLES:
            seat = self.seats.get(seat.owner or 0)
        return seat

    def table_named(self, schema: str | None, name: str) -> Seat | None:
        """Return the table of that name; of a partition, the topmost one."""
        seat = self.find(schema, name)
        return None if seat is None else self.top(seat)


@dataclass(frozen=True, slots=True)
class Index:
    """An index; *columns* are those of its key, with ``None`` for an expression."""

    oid: int
    table_oid: int
    schema: str
    name: str
    table_name: str
    above: int | None
    definition: str
    is_unique: bool
    is_primary: bool
    is_partitioned: bool
    columns: list[str | None]


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition and the condition that its rows meet."""

    oid: int
    parent_oid: int
    schema: str
    name: str
    condition: str | None
    is_default: bool

    def __str__(self) -> str:
        return quote_identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Column:
    """A column; its default and the sequence that it owns are as SQL has them."""

    table_oid: int
    name: str
    default_value: str | None
    sequence: str | None


@dataclass(frozen=True)
class Details:
    """What is to be known of some tables for the safe form of a statement about them."""

    indexes: tuple[Index, ...] = ()
    partitions: tuple[Partition, ...] = ()
    columns: tuple[Column, ...] = ()

    def primary_key(self, table: int) -> list[str]:
        """Return the columns of a table's primary key; none where it has none."""
        for index in self.indexes:
            if index.table_oid == table and index.is_primary:
                return [name for name in index.columns if name is not None]
        return []

    def column(self, table: int, name: str) -> Column | None:
        """Return a column of a table."""
        return next((c for c in self.columns if (c.table_oid, c.name) == (table, name)), None)


def read_ground(connection: psycopg.Connection) -> Ground:
    """Read which relations and constraints there are."""
    with connection.cursor(row_factory=class_row(Seat)) as cursor:
        seats = {seat.oid: seat for seat in cursor.execute(_query("relations"))}
    with connection.cursor(row_factory=class_row(Constraint)) as rows:
        constraints = {row.oid: row for row in rows.execute(_query("constraints"))}
    required = connection.execute(_query("required_columns")).fetchall()
    return Ground(seats, constraints, frozenset((int(oid), str(name)) for oid, name in required))


def read_details(connection: psycopg.Connection, tables: Collection[int]) -> Details:
    """Read what is to be known of *tables* and of their partitions at every level."""
    every = sorted(tables)
    partitions: list[Partition] = []
    level = every
    while level:
        with connection.cursor(row_factory=class_row(Partition)) as cursor:
            found = cursor.execute(_query("partitions"), {"tables": level}).fetchall()
        fresh = {partition.oid for partition in found} - {p.oid for p in partitions}
        partitions += [partition for partition in found if partition.oid in fresh]
        level = sorted(fresh)
    every = sorted({*every, *(partition.oid for partition in partitions)})
    with connection.cursor(row_factory=class_row(Index)) as rows:
        indexes = rows.execute(_query("indexes"), {"tables": every}).fetchall()
    with connection.cursor(row_factory=class_row(Column)) as others:
        columns = others.execute(_query("columns"), {"tables": every}).fetchall()
    return Details(tuple(indexes), tuple(partitions), tuple(columns))


def read_servers(connection: psycopg.Connection) -> tuple[Server, ...]:
    """Read which condition each index can serve."""
    with connection.cursor(row_factory=class_row(Server)) as cursor:
        return tuple(cursor.execute(_query("ways")))


def _query(name: str) -> bytes:
    return files("bedstone.prove.locks").joinpath(f"sql/{name}.sql").read_bytes()
