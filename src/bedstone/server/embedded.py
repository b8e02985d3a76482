# SPDX-License-Identifier: Apache-2.0
"""The embedded server: join the one that runs, or have a keeper start it."""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.dsn import ConnectionString, Secret
from bedstone.errors import DirectoryNotOurs, DiskFull, ServerNotStarted, ServerTooOld
from bedstone.server.binaries import Binaries, copy_binaries, runnable_by
from bedstone.server.home import FORMAT, Home, remove_tree, write_private
from bedstone.server.locks import FileLock, is_locked, locked
from bedstone.server.places import cache_folder, servers_folder, service_account
from bedstone.server.version import OLDEST_MAJOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from bedstone.server.postmaster import Account

    Progress = Callable[[str], None]

SUPERUSER = "postgres"
MAINTENANCE_DATABASE = "postgres"

#: Folders of servers that nobody used for this long are removed by the next start.
_FORGOTTEN_SECONDS = 30 * 24 * 3600.0

#: What the keeper runs in: its modules alone, without the packages that import everything.
_BOOT = """
import sys, types
for name in ("bedstone", "bedstone.server"):
    module = types.ModuleType(name)
    module.__path__ = [sys.argv[1] + "/" + name.replace(".", "/")]
    sys.modules[name] = module
from bedstone.server.keeper import main
main()
"""

#: The server's settings. It holds nothing of worth, so nothing waits for the disk. What a
#: migration can see is as in production: WAL is written in full (``wal_level`` logical lets
#: replication slots, publications and subscriptions be made, and a measured amount of WAL is the
#: true one), two-phase commit works, and the planner's costs are the defaults.
#: ``dynamic_shared_memory_type`` is mmap because containers have a /dev/shm of 64 MB, and because
#: what a killed server leaves is then thrown away with its data.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "superuser_reserved_connections": "5",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "128MB",
    "dynamic_shared_memory_type": "mmap",
    "max_locks_per_transaction": "256",
    "max_prepared_transactions": "20",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "logical",
    "max_wal_senders": "0",
    "max_replication_slots": "20",
    "max_logical_replication_workers": "0",
    "checkpoint_timeout": "1h",
    "min_wal_size": "32MB",
    "max_wal_size": "1GB",
    "autovacuum": "off",
    "jit": "off",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.english",
    "cluster_name": "bedstone",
}

_HBA = """\
# Passwords everywhere, and nobody from another machine.
local all all scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded server: its programs and its two addresses."""

    home: Home
    binaries: Binaries
    socket: ConnectionString
    tcp: ConnectionString


@contextmanager
def join_embedded(
    binaries: Binaries,
    *,
    cache: Path | None,
    idle: timedelta,
    alone: bool = False,
    progress: Progress | None = None,
) -> Iterator[Embedded]:
    """Hold a lease on the embedded server for the block, starting the server where need be.

    The server is shared with every other run of this account. With *alone* it is one that no
    other run is on: the first free of a few whose folders stand beside the shared one.

    Raises:
        ServerNotStarted: PostgreSQL could not be made or started; the detail has its words.
        DiskFull: there is no room for it.
        DirectoryNotOurs: a folder that bedstone did not make stands in its place.
    """
    if binaries.version.major < OLDEST_MAJOR:
        raise ServerTooOld(
            f"{binaries.bin_dir} is PostgreSQL {binaries.version}, and bedstone needs "
            f"{OLDEST_MAJOR} or newer",
            hint="Name the programs of a newer version with --bin-dir, or leave it out",
        )
    account = service_account()
    folder = cache_folder(cache, account)
    original = binaries
    if account is not None and not runnable_by(binaries, account):
        binaries = copy_binaries(binaries, folder / "binaries")
    servers = servers_folder(cache, folder, account)
    name = f"{original.version}-{original.identity}-{FORMAT}"
    lease = _Lease(servers, name, alone=alone)
    with lease.held(account, progress) as home:
        write_private(home.idle, f"{idle.total_seconds():.3f}")
        state = _state_or_start(home, binaries, account, progress)
        _forget_unused(servers)
        lease.opened()
        socket, tcp = addresses(home, state)
        yield Embedded(home, binaries, socket, tcp)


class _Lease:
    """The claim of one run on a server; the keeper stops no server that somebody has one on."""

    def __init__(self, servers: Path, name: str, *, alone: bool) -> None:
        self._servers = servers
        self._name = name
        self._alone = alone
        self._start: FileLock | None = None

    @contextmanager
    def held(self, account: Account | None, progress: Progress | None) -> Iterator[Home]:
        """Hold the lease, and until ``opened`` the right to start the server."""
        home, lease = self._choose(account, progress)
        try:
            yield home
        finally:
            self.opened()
            _touch(home.lease_lock)
            lease.release()

    def opened(self) -> None:
        """Let others start, or join, the server."""
        if self._start is not None:
            self._start.release()

    def _choose(self, account: Account | None, progress: Progress | None) -> tuple[Home, FileLock]:
        for number in range(1, 65):
            home = Home(self._servers / (f"{self._name}-{number}" if self._alone else self._name))
            _prepare(home, account)
            self._start = FileLock(home.start_lock)
            if not self._start.acquire(wait=False):
                if self._alone:
                    continue
                if progress:
                    progress("waiting for another run that starts the server")
                self._start.acquire()
            lease = FileLock(home.lease_lock)
            if self._alone and not lease.acquire(wait=False):
                self._start.release()
                continue
            if not self._alone:
                lease.acquire(shared=True)
            _touch(home.lease_lock)
            return home, lease
        raise ServerNotStarted(
            "64 servers are in use by runs that must be alone on theirs",
            hint="Let some of them end",
        )


