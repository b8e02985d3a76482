# SPDX-License-Identifier: Apache-2.0
"""``bedstone drift``, and the sides models, history and live of plan and diff."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from commands import bedstone
from planted import DRIFTS, write_project

from bedstone.catalog import Key, Limits, compare, read_snapshot
from bedstone.catalog.snapshot import open_snapshot
from bedstone.dsn import Secret
from bedstone.history import open_history
from bedstone.plan import plan, render_script, split_script
from bedstone.project import resolve
from bedstone.prove import Place, find_drift, open_sides, read_sides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.dsn import ConnectionString
    from bedstone.plan import Plan
    from bedstone.prove import Drift
    from bedstone.server import Scratch, Server

BY_HAND = """
create table tmp_import (id integer);
alter table orders alter column amount set default 6;
create index by_hand on orders (customer_id);
drop index orders_amount_idx;
create view "Odd" as select id from customer;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def migrate(shop: Path, live: Scratch, upto: int = 99) -> None:
    """Bring a database of the shop's to one of its revisions, as a deployment would."""
    with open_history(resolve(".", cwd=shop), live) as history:
        ids = [r.id for r in history.revisions][:upto]
        assert history.upgrade(live, ids).ok


def by_hand(live: Scratch, sql: str) -> None:
    with live.connect(autocommit=True) as session:
        session.execute(sql.encode())


def drift(shop: Path, live: ConnectionString | None, server: Server, *ignore: str) -> Drift:
    address = None if live is None else live.url()
    with open_sides(resolve(".", cwd=shop), server, database=address) as sides:
        return find_drift(sides, ignore=ignore)


def _ignore(patterns: list[str]) -> list[str]:
    return [word for pattern in patterns for word in ("--ignore", pattern)]


