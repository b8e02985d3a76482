# SPDX-License-Identifier: Apache-2.0
"""The safe form that a finding shows does the same, and the judge has nothing to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import postgast
import pytest
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from watching import codes, execute, judged

from bedstone.catalog import read_catalog
from bedstone.prove.evidence import Differences
from bedstone.trace import observe

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.findings import Finding
    from bedstone.server import Scratch, Server

BEFORE = """
create table parent (id int primary key);
create table child (
    id int primary key, parent int, v varchar(10), n int not null default 3, m int, u text
);
create index child_n on child (n);
create index child_nm on child (m, n) include (id) where n > 0;
insert into parent select generate_series(1, 50);
insert into child select g, g, 'v', g, g, g from generate_series(1, 50) g;
create function build() returns void language plpgsql as $$
begin execute 'create index built on child (n)'; end $$;
create materialized view m as select id from parent;
create unique index m_id on m (id);
"""
PARTS = """
create table keys (id int primary key);
create table parts (a int not null, b int) partition by range (a);
create table parts_1 partition of parts for values from (0) to (10);
create table parts_2 partition of parts for values from (10) to (20) partition by range (a);
create table parts_2a partition of parts_2 for values from (10) to (15);
create table apart (a int not null, b int);
insert into keys select generate_series(0, 40);
insert into parts select 1, g from generate_series(1, 30) g;
insert into parts select 12, g from generate_series(1, 30) g;
insert into apart select 25, g from generate_series(1, 30) g;
"""
DEFAULTED = PARTS + "create table parts_rest partition of parts default;"


@dataclass(frozen=True)
class Case:
    """An unsafe statement; *same* says that its safe form ends in the same schema."""

    name: str
    sql: tuple[str, ...]
    before: str = BEFORE
    same: bool = True
    code: str = "BED360"


def case(
    name: str, *sql: str, before: str = BEFORE, same: bool = True, code: str = "BED360"
) -> Case:
    return Case(name, sql, before, same, code)


CASES = [
    case("index", "create index late on child (n desc, lower(v)) include (u) where m > 0"),
    case("unnamed index", "create index on child (parent)"),
    case("unique index", "create unique index late on child (id, n)"),
    case("index of partitions", "create index late on parts (b)", before=PARTS),
    case("unnamed index of partitions", "create index on parts (b)", before=PARTS),
    case("check", "alter table child add constraint c check (n > 0)"),
    case("unnamed check", "alter table child add check (n > 0)"),
    case("check of partitions", "alter table parts add constraint c check (b > 0)", before=PARTS),
    case("foreign key", "alter table child add constraint fk foreign key (parent) "
         "references parent on delete cascade deferrable initially deferred"),
    case("unnamed foreign key", "alter table child add foreign key (parent) references parent"),
    case("foreign key of partitions", "alter table parts add constraint fk foreign key (a) "
         "references keys", before=PARTS),
    case("unique", "alter table child add constraint c unique (n)"),
    case("unnamed unique", "alter table child add unique (m, n) deferrable"),
    case("unique with include", "alter table child add constraint c unique (id) include (m)"),
    case("unique nulls not distinct",
         "alter table child add constraint c unique nulls not distinct (m)"),
    case("unique of partitions", "alter table parts add constraint c unique (a, b)", before=PARTS),
    case("primary key", "alter table child add constraint pk primary key (m)",
         before=BEFORE.replace("primary key, parent", "unique, parent")),
    case("set not null", "alter table child alter m set not null"),
    case("several commands",
         "alter table child alter m set not null, add column k int, add check (m > 0)"),
    case("volatile default", "alter table child add column c uuid default gen_random_uuid()"),
    case("required with a volatile default",
         "alter table child add column c uuid not null default gen_random_uuid()"),
    case("column with a unique constraint", "alter table child add column c int unique"),
    case("column with a check", "alter table child add column c int default 1 check (c > 0)"),
    case("bigserial", "alter table child add column c bigserial"),
    case("serial", "alter table child add column c serial"),
    case("identity", "alter table child add column c bigint generated always as identity"),
    case("stored generated column",
         "alter table child add column c int generated always as (n * 2) stored", same=False),
    case("type of a column with indexes", "alter table child alter n type bigint"),
    case("type by an expression", "alter table child alter u type int using (u::int + m)"),
    case("type of a primary key", "alter table child alter id type bigint"),
    case("attach", "alter table parts attach partition apart for values from (20) to (30)",
         before=PARTS),
    case("attach beside a default",
         "alter table parts attach partition apart for values from (20) to (30)",
         before=DEFAULTED),
    case("new partition beside a default",
         "create table parts_3 partition of parts for values from (30) to (40)", before=DEFAULTED),
    case("refresh", "refresh materialized view m"),
    case("reindex table", "reindex table child"),
    case("reindex index", "reindex index child_n"),
    case("index in a DO block", "do $$ begin execute 'create index late on child (n)'; end $$"),
    case("index in a function", "select build()"),
    case("add and validate", "alter table child add constraint c check (n > 0) not valid",
         "alter table child validate constraint c", code="BED361"),
    case("add and fill", "alter table child add column c int", "update child set c = n",
         code="BED361"),
    case("whole table", "update child set m = n", code="BED362"),
    case("a part of it", "delete from child where m > n", code="BED362"),
    case("drop index", "drop index child_n", code="BED363"),
    case("detach", "alter table parts detach partition parts_1", before=PARTS, same=False,
         code="BED363"),
]  # fmt: skip


def _unsafe(scratch: Scratch, case: Case) -> tuple[Finding, Catalog]:
    scratch.reset()
    execute(scratch, case.before)
    found = judged(scratch, *case.sql)
    findings = [f for f in found.findings if f.code == case.code]
    assert len(findings) == 1, codes(found)
    return findings[0], _catalog(scratch)


def _catalog(scratch: Scratch) -> Catalog:
    with scratch.connect(autocommit=True) as connection:
        return read_catalog(connection)


def _rows(scratch: Scratch) -> list[object]:
    """Return what the tables hold, new values that nobody can foretell apart."""
    with scratch.connect(autocommit=True) as connection:
        tables = connection.execute(
            "select c.oid::regclass::text from pg_class c where c.relnamespace = "
            "'public'::regnamespace and c.relkind in ('r', 'm') order by 1"
        ).fetchall()
        return [connection.execute(f"select count(*) from {table}").fetchone() for (table,) in
                tables]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_safe_form_in_sql(any_server: Server, scratch: Scratch, case: Case) -> None:
    """Run statement by statement on rows: nothing is found but brief locks with a timeout."""
    finding, unsafe = _unsafe(scratch, case)
    expected = _rows(scratch)
    (code,) = [example.code for example in finding.examples if example.language == "sql"]
    scratch.reset()
    execute(scratch, case.before)
    found = judged(scratch, *postgast.split(code, method="parser"), autocommit=True)
    errors = [s for s in found.traced.trace.statements if s.error]
    assert not errors, (code, errors)
    assert {finding.code for finding in found.findings} <= {"BED363"}, (code, found.findings)
    assert not found.unclear
    difference = Differences.between(unsafe, _catalog(scratch)).meaningful
    assert bool(difference) != case.same, (code, difference)
    assert _rows(scratch) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_safe_form_in_alembic(scratch: Scratch, case: Case) -> None:
    """Run in the transaction that Alembic gives a revision: the same schema."""
    finding, unsafe = _unsafe(scratch, case)
    (code,) = [example.code for example in finding.examples if example.language == "python"]
    scratch.reset()
    execute(scratch, case.before)
    with observe(scratch) as observer:
        engine = sqlalchemy.create_engine(observer.dsn.url("psycopg"))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            with context.begin_transaction():
                exec(code, {"op": Operations(context)})  # noqa: S102  what the finding shows
        engine.dispose()
        trace = observer.trace()
    assert not [s for s in trace.statements if s.error], code
    difference = Differences.between(unsafe, _catalog(scratch)).meaningful
    assert bool(difference) != case.same, (code, difference)
