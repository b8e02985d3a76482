# SPDX-License-Identifier: Apache-2.0
"""What a verdict says where a history is out of the ordinary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from commands import bedstone
from planted import sql, write_project, write_revision

from bedstone.findings import Severity
from bedstone.history import StepError
from bedstone.project import resolve
from bedstone.prove import Status, Verdict, prove_project
from bedstone.prove.finding import cause_of
from bedstone.prove.obstacle import obstacle_in

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.prove import Proof


def prove(folder: Path, *only: str) -> Verdict:
    return prove_project(resolve(str(folder), cwd=folder), only=only).verdict


def by_name(verdict: Verdict) -> dict[str, Proof]:
    return {proof.name: proof for proof in verdict.proofs}


def add(folder: Path, name: str, before: str | None, upgrade: str, downgrade: str) -> None:
    write_revision(folder / "migrations/versions", name, before, upgrade, downgrade)


@pytest.mark.parametrize(
    ("message", "sqlstate", "lacks"),
    [
        ("compression method lz4 not supported", "0A000", "the server was built without it"),
        (
            'collation "de_DE.utf8" for encoding "UTF8" does not exist',
            "42704",
            'the server has no collation "de_DE.utf8"',
        ),
        (
            'collation "pg_catalog.de-x-icu" for encoding "UTF8" does not exist',
            "42704",
            'the server has no collation "pg_catalog.de-x-icu"',
        ),
        (
            'could not create locale "de_DE": No such file or directory',
            "22023",
            'the server has no collation "de_DE"',
        ),
        ('collation "ours" for encoding "UTF8" does not exist', "42704", None),
    ],
)
def test_what_a_build_or_system_lacks_is_no_wrong_migration(
    message: str, sqlstate: str, lacks: str | None
) -> None:
    found = obstacle_in(StepError(message, sqlstate=sqlstate))
    assert (found is None) if lacks is None else (found is not None and lacks in found.lacks)


def test_nothing_went_down_is_no_passed_round_trip(tmp_path: Path) -> None:
    """The newest revision refuses on purpose: there was no way down to compare."""
    folder = write_project(tmp_path, upto=1)
    add(folder, "0002", "0001", sql("create table t ()"), "raise NotImplementedError('no')")
    proof = by_name(prove(folder, "round-trip"))["round-trip"]
    assert proof.status is Status.NOT_CHECKED
    assert proof.summary == "2 up; the first downgrade, of 0002, refuses on purpose"
    assert [e.object for e in proof.excluded] == ["0001", "0002"]


@pytest.mark.parametrize("only", ["downgrades", "rows", "locks", "one-by-one", "drift"])
def test_one_proof_of_a_history_that_does_not_run_is_no_pass(tmp_path: Path, only: str) -> None:
    folder = write_project(tmp_path, upto=1)
    add(folder, "0002", "0001", sql("alter table missing add column x integer"), "pass")
    verdict = prove(folder, only)
    assert verdict.exit_status == 1
    (finding,) = verdict.findings
    assert (finding.code, finding.revision) == ("BED301", "0002")


def test_a_revision_that_asks_is_told_how_to_ask_otherwise(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=1)
    add(folder, "0002", "0001", "input('sure? ')", "pass")
    (finding,) = prove(folder, "round-trip").findings
    assert finding.hint == "Read the answer from an -x argument or an environment variable."


def test_a_way_down_that_undoes_nothing_is_not_called_identical(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=0)
    add(folder, "0001", None, sql("create table if not exists t ()"), "pass")
    proof = by_name(prove(folder, "round-trip"))["round-trip"]
    assert proof.status is Status.FAILED
    assert "identical" not in proof.summary
    assert "undoes nothing" in proof.summary


def test_a_history_that_begins_with_nothing_cannot_start_where_it_misses_a_table(
    tmp_path: Path,
) -> None:
    """Many applications make their tables themselves; their first revision is then empty."""
    folder = write_project(tmp_path, upto=0)
    add(folder, "0001", None, "pass", "pass")
    add(folder, "0002", "0001", sql("alter table user_account add column x integer"), "pass")
    (finding,) = prove(folder, "round-trip").findings
    assert (finding.code, finding.revision) == ("BED302", "0002")
    assert "bootstrap" in (finding.hint or "")


def test_a_cause_is_an_object_that_the_message_names_as_a_whole(tmp_path: Path) -> None:
    """Table t is no cause of what the server says about another relation."""
    folder = write_project(tmp_path, upto=0)
    add(folder, "0001", None, sql("create table t ()"), "pass")
    add(folder, "0002", "0001", sql("create function f() returns int return 1"), "pass")
    single = prove(folder, "downgrades").findings
    assert {f.severity for f in single} == {Severity.ERROR}
    said = 'function "f" already exists with same argument types'
    assert cause_of('relation "other" does not exist', single, None) is None
    assert cause_of('relation "t" already exists', single, None) == "BED310 0001 table public.t"
    assert cause_of(said, single, None) == "BED310 0002 function public.f()"


def test_what_a_second_upgrade_fails_with_is_told_once_where_it_is_named(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=0)
    tables = ("create table a ()", "create table b ()", "create type c as enum ()")
    add(folder, "0001", None, sql("drop table if exists a", *tables), "pass")
    findings = prove(folder, "downgrades").findings
    told = {f.object: f.detail for f in findings}
    assert told["table public.a"] is told["type public.c"] is None
    assert 'relation "b" already exists' in (told["table public.b"] or "")
    assert [f.object for f in findings if "second upgrade" in f.evidence] == ["table public.b"]


def test_a_way_down_that_ends_for_two_reasons_cites_both(tmp_path: Path) -> None:
    """0002 fails by itself, and with another error once 0003 has not brought the table back."""
    folder = write_project(tmp_path, upto=0)
    add(folder, "0001", None, sql("create table t ()", "create table u ()"), "pass")
    add(folder, "0002", "0001", sql("alter table t add x int"), sql("alter table u drop x"))
    add(folder, "0003", "0002", sql("drop table u"), "pass")
    proofs = by_name(prove(folder, "round-trip", "downgrades"))
    (end,) = [f for f in proofs["round-trip"].findings if f.code == "BED321"]
    assert 'relation "u" does not exist' in end.message
    assert end.cause == "BED303 0002; BED312 0003 table public.u"


def test_what_env_py_leaves_out_is_not_called_not_modelled(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=1)
    env = folder / "migrations/env.py"
    own = ", include_object=lambda o, name, kind, *_: not (kind == 'table' and name == 'extra')"
    env.write_text(env.read_text().replace("=Base.metadata", f"=Base.metadata{own}"))
    add(folder, "0002", "0001", sql("create table extra ()"), sql("drop table extra"))
    proof = by_name(prove(folder, "drift"))["drift"]
    assert proof.summary.endswith(", 1 left out by env.py, 1 not modelled")  # a function


def test_roles_of_another_run_on_the_same_server_are_not_taken_for_ones_own(tmp_path: Path) -> None:
    """Roles belong to a whole server: two histories that make the same one are told apart."""
    for name in ("one", "two"):
        folder = write_project(tmp_path / name, upto=1)
        add(
            folder,
            "0002",
            "0001",
            sql("create role bed_test_shared", "select pg_sleep(0.3)"),
            sql("drop role bed_test_shared"),
        )
        add(
            folder,
            "0003",
            "0002",
            sql("grant select on orders to bed_test_shared", "select pg_sleep(0.3)"),
            sql("revoke select on orders from bed_test_shared"),
        )
    with ThreadPoolExecutor(2) as pool:
        command = ("prove", ".", "--only", "downgrades")
        runs = [pool.submit(bedstone, tmp_path / name, *command) for name in ("one", "two")]
        for run in runs:
            assert (run.result().returncode, run.result().stderr) == (0, "")
            assert "3 of 3 undo exactly their upgrade" in run.result().stdout


def test_what_only_runs_one_by_one_is_climbed_all_the_same(tmp_path: Path) -> None:
    """A row whose foreign key is checked at the end keeps its table from being altered before."""
    folder = write_project(tmp_path, upto=1)
    table = "create table t (id int primary key, o int references t initially deferred)"
    add(folder, "0002", "0001", sql(table, "insert into t values (1, 1)"), sql("drop table t"))
    add(folder, "0003", "0002", sql("alter table t add column x int"), "pass")
    add(folder, "0004", "0003", sql("comment on table t is 'x'"), "pass")
    proofs = by_name(prove(folder))
    found = [(f.code, f.revision) for f in proofs["round-trip"].findings]
    assert found == [("BED301", "0003")]
    found = [(f.code, f.revision) for f in proofs["downgrades"].findings]
    assert found == [("BED310", "0003"), ("BED312", "0004")]
    assert not proofs["downgrades"].excluded


def test_a_history_that_runs_only_so_often_is_said(tmp_path: Path) -> None:
    """The chain runs it twice, the stairs twice; then its state cannot be made again."""
    folder = write_project(tmp_path, upto=1)
    counted = (
        "from pathlib import Path\n"
        "path = Path(__file__).with_suffix('.txt')\n"
        "path.write_text(path.read_text() + 'x' if path.exists() else 'x')\n"
        "assert len(path.read_text()) <= 4, 'too often'\n"
    )
    add(folder, "0002", "0001", counted + sql("comment on table orders is 'x'"), "pass")
    add(folder, "0003", "0002", sql("create table t ()"), sql("drop table t"))
    proof = by_name(prove(folder))["downgrades"]
    assert [(f.code, f.revision) for f in proof.findings] == [
        ("BED312", "0002"),
        ("BED305", "0002"),
    ]
    assert [e.object for e in proof.excluded] == ["0003"]


def test_a_way_down_that_fails_in_one_run_only_is_said_as_such(tmp_path: Path) -> None:
    """0001 looks through a second session, which does not see what is not committed."""
    folder = write_project(tmp_path, upto=0)
    look = (
        "with op.get_bind().engine.connect() as other:\n"
        "    other.exec_driver_sql('select from t')\n" + sql("drop table t")
    )
    add(folder, "0001", None, sql("create table t ()"), look)
    add(folder, "0002", "0001", sql("alter table t rename to u"), sql("alter table u rename to t"))
    (end,) = [f for f in prove(folder, "round-trip").findings if f.code == "BED321"]
    assert (end.revision, end.cause) == ("0001", None)
    assert end.detail == "Right after its own upgrade it passes."
