# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's main process: make its data, start it, stop it, clear away what it left.

Standard library only: the keeper loads this module in an interpreter without site-packages.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.server.home import Home, remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable

#: A socket's path is at most 107 bytes; ``/.s.PGSQL.65535`` takes 15 of them and ``.lock`` 5.
_SOCKET_FOLDER_LIMIT = 107 - 20
_SOCKET_PREFIX = "bedstone-"
_READY_TIMEOUT = 60.0


class StartFailed(Exception):
    """The server could not be made or started; the text says why."""

    def __init__(self, what: str, output: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.output = output


@dataclass(frozen=True)
class Account:
    """Who PostgreSQL runs as, where that is not who bedstone runs as.

    *init_uid* is an account that ``initdb`` can look up by name; it insists on that, the server
    does not.
    """

    uid: int
    gid: int
    init_uid: int
    init_gid: int


def make_data(
    home: Home, bin_dir: Path, major: int, *, verifier: str, account: Account | None
) -> None:
    """Run initdb. The superuser is ``postgres``; its password is known only by *verifier*.

    Raises:
        StartFailed: initdb ended with an error.
    """
    home.data.mkdir(mode=0o700)
    secret = home.path / "verifier"
    secret.unlink(missing_ok=True)
    fd = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(verifier)
    if account is not None:
        os.chown(home.data, account.init_uid, account.init_gid)
        os.chown(secret, account.init_uid, account.init_gid)
    try:
        for locale in _locales(major):
            line = _initdb_line(home, bin_dir, major, secret) + locale
            done = _run_initdb(line, account)
            if done.returncode == 0:
                break
        else:
            raise StartFailed("initdb failed", done.stdout.strip())
    finally:
        secret.unlink(missing_ok=True)
    if account is not None:
        _give(home.data, account)


def _locales(major: int) -> list[list[str]]:
    """Return the locales to try: the same order of text everywhere, on every machine."""
    if major >= 17:
        return [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _initdb_line(home: Home, bin_dir: Path, major: int, secret: Path) -> list[str]:
    line = [
        str(bin_dir / "initdb"),
        f"--pgdata={home.data}",
        "--username=postgres",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--text-search-config=pg_catalog.english",
        "--no-sync",
        "--no-instructions",
    ]
    return [*line, "--no-data-checksums"] if major >= 18 else line


def _run_initdb(line: list[str], account: Account | None) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {}
    if account is not None:
        options = {"user": account.init_uid, "group": account.init_gid, "extra_groups": []}
    elif not _has_name(os.geteuid()):
        options = {"preexec_fn": _borrow_name()}
    return subprocess.run(
        line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=server_environment(),
        cwd="/",
        check=False,
        **options,
    )


def server_environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: nothing of the user's but the way."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_PRELOAD", "NSS_WRAPPER_PASSWD")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {"LC_ALL": "C", "TZ": "UTC"}


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return "NSS_WRAPPER_PASSWD" in os.environ
    return True


def _borrow_name() -> Callable[[], None]:
    """Return what gives a child process an account's name without its rights.

    A container may run under a uid that ``/etc/passwd`` does not list, and initdb refuses that.
    In a user namespace of its own the child is seen as an account that is listed; the files it
    makes belong to the real uid.
    """
    uid, gid = os.geteuid(), os.getegid()
    named = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newuser = 0x10000000

    def borrow() -> None:
        if not named or libc.unshare(clone_newuser) != 0:
            return
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{named[0].pw_uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{named[0].pw_gid} {gid} 1")

    return borrow


def _give(folder: Path, account: Account) -> None:
    os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), account.uid, account.gid, follow_symlinks=False)


def make_socket_folder(account: Account | None) -> Path:
    """Make a private folder whose path is short enough for a unix socket.

    Raises:
        StartFailed: no temporary folder is short enough and writable.
    """
    for base in ("/tmp", tempfile.gettempdir(), "/var/tmp"):  # noqa: S108  a private folder is made
        plain = base.isascii() and not set(base) & set(" ,'\"@")
        if not plain or len(base) + len(_SOCKET_PREFIX) + 10 > _SOCKET_FOLDER_LIMIT:
            continue
        try:
            folder = Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=base))
        except OSError:
            continue
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        return folder
    raise StartFailed("no temporary folder is writable and has a path short enough for a socket")


