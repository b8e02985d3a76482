# SPDX-License-Identifier: Apache-2.0
"""What each operation of a migration does to the relations that were there before it."""

from __future__ import annotations

from dataclasses import dataclass, field

BEFORE = """
create table parent (id int primary key);
create table child (id int primary key, parent int, v varchar(10), n int);
create index child_n on child (n);
insert into parent select generate_series(1, 50);
insert into child select g, g, 'v', g from generate_series(1, 50) g;
create function build() returns void language plpgsql as $$
begin execute 'create index built on child (n)'; end $$;
"""

AX = "ACCESS EXCLUSIVE"
SRX = "SHARE ROW EXCLUSIVE"
S = "SHARE"
SUX = "SHARE UPDATE EXCLUSIVE"
RX = "ROW EXCLUSIVE"
RS = "ROW SHARE"


@dataclass(frozen=True)
class Operation:
    """What is expected of the relations that were there before.

    *locks* is the strongest on each, where it is more than ACCESS SHARE; *scans* are the rows
    read, those for each rebuilt index included; *rewrites* are those with a new file.
    """

    name: str
    sql: tuple[str, ...]
    locks: dict[str, str] = field(default_factory=dict)
    rewrites: frozenset[str] = frozenset()
    scans: dict[str, int] = field(default_factory=dict)
    before: str = ""
    error: str | None = None
    since: int = 15


def op(
    name: str,
    *sql: str,
    locks: dict[str, str] | None = None,
    rewrites: str = "",
    scans: dict[str, int] | None = None,
    before: str = "",
    error: str | None = None,
    since: int = 15,
) -> Operation:
    return Operation(
        name, sql, locks or {}, frozenset(rewrites.split()), scans or {}, before, error, since
    )


ALL = {"child": AX, "child_n": AX, "child_pkey": AX}
FILES = "child child_n child_pkey"