def test_who_differs_from_whom(shop: Path, scratch: Scratch) -> None:
    migrate(shop, scratch)
    address = ("--database", scratch.dsn.url())
    agreed = bedstone(shop, "drift", ".", *address)
    assert (agreed.returncode, agreed.stdout) == (0, "no drift\n")

    by_hand(scratch, BY_HAND)
    write_project(shop, models={"default": "6", "where": "2"})  # and no revision
    done = bedstone(shop, "drift", ".", *address, "--ignore", "table *.tmp_*", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert {item["object"]: item["agreement"] for item in found["objects"]} == {
        "column public.orders.amount": "models = live ≠ history",
        "index public.by_hand": "models = history ≠ live",
        "index public.orders_amount_idx": "models = history ≠ live",
        "index public.orders_state_idx": "history = live ≠ models",
        'view public."Odd"': "history ≠ live",
    }
    assert found["ignored"] == 1
    pasted = [item["object"] for item in found["objects"]]
    plain = [*pasted[:-1], "view public.Odd", "table public.tmp_import"]
    assert bedstone(shop, "drift", *address, *_ignore(plain)).stdout.startswith("no drift, 6 ign")
    assert bedstone(shop, "drift", *address, *_ignore(pasted)).stdout.count(" ≠ ") == 1
    amount = next(i for i in found["objects"] if i["object"] == "column public.orders.amount")
    assert amount["attributes"] == {"default": {"models": "6", "history": "5", "live": "6"}}
    assert amount["differences"] == ["default is 6 in models and live, 5 in history"]


def test_a_database_that_is_behind_has_not_drifted(
    shop: Path, scratch: Scratch, server: Server
) -> None:
    migrate(shop, scratch, upto=7)
    found = drift(shop, scratch.dsn, server)
    assert found.is_clean
    assert (found.current, len(found.behind), found.objects) == (("0007",), 5, ())

    by_hand(scratch, "create index orders_amount_idx on orders (amount); drop function touched()")
    function, index = drift(shop, scratch.dsn, server).objects
    assert function.present == {"history": True, "live": False}
    assert "bedstone upgrade would meet it" in index.likely  # 0008 makes it

    by_hand(scratch, "update alembic_version set version_num = 'elsewhere'")
    found = drift(shop, scratch.dsn, server)
    assert not found.is_clean
    assert (found.unknown, found.objects) == (("elsewhere",), ())
    assert "not in the history: elsewhere" in found.not_checked[0]


def test_repair_leads_either_way(shop: Path, scratch: Scratch, server: Server) -> None:
    migrate(shop, scratch, upto=7)
    by_hand(scratch, "drop policy orders_owner on orders; alter table customer add x integer")
    by_hand(scratch, "create table tmp as select n from generate_series(1, 3) as n")
    found = drift(shop, scratch.dsn, server)
    written = render_script(plan(*found.repair("history")))
    assert "drop policy orders_owner" in written
    assert "add column x integer" in written
    back = bedstone(shop, "drift", ".", "--database", scratch.dsn.url(), "--repair", "live")
    assert back.returncode == 0
    assert "-- DESTROYS table public.tmp: 3 rows (counted)\n" in back.stdout
    assert "destroys table public.tmp: 3 rows (counted)\n" in back.stderr
    by_hand(scratch, back.stdout)
    found = drift(shop, scratch.dsn, server)
    assert found.is_clean
    assert found.behind


def test_what_cannot_be_compared_is_said(shop: Path, scratch: Scratch, server: Server) -> None:
    write_project(shop, models={"where": "2"})
    found = drift(shop, None, server)
    assert [text.partition(":")[0] for text in found.not_checked] == ["live"]
    assert [item.agreement for item in found.objects] == ["models ≠ history"]

    files = shop / "files"
    files.mkdir()
    (files / "V1__start.sql").write_text("create table t (id integer);")
    by_hand(scratch, "create table t (id bigint)")
    found = drift(files, scratch.dsn, server)
    assert [text.partition(":")[0] for text in found.not_checked] == ["models"]
    assert "no revision applied" in found.notes[0]
    assert [item.agreement for item in found.objects] == ["history ≠ live"]


@pytest.fixture
def reader(scratch: Scratch) -> Iterator[ConnectionString]:
    """A role that may connect, and nothing else."""
    name, password = "bed_drift_reader", secrets.token_hex(8)
    by_hand(scratch, f"create role {name} login password '{password}'")
    yield replace(scratch.dsn, user=name, password=Secret(password))
    by_hand(scratch, f"drop role {name}")


def test_a_role_without_privileges_is_enough(
    shop: Path, scratch: Scratch, server: Server, reader: ConnectionString
) -> None:
    migrate(shop, scratch)
    by_hand(scratch, "alter table orders add by_hand integer")
    found = drift(shop, reader, server)
    assert [str(item.key) for item in found.objects] == ["column public.orders.by_hand"]
    assert "alembic_version cannot be read: permission denied" in found.notes[0]


def test_only_access_share_is_locked(shop: Path, scratch: Scratch) -> None:
    migrate(shop, scratch)
    with (
        scratch.connect(autocommit=True) as other,
        scratch.connect(autocommit=True) as session,
        open_snapshot(session, Limits()) as snapshot,
    ):
        read_snapshot(snapshot)
        locks = other.execute(
            "select distinct mode from pg_catalog.pg_locks where pid = %s and relation <> 0",
            [session.info.backend_pid],
        ).fetchall()
        limits = session.execute("show lock_timeout").fetchone()
    assert locks == [("AccessShareLock",)]
    assert limits == ("3s",)


def test_a_lock_that_somebody_holds_is_not_waited_for(shop: Path, scratch: Scratch) -> None:
    migrate(shop, scratch)
    with scratch.connect() as session:
        session.execute("lock table orders, customer")
        address = ("--database", scratch.dsn.url(), "--wait", "0.2")
        done = bedstone(shop, "drift", ".", *address)
    assert done.returncode == 3
    assert "BED180" in done.stderr
    assert "lock timeout" in done.stderr


def test_the_sides_of_a_project(shop: Path, scratch: Scratch, server: Server) -> None:
    """The three words win over folders, which are ./models and so on."""
    migrate(shop, scratch)
    write_project(shop, models={name: value for name, (value, _) in DRIFTS.items()})
    (shop / "live").mkdir()
    (shop / "live" / "V1__start.sql").write_text("create table other (id integer);")
    place = Place(cwd=shop, database=scratch.dsn.url())
    a, b = read_sides("history", "live", server, place)
    assert plan(a, b).statements == ()
    a, b = read_sides("live", "models", server, place)
    changed = {str(d.key) for d in compare(a, b) if d.cause is None}
    assert changed == {found_at for _, found_at in DRIFTS.values()}
    by_hand_in_turn(scratch, plan(a, b))
    assert plan(*read_sides("live", "models", server, place)).statements == ()
    by_hand_in_turn(scratch, plan(b, a))
    assert plan(*read_sides("history", "live", server, place)).statements == ()
    _, folder = read_sides("history", "./live", server, place)
    assert Key("table", "public", "other") in folder


def test_the_sides_by_the_command(shop: Path) -> None:
    assert bedstone(shop, "plan", "history", "models").stdout == ""
    nowhere = bedstone(shop.parent, "plan", "history", "live", "--project", str(shop))
    assert (nowhere.returncode, nowhere.stderr[:6]) == (2, "BED193")
    no_project = bedstone(shop, "drift", "postgresql://app:s3cret@db.invalid/shop")
    assert (no_project.returncode, no_project.stderr[:6]) == (2, "BED100")
    assert "s3cret" not in no_project.stderr


def by_hand_in_turn(live: Scratch, made: Plan) -> None:
    """Run a plan's statements one by one, since some may be in no transaction with others."""
    with live.connect(autocommit=True) as session:
        for statement in split_script(made):
            session.execute(statement.encode())
