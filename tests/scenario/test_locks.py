# SPDX-License-Identifier: Apache-2.0
"""The proof ``locks`` on whole projects: what it judges, and when it does not."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from planted import ENV, INI, sql, write_revision

from bedstone.evolve import plan_acceptance, write_acceptance
from bedstone.findings import Severity
from bedstone.project import resolve
from bedstone.prove import Status, prove_project
from bedstone.report import render_markdown

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.findings import Finding
    from bedstone.prove import Proof, Verdict

PER_MIGRATION = ENV.replace(
    "target_metadata=Base.metadata",
    "target_metadata=Base.metadata, transaction_per_migration=True",
)
TABLES = (
    "create table a (id bigint primary key, n int)",
    "create table b (id bigint primary key, n int)",
)
ADD = "alter table a add column x int"
BUILD = "create index late on b (n)"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with two tables on its main branch."""
    write(tmp_path, ENV)
    add(tmp_path, "0001", None, *TABLES)
    git(tmp_path, "init", "-qb", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@a.invalid", "commit", "-qm", "x")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def write(folder: Path, env: str) -> None:
    (folder / "migrations" / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
    )
    (folder / "migrations" / "env.py").write_text(env)


def add(folder: Path, name: str, before: str | None, *statements: str, code: str = "") -> None:
    write_revision(
        folder / "migrations" / "versions", name, before, code or sql(*statements), "pass"
    )


def prove(folder: Path, *only: str, since: str | None = "main") -> Verdict:
    project = resolve(str(folder), cwd=folder)
    return prove_project(project, since=since, only=only).verdict


def locks(verdict: Verdict) -> Proof:
    (proof,) = [proof for proof in verdict.proofs if proof.name == "locks"]
    return proof


def found(proof: Proof, code: str) -> list[Finding]:
    return [finding for finding in proof.findings if finding.code == code]


def test_a_new_revision_is_judged_with_its_line(shop: Path) -> None:
    add(shop, "0002", "0001", ADD, BUILD)
    proof = locks(prove(shop, "locks"))
    assert proof.status is Status.FAILED
    (finding,) = found(proof, "BED360")
    assert (finding.revision, finding.object) == ("0002", "table public.b")
    line = next(
        n
        for n, text in enumerate(
            (shop / "migrations/versions/0002_planted.py").read_text().splitlines(), 1
        )
        if BUILD in text
    )
    assert finding.evidence["line"] == line
    assert f"(0002_planted.py:{line})" in finding.message
    assert [example.language for example in finding.examples] == ["sql", "python"]
    assert len(found(proof, "BED361")) == 1


def test_what_it_shows_in_alembic_is_what_it_has_nothing_to_say_of(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD, "alter table a alter n set not null")
    proof = locks(prove(shop, "locks"))
    code = [e.code for f in found(proof, "BED360") for e in f.examples if e.language == "python"]
    assert len(code) == 2
    add(shop, "0002", "0001", code="\n".join(code))
    again = prove(shop, "round-trip", "locks")
    assert found(locks(again), "BED360") == []
    assert {f.code for f in locks(again).findings} == {"BED363"}
    assert locks(again).status is Status.PASSED


def test_without_a_branch_it_is_not_checked_and_says_so(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD)
    proof = locks(prove(shop, since=None))
    assert (proof.status, proof.findings) == (Status.NOT_CHECKED, ())
    assert "--since BRANCH judges what is new" in proof.summary
    asked = locks(prove(shop, "locks", since=None))
    assert asked.status is Status.FAILED
    assert (asked.eligible, asked.checked) == (2, 2)


def test_old_revisions_are_not_judged(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD)
    git(shop, "add", ".")
    git(shop, "-c", "user.name=a", "-c", "user.email=a@a.invalid", "commit", "-qm", "y")
    add(shop, "0003", "0002", "create table c (id int)")
    proof = locks(prove(shop, "locks"))
    assert (proof.status, proof.findings, proof.eligible) == (Status.PASSED, (), 1)


def test_a_revision_that_fails_is_never_passed(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD, "alter table missing add column x int")
    verdict = prove(shop, "locks")
    assert verdict.exit_status == 1
    assert locks(verdict).status is not Status.PASSED
    (exclusion,) = locks(verdict).excluded
    assert exclusion.reason.startswith("its upgrade fails in a run of its own")


def test_no_value_is_shown_of_a_revision_that_fails(shop: Path) -> None:
    add(shop, "0002", "0001", "insert into a (id) values ('hunter2')")
    (exclusion,) = locks(prove(shop, "locks")).excluded
    assert exclusion.reason == "its upgrade fails in a run of its own: SQLSTATE 22P02"


def test_a_file_of_sql_is_shown_sql_only(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "V1__tables.sql").write_text(";\n".join(TABLES))
    (tmp_path / "db" / "V2__index.sql").write_text(f"{ADD};\n{BUILD};\n")
    (tmp_path / "bedstone.toml").write_text('sql_files = ["db"]\n')
    proof = locks(prove(tmp_path, "locks", since=None))
    (finding,) = found(proof, "BED360")
    assert [example.language for example in finding.examples] == ["sql"]
    assert "op." not in repr(proof.findings)


def test_concurrently_without_an_autocommit_block_is_shown_how(shop: Path) -> None:
    add(shop, "0002", "0001", "create index concurrently late on b (n)")
    (finding,) = found(locks(prove(shop, "locks")), "BED369")
    assert "autocommit_block" in finding.examples[1].code


def test_an_autocommit_block_is_a_transaction_of_its_own(shop: Path) -> None:
    code = (
        f"{sql(ADD)}\nwith op.get_context().autocommit_block():\n"
        "    op.execute('create index concurrently late on b (n)')\n"
        "    op.execute('create index late_too on a (n)')\n"
    )
    add(shop, "0002", "0001", code=code)
    proof = locks(prove(shop, "locks"))
    assert [f.cause for f in found(proof, "BED360")] == ["create index late_too on a (n)"]
    assert found(proof, "BED361") == []


@pytest.mark.parametrize(("env", "expected"), [(ENV, 1), (PER_MIGRATION, 0)])
def test_a_lock_of_one_revision_may_wait_for_the_work_of_another(
    shop: Path, env: str, expected: int
) -> None:
    """Where one run gives them one transaction, as Alembic does by itself."""
    (shop / "migrations" / "env.py").write_text(env)
    add(shop, "0002", "0001", ADD)
    add(shop, "0003", "0002", BUILD)
    waiting = found(locks(prove(shop, "locks")), "BED361")
    assert len(waiting) == expected
    for finding in waiting:
        assert finding.severity is Severity.WARNING
        assert (finding.revision, finding.object) == ("0003", "table public.a")
        assert "transaction_per_migration=True" in str(finding.hint)


def test_a_table_of_the_same_branch_is_a_warning(shop: Path) -> None:
    """A lock on a table that another new revision makes, in any order of transactions."""
    add(shop, "0002", "0001", "create table c (id int, n int)")
    add(shop, "0003", "0002", "create index late on c (n)")
    proof = locks(prove(shop, "locks"))
    (finding,) = found(proof, "BED360")
    assert (finding.severity, proof.status) == (Severity.WARNING, Status.PASSED)


def test_a_small_table_of_the_settings(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD)
    (shop / "bedstone.toml").write_text('small_tables = ["public.b"]\n')
    proof = locks(prove(shop, "locks"))
    assert proof.status is Status.PASSED
    assert proof.findings == ()


def test_what_is_accepted_is_known_and_stays_accepted(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD)
    verdict = prove(shop, "locks")
    write_acceptance(plan_acceptance(verdict, shop))
    accepted = (shop / "bedstone.lock").read_text()
    assert 'cause = "create index late on b (n)"' in accepted
    again = locks(prove(shop, "locks"))
    assert again.status is Status.PASSED
    assert all(finding.baseline for finding in again.findings)
    whole = prove(shop, since=None)
    assert plan_acceptance(whole, shop).gone == ()
    add(shop, "0002", "0001", BUILD, "create index later on a (n)")
    fresh = [f for f in locks(prove(shop, "locks")).findings if not f.baseline]
    assert {(f.code, f.cause) for f in fresh if f.severity is Severity.ERROR} == {
        ("BED360", "create index later on a (n)"),
        ("BED361", "create index later on a (n)"),
    }


def test_the_downgrade_is_not_judged(shop: Path) -> None:
    write_revision(
        shop / "migrations" / "versions", "0002", "0001", sql("create table c (id int)"), sql(BUILD)
    )
    assert locks(prove(shop, "locks")).findings == ()


def test_a_pull_request_shows_the_safe_form(shop: Path) -> None:
    add(shop, "0002", "0001", BUILD)
    text = render_markdown(prove(shop, "locks"))
    assert "<details><summary>safe form in Alembic</summary>" in text
    assert "  ```sql\n  CREATE INDEX CONCURRENTLY late ON b USING btree (n);\n  ```" in text


def test_the_blueprint_has_nothing_that_waits(tmp_path: Path) -> None:
    verdict = prove_project(resolve("ads", cwd=tmp_path), only=("locks",)).verdict
    proof = locks(verdict)
    assert (proof.status, proof.findings) == (Status.PASSED, ())
