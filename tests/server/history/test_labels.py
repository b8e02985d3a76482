# SPDX-License-Identifier: Apache-2.0
"""An observer in front of a history's runs: the revision and the line of each statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedstone.trace import observe

if TYPE_CHECKING:
    from bedstone.server import Scratch
    from bedstone.trace import StatementFacts, Trace
    from conftest import Sample

SYNC = """\
from alembic import context
from sqlalchemy import create_engine
url = context.config.get_main_option("sqlalchemy.url")
with create_engine(url).connect() as connection:
    context.configure(connection=connection{options})
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC = """\
import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

def run(connection):
    context.configure(connection=connection{options})
    with context.begin_transaction():
        context.run_migrations()

async def main():
    url = context.config.get_main_option("sqlalchemy.url")
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()

asyncio.run(main())
"""
DRIVERS = {
    "psycopg2": SYNC,
    "psycopg": SYNC,
    "psycopg_async": ASYNC,
    "asyncpg": ASYNC,
}
#: The text of a statement, and the word of the revision's file on whose line it stands.
UPGRADE = """\
op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))  # create
bind = op.get_bind()
for number in range(3):
    bind.execute(sa.text("insert into {name} values (:n)"), {{"n": number}})  # insert
bind.execute(sa.text("insert into {name} values (:n)"), [{{"n": 11}}, {{"n": 12}}])  # many
helper.touch(op, "{name}")  # helper
op.execute("select count(*) from {name}")  # first
op.execute("select count(*) from {name}")  # second
"""


def project(sample: Sample, env: str) -> None:
    sample.write("migrations/env.py", env)
    sample.write(
        "helper.py",
        "def touch(op, name):\n    op.execute('update ' + name + ' set id = id + 100')\n",
    )
    for name, down in (("a", None), ("b", "a")):
        sample.revision(
            name,
            down,
            head="import helper",
            upgrade=UPGRADE.format(name=name),
            downgrade=f'op.drop_table("{name}")  # drop',
        )


def line_of(sample: Sample, name: str, word: str) -> str:
    """Return ``file:line`` of the line that ends in a comment."""
    path = sample.root / "migrations/versions" / f"{name}.py"
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.endswith(f"# {word}"))
    return f"{path}:{number}"


def found(trace: Trace, words: str) -> list[StatementFacts]:
    return [s for s in trace.statements if any(words in text.lower() for text in s.sql)]


def check_revision(sample: Sample, trace: Trace, name: str) -> None:
    for words, word in (
        (f"create table {name} (", "create"),
        (f"update {name} set", "helper"),
    ):
        (statement,) = found(trace, words)
        assert (statement.label, str(statement.place)) == (name, line_of(sample, name, word))
    inserts = found(trace, f"insert into {name} ")
    assert {s.label for s in inserts} == {name}
    lines = [str(s.place) for s in inserts]
    assert list(dict.fromkeys(lines)) == [line_of(sample, name, w) for w in ("insert", "many")]
    counts = found(trace, f"select count(*) from {name}")
    assert [str(s.place) for s in counts] == [line_of(sample, name, w) for w in ("first", "second")]


