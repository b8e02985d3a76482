# SPDX-License-Identifier: Apache-2.0
"""The embedded server's life: made, shared, idle, killed, found, and never mistaken."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

import bedstone
import servers
from bedstone.errors import (
    BinariesBroken,
    BinariesMissing,
    DirectoryNotOurs,
    ServerNotStarted,
    ServerTooOld,
)
from bedstone.server import embedded as embedded_module
from bedstone.server import open_server
from bedstone.server.home import Home
from bedstone.server.locks import is_locked

SOURCE = Path(bedstone.__file__).parents[1]
LINUX = sys.platform == "linux"
#: Long enough for a test that does not wait for it, short enough to leave nothing behind.
SHORT = timedelta(seconds=20)


@pytest.fixture
def cache():
    """A folder of its own that the server's account can reach; its servers are stopped after."""
    folder = Path(tempfile.mkdtemp(prefix="bedstone-test-", dir=servers.cache_folder()))
    folder.chmod(0o711)
    yield folder
    for home in homes(folder):
        stop(home)
    shutil.rmtree(folder)


def homes(cache):
    return [Home(marker.parent) for marker in cache.glob("**/servers/*/BEDSTONE")]


def the_home(cache):
    (home,) = homes(cache)
    return home


def stop(home):
    state = home.read_state()
    if state and "keeper" in state and is_locked(home.keeper_lock):
        os.kill(state["keeper"], signal.SIGTERM)
    wait_for(lambda: not is_locked(home.keeper_lock))


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return not LINUX


def shared_memory_of(pid):
    """The segments that a process made: its own, as other tests' servers come and go beside."""
    try:
        lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except OSError:
        return []
    return [line for line in lines if line.split()[4] == str(pid)]


def system_id(server):
    with server.connect() as connection:
        return connection.execute("select system_identifier from pg_control_system()").fetchone()[0]


