# SPDX-License-Identifier: Apache-2.0
"""Times ``bedstone prove . --since main`` with one new revision on a project of 100 revisions.

Prints the cold run (no template of the older revisions), the warm one with and without the proof
``locks``, and beside them the time of a plain ``alembic upgrade head`` on an empty database of
the same server, as ratios.

    python benchmarks/prove_since.py [REVISIONS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bedstone.prove import proof_names
from bedstone.server import open_server

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "scenario"))
from planted import ENV, INI, sql, write_revision

MODELS = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"


def write(folder: Path, count: int) -> None:
    """Write a project whose every revision makes a table, and every third a column elsewhere."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "models.py").write_text(MODELS)
    (folder / "migrations" / "env.py").write_text(ENV)
    for number in range(1, count + 1):
        add(versions, number)


def add(versions: Path, number: int) -> None:
    """Write revision *number*."""
    columns = (
        "id bigint generated always as identity primary key, name text not null, "
        "made timestamptz not null default now()"
    )
    up = [
        f"create table t{number} ({columns})",
        f"create index t{number}_name_idx on t{number} (name)",
    ]
    down = [f"drop table t{number}"]
    if number % 3 == 0:
        up.append(f"alter table t{number - 1} add column extra integer")
        down.insert(0, f"alter table t{number - 1} drop column extra")
    before = f"{number - 1:04}" if number > 1 else None
    write_revision(versions, f"{number:04}", before, sql(*up), sql(*down))


def timed(command: list[str], folder: Path, **env: str) -> float:
    """Run *command* in *folder* and return its seconds; its failure is ours."""
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=os.environ | env, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.monotonic() - start


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@b.invalid"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "shop"
        folder.mkdir()
        write(folder, count - 1)
        for arguments in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "base"]):
            timed([*git, *arguments], folder)
        add(folder / "migrations" / "versions", count)
        prove = [sys.executable, "-m", "bedstone", "prove", ".", "--since", "main"]
        cold = timed(prove, folder)
        others = [word for name in proof_names() if name != "locks" for word in ("--only", name)]
        pairs = [(timed(prove, folder), timed([*prove, *others], folder)) for _ in range(3)]
        warm, without = (min(times) for times in zip(*pairs, strict=True))
        with open_server() as server, server.workspace("bench") as workspace:
            scratch = workspace.scratch("plain")
            ini = (folder / "alembic.ini").read_text()
            url = scratch.dsn.url("psycopg").replace("%", "%%")
            (folder / "plain.ini").write_text(ini.replace(ini.split(".url = ")[1].strip(), url))
            plain = timed(
                [sys.executable, "-m", "alembic", "-c", "plain.ini", "upgrade", "head"], folder
            )
    print(f"{count} revisions, 1 new")
    print(f"  plain alembic upgrade head   {plain:6.2f} s")
    print(f"  prove --since, cold          {cold:6.2f} s   {cold / plain:5.2f} x")
    print(f"  prove --since, cached        {warm:6.2f} s   {warm / plain:5.2f} x")
    print(f"    without the proof locks    {without:6.2f} s   {without / plain:5.2f} x")


if __name__ == "__main__":
    main()
