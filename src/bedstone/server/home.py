# SPDX-License-Identifier: Apache-2.0
"""The folder of one embedded server: what lies in it, whose it is, and whether it can be trusted.

    BEDSTONE          the marker: without it bedstone never touches the folder
    password          the superuser's, mode 0600
    state.json        written while the server runs: its processes, port and socket
    clean.json        written after a clean stop; gone before the server starts again
    start.lock        held while somebody starts the server
    lease.lock        held, shared, by every run; its time is that of the last use
    keeper.lock       held by the keeper for as long as it lives
    postgresql.conf, pg_hba.conf, server.log, keeper.log
    data/             PostgreSQL's own folder

Standard library only: the keeper loads this module in an interpreter without site-packages.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import struct
import subprocess
from pathlib import Path
from typing import Any

#: Raised when the layout, the settings or the meaning of the files changes: older folders are
#: then left alone until they are swept as unused.
FORMAT = 1

_MARKER_TEXT = "a throw-away PostgreSQL server of bedstone; nothing in this folder is worth keeping"

#: pg_control: system identifier (8), control version (4), catalogue version (4), state (4).
_CONTROL_STATE = struct.Struct("@QIII")
_SHUT_DOWN = 1


class Home:
    """The folder of one embedded server."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.marker = path / "BEDSTONE"
        self.password = path / "password"
        self.state = path / "state.json"
        self.clean = path / "clean.json"
        self.start_lock = path / "start.lock"
        self.lease_lock = path / "lease.lock"
        self.keeper_lock = path / "keeper.lock"
        self.idle = path / "idle"
        self.conf = path / "postgresql.conf"
        self.hba = path / "pg_hba.conf"
        self.log = path / "server.log"
        self.keeper_log = path / "keeper.log"
        self.data = path / "data"

    def is_ours(self) -> bool:
        """Whether bedstone made this folder, and this account did."""
        try:
            facts = self.marker.lstat()
            made_by_us = json.loads(self.marker.read_text())["what"] == _MARKER_TEXT
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return made_by_us and stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid()

    def is_empty(self) -> bool:
        """Whether the folder is absent or holds nothing."""
        return not self.path.exists() or not any(self.path.iterdir())

    def claim(self, facts: dict[str, Any], *, mode: int) -> None:
        """Make the folder ours. It must be empty or absent."""
        self.path.mkdir(mode=mode, parents=True, exist_ok=True)
        self.path.chmod(mode)
        write_private(self.marker, json.dumps({"what": _MARKER_TEXT, "format": FORMAT, **facts}))

    def facts(self) -> dict[str, Any]:
        """Return what the marker says the folder was made for."""
        loaded: dict[str, Any] = json.loads(self.marker.read_text())
        return loaded

    def read_state(self) -> dict[str, Any] | None:
        """Return what the keeper wrote about the running server, if it has."""
        try:
            loaded: dict[str, Any] = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return None
        return loaded

    def stopped_cleanly(self) -> bool:
        """Whether the data can be trusted.

        The server runs without fsync, so it can only be trusted when its last stop was clean
        **and** the machine has not started anew since, or everything was flushed to disk after
        the stop. PostgreSQL's own control file must agree that it was shut down.
        """
        try:
            clean = json.loads(self.clean.read_text())
            control = (self.data / "global" / "pg_control").read_bytes()
        except (OSError, ValueError):
            return False
        if _CONTROL_STATE.unpack_from(control)[3] != _SHUT_DOWN:
            return False
        if (self.data / "postmaster.pid").exists():
            return False
        boot = boot_identity()
        return bool(clean.get("durable")) or bool(boot and clean.get("boot") == boot)

    def was_shut_down(self) -> bool:
        """Whether PostgreSQL's control file says that it was shut down."""
        try:
            control = (self.data / "global" / "pg_control").read_bytes()
        except OSError:
            return False
        return bool(_CONTROL_STATE.unpack_from(control)[3] == _SHUT_DOWN)

    def mark_clean(self, *, durable: bool) -> None:
        """Write that the server was stopped cleanly, and whether the disk has it all."""
        write_private(self.clean, json.dumps({"boot": boot_identity(), "durable": durable}))

    def unmark_clean(self) -> None:
        """Take the mark away, and be sure of that even if the machine stops now."""
        self.clean.unlink(missing_ok=True)
        fd = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def size(self) -> int:
        """Return the bytes that the data takes."""
        total = 0
        for folder, _, files in os.walk(self.data):
            for name in files:
                try:
                    total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118  a hot loop
                except OSError:
                    continue
        return total

    def log_tail(self, lines: int = 12) -> str:
        """Return the last lines of the server's log."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])


def write_private(path: Path, text: str) -> None:
    """Put *text* into *path* in one step, readable by this account only."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)
    new.replace(path)


def boot_identity() -> str:
    """Return what changes each time the machine starts; empty where that cannot be told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        pass
    if platform.system() == "Darwin":
        asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        try:
            return subprocess.run(
                asked, capture_output=True, text=True, check=True, timeout=5
            ).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return ""
    return ""


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it; what is gone already is no error."""
    for _ in range(20):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
