# SPDX-License-Identifier: Apache-2.0
"""A run that fails says what failed and where, however the project's code goes about it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from bedstone.history import Failure

if TYPE_CHECKING:
    from bedstone.history import Run
    from bedstone.server import Scratch
    from conftest import Sample


def run(sample: Sample, scratch: Scratch, **settings: object) -> Run:
    with sample.open(scratch, **settings) as history:
        return history.upgrade(scratch)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_the_servers_error(sample: Sample, scratch: Scratch, driver: str) -> None:
    path = sample.revision(
        "bad",
        upgrade="""
        op.execute("create table t (id int primary key)")
        op.execute("create view v as select id from t")
        op.execute("drop table t")
        """,
    )
    error = run(sample, scratch, driver=driver).error
    assert error is not None
    assert error.revision == "bad"
    assert error.direction == "up"
    assert error.sqlstate == "2BP01"
    assert error.message == "cannot drop table t because other objects depend on it"
    assert error.detail == "view v depends on table t"
    assert error.server_hint is not None
    assert error.server_hint.startswith("Use DROP ... CASCADE")
    assert error.exception == f"{driver}.errors.DependentObjectsStillExist"
    assert error.statement == "drop table t"
    assert error.file == str(path)
    assert error.line == 12
    assert error.failure is Failure.RAISED
    assert "alembic/runtime" not in error.traceback
    assert f'File "{path}", line 12, in upgrade' in error.traceback


def test_bound_values_are_never_told(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "bad",
        upgrade="""
        op.execute("create table t (id text primary key)")
        for _ in range(2):
            op.get_bind().execute(sa.text("insert into t values (:v)"), {"v": "s3cr3t" + "-value"})
        """,
    )
    error = run(sample, scratch).error
    assert error is not None
    assert error.sqlstate == "23505"
    assert error.statement is not None
    assert error.statement.startswith("insert into t values (")
    assert "s3cr3t-value" not in repr(error)


def test_an_error_of_python(sample: Sample, scratch: Scratch) -> None:
    sample.revision("bad", upgrade="no_such_name")
    error = run(sample, scratch).error
    assert error is not None
    assert (error.exception, error.message) == ("NameError", "name 'no_such_name' is not defined")
    assert error.sqlstate is None


def test_an_error_that_shows_at_commit_is_the_last_revisions(
    sample: Sample, scratch: Scratch
) -> None:
    sample.revision(
        "bad",
        upgrade="""
        op.execute("create table t (id int unique deferrable initially deferred)")
        op.execute("insert into t values (1), (1)")
        """,
    )
    error = run(sample, scratch).error
    assert error is not None
    assert (error.revision, error.sqlstate) == ("bad", "23505")


def test_an_error_that_env_py_swallows(sample: Sample, scratch: Scratch) -> None:
    env = sample.root / "migrations/env.py"
    env.write_text(
        env.read_text().replace(
            "        context.run_migrations()",
            "        try:\n            context.run_migrations()\n        except Exception:\n"
            "            pass",
        )
    )
    sample.revision("bad", upgrade="raise ValueError('lost')")
    error = run(sample, scratch).error
    assert error is not None
    assert error.failure is Failure.SWALLOWED
    assert error.message.startswith("lost")
    assert error.revision == "bad"


def test_a_revision_that_asks_on_the_terminal(sample: Sample, scratch: Scratch) -> None:
    sample.revision("asks", upgrade="input('Really? ')")
    error = run(sample, scratch).error
    assert error is not None
    assert error.failure is Failure.ASKED
    assert error.message.startswith("it asks on the terminal")


def test_a_revision_that_asks_for_a_password(sample: Sample, scratch: Scratch) -> None:
    sample.revision("asks", upgrade="import getpass; getpass.getpass()")
    error = run(sample, scratch).error
    assert error is not None
    assert error.failure is Failure.ASKED


def test_sys_exit(sample: Sample, scratch: Scratch) -> None:
    sample.revision("exits", upgrade="raise SystemExit(3)")
    error = run(sample, scratch).error
    assert error is not None
    assert error.failure is Failure.EXITED
    assert error.message == "the code ended the process with status 3"


def test_os_exit(sample: Sample, scratch: Scratch) -> None:
    sample.revision("exits", upgrade="import os; os._exit(7)")
    error = run(sample, scratch).error
    assert error is not None
    assert (error.revision, error.failure) == ("exits", Failure.EXITED)
    assert error.message == "the code ended the process at once, with status 7"


def test_a_crash(sample: Sample, scratch: Scratch) -> None:
    sample.revision("crashes", upgrade="import ctypes; ctypes.string_at(0)")
    result = run(sample, scratch)
    error = result.error
    assert error is not None
    assert (error.revision, error.failure) == ("crashes", Failure.DIED)
    assert error.message == "the process was ended by SIGSEGV"
    assert "Segmentation fault" in result.output


def test_the_history_can_be_run_on_after_a_crash(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.revision("b", "a", upgrade="import os; os.kill(os.getpid(), 9)")
    with sample.open(scratch) as history:
        assert history.step(scratch, "a", "up").ok
        assert not history.step(scratch, "b", "up").ok
        assert history.step(scratch, "a", "down").ok


@pytest.mark.parametrize(
    "body", ["import time; time.sleep(60)", "op.execute('select pg_sleep(60)')"]
)
def test_a_hang_is_stopped_and_says_where_it_was(
    sample: Sample, scratch: Scratch, body: str
) -> None:
    path = sample.revision("hangs", upgrade=body)
    started = time.monotonic()
    with sample.open(scratch, timeout=2) as history:
        result = history.upgrade(scratch)
        assert time.monotonic() - started < 15
        error = result.error
        assert error is not None
        assert error.timed_out
        assert error.revision == "hangs"
        assert error.message == "it did not end within 2 s and was stopped"
        assert (error.file, error.line) == (str(path), 9)


def test_a_hang_that_ignores_signals_is_stopped(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "hangs",
        upgrade="""
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
        """,
    )
    error = run(sample, scratch, timeout=1).error
    assert error is not None
    assert error.timed_out


def test_children_of_a_stopped_run_are_stopped_too(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "hangs",
        upgrade="""
        import subprocess, time
        for new in (False, True):
            child = subprocess.Popen(["sleep", "61"], start_new_session=new)
            print("child", child.pid, flush=True)
        time.sleep(60)
        """,
    )
    with sample.open(scratch, timeout=2) as history:
        output = history.upgrade(scratch).output
    pids = [int(line.split()[1]) for line in output.splitlines() if line.startswith("child")]
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_a_flood_of_output_is_bounded(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "talks",
        upgrade="""
        import sys
        print("first words")
        for _ in range(200_000):
            sys.stdout.write("x" * 99 + "\\n")
        print("last words")
        """,
    )
    result = run(sample, scratch)
    assert result.ok
    assert len(result.output) < 70_000
    assert result.output.startswith("first words")
    assert result.output.endswith("last words\n")
    assert "bytes left out" in result.output


def test_the_password_is_not_in_the_output(sample: Sample, scratch: Scratch) -> None:
    sample.revision(
        "leaks", upgrade="print(op.get_context().config.get_main_option('sqlalchemy.url'))"
    )
    assert scratch.dsn.password is not None
    result = run(sample, scratch)
    assert result.error is None
    assert "postgresql" in result.output
    assert scratch.dsn.password.reveal() not in result.output


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
