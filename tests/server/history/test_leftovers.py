# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to bedstone, nothing of the project's keeps running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bedstone.server import Scratch
    from conftest import Sample

#: Reads the address from standard input: it has a password, and others see a command line.
CALLER = """
import sys
from contextlib import contextmanager
from pathlib import Path
from bedstone.dsn import parse_dsn
from bedstone.history import open_history
from bedstone.project import resolve
from bedstone.server import database_at
database = database_at(parse_dsn(sys.stdin.readline().strip()))
with open_history(resolve(".", cwd=Path.cwd()), database) as history:
    print("loaded", flush=True)
    try:
        history.upgrade(database)
    finally:
        print("ended", flush=True)
"""

HANG = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "62"], start_new_session=True)
print(child.pid, os.getpid(), os.getppid(), file=open("pids.new", "w"))
os.rename("pids.new", "pids")
time.sleep(60)
"""


def start(sample: Sample, scratch: Scratch) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CALLER],
        cwd=sample.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(scratch.dsn.url() + "\n")
    process.stdin.flush()
    return process


def wait_for(path: Path) -> list[int]:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [int(word) for word in path.read_text().split()]


def still_running(pids: list[int]) -> list[int]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left = [pid for pid in pids if is_running(pid)]
        if not left:
            return []
        time.sleep(0.05)
    return left


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("stage", ["loading", "a revision"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_bedstone(
    sample: Sample, scratch: Scratch, stage: str, number: signal.Signals
) -> None:
    if stage == "loading":
        sample.table("a")
        sample.env(imports=HANG)
    else:
        sample.revision("a", upgrade=HANG)
    process = start(sample, scratch)
    pids = wait_for(sample.root / "pids")
    process.send_signal(number)
    process.wait(30)
    assert still_running(pids) == []
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.close()
    process.stdin.close()


def test_closing_ends_every_process_and_removes_every_file(
    sample: Sample, scratch: Scratch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    sample.write(
        "busy.py",
        "import os, subprocess, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "children = [subprocess.Popen(['sleep', '63'], start_new_session=new)"
        " for new in (False, True)]\n"
        "print(*(c.pid for c in children), os.getpid(), os.getppid(), file=open('pids', 'w'))\n",
    )
    sample.env(imports="import busy")
    sample.table("a")
    started = time.monotonic()
    with sample.open(scratch, files={"x": "{password}"}) as history:
        history.upgrade(scratch)
        assert list(place.iterdir())
    assert time.monotonic() - started < 20
    assert still_running(wait_for(sample.root / "pids")) == []
    assert list(place.iterdir()) == []


def test_files_with_the_password_are_the_users_alone(sample: Sample, scratch: Scratch) -> None:
    sample.write("show.py", "import os\nprint(oct(os.stat(os.environ['F']).st_mode)[-3:])\n")
    sample.revision("a", upgrade="import show")
    with sample.open(scratch, files={"x": "{password}"}, env={"F": "{files}/x"}) as history:
        assert history.upgrade(scratch).output.strip().endswith("600")


def test_the_password_is_in_no_command_line(sample: Sample, scratch: Scratch) -> None:
    sample.revision("a", upgrade="import time; open('here', 'w').close(); time.sleep(3)")
    process = start(sample, scratch)
    deadline = time.monotonic() + 60
    while not (sample.root / "here").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert scratch.dsn.password is not None
    secret = scratch.dsn.password.reveal().encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                assert secret not in (folder / "cmdline").read_bytes()
            except OSError:
                continue
    process.communicate(timeout=30)
