# SPDX-License-Identifier: Apache-2.0
"""The project's code reaches the database that it was given, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedstone.errors import AddressRefused, DialectUnsupported
from bedstone.history import Failure

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import psycopg

    from bedstone.dsn import ConnectionString
    from bedstone.server import Scratch, Witness, Workspace
    from conftest import Sample

SYNC = """
import os
from sqlalchemy import create_engine
from alembic import context
engine = create_engine(os.environ.get("SHOP_DB_URL", "{address}"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

ASYNC = """
import asyncio, os
from sqlalchemy.ext.asyncio import create_async_engine
from alembic import context
def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
async def main():
    engine = create_async_engine(os.environ.get("SHOP_DB_URL", "{address}"))
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()
asyncio.run(main())
"""

DRIVERS = [("psycopg2", SYNC), ("psycopg", SYNC), ("psycopg", ASYNC), ("asyncpg", ASYNC)]


def victim(workspace: Workspace) -> Scratch:
    """A database that the project must not reach: its own address leads there, and is right."""
    return workspace.scratch("victim")


@pytest.mark.parametrize(("driver", "env"), DRIVERS)
def test_an_address_of_the_projects_own_is_refused_before_it_connects(
    sample: Sample, scratch: Scratch, workspace: Workspace, driver: str, env: str
) -> None:
    other = victim(workspace)
    address = other.dsn.url(driver)
    sample.write(
        "migrations/env.py",
        env.replace('os.environ.get("SHOP_DB_URL", "{address}")', f'"{address}"'),
    )
    sample.table("a")
    with pytest.raises(AddressRefused) as caught, sample.open(scratch):
        pass
    text = str(caught.value)
    assert other.name in text
    assert other.dsn.password is not None
    assert other.dsn.password.reveal() not in text
    assert "--env DATABASE_URL={url}" in text
    assert sample.tables(other) == set()


@pytest.mark.parametrize(("driver", "env"), DRIVERS)
def test_the_address_is_given_in_the_variable_that_was_read_and_that_is_said(
    sample: Sample, scratch: Scratch, workspace: Workspace, driver: str, env: str
) -> None:
    other = victim(workspace)
    sample.write("migrations/env.py", env.format(address=other.dsn.url(driver)))
    sample.table("a")
    with sample.open(scratch) as history:
        form = "{url}" if driver == "psycopg" else f"{{url:{driver}}}"
        assert any(note.endswith(f"--env 'SHOP_DB_URL={form}'") for note in history.notes)
        assert history.upgrade(scratch).ok
    assert sample.tables(scratch) == {"a"}
    assert sample.tables(other) == set()


@pytest.mark.parametrize(("driver", "env"), DRIVERS)
def test_the_hint_of_a_refusal_can_be_pasted(
    sample: Sample, scratch: Scratch, workspace: Workspace, driver: str, env: str
) -> None:
    sample.write("migrations/env.py", env.format(address="postgresql://x/y"))
    sample.table("a")
    with sample.open(scratch, env={"SHOP_DB_URL": f"{{url:{driver}}}"}) as history:
        assert history.upgrade(scratch).ok
        assert sample.tables(scratch) == {"a"}
        other = workspace.scratch("other")
        assert history.upgrade(other).ok
        assert sample.tables(other) == {"a"}


class Swapped:
    """A database whose address leads to another one, as a wrong tunnel or pooler would."""

    def __init__(self, told: Scratch, real: Scratch) -> None:
        self.name = told.name
        self.dsn: ConnectionString = real.dsn
        self._told = told

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        return self._told.connect(autocommit=autocommit)

    def witness(self) -> AbstractContextManager[Witness]:
        return self._told.witness()


@pytest.mark.parametrize(("driver", "env"), DRIVERS)
def test_a_session_in_another_database_is_refused_though_its_address_is_right(
    sample: Sample, scratch: Scratch, workspace: Workspace, driver: str, env: str
) -> None:
    other = victim(workspace)
    sample.write("migrations/env.py", env.format(address="postgresql://x/y"))
    sample.table("a")
    with (
        pytest.raises(AddressRefused, match="in another database than the one it was given"),
        sample.open(Swapped(scratch, other), env={"SHOP_DB_URL": f"{{url:{driver}}}"}),
    ):
        pass
    assert sample.tables(other) == set()


@pytest.mark.parametrize(
    "connect",
    [
        "import psycopg2; psycopg2.connect({url!r})",
        "import psycopg2; psycopg2.connect(host={host!r}, port={port}, dbname={dbname!r})",
        "from psycopg2 import connect; connect({url!r})",
        "import psycopg; psycopg.connect({url!r})",
        "import psycopg; psycopg.Connection.connect({url!r})",
        "import asyncio, psycopg; asyncio.run(psycopg.AsyncConnection.connect({url!r}))",
        "import asyncio, asyncpg; asyncio.run(asyncpg.connect({url!r}))",
        "import asyncio, asyncpg; asyncio.run(asyncpg.create_pool({url!r}).__aenter__())",
        "import os, psycopg2\nos.environ['PGDATABASE'] = {dbname!r}\npsycopg2.connect('')",
        "import psycopg; psycopg.connect('service=production')",
    ],
)
def test_a_revision_cannot_connect_elsewhere(
    sample: Sample, scratch: Scratch, workspace: Workspace, connect: str
) -> None:
    dsn = victim(workspace).dsn
    sample.revision(
        "bad",
        upgrade=connect.format(url=dsn.url(), host=dsn.host, port=dsn.port, dbname=dsn.dbname),
    )
    with sample.open(scratch) as history:
        error = history.upgrade(scratch).error
    assert error is not None
    assert error.failure is Failure.REFUSED
    assert error.revision == "bad"


def test_a_revision_may_open_a_second_session(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "a",
        upgrade="""
        import os, psycopg2, psycopg, asyncio, asyncpg
        url = os.environ["DATABASE_URL"]
        psycopg2.connect(url).close()
        psycopg2.connect("").close()
        psycopg.connect(url, autocommit=True).close()
        connection = psycopg2.connect(url)
        assert not connection.autocommit
        assert connection.get_transaction_status() == 0
        async def main():
            connection = await asyncpg.connect(url)
            assert await connection.fetchval("select $1::int", 1) == 1
            await connection.close()
        asyncio.run(main())
        """,
    )
    with sample.open(scratch) as history:
        run = history.upgrade(scratch)
    assert run.error is None, run.error


def test_a_read_only_session_stays_read_only(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "a",
        upgrade="""
        import os, psycopg2
        connection = psycopg2.connect(
            os.environ["DATABASE_URL"],
            options="-c default_transaction_read_only=on -c statement_timeout=4s",
        )
        cursor = connection.cursor()
        cursor.execute("show transaction_read_only")
        assert cursor.fetchone() == ("on",)
        """,
    )
    with sample.open(scratch) as history:
        assert history.upgrade(scratch).ok


def test_sqlite_alone_is_refused(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        SYNC.replace('os.environ.get("SHOP_DB_URL", "{address}")', '"sqlite:///shop.db"'),
    )
    sample.table("a")
    with pytest.raises(DialectUnsupported, match=r"shop\.db, which is no PostgreSQL"):
        sample.open(scratch).__enter__()
    assert not (sample.root / "shop.db").exists()


def test_sqlite_is_refused_before_its_file_is_made(sample: Sample, scratch: Scratch) -> None:
    sample.write("migrations/env.py", SYNC.format(address=f"sqlite:///{sample.root}/shop.db"))
    sample.table("a")
    with sample.open(scratch) as history:
        assert any("SHOP_DB_URL={url}" in note for note in history.notes)
    assert not (sample.root / "shop.db").exists()


def test_parts_of_an_address_are_given_each(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        SYNC.replace(
            'os.environ.get("SHOP_DB_URL", "{address}")',
            '"postgresql://%s:%s@%s:%s/%s" % tuple(os.getenv("SHOP_DB_" + n, "1") for n in '
            '("USER", "PASSWORD", "HOST", "PORT", "NAME"))',
        ),
    )
    sample.table("a")
    with sample.open(scratch) as history:
        for name in ("user", "password", "host", "port"):
            assert f"--env 'SHOP_DB_{name.upper()}={{{name}}}'" in history.notes[0]
        assert "--env 'SHOP_DB_NAME={dbname}'" in history.notes[0]
        assert history.upgrade(scratch).ok


@pytest.mark.parametrize("start", ["", '"postgresql+psycopg:///" + '])
def test_a_database_that_is_read_alone_is_an_address_or_its_name(
    sample: Sample, scratch: Scratch, start: str
) -> None:
    default = "shop" if start else "postgresql+psycopg:///shop"
    read = f'{start}os.getenv("SHOP_DB", "{default}")'
    env = SYNC.replace('os.environ.get("SHOP_DB_URL", "{address}")', read)
    sample.write("migrations/env.py", env)
    sample.table("a")
    with sample.open(scratch) as history:
        form = "{dbname}" if start else "{url}"
        assert history.notes[0].endswith(f"--env 'SHOP_DB={form}'")
        assert history.upgrade(scratch).ok


def test_waiting_for_a_database_that_is_refused_is_cut_short(
    sample: Sample, scratch: Scratch
) -> None:
    env = SYNC.format(address="postgresql://db.production.invalid/shop")
    sample.write(
        "migrations/env.py",
        env.replace(
            "with engine.connect() as connection:",
            "import time\n"
            "while True:\n"
            "    try:\n"
            "        engine.connect()\n"
            "        break\n"
            "    except Exception:\n"
            "        time.sleep(0.1)\n"
            "with engine.connect() as connection:",
        ),
    )
    sample.table("a")
    with pytest.raises(AddressRefused, match=r"db\.production\.invalid"), sample.open(scratch):
        pass


@pytest.mark.parametrize("module", ["psycopg2", "psycopg"])
def test_a_process_that_a_revision_starts_is_guarded_too(
    sample: Sample, scratch: Scratch, workspace: Workspace, module: str
) -> None:
    other = victim(workspace)
    sample.write(
        "child.py",
        f"""
        import os, sys, {module}
        url = os.environ["DATABASE_URL"]
        {module}.connect(url).close()
        print("ours was let through", flush=True)
        {module}.connect(url.rpartition("/")[0] + "/{other.name}").close()
        """,
    )
    sample.revision(
        "a",
        upgrade='import subprocess, sys; subprocess.run([sys.executable, "child.py"], check=True)',
    )
    with sample.open(scratch) as history:
        run = history.upgrade(scratch)
    assert run.error is not None
    assert run.error.exception == "subprocess.CalledProcessError"
    assert "ours was let through" in run.output
    assert "bedstone refused a connection" in run.output