@contextmanager
def child(code, cache, **options):
    """Run *code* in a process of its own, with the server's folder as ``cache``."""
    text = f"import sys, time, os\nfrom pathlib import Path\ncache = Path({str(cache)!r})\n" + code
    process = subprocess.Popen(
        [sys.executable, "-c", text],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


HOLD = """
from bedstone.server import open_server
with open_server(cache=cache) as server, server.workspace("child") as workspace:
    scratch = workspace.scratch("held")
    with scratch.connect(autocommit=True) as inside:
        inside.execute("create role held_role")
        inside.execute("create table t (id int)")
        inside.execute("alter table t owner to held_role")
    template = scratch.save("x")
    print(server.user_dsn.port, scratch.name, flush=True)
    time.sleep(600)
"""


def left(server):
    with server.connect() as connection:
        databases = connection.execute(
            "select datname::text from pg_database where datname like 'bedstone%'"
        ).fetchall()
        roles = connection.execute(
            "select rolname::text from pg_roles where oid >= 16384"
        ).fetchall()
    return [name for (name,) in databases + roles]


def test_a_second_opener_joins_the_running_server(cache):
    with (
        open_server(cache=cache, idle=SHORT) as first,
        open_server(cache=cache, idle=SHORT) as second,
    ):
        assert first.user_dsn == second.user_dsn
        assert first.embedded
        assert first.superuser
        assert first.lacks == ()
    assert is_locked(the_home(cache).keeper_lock)


def test_the_folder_and_the_socket_are_private_and_the_password_is_in_no_file_of_the_server(cache):
    with open_server(cache=cache, idle=SHORT) as server:
        home = the_home(cache)
        password = server.dsn.password.reveal()
        assert len(password) >= 32
        assert stat.S_IMODE(home.password.stat().st_mode) == 0o600
        assert stat.S_IMODE(home.data.stat().st_mode) == 0o700
        socket_folder = Path(server.dsn.host)
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
        assert len(os.fsencode(socket_folder)) < 88
        holders = [
            path
            for path in home.path.rglob("*")
            if path.is_file() and password.encode() in path.read_bytes()
        ]
        assert holders == [home.password]
        if LINUX:
            lines = [
                path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()
            ]
            assert not any(password.encode() in line for line in lines)
        assert "scram" in home.hba.read_text()
        assert "trust" not in home.hba.read_text()


def test_the_server_listens_on_this_machine_only(cache):
    with open_server(cache=cache, idle=SHORT) as server, server.connect() as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("show fsync").fetchone() == ("off",)
        assert connection.execute("show server_encoding").fetchone() == ("UTF8",)
        rules = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        assert rules == [("scram-sha-256",)]


def test_a_clean_stop_keeps_the_data_and_an_idle_server_stops_cleanly(cache):
    with open_server(cache=cache, idle=timedelta(seconds=0.5)) as server:
        identity = system_id(server)
        state = the_home(cache).read_state()
        with server.connect() as connection:
            connection.execute("create table kept (id int)")
    home = the_home(cache)
    wait_for(lambda: not is_locked(home.keeper_lock))
    assert not alive(state["postmaster"])
    assert not alive(state["keeper"])
    assert not Path(state["socket_folder"]).exists()
    assert json.loads(home.clean.read_text())["durable"] is True
    with open_server(cache=cache, idle=SHORT) as server:
        assert system_id(server) == identity
        with server.connect() as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_a_server_in_use_is_not_idle(cache):
    with open_server(cache=cache, idle=timedelta(seconds=0.4)) as server:
        identity = system_id(server)
        time.sleep(1.5)
        assert system_id(server) == identity


@pytest.mark.parametrize("victim", ["postmaster", "keeper", "both"])
def test_what_a_kill_leaves_is_thrown_away(cache, victim):
    with open_server(cache=cache, idle=SHORT) as server:
        identity = system_id(server)
        state = the_home(cache).read_state()
        assert shared_memory_of(state["postmaster"]) or not LINUX
    home = the_home(cache)
    for name in ("keeper", "postmaster") if victim == "both" else (victim,):
        os.kill(state[name], signal.SIGKILL)
    wait_for(lambda: not is_locked(home.keeper_lock))
    if LINUX:
        wait_for(lambda: not alive(state["postmaster"]))
    with open_server(cache=cache, idle=SHORT) as server:
        assert system_id(server) != identity
        assert not Path(state["socket_folder"]).exists()
        assert not list(home.path.glob("trash-*"))
        successor = the_home(cache).read_state()
    stop(home)
    assert not shared_memory_of(state["postmaster"])
    assert not shared_memory_of(successor["postmaster"])


@pytest.mark.parametrize("fault", ["boot", "control", "pid", "unmarked"])
def test_data_that_may_have_lost_something_is_thrown_away(cache, fault):
    with open_server(cache=cache, idle=SHORT) as server:
        identity = system_id(server)
    home = the_home(cache)
    stop(home)
    if fault == "boot":
        home.clean.write_text(json.dumps({"boot": "another", "durable": False}))
    elif fault == "control":
        control = home.data / "global" / "pg_control"
        content = bytearray(control.read_bytes())
        content[16] = 6
        control.write_bytes(content)
    elif fault == "pid":
        (home.data / "postmaster.pid").write_text("1\n")
    else:
        home.clean.unlink()
    said = []
    with open_server(cache=cache, idle=SHORT, progress=said.append) as server:
        assert system_id(server) != identity
    assert said == ["the server's last stop was not clean: making it anew"]


def test_data_that_was_flushed_is_kept_through_a_restart_of_the_machine(cache):
    with open_server(cache=cache, idle=SHORT) as server:
        identity = system_id(server)
    home = the_home(cache)
    stop(home)
    home.clean.write_text(json.dumps({"boot": "another", "durable": True}))
    with open_server(cache=cache, idle=SHORT) as server:
        assert system_id(server) == identity


def test_a_folder_that_bedstone_did_not_make_is_not_touched(cache):
    with open_server(cache=cache, idle=SHORT):
        pass
    home = the_home(cache)
    stop(home)
    home.marker.unlink()
    before = sorted((path, path.lstat().st_mtime_ns) for path in home.path.rglob("*"))
    with (
        pytest.raises(DirectoryNotOurs, match="was not made by bedstone"),
        open_server(cache=cache),
    ):
        pass
    assert sorted((path, path.lstat().st_mtime_ns) for path in home.path.rglob("*")) == before


def test_runs_that_start_at_once_share_one_server(cache):
    code = """
from bedstone.server import open_server
with open_server(cache=cache) as server, server.workspace("child") as workspace:
    workspace.scratch("a")
    print(server.user_dsn.port)
"""
    with child(code, cache) as one, child(code, cache) as two, child(code, cache) as three:
        ports = [process.communicate(timeout=60)[0] for process in (one, two, three)]
    assert len(set(ports)) == 1
    assert [process.returncode for process in (one, two, three)] == [0, 0, 0]


def test_what_a_killed_run_leaves_is_gone_after_the_next(cache):
    with child(HOLD, cache) as process:
        name = process.stdout.readline().split()[1]
        with open_server(cache=cache, idle=SHORT) as server, server.workspace("beside"):
            assert {name, "held_role"} <= set(left(server)), "a live run's things are not touched"
        process.kill()
        process.wait()
    with open_server(cache=cache, idle=SHORT) as server:
        wait_for(lambda: not held_lock(server))
        assert name in left(server)
        with server.workspace("next"):
            assert left(server) == []


def held_lock(server):
    with server.connect() as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity"
            " where datname is not null and pid <> pg_backend_pid()"
        ).fetchone()
    return row[0]


def test_what_a_killed_run_leaves_is_gone_when_the_server_goes_idle(cache):
    with child(HOLD, cache) as process:
        process.stdout.readline()
        process.kill()
        process.wait()
    home = the_home(cache)
    home.idle.write_text("0.5")
    wait_for(lambda: not is_locked(home.keeper_lock))
    with open_server(cache=cache, idle=SHORT) as server:
        assert left(server) == []


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.3, 0.5, 0.8, 1.2, 2.0])
def test_a_run_killed_at_any_stage_leaves_nothing_for_long(cache, delay):
    with child(HOLD, cache) as process:
        time.sleep(delay)
        process.kill()
        process.wait()
    with open_server(cache=cache, idle=SHORT) as server:
        with server.workspace("next") as workspace:
            workspace.scratch("works")
        assert left(server) == []
        assert len(list(cache.glob("**/data"))) == 1
        assert not list(cache.glob("**/*.new"))


