# SPDX-License-Identifier: Apache-2.0
"""``--since`` proves what a branch adds, and says nothing of what was there before."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from planted import sql, write_project, write_revision

from bedstone.errors import GitUnusable
from bedstone.evolve import plan_acceptance, write_acceptance
from bedstone.project import resolve
from bedstone.prove import Status, Verdict, prove_project

if TYPE_CHECKING:
    from pathlib import Path

#: No configuration of whoever runs the tests.
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@a.invalid",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@a.invalid",
}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=os.environ | _GIT, check=True)


def commit(folder: Path, message: str = "x") -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-qm", message)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with faults on its main branch, and a branch of its own checked out."""
    write_project(tmp_path, faulty=True)
    git(tmp_path, "init", "-qb", "main")
    commit(tmp_path)
    git(tmp_path, "checkout", "-qb", "feature")
    return tmp_path


def prove(folder: Path, since: str | None = "main") -> Verdict:
    return prove_project(resolve(str(folder), cwd=folder), since=since).verdict


def add(folder: Path, name: str, before: str, *, exact: bool) -> None:
    write_revision(
        folder / "migrations/versions",
        name,
        before,
        sql("create function f() returns integer language sql as 'select 1'"),
        sql("drop function f()") if exact else "pass",
    )


def test_a_branch_with_nothing_new_is_vacuous(shop: Path) -> None:
    verdict = prove(shop)
    assert (verdict.new, verdict.exit_status) == (0, 0)
    assert not verdict.failed


def test_an_exact_new_revision_passes_whatever_is_wrong_below(shop: Path) -> None:
    add(shop, "0013", "0012", exact=True)
    verdict = prove(shop)
    assert (verdict.new, verdict.exit_status) == (1, 0)
    assert {p.name: p.status for p in verdict.proofs}["downgrades"] is Status.PASSED


@pytest.mark.parametrize("committed", [True, False])
def test_a_fault_of_a_new_revision_is_found_committed_or_not(shop: Path, committed: bool) -> None:
    add(shop, "0013", "0012", exact=False)
    if committed:
        commit(shop)
    verdict = prove(shop)
    new = [(f.code, f.revision, f.object) for f in verdict.findings if not f.baseline]
    assert ("BED310", "0013", "function public.f()") in new
    assert verdict.exit_status == 1


def test_the_second_run_starts_from_the_cached_template(shop: Path) -> None:
    """And comes to the same verdict."""
    add(shop, "0013", "0012", exact=False)
    first, second = prove(shop), prove(shop)
    assert [f.key for f in first.findings] == [f.key for f in second.findings]


def test_a_model_changed_without_a_revision_is_new_drift(shop: Path) -> None:
    text = (shop / "models.py").read_text()
    (shop / "models.py").write_text(text.replace('Column("tag", Text)', 'Column("label", Text)'))
    drift = next(p for p in prove(shop).proofs if p.name == "drift")
    assert [f.object for f in drift.findings if not f.baseline] == [
        "column public.customer.label",
        "column public.customer.tag",
    ]


def test_what_is_accepted_is_known_and_what_is_new_is_not(shop: Path) -> None:
    before = prove(shop, since=None)
    write_acceptance(plan_acceptance(before, shop))
    known = prove(shop, since=None)
    assert known.exit_status == 0
    assert {f.key for f in known.findings} == {f.key for f in before.findings}
    add(shop, "0013", "0012", exact=False)
    after = prove(shop, since=None)
    new = [f for f in after.findings if not f.baseline]
    assert {f.object for f in new} == {"function public.f()"}
    assert all(f.revision == "0013" or "0013" in (f.cause or "") for f in new)


@pytest.mark.parametrize("since", ["nowhere", "--upload-pack=touch x", "main..feature"])
def test_a_commit_that_git_cannot_find_is_said(shop: Path, since: str) -> None:
    with pytest.raises(GitUnusable, match="git finds no commit"):
        prove(shop, since)


def test_a_folder_outside_git_is_said(tmp_path: Path) -> None:
    write_project(tmp_path, upto=1)
    with pytest.raises(GitUnusable, match="is not in a git work tree"):
        prove(tmp_path)
