# SPDX-License-Identifier: Apache-2.0
"""The keeper: the small process that owns an embedded server and ends with it.

It makes the server's data where there is none that can be trusted, starts the server, watches
who uses it, and stops it when nobody has for the idle limit. It outlives the command that
started it; the next command finds the server running.

Standard library only: it runs in an interpreter without site-packages, so that it is there in
some 30 ms and stays small.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bedstone.server.home import Home, write_private
from bedstone.server.locks import FileLock, is_locked
from bedstone.server.postmaster import (
    Account,
    Postmaster,
    StartFailed,
    clear_away,
    free_port,
    make_data,
    make_socket_folder,
    remove_socket_folder,
)

_PORT_TRIES = 8
_SWEEP_TIMEOUT = 60.0


def main() -> None:
    """Read the job from standard input, go into the background and do it."""
    job = json.loads(sys.stdin.buffer.read())
    if os.fork() != 0:
        os._exit(0)
    Keeper(job).run()


class Keeper:
    """One server's keeper, for as long as the server lives."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.home = Home(Path(job["home"]))
        self.bin_dir = Path(job["bin_dir"])
        self.account = Account(**job["account"]) if job["account"] else None
        self.lock = FileLock(self.home.keeper_lock)
        self.socket_folder = ""
        self.ending = False
        self.wake, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def run(self) -> None:
        """Start, watch, stop. Never raises: what goes wrong is told to the starter and logged."""
        try:
            if not self._lock():
                self._tell(busy=True)
                return
            self._catch_signals()
            server = self._start()
        except StartFailed as error:
            self._clear_failed_start()
            self._tell(error=error.what, output=error.output)
            return
        except OSError as error:
            self._clear_failed_start()
            self._tell(error=f"{error.strerror}: {error.filename}", errno=error.errno)
            return
        self._tell(ready=self.home.read_state())
        self._leave_terminal()
        self._watch(server)

    def _lock(self) -> bool:
        for _ in range(50):
            if self.lock.acquire(wait=False):
                return True
            time.sleep(0.01)
        return False

    def _catch_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)

    def _end(self, *_: object) -> None:
        self.ending = True

    def _tell(self, **facts: Any) -> None:
        """Send one line to the command that waits, if it still does."""
        with contextlib.suppress(OSError):
            os.write(1, json.dumps(facts).encode() + b"\n")

    def _start(self) -> Postmaster:
        home = self.home
        if not home.stopped_cleanly():
            if home.data.exists():
                self._tell(progress="the server's last stop was not clean: making it anew")
            else:
                self._tell(progress="making a server")
            clear_away(home)
            make_data(
                home,
                self.bin_dir,
                self.job["major"],
                verifier=self.job["verifier"],
                account=self.account,
            )
        home.unmark_clean()
        write_readable(home.conf, self.job["conf"], self.account)
        write_readable(home.hba, self.job["hba"], self.account)
        folder = make_socket_folder(self.account)
        self.socket_folder = str(folder)
        write_private(home.state, json.dumps({"socket_folder": str(folder)}))
        for attempt in range(_PORT_TRIES):
            port = free_port()
            try:
                server = Postmaster.start(
                    home, self.bin_dir, self.account, port=port, socket_folder=folder
                )
                break
            except StartFailed as error:
                in_use = "could not bind" in error.output or "could not create any" in error.output
                if not in_use or attempt == _PORT_TRIES - 1:
                    raise
        facts = {
            "keeper": os.getpid(),
            "postmaster": server.process.pid,
            "port": port,
            "socket_folder": str(folder),
        }
        write_private(home.state, json.dumps(facts))
        return server

    def _clear_failed_start(self) -> None:
        with contextlib.suppress(OSError):
            clear_away(self.home)

    def _leave_terminal(self) -> None:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        os.close(null)

    def _watch(self, server: Postmaster) -> None:
        lease = FileLock(self.home.lease_lock)
        last_use = time.time()
        while not self.ending:
            self._sleep(min(1.0, self._idle_limit() / 4))
            if server.process.poll() is not None or not self.home.marker.exists():
                break
            if not lease.acquire(wait=False):
                last_use = time.time()
                continue
            with contextlib.suppress(OSError):
                last_use = max(last_use, self.home.lease_lock.stat().st_mtime)
            if time.time() - last_use >= self._idle_limit():
                self._sweep()
                break
            lease.release()
        self._stop(server)
        lease.release()

    def _sleep(self, seconds: float) -> None:
        if self.ending:
            return
        ready, _, _ = select.select([self.wake], [], [], seconds)
        if ready:
            os.read(self.wake, 4096)

    def _idle_limit(self) -> float:
        try:
            return max(0.2, float(self.home.idle.read_text()))
        except (OSError, ValueError):
            return 600.0

    def _sweep(self) -> None:
        """Let bedstone drop what killed runs left, before the server sleeps."""
        sweep = self.job.get("sweep")
        if not sweep:
            return
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                sweep["line"],
                env={**os.environ, **sweep["env"]},
                input=self.home.path.as_posix().encode(),
                stdout=subprocess.DEVNULL,
                timeout=_SWEEP_TIMEOUT,
                check=False,
            )

    def _stop(self, server: Postmaster) -> None:
        clean = server.stop() if server.process.poll() is None else self.home.was_shut_down()
        remove_socket_folder(self.socket_folder)
        with contextlib.suppress(OSError):  # the whole folder may be gone
            if clean:
                self.home.mark_clean(durable=False)
            self.home.state.unlink(missing_ok=True)
            if clean and not self.ending and self._flush():
                self.home.mark_clean(durable=True)

    def _flush(self) -> bool:
        """Write all data to disk; give up when a command wants the server back.

        Not done when the keeper is told to end, as the machine may be stopping: the data is then
        trusted only until the machine starts anew.
        """
        for count, path in enumerate(_files(self.home.data)):
            if count % 64 == 0 and is_locked(self.home.start_lock):
                return False
            with contextlib.suppress(FileNotFoundError):
                fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)
        return True


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, _, files in os.walk(folder):
        found.append(Path(parent))
        found.extend(Path(parent, name) for name in files)
    return found


def write_readable(path: Path, text: str, account: Account | None) -> None:
    """Write a settings file that the server's account can read and not write."""
    write_private(path, text)
    if account is not None:
        path.chmod(0o644)
