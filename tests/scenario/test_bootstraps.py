# SPDX-License-Identifier: Apache-2.0
"""Histories whose first tables an application makes: what its stamp stands for is not run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planted import sql, write_project, write_revision

from bedstone.project import resolve
from bedstone.prove import Status, prove_project

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.prove import Proof

MADE = "create table app (id bigint);"
STAMPED = "create table alembic_version (version_num varchar(32) not null);"


def write(folder: Path, sql_file: str, stamp: str, third: str = "alter table app drop b") -> Path:
    """Write a history whose first revision adds to a table that an application makes."""
    folder = write_project(folder, upto=0)
    versions = folder / "migrations/versions"
    write_revision(versions, "0001", None, sql("create table other ()"), sql("drop table other"))
    write_revision(
        versions, "0002", "0001", sql("alter table app add a int"), sql("alter table app drop a")
    )
    write_revision(versions, "0003", "0002", sql("alter table app add b int"), sql(third))
    (folder / "start.sql").write_text(sql_file)
    (folder / "bedstone.toml").write_text(f'bootstrap = "start.sql"\nstamp = [{stamp}]\n')
    return folder


def round_trip(folder: Path) -> Proof:
    verdict = prove_project(resolve(str(folder), cwd=folder), only=("round-trip",)).verdict
    (proof,) = verdict.proofs
    return proof


def test_what_is_stamped_is_not_run(tmp_path: Path) -> None:
    """0001 would fail: the application made its table."""
    folder = write(tmp_path, MADE + "create table other ();", '"0001"')
    proof = round_trip(folder)
    assert proof.status is Status.PASSED
    assert [(e.object, e.reason) for e in proof.excluded] == [
        ("0001", "the bootstrap stands for it")
    ]
    assert proof.summary.startswith("2 up, 2 down, 2 up: identical")


def test_a_bootstrap_that_stamps_the_head_itself_is_taken_down_first(tmp_path: Path) -> None:
    made = "create table app (id bigint, a int, b int); create table other ();"
    folder = write(tmp_path, made + STAMPED + "insert into alembic_version values ('0003');", "")
    proof = round_trip(folder)
    assert (proof.status, proof.excluded) == (Status.PASSED, ())
    assert proof.summary.startswith("3 up, 3 down, 3 up: identical")


def test_a_way_down_from_the_bootstrap_that_ends_is_said_with_its_error(tmp_path: Path) -> None:
    """The revisions above are proven all the same."""
    made = "create table app (id bigint, b int); create table other ();"
    proof = round_trip(write(tmp_path, made, '"0003"'))
    assert proof.status is Status.FAILED
    assert [(f.code, f.revision) for f in proof.findings] == [("BED321", "0002")]
    assert 'column "a" of relation "app" does not exist' in proof.findings[0].message
    assert [e.object for e in proof.excluded] == ["0001", "0002"]
    assert proof.checked == 1


def test_nothing_above_the_end_of_the_way_down_leaves_nothing_to_prove(tmp_path: Path) -> None:
    made = "create table app (id bigint); create table other ();"
    proof = round_trip(write(tmp_path, made, '"0003"'))
    assert proof.status is Status.FAILED
    assert proof.summary == "the way down from the bootstrap ends at 0003"
    assert (proof.eligible, proof.checked) == (3, 0)


def test_no_proof_counts_what_the_bootstrap_stands_for(tmp_path: Path) -> None:
    folder = write(tmp_path, MADE + "create table other ();", '"0001"')
    only = ("round-trip", "downgrades", "one-by-one")
    for proof in prove_project(resolve(str(folder), cwd=folder), only=only).verdict.proofs:
        assert proof.status is Status.PASSED
        assert (proof.eligible, proof.checked) == (3, 2)
        assert [e.object for e in proof.excluded] == ["0001"]
