# SPDX-License-Identifier: Apache-2.0
"""What is found, what is not, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from watching import codes, execute, judged, watch

from bedstone.findings import Method, Severity
from bedstone.prove.locks import Climbed, judge
from bedstone.prove.locks.one_run import check_together
from bedstone.prove.locks.order import opposite_orders

if TYPE_CHECKING:
    from bedstone.findings import Finding
    from bedstone.prove.locks import Judged
    from bedstone.server import Scratch, Server

ADD = "alter table a add column x int"
TABLES = """
create table a (id bigint primary key, n int, state text);
create table b (id bigint primary key, a_id bigint, n int);
create index b_n on b (n);
create table small (id int primary key, name text);
create type mood as enum ('sad');
create table parts (k int, n int) partition by range (k);
create table parts_1 partition of parts for values from (0) to (10);
"""


@pytest.fixture
def tables(scratch: Scratch) -> Scratch:
    execute(scratch, TABLES)
    return scratch


def one(found: Judged, code: str) -> Finding:
    (finding,) = [finding for finding in found.findings if finding.code == code]
    return finding


@pytest.mark.parametrize("autocommit", [False, True])
def test_tables_of_the_revision_itself_keep_nobody_waiting(
    tables: Scratch, autocommit: bool
) -> None:
    """Older than the transaction is not older than the revision."""
    found = judged(
        tables,
        "create table new (id bigint primary key, n int)",
        "insert into new select g, g from generate_series(1, 100) g",
        "create index new_n on new (n)",
        "alter table new alter n set not null, add check (n > 0)",
        "update new set n = n + 1",
        "alter table new alter n type bigint",
        autocommit=autocommit,
    )
    assert found.findings == ()


def test_a_first_revision_that_only_makes_tables_is_silent(scratch: Scratch) -> None:
    found = judged(scratch, *filter(str.strip, TABLES.split(";")))
    assert (found.findings, found.unclear) == ((), ())


def test_a_later_statement_waits_behind_an_earlier_lock(tables: Scratch) -> None:
    found = judged(tables, "alter table a add column x int", "create index b_a on b (a_id)")
    held = one(found, "BED361")
    assert (held.object, held.cause) == ("table public.a", "create index b_a on b (a_id)")
    assert one(found, "BED360").object == "table public.b"


def test_work_before_the_lock_holds_nobody_up(tables: Scratch) -> None:
    found = judged(tables, "update a set n = 1 where id = 5", "alter table a add column x int")
    assert codes(found) == ["BED363"]


def test_in_transactions_of_their_own_nothing_waits(tables: Scratch) -> None:
    found = judged(
        tables,
        "alter table a add constraint c check (n > 0) not valid",
        "alter table a validate constraint c",
        autocommit=True,
    )
    assert codes(found) == ["BED363"]


def test_a_second_alter_table_is_found_though_its_lock_is_held_already(tables: Scratch) -> None:
    found = judged(tables, "alter table a add column x int", "alter table a alter n set not null")
    long = one(found, "BED360")
    assert long.cause == "alter table a alter n set not null"
    assert "BED361" not in codes(found)


def test_a_partition_belongs_to_its_table(tables: Scratch) -> None:
    found = judged(tables, "create index on parts (n)")
    assert one(found, "BED360").object == "table public.parts"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("update b set a_id = 1 where n = 2", []),
        ("update b set a_id = 1 where id in (1, 2)", []),
        ("update b set a_id = 1 where a_id = 2", ["BED362"]),
        ("delete from b where a_id is null", ["BED362"]),
        ("delete from b where ctid in (select ctid from b where a_id is null limit 100)", []),
        ("update b set n = a.n from a where a.id = b.a_id", ["BED362"]),
        ("update b set n = 1 where id = any(array(select 1))", []),
        ("insert into small values (1, 'x')", []),
        ("insert into small select 1, 'x' where not exists (select from small)", []),
        ("select count(*) from a", []),
    ],
)
def test_an_index_that_could_serve_is_looked_for(
    tables: Scratch, sql: str, expected: list[str]
) -> None:
    """On an empty table the planner reads all of it, whatever indexes there are."""
    found = judged(tables, sql)
    assert codes(found) == expected
    assert not found.unclear


@pytest.mark.parametrize("name", ["parts", "parts_1"])
def test_rows_of_partitions_are_those_of_their_table(tables: Scratch, name: str) -> None:
    found = judged(tables, f"update {name} set n = k")
    assert one(found, "BED362").object == f"table public.{name}"
    assert not found.unclear


def test_a_table_of_few_rows_is_scanned_and_yet_an_index_could_serve(tables: Scratch) -> None:
    """As with what a migration itself has put in, once autovacuum has come by."""
    execute(tables, "insert into b values (1, 1, 1)", "analyze b")
    found = judged(tables, "update b set a_id = 1 where n = 2")
    (update,) = [s for s in found.traced.trace.statements if s.kinds == ("update",)]
    assert update.scans
    assert (codes(found), found.unclear) == ([], ())


def test_a_statement_of_a_column_that_goes_is_judged_by_its_text(tables: Scratch) -> None:
    """After the revision it cannot be planned any more, but it is about every row anyway."""
    found = judged(
        tables,
        "alter table a add column m int",
        "update a set m = n",
        "alter table a drop column n",
    )
    assert one(found, "BED361").method is Method.DERIVED
    assert not found.unclear


def test_what_cannot_be_planned_any_more_is_said(tables: Scratch) -> None:
    found = judged(tables, "update a set state = 'x' where n = 3", "alter table a drop column n")
    assert codes(found) == ["BED363"]
    (unclear,) = found.unclear
    assert unclear.reason.startswith("public.a: it cannot be planned any more")


def test_a_truncate_in_a_block_is_no_work(tables: Scratch) -> None:
    assert codes(judged(tables, "do $$ begin truncate b; end $$")) == ["BED363"]


def test_a_rewrite_says_why(tables: Scratch) -> None:
    """Also where an index comes first by its name."""
    found = judged(tables, "alter table b alter n type bigint")
    assert "written anew (type of column n changes)" in one(found, "BED360").message


def test_what_a_block_reads_is_not_guessed(tables: Scratch) -> None:
    found = judged(tables, "alter table a add column x int", "do $$ begin perform 1 from b; end $$")
    assert codes(found) == ["BED363"]
    (unclear,) = found.unclear
    assert unclear.reason == "public.b: what runs inside it has no text of its own"


def test_reading_a_table_behind_a_lock_is_a_warning(tables: Scratch) -> None:
    found = judged(tables, "alter table a add column x int", "select name from small")
    assert one(found, "BED361").severity is Severity.WARNING


def test_a_small_table_is_no_work(tables: Scratch) -> None:
    traced = watch(tables, "alter table a add column x int", "update small set name = 'x'")
    seat = traced.before.find("public", "small")
    assert seat is not None
    assert "BED361" in codes(judge(traced))
    assert codes(judge(traced, small={seat.oid})) == ["BED363"]


def test_a_table_of_the_same_branch_is_no_error(tables: Scratch) -> None:
    traced = watch(tables, "create index late on a (n)")
    seat = traced.before.find("public", "a")
    assert seat is not None
    finding = one(judge(traced, makers={seat.oid: "0001"}), "BED360")
    assert finding.severity is Severity.WARNING
    assert "It is made by 0001, which is new as well" in str(finding.detail)


def test_the_version_table_is_nobodys_business(tables: Scratch) -> None:
    execute(tables, "create table alembic_version (version_num text)")

    traced = watch(
        tables, "alter table a add column x int", "update alembic_version set version_num = '2'"
    )
    assert codes(judge(replace(traced, own=frozenset({("public", "alembic_version")})))) == [
        "BED363"
    ]


# --- rows, as the planner sees them --------------------------------------------------------------

SPECIAL = """
create table s (id bigint primary key, n int, m int, state text, mail text, data jsonb, gone date);
create index s_state on s (n) where state = 'new';
create index s_gone on s (m) where gone is null;
create index s_mail on s (mail text_pattern_ops);
create index s_data on s ((data->>'k'));
create table pair (id int primary key, n int, m int);
create index pair_mn on pair (m, n);
"""


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize(
    "sql",
    [
        "update s set n = 1 where state = 'new'",
        "update s set n = 1 where state = 'new' and n > 4",
        "delete from s where mail like 'bot%'",
        "update s set m = 2 where data->>'k' = 'x'",
    ],
)
def test_what_only_values_can_tell_is_not_guessed(
    tables: Scratch, sql: str, *, analyzed: bool
) -> None:
    execute(tables, SPECIAL, *(["analyze"] if analyzed else []))
    found = judged(tables, sql)
    assert codes(found) == []
    (unclear,) = found.unclear
    assert unclear.reason.startswith("public.s: whether an index serves it depends on values")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("delete from b where id in (select id from b order by n limit 10)", []),
        ("delete from b where id in (select id from b where n = 7 limit 10)", []),
        ("update a set state = 'x' where id = any(array[1, 2])", []),
        ("update a set state = 'n' from (values (1, 'x'), (2, 'y')) v(i, s) where a.id = v.i", []),
        ("update b set n = a.n from a where a.id = b.id and b.id = 3", []),
        ("update b set a_id = 4 where n in (select n from a where id = 9)", []),
        ("delete from b where id = 3 or n = 9", []),
        ("update b set n = (select count(*) from a) where id = 4", []),
        ("insert into small (id, name) values (1, 'x') on conflict (id) do nothing", []),
        ("update s set n = 1 where gone is null and m = 4", []),
        ("delete from s where gone < '2020-01-01'", ["BED362"]),
        ("update pair set id = 5 where n = 3", ["BED362"]),
        ("update pair set id = 5 where m = 3 or n = 3", ["BED362"]),
        ("update pair set id = 5 where m = 3", []),
        ("update b set n = 1 where exists (select from a where a.id = b.a_id)", ["BED362"]),
    ],
)
def test_rows_are_judged_by_their_plan(
    any_server: Server, tables: Scratch, sql: str, expected: list[str]
) -> None:
    """Also after ANALYZE of tables without rows, when any plan is as cheap as another."""
    execute(tables, SPECIAL, "analyze")
    found = judged(tables, sql)
    assert (codes(found), found.unclear) == (expected, ())


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("with d as (delete from b returning id) select count(*) from d", "deletes from public.b"),
        ("merge into b using a on a.id = b.id when matched then delete", "merges into public.b"),
        ("insert into b (id) select id from a", "inserts into public.b"),
        ("with d as (delete from b where n = 1 returning id) update a set n = 1", "updates"),
    ],
)
def test_whatever_writes_rows_is_found(tables: Scratch, sql: str, said: str) -> None:
    assert said in one(judged(tables, sql), "BED362").message


def test_rows_for_a_table_of_its_own_are_no_matter(tables: Scratch) -> None:
    found = judged(tables, "create table c (id bigint)", "insert into c select id from a")
    assert (found.findings, found.unclear) == ((), ())


@pytest.mark.parametrize(
    "sql",
    [
        "select exists (select 1 from b)",
        "do $$ begin if exists (select 1 from b limit 1) then null; end if; end $$",
        "do $$ begin if exists (select from a) then null; end if; alter table a add y int; end $$",
    ],
)
def test_what_may_stop_early_is_not_called_measured(
    any_server: Server, tables: Scratch, sql: str
) -> None:
    assert set(codes(judged(tables, ADD, sql))) == {"BED363"}


def test_a_block_of_nothing_but_the_schema_is_measured(tables: Scratch) -> None:
    found = judged(tables, "do $$ begin alter table a alter n set not null; end $$")
    assert one(found, "BED360").method is Method.MEASURED


# --- what nobody can tell ------------------------------------------------------------------------

FUNCTIONS = """
create function f() returns void language sql as 'update a set n = 1';
create procedure p() language plpgsql as $$ begin update a set n = 1; commit; end $$;
"""


@pytest.mark.parametrize(
    ("sql", "autocommit"),
    [
        ("select f()", False),
        ("do $$ begin update a set n = 1; end $$", False),
        ("do $$ begin update a set n = 1 where id = 3; end $$", False),
        ("call p()", True),
        (
            "do $$ begin alter table a alter n set not null; commit; update a set n = 1; end $$",
            True,
        ),
    ],
)
def test_rows_that_are_written_inside_are_never_passed_over(
    tables: Scratch, sql: str, autocommit: bool
) -> None:
    execute(tables, FUNCTIONS)
    assert judged(tables, sql, autocommit=autocommit).unclear


def test_a_rewrite_inside_a_block_that_commits_is_seen(tables: Scratch) -> None:
    block = "do $$ begin alter table a alter n type bigint; commit; end $$"
    finding = one(judged(tables, block, autocommit=True), "BED360")
    assert "ACCESS EXCLUSIVE on public.a while every row is written anew" in finding.message


def test_scans_that_are_not_counted_are_said(tables: Scratch) -> None:
    found = judged(tables, "set local track_counts = off", "alter table a alter n set not null")
    (unclear,) = found.unclear
    assert unclear.reason == "could not be judged: what it reads could not be measured"
    harmless = judged(tables, "set local track_counts = off", "update b set a_id = 1 where id = 2")
    assert not harmless.unclear


@pytest.mark.parametrize(
    "sql",
    [
        "alter table a alter n set not null",
        "create index late on a (n)",
        "alter table a alter n type bigint",
    ],
)
def test_several_statements_at_once_are_never_passed_over(tables: Scratch, sql: str) -> None:
    found = judged(tables, f"set lock_timeout = '5s'; {sql}", autocommit=True)
    assert found.unclear or "BED360" in codes(found)


# --- what is held, and until when ----------------------------------------------------------------


def test_a_lock_that_waits_twice_is_told_of_the_other_table_too(tables: Scratch) -> None:
    found = judged(
        tables,
        ADD,
        "create index late on b (a_id)",
        "alter table a alter n set not null",
    )
    held = {(f.object, f.cause) for f in found.findings if f.code == "BED361"}
    assert held == {
        ("table public.a", "create index late on b (a_id)"),
        ("table public.b", "alter table a alter n set not null"),
    }


def test_long_work_of_another_revision_under_a_lock_is_told(tables: Scratch) -> None:
    """The later one locks the table itself, too, and yet finds it locked since the first."""
    first = judge(watch(tables, ADD))
    later = watch(tables, "alter table a alter n set not null")
    second = judge(replace(later, revision="0003"))
    texts = frozenset(
        (o.traced.revision, e.statement.sql) for o in (first, second) for e in o.effects
    )
    (finding,) = check_together(Climbed((), (), (texts,)), (first, second))
    assert (finding.revision, finding.object) == ("0003", "table public.a")


def test_what_a_savepoint_took_back_is_held_no_more(tables: Scratch) -> None:
    undone = ("savepoint one", ADD, "rollback to savepoint one")
    found = judged(tables, *undone, "create index late on b (a_id)")
    assert "BED361" not in codes(found)
    again = judged(tables, *undone, "alter table b add column x int")
    assert "BED365" not in codes(again)
    kept = judged(tables, ADD, "savepoint one", "rollback to one", "create index late2 on b (a_id)")
    assert "BED361" in codes(kept)


def test_the_partition_that_is_locked_is_named(tables: Scratch) -> None:
    found = judged(tables, "alter table parts_1 add constraint c check (n > 0)")
    finding = one(found, "BED360")
    assert (finding.object, finding.evidence["work"][0]["on"]) == (
        "table public.parts_1",
        "public.parts_1",
    )


def test_a_file_of_sql_is_shown_sql(tables: Scratch) -> None:
    traced = watch(tables, "create index late on a (n)")
    (example,) = one(judge(replace(traced, is_sql=True)), "BED360").examples
    assert example.language == "sql"
    assert "op." not in repr(judge(replace(traced, is_sql=True)).findings)


# --- lock_timeout --------------------------------------------------------------------------------


def test_a_missing_lock_timeout_is_told_once_a_revision(tables: Scratch) -> None:
    found = judged(tables, ADD, "alter table b add column x int", autocommit=True)
    finding = one(found, "BED364")
    assert finding.message == "0002 waits for public.a and public.b without lock_timeout"
    assert finding.method is Method.MEASURED


@pytest.mark.parametrize(
    "before",
    [
        "set lock_timeout = '2s'",
        "set local lock_timeout = 2000",
        "select set_config('lock_timeout', '2s', true)",
        "do $$ begin perform set_config('lock_timeout', '2s', true); end $$",
    ],
)
def test_a_lock_timeout_of_the_session_is_seen(tables: Scratch, before: str) -> None:
    found = judged(tables, before, ADD)
    assert [finding.code for finding in found.findings] == ["BED363"]
    assert found.findings[0].evidence["lock_timeout"] == "2s"


def test_a_lock_timeout_of_the_database_is_seen(tables: Scratch) -> None:
    execute(tables, f"alter database {tables.name} set lock_timeout = '7s'")
    found = judged(tables, ADD)
    assert [finding.code for finding in found.findings] == ["BED363"]


@pytest.mark.parametrize(("limit", "expected"), [("0", ["BED363", "BED364"]), ("2s", ["BED363"])])
def test_lock_table_has_a_lock_timeout_like_any_other(
    tables: Scratch, limit: str, expected: list[str]
) -> None:
    found = judged(tables, f"set lock_timeout = '{limit}'", "lock table a")
    assert [finding.code for finding in found.findings] == expected


def test_a_lock_timeout_that_was_taken_back_is_none(tables: Scratch) -> None:
    found = judged(tables, "set lock_timeout = '2s'", "reset lock_timeout", ADD)
    assert "BED364" in [finding.code for finding in found.findings]


# --- several tables ------------------------------------------------------------------------------


def test_two_tables_one_after_the_other_in_one_transaction(tables: Scratch) -> None:
    found = judged(tables, ADD, "alter table b add column x int")
    assert one(found, "BED365").object == "table public.b"
    apart = judged(tables, "alter table a drop x", "alter table b drop x", autocommit=True)
    assert "BED365" not in codes(apart)


def test_what_one_statement_locks_together_cannot_be_taken_apart(tables: Scratch) -> None:
    assert codes(judged(tables, "truncate a, b")) == ["BED363", "BED363"]
    assert codes(judged(tables, "drop table parts_1")) == ["BED363"]


def test_opposite_orders_of_two_revisions(tables: Scratch) -> None:
    first = judged(tables, ADD, "alter table b add column x int")
    second = judged(tables, "alter table b drop x", "alter table a drop x")
    third = judged(tables, ADD, "alter table b add column x int")
    (found,) = opposite_orders([("1", first.effects), ("2", second.effects)])
    assert found.code == "BED366"
    assert found.message == "2 locks public.b, then public.a; 1 the other way round"
    assert not list(opposite_orders([("1", first.effects), ("3", third.effects)]))


# --- what is refused -----------------------------------------------------------------------------


def test_a_new_value_that_is_used_at_once_is_refused(tables: Scratch) -> None:
    found = judged(tables, "alter type mood add value 'glad'", "select 'glad'::mood")
    finding = one(found, "BED367")
    assert (finding.severity, finding.object) == (Severity.ERROR, "type mood")


def test_a_new_value_that_only_rows_would_bring_in(tables: Scratch) -> None:
    sql = (
        "alter type mood add value 'glad'",
        "alter table a alter state type mood using state::mood",
    )
    assert one(judged(tables, *sql), "BED367").severity is Severity.WARNING


def test_a_value_of_a_type_that_is_new_itself_may_be_used(tables: Scratch) -> None:
    found = judged(
        tables,
        "create type other as enum ('x')",
        "alter type other add value 'y'",
        "create table t (c other default 'y')",
        "insert into t select 'y'::text::other",
    )
    assert found.findings == ()


def test_concurrently_in_a_transaction_is_refused(tables: Scratch) -> None:
    finding = one(judged(tables, "create index concurrently late on a (n)"), "BED369")
    (_, alembic) = finding.examples
    assert "autocommit_block" in alembic.code


def test_concurrently_outside_of_one_keeps_nobody_waiting(tables: Scratch) -> None:
    found = judged(tables, "create index concurrently late on a (n)", autocommit=True)
    assert found.findings == ()


def test_an_index_that_failed_is_left_invalid(tables: Scratch) -> None:
    execute(tables, "insert into a values (1, 1), (2, 1)")
    found = judged(tables, "create unique index concurrently late on a (n)", autocommit=True)
    finding = one(found, "BED368")
    assert (finding.severity, finding.object) == (Severity.ERROR, "index public.late")


def test_an_index_of_partitions_that_lacks_one_is_invalid(tables: Scratch) -> None:
    found = judged(tables, "create index late on only parts (n)")
    assert one(found, "BED368").severity is Severity.WARNING
    again = judged(
        tables,
        "create index late_1 on parts_1 (n)",
        "alter index late attach partition late_1",
        autocommit=True,
    )
    assert "BED368" not in codes(again)


def test_vacuum_full_is_sampled(tables: Scratch) -> None:
    finding = one(judged(tables, "vacuum full a", autocommit=True), "BED360")
    assert finding.method in {Method.SAMPLED, Method.DERIVED}


def test_no_value_is_shown(tables: Scratch) -> None:
    found = judged(
        tables,
        "alter table a add column x text default 'secret'",
        "update a set state = 'secret' where n = 4711",
        "alter table a add constraint c check (state <> 'secret')",
    )
    assert found.findings
    assert "secret" not in repr(found.findings)
    assert "4711" not in repr(found.findings)
