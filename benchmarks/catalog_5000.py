# SPDX-License-Identifier: Apache-2.0
"""Read, compare and plan between large schemas, beside Alembic's ``compare_metadata``.

    python benchmarks/catalog_5000.py [--tables 500 5000] [--small] [--no-alembic] [--json]

It needs nothing but the project's ``.venv``, as ``make setup`` makes it, and takes a minute and a
half. Each table has 30 columns, 3 indexes and 2 foreign keys. The two sides differ in 50 objects.
A small schema of 50 tables is read over and over, as a run of ``prove`` does. Times are of the
wall clock; the memory is what one catalog adds to the resident set of a fresh process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from bedstone.catalog import Catalog, compare, read_catalog
from bedstone.plan import plan
from bedstone.server import open_server

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy

_TYPES = ("integer", "bigint", "text", "varchar(80)", "numeric(12,2)", "timestamptz", "boolean")
_CHANGES = 50


@dataclass
class Measured:
    """The figures of one size of schema. Seconds, objects, MiB."""

    tables: int
    objects: int
    read: float
    read_again: float
    compare_same: float
    compare_changed: float
    fingerprint: float
    differences: int
    plan: float
    plan_back: float
    statements: int
    memory: float
    alembic: float | None = None
    alembic_differences: int | None = None


def build(conn: psycopg.Connection[Any], tables: int) -> None:
    """Create *tables* tables with 30 columns, 3 indexes and 2 foreign keys each."""
    statements = []
    for number in range(tables):
        columns = ", ".join(
            f"c{n} {_TYPES[n % len(_TYPES)]}{' not null' if n % 3 == 0 else ''}"
            f"{' default 0' if _TYPES[n % len(_TYPES)] == 'integer' else ''}"
            for n in range(27)
        )
        statements += [
            f"create table t{number} (id bigint primary key, a_id bigint, b_id bigint, {columns})",
            f"create index i{number}_a on t{number} (a_id)",
            f"create index i{number}_b on t{number} (b_id, c0 desc)",
            f"create unique index i{number}_c on t{number} (lower(c2), c1) where c6",
        ]
        for column, step in (("a_id", 1), ("b_id", 7)):
            statements.append(
                f"alter table t{number} add constraint f{number}_{column} foreign key ({column}) "
                f"references t{max(number - step, 0)} on delete cascade"
            )
        if number % 100 == 99:
            conn.execute("; ".join(statements).encode())
            statements = []
    if statements:
        conn.execute("; ".join(statements).encode())
    conn.execute("analyze")


def change(conn: psycopg.Connection[Any], tables: int) -> None:
    """Change 50 objects, one way or another."""
    for number in range(_CHANGES):
        table = number * tables // _CHANGES
        conn.execute(
            (
                f"alter table t{table} add column added integer",
                f"alter table t{table} alter column c1 set not null",
                f"drop index i{table}_a",
                f"comment on table t{table} is 'changed'",
                f"alter table t{table} alter column c2 set default 'x'",
            )[number % 5].encode()
        )


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long *function* took, and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def metadata(tables: int) -> sqlalchemy.MetaData:
    """Return the same schema as SQLAlchemy's models have it."""
    import sqlalchemy as sa

    types = (
        sa.Integer(),
        sa.BigInteger(),
        sa.Text(),
        sa.String(80),
        sa.Numeric(12, 2),
        sa.DateTime(timezone=True),
        sa.Boolean(),
    )
    meta = sa.MetaData()
    for number in range(tables):
        keys = [
            sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
            *(
                sa.Column(
                    name,
                    sa.BigInteger(),
                    sa.ForeignKey(
                        f"t{max(number - step, 0)}.id",
                        name=f"f{number}_{name}",
                        ondelete="CASCADE",
                        use_alter=True,
                    ),
                )
                for name, step in (("a_id", 1), ("b_id", 7))
            ),
        ]
        plain = [sa.Column(f"c{n}", types[n % len(types)], nullable=n % 3 != 0) for n in range(27)]
        table = sa.Table(f"t{number}", meta, *keys, *plain)
        sa.Index(f"i{number}_a", table.c.a_id)
        sa.Index(f"i{number}_b", table.c.b_id, table.c.c0.desc())
        where = sa.text("c6")
        sa.Index(
            f"i{number}_c",
            sa.func.lower(table.c.c2),
            table.c.c1,
            unique=True,
            postgresql_where=where,
        )
    return meta


def run_alembic(url: str, tables: int) -> tuple[float, int]:
    """Return how long Alembic's compare_metadata takes, and how many differences it sees."""
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    models = metadata(tables)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        seconds, differences = timed(lambda: compare_metadata(context, models))
    engine.dispose()
    return seconds, len(differences)


