# SPDX-License-Identifier: Apache-2.0
"""The ways in which projects write their env.py, and get their address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bedstone.server import Scratch
    from conftest import Sample

RUN = """
def run(connection):
    context.configure(connection=connection{more})
    with context.begin_transaction():
        context.run_migrations()
"""


def check(sample: Sample, scratch: Scratch, **settings: object) -> None:
    """Up and down, in one run and one by one, and the version in between."""
    sample.table("a")
    sample.table("b", "a")
    with sample.open(scratch, **settings) as history:
        scratch.reset()
        for run in (history.upgrade(scratch), history.downgrade(scratch)):
            assert run.error is None, run
            assert len(run.steps) == 2
        for name, direction in (("a", "up"), ("b", "up"), ("b", "down")):
            run = history.step(scratch, name, direction)
            assert run.error is None, run
        assert history.current(scratch) == ("a",)
        assert sample.tables(scratch) == {"a"}


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_async_engine_from_the_ini_file(sample: Sample, scratch: Scratch, driver: str) -> None:
    sample.write(
        "alembic.ini",
        f"[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql+{driver}://u@h/d\n",
    )
    sample.write(
        "migrations/env.py",
        "import asyncio\nfrom sqlalchemy import pool\nfrom alembic import context\n"
        "from sqlalchemy.ext.asyncio import async_engine_from_config\n"
        + RUN.format(more="")
        + "async def main():\n"
        "    section = context.config.get_section('alembic')\n"
        "    engine = async_engine_from_config(section, 'sqlalchemy.', poolclass=pool.NullPool)\n"
        "    async with engine.connect() as connection:\n"
        "        await connection.run_sync(run)\n"
        "    await engine.dispose()\n"
        "asyncio.run(main())\n",
    )
    check(sample, scratch)


def test_async_engine_without_a_driver_named(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "import asyncio\nfrom alembic import context\n"
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        + RUN.format(more="")
        + "async def main():\n"
        "    engine = create_async_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "    async with engine.connect() as connection:\n"
        "        await connection.run_sync(run)\n"
        "loop = asyncio.new_event_loop()\n"
        "asyncio.set_event_loop(loop)\n"
        "loop.run_until_complete(main())\n",
    )
    check(sample, scratch)


def test_migrations_in_a_thread(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "import threading\nfrom alembic import context\nfrom sqlalchemy import create_engine\n"
        + RUN.format(more="")
        + "def main():\n"
        "    engine = create_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "    with engine.connect() as connection:\n"
        "        run(connection)\n"
        "thread = threading.Thread(target=main)\nthread.start()\nthread.join()\n",
    )
    check(sample, scratch)


def test_a_background_thread_of_the_projects(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "busy.py",
        "import threading, time\n"
        "def work():\n"
        "    while True:\n"
        "        time.sleep(0.01)\n"
        "for daemon in (True, False):\n"
        "    threading.Thread(target=work, daemon=daemon).start()\n",
    )
    sample.env(imports="import busy")
    check(sample, scratch)


def test_an_autocommit_engine(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        + RUN.format(more=", transaction_per_migration=True")
        + "url = context.config.get_main_option('sqlalchemy.url')\n"
        "with create_engine(url, isolation_level='AUTOCOMMIT').connect() as connection:\n"
        "    run(connection)\n",
    )
    check(sample, scratch)


def test_a_pool_that_keeps_its_connection(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "db.py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "engine = create_engine(os.environ['DATABASE_URL'])\n",
    )
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom db import engine\n"
        + RUN.format(more="")
        + "with engine.connect() as connection:\n    run(connection)\n",
    )
    check(sample, scratch)


def test_a_connection_that_is_never_closed(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "db.py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "engine = create_engine(os.environ['DATABASE_URL'])\nconnections = []\n",
    )
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom db import engine, connections\n"
        + RUN.format(more="")
        + "connections.append(engine.connect())\nrun(connections[-1])\n",
    )
    check(sample, scratch)


def test_version_locations_set_at_run_time(sample: Sample, scratch: Scratch) -> None:
    sample.env(
        imports="import os\n"
        "script = context.script\n"
        "script.version_locations = [script.dir + '/versions', os.path.abspath('more')]\n"
        "script.__dict__.pop('_version_locations', None)\n"
    )
    sample.table("a")
    sample.table("b", "a", folder="more")
    with sample.open(scratch) as history:
        assert [r.id for r in history.revisions] == ["a", "b"]
        assert history.upgrade(scratch).ok


def test_version_table_in_a_schema_and_with_another_name(sample: Sample, scratch: Scratch) -> None:
    sample.env(
        imports="from sqlalchemy import text",
        options="version_table='v', version_table_schema='meta'",
    )
    sample.table("a")
    with sample.open(scratch) as history:
        assert history.version_tables == (("meta", "v"),)
        with scratch.connect() as connection:
            connection.execute("create schema meta")
        assert history.upgrade(scratch).ok
        assert history.current(scratch) == ("a",)


def test_a_run_for_each_tenant(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine, text\n"
        "engine = create_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "for tenant in ('one', 'two'):\n"
        "    with engine.begin() as connection:\n"
        "        connection.execute(text('create schema if not exists ' + tenant))\n"
        "        connection.execute(text('set local search_path to ' + tenant))\n"
        "        context.configure(connection=connection, version_table_schema=tenant)\n"
        "        context.run_migrations()\n",
    )
    sample.table("a")
    with sample.open(scratch) as history:
        assert history.version_tables == (("one", "alembic_version"), ("two", "alembic_version"))
        scratch.reset()
        run = history.step(scratch, "a", "up")
        assert run.error is None
        assert [step.revision for step in run.steps] == ["a", "a"]
        assert history.current(scratch) == ("a",)


def test_a_live_connection(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "from alembic import context\n"
        + RUN.format(more="")
        + "run(context.config.attributes['connection'])\n",
    )
    check(sample, scratch, connection=True)


def test_x_arguments(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        + RUN.format(more="")
        + "assert context.config.cmd_opts.cmd[0].__name__ in "
        "('upgrade', 'downgrade', 'current', 'stamp')\n"
        "url = context.get_x_argument(as_dictionary=True)['uri']\n"
        "with create_engine(url).connect() as connection:\n    run(connection)\n",
    )
    check(sample, scratch, x=("uri={url:psycopg2}",))


def test_a_configuration_file(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "migrations/env.py",
        "import json, os\nfrom alembic import context\nfrom sqlalchemy import create_engine\n"
        + RUN.format(more="")
        + "settings = json.load(open(os.environ['SHOP_CONFIG']))\n"
        "with create_engine(settings['db']['url']).connect() as connection:\n    run(connection)\n",
    )
    check(
        sample,
        scratch,
        files={"shop.json": '{"db": {"url": "{url:psycopg}"}}'},
        env={"SHOP_CONFIG": "{files}/shop.json"},
    )


def test_settings_of_pyproject(sample: Sample, scratch: Scratch) -> None:
    (sample.root / "alembic.ini").unlink()
    sample.write(
        "pyproject.toml",
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\nprepend_sys_path = ["."]\n',
    )
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        + RUN.format(more="")
        + "url = context.config.get_main_option('sqlalchemy.url')\n"
        "with create_engine(url).connect() as connection:\n    run(connection)\n",
    )
    check(sample, scratch)


def test_another_section_of_the_ini_file(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "alembic.ini",
        "[shop]\nscript_location = migrations\nsqlalchemy.url = postgresql://u@h/d\n",
    )
    env = sample.root / "migrations/env.py"
    env.write_text(env.read_text().replace('"alembic"', "config.config_ini_section"))
    check(sample, scratch, section="shop")


def test_a_script_location_alone_gets_an_ini_file_with_logging(
    sample: Sample, scratch: Scratch
) -> None:
    (sample.root / "alembic.ini").unlink()
    sample.env(imports="from logging.config import fileConfig\n")
    env = sample.root / "migrations/env.py"
    env.write_text(
        env.read_text().replace(
            "config = context.config\n",
            "config = context.config\nfileConfig(config.config_file_name)\n",
        )
    )
    check(sample, scratch, script_location="migrations")


def test_an_ini_file_with_percent_signs(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "alembic.ini",
        "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
        "file_template = %%(rev)s\nsqlalchemy.url = postgresql://u:p%%40ss@h/d\n",
    )
    check(sample, scratch)


def test_the_project_is_found_without_prepend_sys_path_and_that_is_said(
    sample: Sample, scratch: Scratch
) -> None:
    sample.write("alembic.ini", "[alembic]\nscript_location = migrations\n")
    sample.write("src/shop/__init__.py", "")
    sample.env(imports="import shop")
    sample.table("a")
    with sample.open(scratch) as history:
        assert any("shop was found only with" in note for note in history.notes)


def test_logging_of_the_project_does_not_matter(sample: Sample, scratch: Scratch) -> None:
    sample.env(imports="import logging; logging.disable()\nimport sys; sys.stdout = None")
    check(sample, scratch)


def test_a_project_that_demands_tls_is_let_off_on_a_server_of_this_machine(
    sample: Sample, scratch: Scratch
) -> None:
    sample.write(
        "migrations/env.py",
        "import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\n"
        + RUN.format(more="")
        + "url = os.environ['DATABASE_URL'] + '?sslmode=require'\n"
        "with create_engine(url).connect() as connection:\n    run(connection)\n",
    )
    sample.table("first")
    for driver in ("psycopg2", "psycopg"):
        with sample.open(scratch, env={"DATABASE_URL": f"{{url:{driver}}}"}):
            pass
    (sample.root / "migrations/versions/first.py").unlink()
    sample.write(
        "migrations/env.py",
        "import asyncio, asyncpg, os\n"
        "async def main():\n"
        "    connection = await asyncpg.connect(os.environ['DATABASE_URL'], ssl='require')\n"
        "    await connection.close()\n"
        "asyncio.run(main())\n" + (sample.root / "migrations/env.py").read_text(),
    )
    check(sample, scratch, env={"DATABASE_URL": "{url}"})


def test_an_engine_that_is_async_and_made_elsewhere(sample: Sample, scratch: Scratch) -> None:
    """DATABASE_URL is set without being asked for; the driver that it must name is found out."""
    sample.write(
        "db.py",
        "import os\nfrom sqlalchemy.ext.asyncio import create_async_engine as make\n"
        "url = os.environ['DATABASE_URL']\n"
        "assert 'asyncpg' in url, 'the driver must be asyncpg'\n"
        "engine = make(url)\n",
    )
    sample.write(
        "migrations/env.py",
        "import asyncio\nfrom alembic import context\nfrom db import engine\n"
        + RUN.format(more="")
        + "async def main():\n"
        "    async with engine.connect() as connection:\n"
        "        await connection.run_sync(run)\n"
        "    await engine.dispose()\n"
        "asyncio.run(main())\n",
    )
    check(sample, scratch)


def test_a_connection_that_the_project_needs_to_keep(sample: Sample, scratch: Scratch) -> None:
    """It cannot be shared with a fork; so the project is loaded anew for each run, and says so."""
    sample.write(
        "db.py",
        "import os, psycopg2\nfrom sqlalchemy import create_engine, pool\n"
        "raw = psycopg2.connect(os.environ['DATABASE_URL'].replace('+psycopg2', ''))\n"
        "engine = create_engine('postgresql+psycopg2://', creator=lambda: raw,"
        " poolclass=pool.StaticPool)\n",
    )
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom db import engine\n"
        + RUN.format(more="")
        + "with engine.connect() as connection:\n    run(connection)\n",
    )
    sample.table("a")
    with sample.open(scratch, env={"DATABASE_URL": "{url:psycopg2}"}) as history:
        for name, direction in (("a", "up"), ("a", "down"), ("a", "up")):
            run = history.step(scratch, name, direction)
            assert run.error is None, run.error
            assert any("loaded anew" in note for note in run.notes)
        assert sample.tables(scratch) == {"a"}


def test_a_live_connection_in_no_transaction(sample: Sample, scratch: Scratch) -> None:
    """CREATE INDEX CONCURRENTLY works where the application's own engine is in autocommit."""
    sample.write(
        "migrations/env.py",
        "from alembic import context\n"
        "context.configure(connection=context.config.attributes['connection'])\n"
        "context.run_migrations()\n",
    )
    sample.table("a")
    sample.revision("b", "a", upgrade="op.execute('create index concurrently on a (id)')")
    with sample.open(scratch, connection="autocommit") as history:
        assert history.upgrade(scratch).error is None