@pytest.mark.parametrize("options", ["", ", transaction_per_migration=True"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_every_statement_has_its_revision_and_line(
    sample: Sample, scratch: Scratch, driver: str, options: str
) -> None:
    """One run of two revisions: right at the boundary, too, whatever the driver adds by itself."""
    project(sample, DRIVERS[driver].format(options=options))
    name = {"psycopg_async": "psycopg"}.get(driver, driver)
    with sample.open(scratch, driver=name) as history:
        scratch.reset()
        with observe(scratch) as observer:
            run = history.upgrade(observer, ["a", "b"])
            assert run.error is None, run
            trace = observer.trace()
        check_revision(sample, trace, "a")
        check_revision(sample, trace, "b")
        versions = [s for s in found(trace, "alembic_version") if "select" not in s.kinds]
        made, *written = versions
        assert made.label is None
        assert [s.label for s in written] == ["a", "b"]
        assert {str(s.place).split(":")[0] for s in written} == {
            str(sample.root / "migrations/env.py")
        }
        labels = [s.label for s in trace.statements]
        first_b = labels.index("b")
        assert set(labels[:first_b]) <= {None, "a"}
        assert set(labels[first_b:]) <= {None, "b"}
        ends = [s.label for s in trace.statements if s.sql[0].lower().startswith("commit")]
        assert [label for label in ends if label] == (["a", "b"] if options else ["b"])


def test_nothing_of_ours_is_told(sample: Sample, scratch: Scratch) -> None:
    """The guard's question to each session is no statement of the project's."""
    sample.table("a")
    with sample.open(scratch) as history:
        scratch.reset()
        with observe(scratch) as observer:
            assert history.step(observer, "a", "up").ok
            assert observer.sessions == 1
            trace = observer.trace()
        assert not [s for s in trace.statements if "pg_locks" in " ".join(s.sql)]
        assert sample.tables(scratch) == {"a"}
        assert history.current(scratch) == ("a",)


def test_downwards(sample: Sample, scratch: Scratch) -> None:
    project(sample, SYNC.format(options=""))
    with sample.open(scratch) as history:
        scratch.reset()
        assert history.upgrade(scratch).ok
        with observe(scratch) as observer:
            assert history.downgrade(observer, ["b", "a"]).ok
            trace = observer.trace()
    drops = [s for s in found(trace, "drop table") if s.label]
    assert [(s.label, str(s.place)) for s in drops] == [
        (name, line_of(sample, name, "drop")) for name in ("b", "a")
    ]


RAW = """\
raw = op.get_bind().connection.dbapi_connection
cursor = raw.cursor()
cursor.execute("create table raw (a int, b text)")  # raw
cursor.executemany("insert into raw values (%s, %s)", [(n, "x'%") for n in range(20)])  # many
cursor.executemany("insert into raw values (%s, %s)", [(n, "y") for n in range(20)])  # again
"""
COPIES = {
    "psycopg2": """
import io
from psycopg2.extras import RealDictCursor, execute_values
cursor.copy_expert("copy raw from stdin", io.StringIO("1\\tz\\n"))  # copy
execute_values(cursor, "insert into raw (b, a) values %s", [("a", 1), ("b", 2)])  # values
raw.cursor(cursor_factory=RealDictCursor).execute("delete from raw where a = %s", (3,))  # dict
with raw.cursor("named") as named:
    named.execute("select * from raw")
    named.fetchmany(2)
""",
    "psycopg": """
import psycopg
with cursor.copy("copy raw from stdin") as copy:  # copy
    copy.write_row((1, "z"))
cursor.execute("insert into raw (b, a) values (%s, %s)", ("a", 1))  # values
with raw.pipeline():
    cursor.execute("update raw set a = %s", (1,))
    cursor.execute("select 5")
for number in range(8):
    cursor.execute("delete from raw where a = %s", (number,))  # dict
with psycopg.ClientCursor(raw) as client:
    client.execute("select %s", ("client",))  # client
with raw.cursor("named") as named:
    named.execute("select * from raw")
    named.fetchmany(2)
""",
}


@pytest.mark.parametrize("driver", COPIES)
def test_cursors_of_the_drivers_own(sample: Sample, scratch: Scratch, driver: str) -> None:
    sample.revision("a", upgrade=RAW + COPIES[driver])
    with sample.open(scratch, driver=driver) as history:
        scratch.reset()
        with observe(scratch) as observer:
            run = history.step(observer, "a", "up")
            assert run.error is None, run.error
            trace = observer.trace()
    for words, *places in (
        ("create table raw", "raw"),
        ("insert into raw values", "many", "again"),
        ("insert into raw (b, a)", "values"),
        ("copy raw", "copy"),
        ("delete from raw", "dict"),
    ):
        lines = dict.fromkeys(str(s.place) for s in found(trace, words))
        assert list(lines) == [line_of(sample, "a", word) for word in places], words
    assert {s.label for s in found(trace, "cursor")} == {"a"}
    assert [(s.label, s.place) for s in found(trace, "update raw")] == (
        [("a", None)] if driver == "psycopg" else []
    )  # sent as one with what is on the next line
    assert sum(s.executions for s in found(trace, "insert into raw values")) == 40


def test_asyncpg_itself(sample: Sample, scratch: Scratch) -> None:
    """Coroutines of a revision's own, on the driver's connection."""
    sample.write("migrations/env.py", ASYNC.format(options=""))
    sample.revision(
        "a",
        head="""
            async def work(connection):
                raw = (await connection.get_raw_connection()).driver_connection
                await raw.execute("create table raw (a int, b text)")  # create
                rows = [(1, "a"), (2, "b")]
                await raw.executemany("insert into raw values ($1, $2)", rows)  # many
                await raw.copy_records_to_table("raw", records=[(3, "c")])  # copy
                async with raw.transaction():
                    async for _ in raw.cursor("select * from raw"):  # cursor
                        pass
                await raw.fetchval("select count(*) from raw where a > $1", 0)  # fetch
            """,
        upgrade="op.run_async(work)",
    )
    with sample.open(scratch, driver="asyncpg") as history:
        scratch.reset()
        with observe(scratch) as observer:
            run = history.step(observer, "a", "up")
            assert run.error is None, run.error
            trace = observer.trace()
    for words, word in (
        ("create table raw", "create"),
        ("insert into raw", "many"),
        ("copy", "copy"),
        ("select * from raw", "cursor"),
        ("select count(*) from raw", "fetch"),
    ):
        lines = {str(s.place) for s in found(trace, words)}
        assert lines == {line_of(sample, "a", word)}, words
    assert {s.label for s in found(trace, "raw")} == {"a"}


def test_several_connections_and_threads(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "a",
        head="""
            import threading
            from sqlalchemy import create_engine
            def work(url, name):
                with create_engine(url).begin() as connection:
                    for number in range(5):
                        sql = f"create table {name}_{number} (a int)"
                        connection.exec_driver_sql(sql)  # thread
            """,
        upgrade="""
            url = op.get_bind().engine.url
            threads = [threading.Thread(target=work, args=(url, n)) for n in ("one", "two")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            """,
    )
    with sample.open(scratch) as history:
        scratch.reset()
        with observe(scratch) as observer:
            run = history.step(observer, "a", "up")
            assert run.error is None, run.error
            assert observer.sessions == 3
            trace = observer.trace()
    created = found(trace, "_1 (a int)")
    assert len(created) == 2
    assert {(s.label, str(s.place)) for s in created} == {("a", line_of(sample, "a", "thread"))}


def test_a_project_that_remembered_its_address(sample: Sample, scratch: Scratch) -> None:
    sample.write(
        "db.py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "engine = create_engine(os.environ['DATABASE_URL'])\n",
    )
    sample.write(
        "migrations/env.py",
        "from alembic import context\nfrom db import engine\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n",
    )
    sample.table("a")
    with sample.open(scratch) as history:
        for _ in range(2):
            scratch.reset()
            with observe(scratch) as observer:
                assert history.step(observer, "a", "up").error is None
                assert [s.label for s in found(observer.trace(), "create table a ")] == ["a"]


def test_a_project_that_is_loaded_anew_for_each_run(sample: Sample, scratch: Scratch) -> None:
    """Its connection is there before the run begins."""
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
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n",
    )
    sample.table("a")
    with sample.open(scratch, env={"DATABASE_URL": "{url:psycopg2}"}) as history:
        scratch.reset()
        with observe(scratch) as observer:
            assert history.step(observer, "a", "up").error is None
            (created,) = found(observer.trace(), "create table a ")
    assert created.label == "a"
    assert created.place is not None


def test_a_failing_statement_has_its_place(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "a", upgrade='op.execute("create table a (a int)")\nop.execute("select 1/0")  # x'
    )
    with sample.open(scratch) as history:
        scratch.reset()
        with observe(scratch) as observer:
            assert history.step(observer, "a", "up").error is not None
            (failed,) = [s for s in observer.trace().statements if s.error]
    assert (failed.label, str(failed.place)) == ("a", line_of(sample, "a", "x"))


def test_two_histories_with_the_same_revision(sample: Sample, scratch: Scratch) -> None:
    """The label is the id that the history shows."""
    (sample.root / "alembic.ini").unlink()
    env = (sample.root / "migrations/env.py").read_text()
    for name in ("shop", "bank"):
        own = env.replace("target_metadata=None", f"version_table='{name}_version'")
        sample.write(f"{name}/env.py", own)
        sql = f"op.execute('create table {name} (a int)')"
        sample.revision("a", folder=f"{name}/versions", upgrade=sql)
    histories = tuple({"name": name, "script_location": name} for name in ("shop", "bank"))
    with sample.open(scratch, histories=histories) as history:
        scratch.reset()
        with observe(scratch) as observer:
            assert history.upgrade(observer).error is None
            created = found(observer.trace(), "(a int)")
    assert [(s.label, s.sql[0]) for s in created] == [
        ("shop:a", "create table shop (a int)"),
        ("bank:a", "create table bank (a int)"),
    ]