OPERATIONS = (
    op(
        "add column not null without default",
        "alter table child add column c int not null",
        error="23502",
    ),
    op(
        "add column with volatile default",
        "alter table child add column c uuid default gen_random_uuid()",
        locks=ALL,
        rewrites=FILES,
        scans={"child": 150},
    ),
    op(
        "add column not null with constant default",
        "alter table child add column c int not null default 5",
        locks={"child": AX},
    ),
    op(
        "add column default now()",
        "alter table child add column c timestamptz default now()",
        locks={"child": AX},
    ),
    op(
        "create index",
        "create index late on child (n)",
        locks={"child": S},
        scans={"child": 50},
    ),
    op(
        "drop index",
        "drop index child_n",
        locks={"child": AX, "child_n": AX},
    ),
    op(
        "add foreign key",
        "alter table child add constraint fk foreign key (parent) references parent",
        locks={"child": SRX, "parent": SRX},
        scans={"child": 50, "parent": 50},
    ),
    op(
        "validate foreign key",
        "alter table child validate constraint fk",
        before="alter table child add constraint fk foreign key (parent) references parent "
        "not valid",
        locks={"child": SUX, "parent": RS},
        scans={"child": 50, "parent": 50},
    ),
    op(
        "add foreign key not valid",
        "alter table child add constraint fk foreign key (parent) references parent not valid",
        locks={"child": SRX, "parent": SRX},
    ),
    op(
        "add check",
        "alter table child add constraint c check (n > 0)",
        locks={"child": AX},
        scans={"child": 50},
    ),
    op(
        "validate check",
        "alter table child validate constraint c",
        before="alter table child add constraint c check (n > 0) not valid",
        locks={"child": SUX},
        scans={"child": 50},
    ),
    op(
        "add unique",
        "alter table child add constraint u unique (n)",
        locks={"child": AX},
        scans={"child": 50},
    ),
    op(
        "add exclude",
        "alter table child add constraint e exclude using btree (n with =)",
        locks={"child": AX},
        scans={"child": 100},
    ),
    op(
        "set not null",
        "alter table child alter n set not null",
        locks={"child": AX},
        scans={"child": 50},
    ),
    op(
        "set not null with valid check",
        "alter table child alter n set not null",
        before="alter table child add constraint c check (n is not null)",
        locks={"child": AX},
    ),
    op(
        "add not null not valid",
        "alter table child add constraint nn not null n not valid",
        locks={"child": AX},
        since=18,
    ),
    op(
        "int to bigint",
        "alter table child alter n type bigint",
        locks=ALL,
        rewrites="child child_pkey",
        scans={"child": 150},
    ),
    op(
        "varchar(10) to varchar(20)",
        "alter table child alter v type varchar(20)",
        locks={"child": AX},
    ),
    op(
        "varchar to text",
        "alter table child alter v type text",
        locks={"child": AX},
    ),
    op(
        "int to bigint with a dependent view",
        "alter table child alter n type bigint",
        before="create view w as select n from child",
        error="0A000",
    ),
    op(
        "varchar to text with a dependent view",
        "alter table child alter v type text",
        before="create view w as select v from child",
        error="0A000",
    ),
    op(
        "stored generated column",
        "alter table child add column c int generated always as (n * 2) stored",
        locks=ALL,
        rewrites=FILES,
        scans={"child": 150},
    ),
    op(
        "virtual generated column",
        "alter table child add column c int generated always as (n * 2) virtual",
        locks={"child": AX},
        since=18,
    ),
    op(
        "bigserial column",
        "alter table child add column c bigserial",
        locks=ALL,
        rewrites=FILES,
        scans={"child": 150},
    ),
    op("json column", "alter table child add column c json", locks={"child": AX}),
    op(
        "update of a whole table",
        "update child set v = 'x'",
        locks={"child": RX, "child_n": RX, "child_pkey": RX},
        scans={"child": 50},
    ),
    op(
        "add column and update in one transaction",
        "alter table child add column c int",
        "update child set c = 1",
        locks={"child": AX, "child_n": RX, "child_pkey": RX},
        scans={"child": 50},
    ),
    op(
        "add not valid and validate in one transaction",
        "alter table child add constraint c check (n > 0) not valid",
        "alter table child validate constraint c",
        locks={"child": AX},
        scans={"child": 50},
    ),
    op(
        "attach partition without check",
        "alter table parts attach partition part2 for values from (10) to (20)",
        before="create table parts (a int) partition by range (a); create table part2 (a int); "
        "insert into part2 select 15 from generate_series(1, 30)",
        locks={"parts": SUX, "part2": AX},
        scans={"part2": 30},
    ),
    op(
        "attach partition with check",
        "alter table parts attach partition part2 for values from (10) to (20)",
        before="create table parts (a int) partition by range (a); "
        "create table part2 (a int not null check (a >= 10 and a < 20)); "
        "insert into part2 select 15 from generate_series(1, 30)",
        locks={"parts": SUX, "part2": AX},
    ),
    op(
        "detach partition",
        "alter table parts detach partition part2",
        before="create table parts (a int) partition by range (a); "
        "create table part2 partition of parts for values from (10) to (20)",
        locks={"parts": AX, "part2": AX},
    ),
    op(
        "refresh materialized view",
        "refresh materialized view m",
        before="create materialized view m as select * from child",
        locks={"m": AX},
        rewrites="m",
        scans={"child": 50},
    ),
    op(
        "create trigger",
        "create trigger tr before insert on child for each row "
        "execute function suppress_redundant_updates_trigger()",
        locks={"child": SRX},
    ),
    op(
        "enable row level security",
        "alter table child enable row level security",
        locks={"child": AX},
    ),
    op(
        "set unlogged",
        "alter table child set unlogged",
        locks=ALL,
        rewrites=FILES,
        scans={"child": 150},
    ),
    op(
        "cluster",
        "cluster child using child_pkey",
        locks=ALL,
        rewrites=FILES,
        scans={"child": 100},
    ),
    op(
        "reindex table",
        "reindex table child",
        locks={"child": S, "child_n": AX, "child_pkey": AX},
        rewrites="child_n child_pkey",
        scans={"child": 100},
    ),
    op(
        "index in a DO block",
        "do $$ begin execute 'create index late on child (n)'; end $$",
        locks={"child": S},
        scans={"child": 50},
    ),
    op(
        "index in a function",
        "select build()",
        locks={"child": S},
        scans={"child": 50},
    ),
    op(
        "truncate",
        "truncate child",
        locks=ALL,
        rewrites=FILES,
    ),
    op(
        "drop table",
        "drop table child",
        locks=ALL,
    ),
    op(
        "lock table",
        "lock table child in exclusive mode",
        "select 1",
        locks={"child": "EXCLUSIVE"},
    ),
)