@pytest.mark.parametrize("delay", [0.4, 0.8, 1.5])
def test_an_interrupted_run_cleans_up_itself(cache, delay):
    with open_server(cache=cache, idle=SHORT) as server:
        with child(HOLD, cache, stderr=subprocess.DEVNULL) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            process.wait(30)
        assert left(server) == []


def test_alone_gives_a_server_that_no_other_run_is_on(cache):
    with (
        open_server(cache=cache, idle=SHORT) as shared,
        open_server(cache=cache, idle=SHORT, alone=True) as one,
        open_server(cache=cache, idle=SHORT, alone=True) as two,
    ):
        assert len({system_id(server) for server in (shared, one, two)}) == 3
    with open_server(cache=cache, idle=SHORT, alone=True) as again:
        assert system_id(again)
        assert len(homes(cache)) == 3


def test_folders_with_spaces_quotes_and_other_scripts(cache):
    odd = cache / "le café '\" $HOME 数据 \\ %s"
    odd.mkdir(mode=0o711)
    with open_server(cache=odd, idle=SHORT) as server, server.workspace("odd") as workspace:
        scratch = workspace.scratch("a")
        scratch.reset(scratch.save("x"))
        assert homes(odd)


def test_a_path_longer_than_a_socket_may_have(cache):
    long = cache / ("x" * 100) / ("y" * 100)
    long.mkdir(parents=True)
    for folder in (long, long.parent):
        folder.chmod(0o711)
    with open_server(cache=long, idle=SHORT) as server:
        assert system_id(server)


def test_programs_that_are_not_there(cache):
    with (
        pytest.raises(BinariesMissing, match="has no postgres and no initdb"),
        open_server(bin_dir=cache, cache=cache),
    ):
        pass


def test_programs_that_cannot_be_run(cache):
    for name in ("postgres", "initdb"):
        (cache / name).write_text("#!/bin/sh\nexit 3\n")
        (cache / name).chmod(0o755)
    with (
        pytest.raises(BinariesBroken, match="exit status 3"),
        open_server(bin_dir=cache, cache=cache),
    ):
        pass
    (cache / "postgres").write_bytes(b"\x7fELF of another machine")
    with (
        pytest.raises(BinariesBroken, match="cannot be run"),
        open_server(bin_dir=cache, cache=cache),
    ):
        pass


def test_programs_that_cannot_make_a_server_say_why(cache):
    (cache / "bin").mkdir()
    for name, text in (
        ("postgres", 'echo "postgres (PostgreSQL) 18.6"'),
        ("initdb", "echo initdb: the reason; exit 1"),
    ):
        (cache / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (cache / "bin" / name).chmod(0o755)
    with pytest.raises(ServerNotStarted) as caught, open_server(bin_dir=cache / "bin", cache=cache):
        pass
    assert caught.value.message == "the embedded server did not start: initdb failed"
    assert caught.value.detail == "initdb: the reason"


def test_programs_that_are_too_old(cache):
    for name in ("postgres", "initdb"):
        (cache / name).write_text('#!/bin/sh\necho "postgres (PostgreSQL) 14.23"\n')
        (cache / name).chmod(0o755)
    with (
        pytest.raises(ServerTooOld, match="bedstone needs 15 or newer"),
        open_server(bin_dir=cache, cache=cache),
    ):
        pass


def test_the_keeper_needs_nothing_but_the_standard_library():
    code = embedded_module._BOOT.replace("main()\n", "") + "print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-S", "-c", code, str(SOURCE)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'bedstone.server.keeper'" in done.stdout
    assert "psycopg" not in done.stdout


def test_a_server_whose_password_file_is_gone_is_made_anew(cache):
    with open_server(cache=cache, idle=SHORT):
        pass
    home = the_home(cache)
    stop(home)
    home.password.unlink()
    with open_server(cache=cache, idle=SHORT) as server:
        assert system_id(server)


def test_a_session_of_another_address_needs_the_password(cache):
    with open_server(cache=cache, idle=SHORT) as server:
        for dsn in (server.dsn, server.user_dsn):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(
                    host=dsn.host,
                    port=dsn.port,
                    user="postgres",
                    dbname="postgres",
                    password="guess",
                )


def test_a_server_whose_folder_is_removed_ends_and_leaves_no_socket(cache):
    with open_server(cache=cache, idle=SHORT):
        pass
    home = the_home(cache)
    state = home.read_state()
    shutil.rmtree(home.path)
    wait_for(lambda: not alive(state["keeper"]))
    assert not alive(state["postmaster"])
    assert not Path(state["socket_folder"]).exists()
