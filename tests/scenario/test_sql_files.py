# SPDX-License-Identifier: Apache-2.0
"""A team with a folder of SQL files: the same proofs and commands as with Alembic."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from commands import bedstone

from bedstone.evolve import plan_acceptance, write_acceptance
from bedstone.project import resolve
from bedstone.prove import Status, Verdict, prove_project

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.server import Scratch

FOLDER = "src/main/resources/db/migration"
FILES = {
    "V1__customers.sql": "create table customer (id int primary key, name text not null);",
    "U1__customers.sql": "drop table customer;",
    "V1.1__orders.sql": """create type order_state as enum ('new', 'paid');
create table orders (id int primary key, customer int references customer, state order_state);
copy orders from stdin;
\\.
""",
    "U1.1__orders.sql": "drop table orders cascade; drop type order_state;",
    "V1.10__index.sql": "create index concurrently orders_customer on orders (customer);",
    "U1.10__index.sql": "drop index concurrently orders_customer;",
    "R__views.sql": "create or replace view paid as select id from orders where state = 'paid';",
}
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@a.invalid",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@a.invalid",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


def prove(root: Path, **given: object) -> Verdict:
    since = given.pop("since", None)
    project = resolve(str(root), overrides=given, cwd=root)
    return prove_project(project, since=str(since) if since else None).verdict


def new(verdict: Verdict) -> list[tuple[str, str | None, str | None]]:
    return [(f.code, f.revision, f.object) for f in verdict.findings if not f.baseline]


def test_files_that_are_right_are_proven(shop: Path) -> None:
    verdict = prove(shop)
    assert new(verdict) == []
    assert {p.name: p.status for p in verdict.proofs} == {
        "round-trip": Status.PASSED,
        "downgrades": Status.PASSED,
        "rows": Status.VACUOUS,
        "locks": Status.NOT_CHECKED,
        "one-by-one": Status.PASSED,
        "drift": Status.NOT_CHECKED,
    }
    summaries = {p.name: p.summary for p in verdict.proofs}
    assert summaries["round-trip"] == "3 up, 3 down, 3 up: identical, pg_dump agrees"
    assert summaries["downgrades"] == "3 of 4 undo exactly their upgrade, 1 run twice"


def test_what_repeatable_files_make_is_not_held_against_the_way_down(shop: Path) -> None:
    """Nobody claims that it goes; here it stays at base."""
    write(shop, {"R__one.sql": "create or replace function one() returns int return 1;"})
    verdict = prove(shop)
    assert new(verdict) == []
    assert verdict.proofs[0].summary == "3 up, 3 down, 3 up: identical, pg_dump agrees"


#: A change of the files that are right, and what is found then: code, revision, object.
PLANTED: dict[str, tuple[dict[str, str], list[tuple[str, str | None, str | None]]]] = {
    "an undo file leaves a type": (
        {"U1.1__orders.sql": "drop table orders cascade;"},
        [
            ("BED310", "1.1", "type public.order_state"),
            ("BED320", "1.1", None),
            ("BED322", None, "type public.order_state"),
        ],
    ),
    "an undo file fails": (
        {"U1.10__index.sql": "drop index nonsense;"},
        [("BED303", "1.10", None), ("BED321", "1.10", None)],
    ),
    "an undo file is not there": (
        {"V2__more.sql": "create table more ();"},
        [("BED314", "2", None), ("BED314", "2", None)],
    ),
    "a new column has no value": (
        {
            "V2__note.sql": "alter table orders add note text not null;",
            "U2__note.sql": "alter table orders drop note;",
        },
        [("BED306", "2", "column public.orders.note")],
    ),
    "a repeatable file is not repeatable": (
        {"R__views.sql": "create view paid as select id from orders;"},
        [("BED315", "R__views", None)],
    ),
    "a version fails": ({"V2__bad.sql": "select nonsense;"}, [("BED301", "2", None)]),
    "a setting leaks into the next file": (
        {
            "V2__off.sql": "set check_function_bodies = off;",
            "V3__on.sql": "create function f() returns int language sql as 'select nonsense';",
            "U2__off.sql": "select 1;",
            "U3__on.sql": "drop function f();",
        },
        [("BED304", "3", None), ("BED330", "3", None)],
    ),
    "what a repeatable file makes is in the way of an undo file": (
        {"U1.1__orders.sql": "drop table orders; drop type order_state;"},
        [("BED321", "1.1", None)],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(shop: Path, name: str) -> None:
    files, expected = PLANTED[name]
    write(shop, files)
    found = new(prove(shop))
    assert sorted(set(found), key=str) == sorted(set(expected), key=str)


def test_the_place_of_a_failure_is_in_the_evidence(shop: Path) -> None:
    write(shop, {"V2__bad.sql": "select 1;\n\nselect\n  nonsense;"})
    finding = next(f for f in prove(shop).findings if f.code == "BED301")
    assert finding.evidence["file"].endswith(f"{FOLDER}/V2__bad.sql")
    assert finding.evidence["line"] == 4
    assert finding.evidence["sqlstate"] == "42703"


@pytest.fixture
def branch(shop: Path) -> Path:
    for words in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=shop, env=os.environ | _GIT, check=True)
    return shop


@pytest.mark.parametrize(
    ("changed", "count", "code"),
    [
        ({}, 0, None),
        ({"V2__x.sql": "create table x ();", "U2__x.sql": "drop table x;"}, 1, None),
        ({"V2__x.sql": "create table x ();", "U2__x.sql": "select 1;"}, 1, "BED310"),
        ({"U1.1__orders.sql": "drop table orders cascade;"}, 1, "BED310"),
        ({"R__views.sql": "create view paid as select 1;"}, 1, "BED315"),
    ],
)
def test_since_proves_what_a_branch_changed(
    branch: Path, changed: dict[str, str], count: int, code: str | None
) -> None:
    """A changed undo file makes its version new, too."""
    write(branch, changed)
    verdict = prove(branch, since="main")
    assert verdict.new == count
    found = {code for code, _, _ in new(verdict)}
    assert (code in found) if code else not found


def test_what_is_accepted_is_known(shop: Path) -> None:
    write(shop, {"U1.1__orders.sql": "drop table orders cascade;"})
    write_acceptance(plan_acceptance(prove(shop), shop))
    assert prove(shop).exit_status == 0
    assert "BED310" in (shop / "bedstone.lock").read_text()


MODELS = """
from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Table, Text
metadata = MetaData()
Table("customer", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
      Column("name", Text, nullable=False))
