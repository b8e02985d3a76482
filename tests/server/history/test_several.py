# SPDX-License-Identifier: Apache-2.0
"""Histories that share a database, and histories that do not start from an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedstone.errors import BootstrapUnusable
from bedstone.history import Failure

if TYPE_CHECKING:
    from bedstone.server import Scratch
    from conftest import Sample


def write_two(sample: Sample) -> dict[str, object]:
    (sample.root / "alembic.ini").unlink()
    env = (sample.root / "migrations/env.py").read_text()
    for name in ("shop", "bank"):
        sample.write(
            f"{name}/env.py", env.replace("target_metadata=None", f"version_table='{name}_version'")
        )
    sample.table("a", folder="shop/versions")
    sample.table("b", "a", folder="shop/versions")
    sample.revision(
        "a",
        folder="bank/versions",
        upgrade='op.execute("create table bank (id int references b (id))")',
        downgrade='op.execute("drop table bank")',
    )
    return {
        "histories": (
            {"name": "shop", "script_location": "shop"},
            {"name": "bank", "script_location": "bank"},
        )
    }


def test_two_histories_run_in_order_and_back_in_reverse(sample: Sample, scratch: Scratch) -> None:
    settings = write_two(sample)
    with sample.open(scratch, **settings) as history:
        assert [r.id for r in history.revisions] == ["shop:a", "b", "bank:a"]
        assert [r.down for r in history.revisions] == [(), ("shop:a",), ()]
        assert history.version_tables == ((None, "shop_version"), (None, "bank_version"))
        assert history.upgrade(scratch).ok
        assert history.current(scratch) == ("b", "bank:a")
        down = history.downgrade(scratch)
        assert [step.revision for step in down.steps] == ["bank:a", "b", "shop:a"]
        assert history.upgrade(scratch, ["shop:a", "b", "bank:a"]).ok
        assert history.step(scratch, "bank:a", "down").ok
        assert history.current(scratch) == ("b",)


def test_the_second_history_fails_by_its_own_name(sample: Sample, scratch: Scratch) -> None:
    settings = write_two(sample)
    sample.revision("a", folder="bank/versions", upgrade="op.execute('nonsense')")
    with sample.open(scratch, **settings) as history:
        run = history.upgrade(scratch)
    assert run.error is not None
    assert run.error.revision == "bank:a"
    assert [step.revision for step in run.steps] == ["shop:a", "b"]


def later(sample: Sample) -> None:
    """A history whose first revision expects a table."""
    sample.revision(
        "first",
        upgrade='op.add_column("made_elsewhere", sa.Column("more", sa.Integer))',
        downgrade='op.drop_column("made_elsewhere", "more")',
    )
    sample.table("second", "first")


def test_a_bootstrap_of_sql(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    sample.write(
        "start.sql",
        """
        create table made_elsewhere (id int);
        create function f() returns text language plpgsql as $$
        begin return 'a;b'; end
        $$;
        insert into made_elsewhere values (1);
        """,
    )
    with sample.open(scratch, bootstrap="start.sql") as history:
        assert history.prepare(scratch).ok
        assert history.upgrade(scratch).ok


def test_a_bootstrap_of_sql_that_fails(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    path = sample.write("start.sql", "create table x (id nonsense);")
    with sample.open(scratch, bootstrap="start.sql") as history:
        error = history.prepare(scratch).error
    assert error is not None
    assert error.sqlstate == "42704"
    assert error.file == str(path)


def test_a_bootstrap_command_and_a_stamp(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    sample.write(
        "start.py",
        "import os, sys, psycopg\n"
        "assert sys.argv[1] == os.environ['PGDATABASE']\n"
        "with psycopg.connect(os.environ['SHOP_URL']) as connection:\n"
        "    connection.execute('create table made_elsewhere (id int, more int)')\n",
    )
    settings = {"bootstrap": "python start.py {dbname}", "env": {"SHOP_URL": "{url}"}}
    with sample.open(scratch, stamp=("first",), **settings) as history:
        assert history.prepare(scratch).ok
        assert history.current(scratch) == ("first",)
        assert history.upgrade(scratch, ["second"]).ok


def test_a_bootstrap_command_that_reaches_elsewhere(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    sample.write(
        "start.py",
        "import os, psycopg\n"
        "url = os.environ['DATABASE_URL'].rpartition('/')[0] + '/postgres'\n"
        "with psycopg.connect(url) as connection:\n"
        "    connection.execute('create table made_elsewhere (id int, more int)')\n",
    )
    with sample.open(scratch, bootstrap="python start.py") as history:
        error = history.prepare(scratch).error
    assert error is not None
    assert error.failure is Failure.REFUSED


def test_a_bootstrap_command_that_fails(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    with sample.open(scratch, bootstrap="python -c 'raise SystemExit(\"no, thanks\")'") as history:
        run = history.prepare(scratch)
    assert run.error is not None
    assert run.error.failure is Failure.EXITED
    assert run.error.message == "the bootstrap ended with status 1: no, thanks"


def test_a_bootstrap_command_that_hangs(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    with sample.open(scratch, bootstrap="sleep 60", timeout=1) as history:
        error = history.prepare(scratch).error
    assert error is not None
    assert error.timed_out


@pytest.mark.parametrize("bootstrap", ["no-such-program --at-all", "no_such_file.sql"])
def test_a_bootstrap_that_is_not_there(sample: Sample, scratch: Scratch, bootstrap: str) -> None:
    later(sample)
    with (
        sample.open(scratch, bootstrap=bootstrap) as history,
        pytest.raises(BootstrapUnusable, match=bootstrap.partition(" ")[0]),
    ):
        history.prepare(scratch)


def test_a_bootstrap_of_the_models(sample: Sample, scratch: Scratch) -> None:
    later(sample)
    sample.write(
        "models.py",
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('made_elsewhere', metadata, sa.Column('id', sa.Integer))\n",
    )
    with sample.open(scratch, bootstrap="models", models="models:metadata") as history:
        assert history.prepare(scratch).ok
        assert history.upgrade(scratch).ok


def test_nothing_to_prepare(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    with sample.open(scratch) as history:
        assert history.prepare(scratch).ok


def test_the_fingerprint_changes_with_what_a_run_depends_on(
    sample: Sample, scratch: Scratch
) -> None:
    sample.write("shop.py", "x = 1\n")
    sample.env(imports="import shop")
    sample.table("a")

    def fingerprint(**settings: object) -> str:
        with sample.open(scratch, **settings) as history:
            return history.fingerprint

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint(stamp=("a",)) != first
    sample.write("shop.py", "x = 2\n")
    second = fingerprint()
    assert second != first
    sample.env(imports="import shop\n")
    assert fingerprint() != second