def remove_socket_folder(path: str) -> None:
    """Remove a folder that ``make_socket_folder`` made; anything else is left alone."""
    folder = Path(path)
    try:
        facts = folder.lstat()
    except OSError:
        return
    if folder.name.startswith(_SOCKET_PREFIX) and stat.S_ISDIR(facts.st_mode):
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postmaster:
    """A running PostgreSQL server whose parent is this process."""

    def __init__(self, home: Home, process: subprocess.Popen[bytes]) -> None:
        self.home = home
        self.process = process

    @classmethod
    def start(
        cls, home: Home, bin_dir: Path, account: Account | None, *, port: int, socket_folder: Path
    ) -> Postmaster:
        """Start the server and return when it takes connections.

        It dies with its parent on Linux, in a clean way: the kernel sends it SIGINT.

        Raises:
            StartFailed: it ended, or did not get ready in a minute.
        """
        (home.data / "postgresql.auto.conf").unlink(missing_ok=True)
        line = [
            str(bin_dir / "postgres"),
            "-D",
            str(home.data),
            "-c",
            f"config_file={home.conf}",
            "-c",
            f"hba_file={home.hba}",
            "-c",
            f"port={port}",
            "-c",
            f"unix_socket_directories={socket_folder}",
        ]
        options: dict[str, Any] = {}
        if account is not None:
            options = {"user": account.uid, "group": account.gid, "extra_groups": []}
        fd = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=fd,
                stderr=fd,
                env=server_environment(),
                cwd="/",
                start_new_session=True,
                umask=0o077,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509  the keeper has one thread
                **options,
            )
        finally:
            os.close(fd)
        server = cls(home, process)
        server._wait_until_ready()
        return server

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartFailed("the server ended while starting", self.home.log_tail())
            with contextlib.suppress(OSError):
                lines = (self.home.data / "postmaster.pid").read_text().split("\n")
                if len(lines) > 7 and lines[7].startswith("ready"):
                    return
            time.sleep(0.002)
        self.stop()
        raise StartFailed("the server was not ready in a minute", self.home.log_tail())

    def stop(self, timeout: float = 30.0) -> bool:
        """Stop the server, ending its sessions, and say whether the stop was clean."""
        for number, wait in (
            (signal.SIGINT, timeout),
            (signal.SIGQUIT, 5.0),
            (signal.SIGKILL, 5.0),
        ):
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)
            try:
                status = self.process.wait(wait)
            except subprocess.TimeoutExpired:
                continue
            return status == 0 and number == signal.SIGINT and self.home.was_shut_down()
        return False


def _die_with_parent() -> Callable[[], None]:
    """Return what ties a child to this process: the kernel stops it when this process ends."""
    parent = os.getpid()
    set_parent_death_signal = 1
    libc = ctypes.CDLL(None) if platform.system() == "Linux" else None

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if libc is None:
            return
        libc.prctl(set_parent_death_signal, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def clear_away(home: Home) -> None:
    """Throw away the data of a server whose stop was not clean, and end what still runs of it."""
    state = home.read_state() or {}
    pid_file = home.data / "postmaster.pid"
    try:
        lines = pid_file.read_text().split("\n")
    except OSError:
        lines = []
    if lines and lines[0].strip().isdigit():
        _end_leftover(int(lines[0]), home.data)
    trash = home.path / f"trash-{secrets.token_hex(4)}"
    with contextlib.suppress(FileNotFoundError):
        home.data.rename(trash)
    if len(lines) > 6:
        _remove_shared_memory(lines[6])
    for old in home.path.glob("trash-*"):
        remove_tree(old)
    if state.get("socket_folder"):
        remove_socket_folder(str(state["socket_folder"]))
    home.state.unlink(missing_ok=True)
    home.clean.unlink(missing_ok=True)


def _end_leftover(pid: int, data: Path) -> None:
    """End the server that still works in *data*; no other process is ever signalled."""
    for number, wait in ((signal.SIGINT, 3.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
        if not _works_in(pid, data):
            return
        with contextlib.suppress(OSError):
            os.kill(pid, number)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and _works_in(pid, data):
            time.sleep(0.01)


def _works_in(pid: int, data: Path) -> bool:
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        except OSError:
            return False
    asked = ["/bin/ps", "-p", str(pid), "-o", "command="]
    try:
        shown = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return False
    return str(data) in shown.stdout


def _remove_shared_memory(line: str) -> None:
    """Remove the small System V segment of a killed server (Linux; elsewhere it stays).

    The segment must have the key that the server wrote down, and nobody may be attached to it.
    """
    words = line.split()
    table = Path("/proc/sysvipc/shm")
    if len(words) != 2 or not table.exists():
        return
    key, identity = words
    for _ in range(100):
        rows = [row.split() for row in table.read_text().splitlines()[1:]]
        ours = [row for row in rows if row[1] == identity and int(row[0]) == _signed(int(key))]
        if not ours:
            return
        if ours[0][6] == "0":
            ctypes.CDLL(None).shmctl(int(identity), 0, None)
            return
        time.sleep(0.02)


def _signed(key: int) -> int:
    return key - (1 << 32) if key >= (1 << 31) else key
