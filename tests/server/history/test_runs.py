# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.server import Scratch, Workspace
    from conftest import Sample


def test_all_revisions_run_up_and_down_in_one_run(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.table("b", "a")
    with sample.open(scratch) as history:
        assert [r.id for r in history.revisions] == ["a", "b"]
        assert [r.id for r in history.heads] == ["b"]
        assert [r.id for r in history.bases] == ["a"]
        up = history.upgrade(scratch)
        assert up.ok
        assert [(s.revision, s.direction) for s in up.steps] == [("a", "up"), ("b", "up")]
        assert sample.tables(scratch) == {"a", "b"}
        assert history.current(scratch) == ("b",)
        down = history.downgrade(scratch)
        assert [(s.revision, s.direction) for s in down.steps] == [("b", "down"), ("a", "down")]
        assert sample.tables(scratch) == set()
        assert history.current(scratch) == ()


def test_one_step_runs_exactly_one_revision(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.table("b", "a")
    with sample.open(scratch) as history:
        assert history.step(scratch, "a", "up").ok
        assert sample.tables(scratch) == {"a"}
        assert history.step(scratch, "b", "up").ok
        assert history.step(scratch, "b", "down").ok
        assert sample.tables(scratch) == {"a"}
        assert history.current(scratch) == ("a",)


def test_each_run_is_a_process_of_its_own(sample: Sample, scratch: Scratch) -> None:
    sample.write("memory.py", "seen = []\n")
    note = "import memory, os; memory.seen.append(1); print('process', os.getpid(), memory.seen)"
    sample.revision("a", upgrade=note, downgrade=note)
    with sample.open(scratch) as history:
        outputs = [
            history.step(scratch, "a", "up").output,
            history.step(scratch, "a", "down").output,
        ]
    assert all("[1]" in output for output in outputs)
    assert outputs[0].split()[1] != outputs[1].split()[1]


def test_the_project_is_imported_once_for_all_runs(sample: Sample, scratch: Scratch) -> None:
    sample.write("heavy.py", "open('imports', 'a').write('x')\n")
    sample.env(imports="import heavy")
    sample.table("a")
    with sample.open(scratch) as history:
        history.step(scratch, "a", "up")
        history.step(scratch, "a", "down")
        history.upgrade(scratch)
    assert (sample.root / "imports").read_text() == "x"


def test_loading_a_project_leaves_no_version_table(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    with sample.open(scratch), scratch.connect() as connection:
        row = connection.execute("select to_regclass('alembic_version')").fetchone()
    assert row == (None,)


def test_a_run_leads_to_the_database_it_is_given(
    sample: Sample, scratch: Scratch, workspace: Workspace
) -> None:
    """The project remembers the address it was first given; the run is led elsewhere."""
    other = workspace.scratch("other")
    sample.write(
        "db.py",
        """
        import os
        from sqlalchemy import create_engine
        engine = create_engine(os.environ["DATABASE_URL"])
        """,
    )
    sample.write(
        "migrations/env.py",
        """
        from alembic import context
        from db import engine
        with engine.connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    sample.table("a")
    for driver in ("psycopg2", "psycopg"):
        with sample.open(scratch, env={"DATABASE_URL": f"{{url:{driver}}}"}) as history:
            assert history.upgrade(other).ok
            assert sample.tables(scratch) == set()
            assert sample.tables(other) == {"a"}
            assert history.current(scratch) == ()
            assert history.downgrade(other).ok


def test_chosen_revisions_run_in_the_order_given(sample: Sample, scratch: Scratch) -> None:
    for name, down in (("a", None), ("b", "a"), ("c", "b")):
        sample.table(name, down)
    with sample.open(scratch) as history:
        assert history.upgrade(scratch, ["a", "b"]).ok
        assert sample.tables(scratch) == {"a", "b"}
        assert history.upgrade(scratch, ["c"]).ok
        assert history.downgrade(scratch, ["c", "b"]).ok
        assert history.current(scratch) == ("a",)


def test_progress_tells_each_step(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.table("b", "a")
    told: list[tuple[str, int, int]] = []
    with sample.open(scratch, progress=lambda *args: told.append(args)) as history:
        history.upgrade(scratch)
    assert told == [("a up", 0, 2), ("b up", 1, 2)]


def test_a_failure_takes_the_whole_run_back_where_the_project_has_one_transaction(
    sample: Sample, scratch: Scratch
) -> None:
    sample.table("a")
    sample.revision("b", "a", upgrade="op.execute('select 1/0')")
    with sample.open(scratch) as history:
        assert not history.upgrade(scratch).ok
        assert sample.tables(scratch) == set()


def test_a_failure_keeps_the_revisions_before_it_where_each_has_a_transaction(
    sample: Sample, scratch: Scratch
) -> None:
    sample.env(options="transaction_per_migration=True")
    sample.table("a")
    sample.revision("b", "a", upgrade="op.execute('select 1/0')")
    with sample.open(scratch) as history:
        assert not history.upgrade(scratch).ok
        assert sample.tables(scratch) == {"a"}
        assert history.current(scratch) == ("a",)


def test_concurrent_index_in_an_autocommit_block(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.revision(
        "b",
        "a",
        upgrade="""
        with op.get_context().autocommit_block():
            op.create_index("ix", "a", ["id"], postgresql_concurrently=True)
        """,
    )
    with sample.open(scratch) as history:
        assert history.upgrade(scratch).ok