def _prepare(home: Home, account: Account | None) -> None:
    """Make the server's folder, or see that the one there is ours."""
    home.path.parent.mkdir(mode=0o711 if account else 0o700, parents=True, exist_ok=True)
    if home.is_ours():
        return
    with locked(home.path.parent / "claim.lock"):
        if home.is_ours():
            return
        if not home.is_empty():
            raise DirectoryNotOurs(
                f"{home.path} was not made by bedstone",
                detail="It has no marker file of this account, so nothing in it is touched.",
                hint="Move it away, or set BEDSTONE_CACHE_DIR to another folder",
            )
        home.claim({}, mode=0o711 if account else 0o700)


def _touch(path: Path) -> None:
    os.utime(path)


def running_state(home: Home) -> dict[str, Any] | None:
    """Return where the server of *home* listens; ``None`` when it does not run."""
    if not is_locked(home.keeper_lock):
        return None
    state = home.read_state()
    return state if state and "port" in state else None


def _state_or_start(
    home: Home, binaries: Binaries, account: Account | None, progress: Progress | None
) -> dict[str, Any]:
    """Return where the server listens; start it where it does not run.

    A keeper that a killed run has just started may take the lock before ours does: then that one's
    server is waited for.
    """
    deadline = time.monotonic() + 90.0
    while time.monotonic() < deadline:
        state = running_state(home)
        if state is None and not is_locked(home.keeper_lock):
            state = _start(home, binaries, account, progress)
        if state is not None:
            return state
        time.sleep(0.005)
    raise ServerNotStarted(
        "the embedded server's keeper does not get ready",
        detail=home.keeper_log.read_text(errors="replace").strip()[-2000:] or None,
        hint="bedstone doctor",
    )


def _start(
    home: Home, binaries: Binaries, account: Account | None, progress: Progress | None
) -> dict[str, Any] | None:
    """Start the server by a keeper of ours; ``None`` where another keeper was first.

    A password that is there is kept: that other keeper has made its data with it.
    """
    if not home.password.exists():
        home.clean.unlink(missing_ok=True)
        write_private(home.password, secrets.token_urlsafe(32))
    job = {
        "home": str(home.path),
        "bin_dir": str(binaries.bin_dir),
        "major": binaries.version.major,
        "account": asdict(account) if account else None,
        "verifier": scram_verifier(home.password.read_text()),
        "conf": _render_settings(binaries.version.major),
        "hba": _HBA,
        "sweep": {
            "line": [sys.executable, "-m", "bedstone.server.idle"],
            "env": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        },
    }
    return _run_keeper(home, job, progress)


def _run_keeper(
    home: Home, job: dict[str, Any], progress: Progress | None
) -> dict[str, Any] | None:
    source = Path(__file__).resolve().parents[2]
    line = [sys.executable, "-E", "-s", "-S", "-B", "-c", _BOOT, os.fspath(source)]
    fd = os.open(home.keeper_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        process = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=fd,
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(fd)
    with process:
        assert process.stdin is not None  # noqa: S101  PIPE was asked for
        assert process.stdout is not None  # noqa: S101  the same
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        for told in process.stdout:
            facts: dict[str, Any] = json.loads(told)
            if "ready" in facts:
                return dict(facts["ready"])
            if "busy" in facts:
                return None
            if "error" in facts:
                raise _start_error(home, facts)
            if progress:
                progress(facts["progress"])
    raise ServerNotStarted(
        "the embedded server's keeper ended without a word",
        detail=home.keeper_log.read_text(errors="replace").strip()[-2000:] or None,
        hint="bedstone doctor",
    )


def _start_error(home: Home, facts: dict[str, Any]) -> DiskFull | ServerNotStarted:
    output = str(facts.get("output") or "")
    if facts.get("errno") == errno.ENOSPC or os.strerror(errno.ENOSPC) in output:
        return DiskFull(
            f"no space left for the embedded server in {home.path}",
            detail="A server takes about 40 MB and each scratch database about 8 MB.",
            hint="Free some space, or set BEDSTONE_CACHE_DIR to a folder on another disk",
        )
    return ServerNotStarted(
        f"the embedded server did not start: {facts['error']}",
        detail=output or None,
        hint="bedstone doctor",
    )


def _render_settings(major: int) -> str:
    settings = dict(_SETTINGS)
    if major >= 18:
        settings["io_method"] = "sync"
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def addresses(home: Home, state: dict[str, Any]) -> tuple[ConnectionString, ConnectionString]:
    """Return the running server's addresses: the unix socket's and the one on 127.0.0.1."""
    tcp = ConnectionString(
        host="127.0.0.1",
        port=int(state["port"]),
        user=SUPERUSER,
        password=Secret(home.password.read_text()),
        dbname=MAINTENANCE_DATABASE,
    )
    return replace(tcp, host=str(state["socket_folder"])), tcp


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL stores of a password (RFC 5803), from which it cannot be had back.

    So the password itself is never handed to a program or written into a file of the server's.
    """
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{text[0]}${text[1]}:{text[2]}"


def _forget_unused(servers: Path) -> None:
    """Remove servers that nobody has used for a month, of programs that are gone since."""
    for path in servers.iterdir():
        home = Home(path)
        if not path.is_dir() or not home.is_ours() or not home.lease_lock.exists():
            continue
        if time.time() - home.lease_lock.stat().st_mtime < _FORGOTTEN_SECONDS:
            continue
        start, lease = FileLock(home.start_lock), FileLock(home.lease_lock)
        try:
            unused = start.acquire(wait=False) and lease.acquire(wait=False)
            if unused and not is_locked(home.keeper_lock):
                remove_tree(path)
        finally:
            lease.release()
            start.release()
