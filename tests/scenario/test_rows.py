# SPDX-License-Identifier: Apache-2.0
"""The way up with rows: each upgrade that changes columns meets a row, and only one made once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from planted import sql, write_project, write_revision

from bedstone.findings import Severity
from bedstone.project import resolve
from bedstone.prove import prove_project

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from bedstone.prove import Proof

TABLES = sql(
    "create table team (name text primary key)",
    "create table player (name text primary key, team text not null references team)",
)
NO_TABLES = sql("drop table player", "drop table team")


def prove_rows(folder: Path, *upgrades: tuple[str, str]) -> Proof:
    versions = write_project(folder, upto=0) / "migrations/versions"
    write_revision(versions, "0001", None, TABLES, NO_TABLES)
    for number, (upgrade, downgrade) in enumerate(upgrades, 2):
        write_revision(versions, f"{number:04}", f"{number - 1:04}", upgrade, downgrade)
    (proof,) = prove_project(resolve(str(folder), cwd=folder), only=("rows",)).verdict.proofs
    return proof


def test_a_table_that_has_a_row_from_before_is_not_given_another(tmp_path: Path) -> None:
    """A second row of the same generated values broke the primary key, and hid the fault."""
    proof = prove_rows(
        tmp_path,
        (sql("alter table player add a int"), sql("alter table player drop a")),
        (sql("alter table team add b int"), sql("alter table team drop b")),
        (sql("alter table player add c int not null"), sql("alter table player drop c")),
    )
    found = [(f.code, f.revision, f.object, f.severity) for f in proof.findings]
    assert found == [("BED306", "0004", "column public.player.c", Severity.ERROR)]
    assert (proof.eligible, proof.checked, proof.excluded) == (3, 3, ())


def test_wrong_python_that_only_rows_bring_a_revision_to_is_warned_of(tmp_path: Path) -> None:
    """A revision may set attributes of rows that cannot be set; no row, no error."""
    loop = "\nfor row in op.get_bind().exec_driver_sql('select name from team'):\n    row.name = ''"
    proof = prove_rows(
        tmp_path,
        (sql("alter table team add a int"), sql("alter table team drop a")),
        (sql("alter table team add b int") + loop, sql("alter table team drop b")),
    )
    (finding,) = proof.findings
    assert (finding.code, finding.revision, finding.severity) == (
        "BED306",
        "0003",
        Severity.WARNING,
    )
    assert "AttributeError" in finding.message


def test_a_row_that_only_does_not_suit_is_left_out_and_said(tmp_path: Path) -> None:
    loop = "\nfor row in op.get_bind().exec_driver_sql('select name from team'):\n    int(row.name)"
    proof = prove_rows(
        tmp_path,
        (sql("alter table team add a int") + loop, sql("alter table team drop a")),
    )
    assert proof.findings == ()
    assert [(e.object, "ValueError" in e.reason) for e in proof.excluded] == [("0002", True)]


def test_a_revision_that_fails_alone_is_not_said_to_fail_for_its_rows(tmp_path: Path) -> None:
    """It leans on what an earlier revision did in memory; no row has a part in it."""
    memo = "if not getattr(op.get_bind(), 'seen', False): raise RuntimeError('no memo')"
    proof = prove_rows(
        tmp_path,
        (
            "op.get_bind().seen = True",
            "pass",
        ),
        (memo + "\n" + sql("alter table team add a int"), sql("alter table team drop a")),
    )
    assert proof.findings == ()
    assert [(e.object, e.reason) for e in proof.excluded] == [
        ("0003", "it fails in a run of its own, with or without rows")
    ]


def test_a_revision_that_hangs_with_rows_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may wait for a lock of its own first session; the settings' ten minutes are too long."""
    monkeypatch.setattr("bedstone.prove.rows._PATIENCE_SECONDS", 2.0)
    wait = (
        "\nfor _ in op.get_bind().exec_driver_sql('select name from team'):\n"
        "    __import__('time').sleep(900)"
    )
    started = time.monotonic()
    proof = prove_rows(
        tmp_path,
        (sql("alter table team add a int") + wait, sql("alter table team drop a")),
        (sql("alter table team add b int"), sql("alter table team drop b")),
    )
    assert time.monotonic() - started < 60
    assert proof.findings == ()
    assert [e.object for e in proof.excluded] == ["0002"]
    assert "did not end within 2 s" in proof.excluded[0].reason