def test_an_env_py_that_reads_what_it_is_asked_for(sample: Sample, scratch: Scratch) -> None:
    """Of several branches each has its own base: ``base`` alone says nothing."""
    env = sample.root / "migrations/env.py"
    wanted = "getattr(context.config.cmd_opts, 'revision', None)"
    sample.write("migrations/env.py", f"{env.read_text()}\nassert {wanted} != 'base', {wanted}\n")
    sample.table("x", branch_labels=("left",))
    sample.table("y", branch_labels=("right",))
    with sample.open(scratch) as history:
        assert history.upgrade(scratch, ["x", "y"]).error is None
        assert history.downgrade(scratch, ["y", "x"]).error is None


def test_the_parents_of_a_script_location_load_only_when_all_is_set(
    sample: Sample, scratch: Scratch
) -> None:
    """A package may read its settings when it loads, and only then."""
    sample.write(
        "shop/__init__.py",
        "import os\n"
        "with open(os.path.join(os.path.dirname(__file__), 'loads'), 'a') as file:\n"
        "    file.write(os.environ.get('SHOP_URL', 'unset') and 'x')\n"
        "URL = os.environ['SHOP_URL']\n",
    )
    sample.write("shop/db/__init__.py", "")
    sample.write(
        "shop/db/moves/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        "from shop import URL\n" + RUN.format(more="") + "run(create_engine(URL).connect())\n",
    )
    sample.write("shop/db/moves/versions/a.py", "revision = 'a'\ndown_revision = None\n"
                 "def upgrade(): pass\ndef downgrade(): pass\n")  # fmt: skip
    settings = {"script_location": "shop.db:moves", "env": {"SHOP_URL": "{url}"}}
    with sample.open(scratch, **settings) as history:
        assert history.upgrade(scratch).error is None
    assert (sample.root / "shop/loads").read_text() == "x"
