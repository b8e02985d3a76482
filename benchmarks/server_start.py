# SPDX-License-Identifier: Apache-2.0
"""How long the embedded server and its scratch databases take, each the median of several.

python benchmarks/server_start.py [--repeat 5] [--bin-dir DIR] [--folder /dev/shm]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.server import Server, open_server
from bedstone.server.home import Home
from bedstone.server.locks import is_locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IDLE = timedelta(minutes=1)
MEMORY = Path("/dev/shm")  # noqa: S108  a private folder is made there


def main() -> None:
    """Measure and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--bin-dir", type=Path)
    parser.add_argument("--folder", type=Path, default=MEMORY, help="on a disk, or in memory")
    options = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    show("import bedstone.server in a new process", [import_time() for _ in range(options.repeat)])
    with folder(options.folder) as cache:
        measure_starts(cache, options.bin_dir, options.repeat)
        with open_server(cache=cache, bin_dir=options.bin_dir, idle=IDLE) as server:
            print(f"PostgreSQL {server.version}")
            measure_scratch(server, options.repeat)
            measure_copies(server, options.repeat)


def measure_starts(cache: Path, bin_dir: Path | None, repeat: int) -> None:
    """Open a server from nothing, from a stopped one, and from one that runs."""

    def opened() -> None:
        with open_server(cache=cache, bin_dir=bin_dir, idle=IDLE):
            pass

    cold, stopped, running = [], [], []
    for _ in range(repeat):
        shutil.rmtree(cache / "servers", ignore_errors=True)
        cold.append(seconds(opened))
        stop(cache)
        stopped.append(seconds(opened))
        running.append(seconds(opened))
        stop(cache)
    show("open_server, nothing there (initdb)", cold)
    show("open_server, stopped, data there", stopped)
    show("open_server, running", running)


def measure_scratch(server: Server, repeat: int) -> None:
    """Make, save and set back a scratch database with 100 tables."""
    made, saved, emptied, back, opened = [], [], [], [], []
    for _ in range(repeat):
        started = time.perf_counter()
        with server.workspace("benchmark") as workspace:
            opened.append(time.perf_counter() - started)
            started = time.perf_counter()
            scratch = workspace.scratch("a")
            made.append(time.perf_counter() - started)
            with scratch.connect() as connection:
                for number in range(100):
                    connection.execute(
                        f"create table t{number} (id bigint primary key, a text unique, b int)"
                    )
            started = time.perf_counter()
            template = scratch.save("x")
            saved.append(time.perf_counter() - started)
            started = time.perf_counter()
            scratch.reset(template)
            back.append(time.perf_counter() - started)
            emptied.append(seconds(scratch.reset))
    show("workspace", opened)
    show("scratch database from template0", made)
    show("save, 100 tables", saved)
    show("reset to a template of 100 tables", back)
    show("reset to nothing", emptied)


def measure_copies(server: Server, repeat: int) -> None:
    """Copy a database of 300 tables by each strategy, in turns."""
    with server.connect() as control:
        control.execute("create database benchmark_source template template0")
        with server.connect("benchmark_source") as inside:
            for number in range(300):
                inside.execute(
                    f"create table t{number} (id bigint primary key, a text unique, b int)"
                )
        times: dict[str, list[float]] = {"wal_log": [], "file_copy": []}
        for _ in range(repeat * 2):
            for strategy, taken in times.items():
                statement = (
                    f"create database benchmark_copy template benchmark_source strategy {strategy}"
                )
                taken.append(seconds(partial(control.execute, statement)))
                control.execute("drop database benchmark_copy")
        for strategy, taken in times.items():
            show(f"create database, 300 tables, {strategy}", taken)
        control.execute("drop database benchmark_source")


def import_time() -> float:
    """Return the seconds that a new process needs to import the room, less an empty one's."""
    line = [sys.executable, "-c"]
    empty = seconds(lambda: subprocess.run([*line, "pass"], check=True))
    return seconds(lambda: subprocess.run([*line, "import bedstone.server"], check=True)) - empty


def seconds(work: Callable[[], object]) -> float:
    """Return how long *work* takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def show(what: str, times: list[float]) -> None:
    """Print the median, the shortest and the longest."""
    print(f"{what:45} {statistics.median(times):7.3f} s  ({min(times):.3f} to {max(times):.3f})")


@contextmanager
def folder(parent: Path) -> Iterator[Path]:
    """Give a folder that the server's account can reach, and stop its servers after."""
    cache = Path(tempfile.mkdtemp(prefix="bedstone-benchmark-", dir=parent))
    cache.chmod(0o711)
    try:
        yield cache
    finally:
        stop(cache)
        shutil.rmtree(cache)


def stop(cache: Path) -> None:
    """Stop the servers below *cache* cleanly."""
    for marker in cache.glob("servers/*/BEDSTONE"):
        home = Home(marker.parent)
        state = home.read_state()
        if state and "keeper" in state:
            os.kill(state["keeper"], signal.SIGTERM)
        while is_locked(home.keeper_lock):
            time.sleep(0.01)


if __name__ == "__main__":
    main()
