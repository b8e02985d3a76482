# SPDX-License-Identifier: Apache-2.0
"""Each planted fault is found once, by object; the mended twin is green with no finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from planted import DRIFTS, REVISIONS, sql, write_project, write_revision

from bedstone.findings import Severity
from bedstone.project import resolve
from bedstone.prove import Status, Verdict, prove_project

if TYPE_CHECKING:
    from pathlib import Path


def prove(folder: Path, *only: str) -> Verdict:
    return prove_project(resolve(str(folder), cwd=folder), only=only).verdict


def errors(verdict: Verdict, *names: str) -> list[tuple[str, str | None, str | None]]:
    return [
        (finding.code, finding.revision, finding.object)
        for proof in verdict.proofs
        if proof.name in names
        for finding in proof.findings
        if finding.severity is Severity.ERROR
    ]


def test_the_mended_twin_is_green_with_no_finding(tmp_path: Path) -> None:
    verdict = prove(write_project(tmp_path))
    assert verdict.findings == ()
    statuses = {proof.name: proof.status for proof in verdict.proofs}
    assert statuses.pop("locks") is Status.NOT_CHECKED  # nobody asked for it
    assert statuses == dict.fromkeys(
        ("round-trip", "downgrades", "rows", "one-by-one", "drift"), Status.PASSED
    )
    assert verdict.exit_status == 0


def test_each_fault_is_found_once_by_revision_and_object(tmp_path: Path) -> None:
    verdict = prove(write_project(tmp_path, faulty=True))
    planted = {
        (code, revision.name, name) for revision in REVISIONS for code, name in revision.found
    }
    found = errors(verdict, "downgrades", "rows")
    assert sorted(found) == sorted(planted)
    assert verdict.exit_status == 1


def test_what_follows_from_a_fault_cites_it(tmp_path: Path) -> None:
    """The second upgrade of the chain fails at 0003, because of the enum that 0003 left."""
    verdict = prove(write_project(tmp_path, faulty=True, upto=3), "round-trip")
    (proof,) = verdict.proofs
    assert proof.status is Status.FAILED
    assert {finding.cause for finding in proof.findings} == {"BED310 0003 type public.order_state"}


@pytest.mark.parametrize("name", DRIFTS)
def test_one_change_of_the_models_is_one_finding(tmp_path: Path, name: str) -> None:
    value, found_at = DRIFTS[name]
    verdict = prove(write_project(tmp_path, models={name: value}), "drift")
    assert errors(verdict, "drift") == [("BED340", None, found_at)]


def test_all_drifts_at_once_are_one_finding_an_object(tmp_path: Path) -> None:
    values = {name: value for name, (value, _) in DRIFTS.items()}
    verdict = prove(write_project(tmp_path, models=values), "drift")
    objects = {found_at for _, found_at in DRIFTS.values()}
    assert sorted(o or "" for _, _, o in errors(verdict, "drift")) == sorted(objects)


def test_a_downgrade_that_refuses_on_purpose_is_said_as_such(tmp_path: Path) -> None:
    folder = write_project(tmp_path, upto=2)
    refusal = "raise RuntimeError('rows are merged: this cannot be undone')"
    write_revision(folder / "migrations/versions", "0003", "0002", sql("select 1"), refusal)
    verdict = prove(folder, "downgrades", "round-trip")
    assert [(f.code, f.revision, f.severity) for f in verdict.findings] == [
        ("BED314", "0003", Severity.NOTE)
    ]
