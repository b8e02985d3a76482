# SPDX-License-Identifier: Apache-2.0
"""What the observer costs: Alembic's upgrade and COPY through it, against the same without it.

python benchmarks/trace_cost.py [--repeat 5] [--revisions 100] [--megabytes 1000]
python benchmarks/trace_cost.py --projects [--repeat 5] [--folder FOLDER]

With ``--projects``, the upgrades of the projects in ``real_projects`` instead.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from real_projects import FOLDER, install, known_projects, read_recipe, time_plain

import bedstone
from bedstone.server import open_server
from bedstone.trace import observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.dsn import ConnectionString
    from bedstone.server import Scratch

ADS = Path(bedstone.__file__).parent / "blueprints" / "ads" / "alembic.ini"

_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["SQLALCHEMY_URL"]).connect() as connection:
    context.configure(connection=connection, transaction_per_migration={separate})
    with context.begin_transaction():
        context.run_migrations()
"""
_REVISION = """
revision, down_revision = "r{number}", {down}
from alembic import op
import sqlalchemy as sa
def upgrade():
    op.create_table("t{number}", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("name", sa.String(50), nullable=False, index=True))
    op.add_column("t{number}", sa.Column("note", sa.Text))
    op.execute("update t{number} set note = name")
def downgrade():
    op.drop_table("t{number}")
"""
#: Runs in a process of its own, as a traced command does; prints bytes a second, in and out.
_COPY = """
import os, sys, time, psycopg
total = int(sys.argv[1]) * 1_000_000
block = (b"1\\t" + b"x" * 97 + b"\\n") * 650
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    cursor = connection.cursor()
    cursor.execute("create unlogged table copied (id int, v text)")
    begun = time.monotonic()
    with cursor.copy("copy copied from stdin") as copy:
        for _ in range(total // len(block)):
            copy.write(block)
    inward = time.monotonic() - begun
    begun, size = time.monotonic(), 0
    with cursor.copy("copy copied to stdout") as copy:
        while data := copy.read():
            size += len(data)
    print(size / inward, size / (time.monotonic() - begun))
    cursor.execute("drop table copied")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--revisions", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--projects", action="store_true")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="kept for the next time")
    options = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with (
        tempfile.TemporaryDirectory() as name,
        open_server() as server,
        server.workspace("bench") as workspace,
    ):
        print(f"PostgreSQL {server.version}")
        scratch = workspace.scratch("cost")
        if options.projects:
            for project in known_projects():
                show_project(project, scratch, options.folder / project, options.repeat)
            return
        show_upgrades("ads", scratch, ADS, options.repeat)
        for separate, label in ((True, "a transaction each"), (False, "in one transaction")):
            ini = write(Path(name) / str(separate), options.revisions, separate=separate)
            show_upgrades(f"{options.revisions} revisions {label}", scratch, ini, options.repeat)
        show_copies(scratch, options.megabytes)


def write(folder: Path, count: int, *, separate: bool) -> Path:
    """Write a history of *count* revisions, four statements each."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "migrations" / "env.py").write_text(_ENV.format(separate=separate))
    for number in range(count):
        down = f'"r{number - 1}"' if number else None
        (versions / f"r{number}.py").write_text(_REVISION.format(number=number, down=down))
    ini = folder / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n")
    return ini


def show_upgrades(label: str, scratch: Scratch, ini: Path, repeat: int) -> None:
    """Run the history in turns with and without the observer."""
    command = [sys.executable, "-m", "alembic", "-c", str(ini), "upgrade", "head"]
    show_turns(label, scratch, repeat, lambda dsn: timed(lambda: run(command, dsn)))


def show_project(name: str, scratch: Scratch, folder: Path, repeat: int) -> None:
    """Run a published project's own command in turns with and without the observer."""
    recipe = read_recipe(name)
    install(recipe, folder)
    show_turns(name, scratch, repeat, lambda dsn: time_plain(recipe, folder, dsn))


def show_turns(
    label: str, scratch: Scratch, repeat: int, upgrade: Callable[[ConnectionString], float]
) -> None:
    """Run *upgrade*, which gives its seconds, in turns with and without the observer."""
    plain, traced, statements = [], [], 0
    for _ in range(repeat):
        scratch.reset()
        plain.append(upgrade(scratch.dsn))
        scratch.reset()
        with observe(scratch) as observer:
            traced.append(upgrade(observer.dsn))
            statements = sum(s.executions for s in observer.trace().statements)
    ratios = [through / without for without, through in zip(plain, traced, strict=True)]
    print(f"alembic upgrade head, {label}: {statistics.median(plain):.2f} s, traced "
          f"{statistics.median(traced):.2f} s ({statistics.median(ratios):.2f} x, {statements} "
          f"statements, load {os.getloadavg()[0]:.1f})", flush=True)  # fmt: skip


def show_copies(scratch: Scratch, megabytes: int) -> None:
    """Copy in and out, first without the observer."""
    command = [sys.executable, "-c", _COPY, str(megabytes)]
    scratch.reset()
    plain = [float(word) for word in run(command, scratch.dsn).split()]
    with observe(scratch) as observer:
        traced = [float(word) for word in run(command, observer.dsn).split()]
    for way, before, after in zip(("in", "out"), plain, traced, strict=True):
        print(f"COPY of {megabytes} MB {way}: {before / 1e6:.0f} MB/s, traced "
              f"{after / 1e6:.0f} MB/s ({after / before:.0%})")  # fmt: skip


def run(command: list[str], dsn: ConnectionString) -> str:
    """Run *command* on the database at *dsn* and return what it prints."""
    addresses = {"DATABASE_URL": dsn.url(), "SQLALCHEMY_URL": dsn.url("psycopg")}
    done = subprocess.run(
        command, env=os.environ | addresses, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that *work* takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


if __name__ == "__main__":
    main()