Table("orders", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
      Column("customer", ForeignKey("customer.id"), index={index}),
      Column("state", Enum("new", "paid", name="order_state")))
"""


def test_models_beside_the_files_are_compared_with_them(shop: Path) -> None:
    write(shop, {"V1.10__index.sql": "create index ix_orders_customer on orders (customer);"})
    write(shop, {"U1.10__index.sql": "drop index ix_orders_customer;"})
    (shop / "shop.py").write_text(MODELS.format(index=True))
    drift = next(p for p in prove(shop, models="shop:metadata").proofs if p.name == "drift")
    assert drift.status is Status.PASSED, drift
    (shop / "shop.py").write_text(MODELS.format(index=False))
    drift = next(p for p in prove(shop, models="shop:metadata").proofs if p.name == "drift")
    assert [f.object for f in drift.findings] == ["index public.ix_orders_customer"]


# -- commands -----------------------------------------------------------------------------------


def test_history_lists_the_files(shop: Path) -> None:
    done = bedstone(shop, "history", ".")
    assert done.stdout.splitlines() == [
        "1 <- base   customers",
        "1.1 <- 1   orders",
        "1.10 <- 1.1   index",
        "R__views <- 1.10 (head)   views",
    ]


def test_from_status_to_upgrade_and_back(shop: Path, scratch: Scratch) -> None:
    scratch.reset()
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    assert bedstone(shop, "status", env=env).returncode == 1
    dry = bedstone(shop, "upgrade", "--dry-run", env=env)
    assert "create table customer (id int primary key, name text not null);" in dry.stdout
    assert "create index concurrently orders_customer on orders (customer);" in dry.stdout
    assert "0 applied" in bedstone(shop, "status", env=env).stdout
    assert bedstone(shop, "upgrade", env=env).returncode == 0
    assert "nothing to do" in bedstone(shop, "upgrade", env=env).stdout
    assert bedstone(shop, "status", env=env).returncode == 0
    same = bedstone(shop, "diff", scratch.dsn.url(), ".", env=env)
    assert "flyway_schema_history" in same.stdout
    assert bedstone(shop, "downgrade", "--to", "base", "--yes", env=env).returncode == 0
    data = json.loads(bedstone(shop, "status", "--json", env=env).stdout)
    assert (data["applied"], data["pending"]) == (0, ["1", "1.1", "1.10", "R__views"])


def test_a_failed_upgrade_says_where(shop: Path, scratch: Scratch) -> None:
    scratch.reset()
    write(shop, {"V2__bad.sql": "select\n  nonsense;"})
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    done = bedstone(shop, "upgrade", env=env)
    assert done.returncode == 1
    assert 'BED402: 2 failed: column "nonsense" does not exist (42703)' in done.stderr
    assert "The database is now at 1.10; what the failed revision did" in done.stderr
    assert f"At {shop}/{FOLDER}/V2__bad.sql, line 2." in done.stderr


def test_what_was_changed_or_is_gone_is_said(shop: Path, scratch: Scratch) -> None:
    scratch.reset()
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    bedstone(shop, "upgrade", env=env)
    write(shop, {"V1.1__orders.sql": "select 1;"})
    (shop / FOLDER / "V1__customers.sql").unlink()
    done = bedstone(shop, "status", env=env)
    assert done.returncode == 1
    assert "unknown  1  is in the database and not in the history" in done.stdout
    assert "amiss    BED166: " in done.stdout
    assert "amiss    BED167: the database has applied 1, and there is no file for it" in done.stdout
    assert bedstone(shop, "upgrade", env=env).stderr.startswith("BED166: ")


def test_a_downgrade_without_an_undo_file_is_refused(shop: Path, scratch: Scratch) -> None:
    scratch.reset()
    (shop / FOLDER / "U1.10__index.sql").unlink()
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    bedstone(shop, "upgrade", env=env)
    done = bedstone(shop, "downgrade", "--yes", env=env)
    assert done.returncode == 1
    assert "BED402: 1.10 has no way back: there is no undo file U1.10__…" in done.stderr
    assert "Nothing was changed; the database is at 1.10, R__views." in done.stderr


def test_a_dump_can_be_compared_with_the_files(shop: Path, scratch: Scratch) -> None:
    """As pg_dump writes it: with its own commands for psql, and data."""
    scratch.reset()
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    bedstone(shop, "upgrade", env=env)
    pg_dump = scratch.workspace.server.pg_dump
    assert pg_dump is not None
    with (shop / "dump.sql").open("w") as file:
        subprocess.run(
            [pg_dump.program, "-w", "-T", "flyway_schema_history"],
            env=os.environ | scratch.dsn.libpq_env(),
            stdout=file,
            check=True,
        )
    done = bedstone(shop, "diff", "dump.sql", ".")
    assert (done.returncode, done.stdout) == (0, "no meaningful difference, 0 cosmetic\n")
