# SPDX-License-Identifier: Apache-2.0
"""Where the embedded server's data goes, and which account it runs as."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import tempfile
from pathlib import Path

from bedstone.errors import AccountMissing, CacheUnusable
from bedstone.server.postmaster import Account

#: systemd's list of uids leaves 65520 to 65533 to nobody, and every user namespace of the usual
#: 65,536 holds them. One that no account has is PostgreSQL's alone: other processes of the
#: account ``nobody`` can then neither read the data nor end the server.
_SPARE_UIDS = range(65527, 65519, -1)

_PLENTY = 4 << 30


def service_account() -> Account | None:
    """Return the account that PostgreSQL runs as, ``None`` for the one bedstone runs as.

    Only root needs another: PostgreSQL refuses it.

    Raises:
        AccountMissing: this is root, and there is no other account in this container.
    """
    if os.geteuid() != 0:
        return None
    named = _named_account()
    if not _is_mapped(named.pw_uid):
        raise AccountMissing(
            "PostgreSQL refuses to run as root, and this container has no other account",
            hint="Run bedstone as another user, or name a server with --server-url",
        )
    for uid in _SPARE_UIDS:
        if _is_mapped(uid) and not _is_named(uid):
            return Account(uid, uid, named.pw_uid, named.pw_gid)
    return Account(named.pw_uid, named.pw_gid, named.pw_uid, named.pw_gid)


def _named_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        pass
    for entry in pwd.getpwall():
        if entry.pw_uid != 0:
            return entry
    raise AccountMissing(
        "PostgreSQL refuses to run as root, and /etc/passwd names no other account",
        hint="Add one: echo 'nobody:x:65534:65534::/:/bin/false' >> /etc/passwd",
    )


def _is_named(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _is_mapped(uid: int) -> bool:
    """Whether this user namespace holds the uid. One that maps root alone is common."""
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [[int(word) for word in line.split()] for line in lines]
    return any(first <= uid < first + count for first, _, count in ranges)


def cache_folder(asked: Path | None, account: Account | None) -> Path:
    """Return the folder for servers, made and writable, and reachable by *account*.

    That is *asked*, else ``BEDSTONE_CACHE_DIR``, else the user's cache. Where it cannot be
    written (no home, a read-only one) or *account* cannot reach it (root's home), a private
    folder of the system takes its place; one asked for gets a place of its own there.

    Raises:
        CacheUnusable: nothing is writable.
    """
    named = asked or (
        Path(os.environ["BEDSTONE_CACHE_DIR"]) if _set("BEDSTONE_CACHE_DIR") else None
    )
    wanted = (named or _user_cache()).expanduser().absolute()
    part = f"at-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:10]}" if named else "."
    candidates = [wanted, *(base / part for base in _fallbacks())]
    for folder in candidates:
        if _usable(folder, account):
            return folder
    raise CacheUnusable(
        f"no folder for the embedded server's data: {candidates[0]} cannot be written",
        detail=f"Nor can {', '.join(map(str, candidates[1:]))}.",
        hint="Set BEDSTONE_CACHE_DIR to a folder on a local disk that you can write",
    )


def servers_folder(asked: Path | None, cache: Path, account: Account | None) -> Path:
    """Return the folder that holds the servers' data: in memory where there is plenty.

    Making a database makes some 300 files, and dropping it removes them. In memory that takes
    the same 15 ms at any time; on a busy disk it was measured at up to 600 ms
    (``benchmarks/server_start.py``). Nothing of worth is lost when the machine
    stops. A folder that was asked for, or named by ``BEDSTONE_CACHE_DIR``, is where the data
    goes.
    """
    memory = Path("/dev/shm", f"bedstone-{os.geteuid()}")  # noqa: S108  checked by _usable
    named = asked is not None or _set("BEDSTONE_CACHE_DIR")
    if not named and _plenty_of_memory() and _usable(memory, account):
        return memory / "servers"
    return cache / "servers"


def _plenty_of_memory() -> bool:
    """Whether /dev/shm has room for a few gigabytes, and the machine has them to spare."""
    try:
        disk = os.statvfs("/dev/shm")  # noqa: S108  looked at only
        kinds = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
        words = Path("/proc/meminfo").read_text().split("MemAvailable:")[1].split()
    except (OSError, IndexError):
        return False
    free = min(disk.f_bavail * disk.f_frsize, int(words[0]) * 1024)
    return ["/dev/shm", "tmpfs"] in kinds and free >= _PLENTY  # noqa: S108  looked at only


def _set(name: str) -> bool:
    return bool(os.environ.get(name))


def _user_cache() -> Path:
    if _set("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"], "bedstone")
    try:
        return Path.home() / ".cache" / "bedstone"
    except RuntimeError:
        return Path("/nonexistent/bedstone")


def _fallbacks() -> list[Path]:
    uid = os.geteuid()
    own = [Path("/var/cache/bedstone")] if uid == 0 else []
    name = f"bedstone-cache-{uid}"
    return [*own, Path("/var/tmp", name), Path(tempfile.gettempdir(), name)]  # noqa: S108  checked


def _usable(folder: Path, account: Account | None) -> bool:
    """Make *folder* if need be, and say whether it is ours, writable, and reachable."""
    try:
        folder.mkdir(mode=0o711 if account else 0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError:
        return False
    shared_temporary = folder.parent.stat().st_mode & stat.S_ISVTX
    if shared_temporary and (facts.st_uid != os.geteuid() or not stat.S_ISDIR(facts.st_mode)):
        return False
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    if facts.st_uid == os.geteuid() and account is None and shared_temporary:
        folder.chmod(0o700)
    return account is None or _reachable(folder, account)


def _reachable(folder: Path, account: Account) -> bool:
    """Whether both accounts that work in *folder* may pass through every folder above it."""
    for path in (folder.resolve(), *folder.resolve().parents):
        facts = path.stat()
        for uid, gid in ((account.uid, account.gid), (account.init_uid, account.init_gid)):
            if facts.st_uid == uid:
                passable = facts.st_mode & stat.S_IXUSR
            elif facts.st_gid == gid:
                passable = facts.st_mode & stat.S_IXGRP
            else:
                passable = facts.st_mode & stat.S_IXOTH
            if not passable:
                return False
    return True
