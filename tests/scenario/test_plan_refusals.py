# SPDX-License-Identifier: Apache-2.0
"""``bedstone plan`` with what it cannot use: a coded error, and nothing changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from commands import bedstone

from bedstone.catalog import read_catalog
from bedstone.catalog import to_json as saved
from bedstone.dsn import Secret
from bedstone.errors import (
    BedstoneError,
    CatalogIncomplete,
    CatalogUnreadable,
    PasswordRefused,
    RoleMissing,
)
from bedstone.plan import check_roles, plan
from bedstone.prove import Place, read_sides, within

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.plan import Statement
    from bedstone.server import Scratch, Server

GOOD = "create table t (id integer primary key, n integer);\n"
FILES = {
    "good.sql": GOOD,
    "type.sql": "create table t (\n  id integre\n);",
    "syntax.sql": f"{GOOD}\ncreat view v as select 1;\n",
    "fails.sql": f"{GOOD}select 1 / 0;\n",
    "open.sql": f"{GOOD}select 'x",
    "meta.sql": f"{GOOD}\\i other.sql\n",
    "other.json": '{"a": 1}',
    "text.json": "no JSON at all",
    "later.json": '{"format": "bedstone catalog", "version": 99}',
}
#: What is named as a side: the exit status, the code, and what the error says beside it.
SIDES = {
    "nowhere.sql": (2, "BED100", "there is no file nowhere.sql"),
    "nonsense": (2, "BED100", '"nonsense" is no folder here'),
    "model": (2, "BED100", "Did you mean models?"),
    "mysql://u:s3cret@h/d": (2, "BED100", "begins with mysql:// and is none of PostgreSQL"),
    "postgresql://u:s3cret@127.0.0.1:1/x": (3, "BED001", "does not answer"),
    "type.sql": (3, "BED194", "line 2\n    id integre\n       ^"),
    "syntax.sql": (3, "BED194", "line 3\n  creat view v as select 1;\n  ^"),
    "fails.sql": (3, "BED194", "line 2\n  select 1 / 0;"),
    "open.sql": (3, "BED194", "line 2\n  select 'x\n         ^"),
    "meta.sql": (3, "BED161", "meta.sql, line 2"),
    "other.json": (2, "BED181", "other.json is not a saved catalog"),
    "text.json": (2, "BED181", "text.json is not a saved catalog"),
    "later.json": (2, "BED181", "later.json was saved in version 99"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def planned(folder: Path, server: Server, a: str, *exclude: str) -> tuple[Statement, ...]:
    """What the command does, in this process, which is ten times as fast."""
    sides = read_sides(a, "good.sql", server, Place(cwd=folder))
    first, second = (within(side, (), exclude) for side in sides)
    return plan(first, second).statements


@pytest.mark.parametrize("side", SIDES)
def test_a_side_that_is_none(side: str, folder: Path, server: Server) -> None:
    status, code, text = SIDES[side]
    with pytest.raises(BedstoneError) as refused:
        planned(folder, server, side)
    assert refused.value.exit_status == status
    assert str(refused.value).startswith(f"{code}: ")
    assert text in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["syntax.sql", "good.sql"], 3, "BED194: syntax.sql does not run"),
        (["postgresql://u:s3cret@127.0.0.1:1/x", "good.sql"], 3, "BED001: "),
        (["good.sql", "good.sql", "--postgres", "new"], 2, 'BED204: "new" is no range'),
    ],
)
def test_the_command_prints_the_error_and_no_script(
    arguments: list[str], status: int, said: str, folder: Path
) -> None:
    done = bedstone(folder, "plan", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_for_later_servers_than_that_of_the_first_side(
    folder: Path, scratch: Scratch
) -> None:
    done = bedstone(folder, "plan", scratch.dsn.url(), "good.sql", "--postgres", ">=19")
    assert (done.returncode, done.stdout) == (2, "")
    assert "BED204: the script may use what came with 19, and FROM is PostgreSQL 18" in done.stderr


def test_a_plan_to_the_same_side_is_empty(folder: Path) -> None:
    done = bedstone(folder, "plan", "good.sql", "good.sql")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def other_role(scratch: Scratch) -> str:
    """The address of the database for a role that may do nothing in it but log in."""
    with scratch.connect(autocommit=True) as session:
        session.execute("drop role if exists bed_reader")
        session.execute("create role bed_reader login password 's3cret'")
    dsn = replace(scratch.dsn, user="bed_reader", password=Secret("s3cret"))
    return dsn.url()


def test_a_wrong_password(folder: Path, server: Server, other_role: str) -> None:
    with pytest.raises(PasswordRefused):
        planned(folder, server, other_role.replace("s3cret", "s3cret2"))


def test_a_catalogue_that_the_role_may_not_read(
    folder: Path, server: Server, other_role: str, scratch: Scratch
) -> None:
    """What is not read is never taken for nothing."""
    with scratch.connect(autocommit=True) as session:
        session.execute("revoke select on pg_catalog.pg_statistic_ext from public")
    with pytest.raises(CatalogUnreadable, match=r"permission denied .*SQLSTATE 42501"):
        planned(folder, server, other_role)


def test_options_and_connections_that_only_a_superuser_may_read(
    folder: Path, server: Server, other_role: str, scratch: Scratch
) -> None:
    with scratch.connect(autocommit=True) as session:
        session.execute(GOOD.encode())
        session.execute(
            "create foreign data wrapper w; create server far foreign data wrapper w;"
            "create user mapping for public server far options (\"user\" 'x')"
        )
        before = read_catalog(session)
        what = "user mapping for public server far"
        with pytest.raises(CatalogIncomplete) as refused:
            planned(folder, server, other_role)
        assert f"BED205: FROM holds options of {what}, which was not read" in str(refused.value)
        assert f"--exclude '{what}'" in str(refused.value)
        left_out = (what, "server far", "foreign data wrapper w")
        assert planned(folder, server, other_role, *left_out) == ()
        assert read_catalog(session) == before


def test_a_role_that_the_server_does_not_have(scratch: Scratch) -> None:
    """The script would stop at it, half done."""
    with scratch.connect(autocommit=True) as session:
        session.execute("drop role if exists bed_app; create role bed_app")
        session.execute(GOOD.encode())
        start = read_catalog(session)
        session.execute("grant select on t to bed_app; create policy p on t to bed_app")
        target = read_catalog(session)
        made = plan(start, target)
        check_roles(made, target, session)
        session.execute("drop policy p on t; revoke all on t from bed_app; drop role bed_app")
        with pytest.raises(RoleMissing, match=r"BED206: TO names the role bed_app, which .* FROM"):
            check_roles(made, target, session)


def test_a_kind_that_this_release_does_not_know(
    folder: Path, server: Server, scratch: Scratch
) -> None:
    """It is in a saved catalog, and not passed over."""
    with scratch.connect(autocommit=True) as session:
        session.execute(GOOD.encode())
        text = saved(read_catalog(session))
    newer = '"unmodelled":[["2 rows of pg_propgraph","a kind that this release does not know"]]'
    assert '"unmodelled":[]' in text
    (folder / "newer.json").write_text(text.replace('"unmodelled":[]', newer))
    with pytest.raises(CatalogIncomplete, match=r"2 rows of pg_propgraph.*\n.*'pg_propgraph'"):
        planned(folder, server, "newer.json")
    assert planned(folder, server, "newer.json", "pg_propgraph") == ()