def resident() -> float:
    """Return the resident set of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def measure_memory(conninfo: str) -> float:
    """Return what reading one catalog adds to a process of its own, in MiB."""
    environment = {**os.environ, "BEDSTONE_BENCHMARK_DSN": conninfo}
    command = [sys.executable, __file__, "--memory"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def print_memory() -> None:
    """Read the catalog of the database in the environment, and print what it took."""
    with psycopg.connect(os.environ["BEDSTONE_BENCHMARK_DSN"], autocommit=True) as conn:
        conn.execute("select 1")
        before = resident()
        catalog = read_catalog(conn)
        print(resident() - before if len(catalog) else 0)


def read_and_compare(conn: psycopg.Connection[Any], first: Catalog) -> tuple[float, float]:
    """Return how long it takes to read the same again, and to find that it is."""
    reading, again = timed(lambda: read_catalog(conn))
    comparing, differences = timed(lambda: compare(first, again))
    assert differences == ()
    return reading, comparing


def measure(workspace: Any, tables: int, *, alembic: bool) -> Measured:
    """Build a schema of *tables* tables and take all figures of it."""
    scratch = workspace.scratch(f"bench{tables}")
    with scratch.connect(autocommit=True) as conn:
        build(conn, tables)
        conninfo = conn.info.dsn + (f" password={conn.info.password}" if conn.info.password else "")
    with scratch.connect(autocommit=True) as conn:
        read, first = timed(lambda: read_catalog(conn))
        again, compare_same = read_and_compare(conn, first)
        fingerprint, _ = timed(lambda: first.fingerprint)
        memory = measure_memory(conninfo)
        change(conn, tables)
        after = read_catalog(conn)
        compare_changed, found = timed(lambda: compare(first, after))
        planning, there = timed(lambda: plan(first, after))
        planning_back, _ = timed(lambda: plan(after, first))
    result = Measured(
        tables=tables,
        objects=len(first),
        read=read,
        read_again=again,
        compare_same=compare_same,
        compare_changed=compare_changed,
        fingerprint=fingerprint,
        differences=len(found),
        plan=planning,
        plan_back=planning_back,
        statements=len(there.statements),
        memory=memory,
    )
    if alembic:
        url = scratch.dsn.url(driver="psycopg")
        result.alembic, result.alembic_differences = run_alembic(url, tables)
    scratch.drop()
    return result


def measure_small(workspace: Any) -> dict[str, float]:
    """Return milliseconds of reading a schema of 50 tables: on a new connection, then again."""
    scratch = workspace.scratch("bench50")
    with scratch.connect(autocommit=True) as conn:
        build(conn, 50)
    cold, warm = [], []
    for _ in range(5):
        with scratch.connect(autocommit=True) as conn:
            cold.append(timed(lambda: read_catalog(conn))[0])
            warm += [timed(lambda: read_catalog(conn))[0] for _ in range(10)]
    scratch.drop()
    return {
        "new connection": sorted(cold)[len(cold) // 2] * 1000,
        "same connection": sorted(warm)[len(warm) // 2] * 1000,
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--small", action="store_true", help="only the schema of 50 tables")
    parser.add_argument("--no-alembic", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        print_memory()
        return
    with open_server() as server, server.workspace("benchmark") as workspace:
        small = measure_small(workspace)
        sizes = [] if arguments.small else arguments.tables
        found = [measure(workspace, n, alembic=not arguments.no_alembic) for n in sizes]
        version = str(server.version)
    if arguments.json:
        print(json.dumps({"server": version, "small": small, "sizes": [asdict(m) for m in found]}))
        return
    print(f"PostgreSQL {version}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    for name, value in small.items():
        print(f"50 tables, {name}: {value:.1f} ms")
    for item in found:
        print(
            f"{item.tables} tables, {item.objects} objects: read {item.read:.2f} s, again "
            f"{item.read_again:.2f} s; compare {item.compare_same:.2f} s equal, "
            f"{item.compare_changed:.2f} s with {item.differences} differences; fingerprint "
            f"{item.fingerprint:.2f} s; {item.memory:.0f} MiB"
        )
        print(
            f"  plan, its comparison included: {item.plan:.2f} s there ({item.statements} "
            f"statements), {item.plan_back:.2f} s back"
        )
        if item.alembic is not None:
            ours = item.read_again + item.compare_changed
            print(
                f"  Alembic compare_metadata: {item.alembic:.2f} s, {item.alembic_differences} "
                f"differences: {item.alembic / ours:.1f} times bedstone's read and compare"
            )
    for smaller, larger in pairwise(found):
        ratio = larger.read / smaller.read / (larger.tables / smaller.tables)
        print(f"reading from {smaller.tables} to {larger.tables} tables: {ratio:.2f} of linear")


if __name__ == "__main__":
    main()
