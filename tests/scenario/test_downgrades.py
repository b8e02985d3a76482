# SPDX-License-Identifier: Apache-2.0
"""What a downgrade does not undo is said once, and as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from planted import sql, write_project, write_revision

from bedstone.project import resolve
from bedstone.prove import prove_project

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.prove import Proof

TABLE = sql(
    "create table item (a int, b text, made timestamptz, constraint item_key primary key (a))"
)

#: An upgrade, a downgrade, and what is said of it.
CASES = {
    "a column that comes back with another type": (
        sql("alter table item drop column made"),
        sql("alter table item add column made timestamp"),
        (
            "does not restore column public.item.made: "
            "type timestamp with time zone → timestamp without time zone"
        ),
    ),
    "a column that does not come back": (
        sql("alter table item drop column made"),
        "pass",
        "does not bring column public.item.made back, which the upgrade drops",
    ),
    "a key that comes back under another name": (
        sql("alter table item drop constraint item_key"),
        sql("alter table item add constraint item_pkey primary key (a)"),
        "gives constraint item_key on public.item back under another name: item_pkey",
    ),
    "a key that was renamed for good": (
        sql("alter table item rename constraint item_key to item_pkey"),
        "pass",
        "gives constraint item_key on public.item back under another name: item_pkey",
    ),
}


def prove(folder: Path, upgrade: str, downgrade: str, only: str) -> Proof:
    versions = write_project(folder, upto=0) / "migrations/versions"
    write_revision(versions, "0001", None, TABLE, sql("drop table item"))
    write_revision(versions, "0002", "0001", upgrade, downgrade)
    (proof,) = prove_project(resolve(str(folder), cwd=folder), only=(only,)).verdict.proofs
    return proof


@pytest.mark.parametrize("case", CASES)
def test_each_is_one_finding_that_says_what_is_there(tmp_path: Path, case: str) -> None:
    upgrade, downgrade, said = CASES[case]
    proof = prove(tmp_path, upgrade, downgrade, "downgrades")
    assert [f.message for f in proof.findings] == [f"downgrade of 0002 {said}"]
    assert {f.code for f in proof.findings} == {"BED312"}


def test_a_partition_that_stays_detached_is_one_finding(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=0)
    versions = folder / "migrations/versions"
    whole = "create table item (a int not null) partition by list (a)"
    part = "create table item_1 partition of item for values in (1)"
    write_revision(versions, "0001", None, sql(whole, part), sql("drop table item"))
    detach = sql("alter table item detach partition item_1")
    write_revision(versions, "0002", "0001", detach, "pass")
    project = resolve(str(folder), cwd=folder)
    (proof,) = prove_project(project, only=("downgrades",)).verdict.proofs
    (finding,) = proof.findings
    assert (finding.code, finding.object) == ("BED312", "table public.item_1")


def test_a_second_way_up_that_fails_is_not_counted_as_a_way_up(tmp_path: Path) -> None:
    upgrade = sql("create type kind as enum ('x')", "alter table item add kind kind")
    proof = prove(tmp_path, upgrade, sql("alter table item drop kind"), "round-trip")
    assert proof.summary == "2 up, 2 down; the second way up fails at 0002"


def test_a_file_without_a_downgrade_is_irreversible_on_purpose(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=1)
    write_revision(folder / "migrations/versions", "0002", "0001", "pass", "pass")
    path = folder / "migrations/versions/0002_planted.py"
    path.write_text(path.read_text().partition("\n\ndef downgrade")[0] + "\n")
    project = resolve(str(folder), cwd=folder)
    (proof,) = prove_project(project, only=("downgrades",)).verdict.proofs
    (finding,) = proof.findings
    assert (finding.code, finding.revision) == ("BED314", "0002")
    assert finding.message == "0002 is irreversible on purpose: it has no downgrade()"


def test_a_function_that_comes_back_indented_otherwise_is_no_finding(tmp_path: Path) -> None:
    """And pg_dump, which prints the text, is not said to disagree."""
    folder = write_project(tmp_path, upto=0)
    versions = folder / "migrations/versions"
    made = "create or replace function f() returns int language plpgsql as 'begin{}return {}; end'"
    drop = sql("drop function f()")
    write_revision(versions, "0001", None, sql(made.format("\n    ", 1)), drop)
    write_revision(versions, "0002", "0001", sql(made.format(" ", 2)), sql(made.format(" ", 1)))
    project = resolve(str(folder), cwd=folder)
    (proof,) = prove_project(project, only=("downgrades",)).verdict.proofs
    assert proof.findings == ()
