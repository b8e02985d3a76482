# SPDX-License-Identifier: Apache-2.0
"""Proves published projects, unchanged, and compares what is found with what is true.

For each folder of ``real_projects``: a virtual environment with the pinned packages, plain
``alembic upgrade head`` timed, ``bedstone prove . --json`` timed beside it, and its findings
compared with ``findings.txt``; each line of that was confirmed by hand, as
``docs/explanation/real-projects.md`` shows. With ``--locks``, instead: each revision is run by
itself through the observer, and what it did to tables that were there before is told by table.

    python benchmarks/real_projects.py [NAME…] [--locks] [--folder FOLDER]

Exits with 1 where a finding is missing or not expected.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from bedstone.history import open_history
from bedstone.project import resolve
from bedstone.report import render_tables_markdown
from bedstone.server import open_server
from bedstone.trace import Trace, observe

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString

RECIPES = Path(__file__).parent / "real_projects"
#: Where environments are kept.
FOLDER = Path(tempfile.gettempdir()) / "bedstone-real-projects"
#: An env.py may hand the ini file to logging.config.fileConfig, which wants these.
LOGGING = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARN
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(message)s
"""


@dataclass(frozen=True)
class Recipe:
    """How one project is installed, how plain Alembic is told its database, and what is true."""

    name: str
    requires: tuple[str, ...]
    bedstone_toml: str
    expected: frozenset[str]
    script_location: str = ""
    command: tuple[str, ...] = ("alembic",)
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def known_projects() -> list[str]:
    """Return the names of all recipes."""
    return sorted(path.name for path in RECIPES.iterdir() if path.is_dir())


def read_recipe(name: str) -> Recipe:
    """Read the recipe of one project."""
    folder = RECIPES / name
    told: dict[str, Any] = tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8"))
    return Recipe(
        name=name,
        requires=tuple(told.pop("requires")),
        bedstone_toml=(folder / "bedstone.toml").read_text(encoding="utf-8"),
        expected=frozenset((folder / "findings.txt").read_text(encoding="utf-8").splitlines()),
        command=tuple(told.pop("command", ("alembic",))),
        **told,
    )


def install(recipe: Recipe, folder: Path) -> None:
    """Make the project's working folder and environment, if that was not done before."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "installed.txt"
    if not mark.is_file() or mark.read_text(encoding="utf-8").splitlines() != [*recipe.requires]:
        venv.create(folder / ".venv", with_pip=True, clear=True)
        pip = [str(folder / ".venv/bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *recipe.requires], check=True)
        mark.write_text("\n".join(recipe.requires), encoding="utf-8")
    (folder / "bedstone.toml").write_text(recipe.bedstone_toml, encoding="utf-8")


def time_plain(recipe: Recipe, folder: Path, dsn: ConnectionString) -> float:
    """Return the seconds of ``alembic upgrade head``, with the project's own command."""
    names = {**dsn.libpq_env(), "PGURL": dsn.url("psycopg2"), "PWD": str(folder)}
    env = {k: Template(v).substitute(names) for k, v in recipe.env.items()}
    url = names["PGURL"].replace("%", "%%")
    ini = f"[alembic]\nscript_location = {recipe.script_location}\nsqlalchemy.url = {url}\n"
    for name, text in {"alembic.ini": ini + LOGGING, **recipe.files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    program = folder / ".venv/bin" / recipe.command[0]
    start = time.monotonic()
    done = subprocess.run(
        [program, *recipe.command[1:], "upgrade", "head"],
        cwd=folder,
        env=os.environ | names | env,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    for name in ("alembic.ini", *recipe.files):
        (folder / name).unlink()  # bedstone gets nothing but its own file
    return time.monotonic() - start


def prove(folder: Path) -> tuple[float, dict[str, Any]]:
    """Return the seconds and the answer of ``bedstone prove . --json``."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "bedstone", "prove", ".", "--json"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode not in {0, 1}:
        sys.exit(done.stdout + done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return time.monotonic() - start, answer


def lines(answer: dict[str, Any]) -> frozenset[str]:
    """Return each finding as a line of ``findings.txt``: severity, code, revision, object."""
    return frozenset(
        " ".join([f["severity"], f["code"], f["revision"] or "-", f["object"] or "-"])
        for proof in answer["proofs"]
        for f in proof["findings"]
    )


def measure(name: str, folder: Path) -> bool:
    """Install, time and compare one project; say whether it is as expected."""
    recipe = read_recipe(name)
    install(recipe, folder)
    with open_server() as server, server.workspace("bench") as workspace:
        plain = time_plain(recipe, folder, workspace.scratch("plain").dsn)
    seconds, answer = prove(folder)
    found = lines(answer)
    print(
        f"{name:<12}{answer['revisions']:>4} revisions   plain upgrade {plain:6.1f} s   "
        f"prove {seconds:6.1f} s (imports {answer['startup_seconds']:.1f} s)   "
        f"{len(found)} findings: {'as expected' if found == recipe.expected else 'NOT AS EXPECTED'}"
    )
    for line in sorted(recipe.expected - found):
        print(f"    missing       {line}")
    for line in sorted(found - recipe.expected):
        print(f"    not expected  {line}")
    return found == recipe.expected


def show_locks(name: str, folder: Path) -> bool:
    """Run each revision as a deployment would, on what those before it left, and tell its locks.

    A revision that cannot be run alone is run with all before it, unobserved, and named.
    """
    install(read_recipe(name), folder)
    traces, alone = [], []
    with open_server() as server, server.workspace("locks") as workspace:
        scratch = workspace.scratch("locks")
        with open_history(resolve(".", cwd=folder), scratch) as history:
            scratch.reset()
            names = [revision.id for revision in history.revisions]
            for number, revision in enumerate(names, start=1):
                with observe(scratch) as observer:
                    if history.step(observer, revision, "up").ok:
                        traces.append(observer.trace())
                        continue
                alone.append(revision)
                scratch.reset()
                run = history.upgrade(scratch, names[:number])
                if not run.ok:
                    sys.exit(f"{name}: {revision} fails: {run.error}")
    print(f"{name}: {len(names)} revisions, {len(names) - len(alone)} observed\n")
    statements = tuple(
        replace(statement, label=statement.label or revision)
        for revision, trace in zip((n for n in names if n not in alone), traces, strict=True)
        for statement in trace.statements
    )
    print(
        render_tables_markdown(Trace(statements), times=False)
    )  # of empty tables they say nothing
    if alone:
        print(f"Not observed, since it cannot be run alone: {', '.join(alone)}\n")
    return True


def main() -> None:
    """Measure the projects named, or all."""
    known = known_projects()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="kept for the next time")
    parser.add_argument("--locks", action="store_true", help="tell the locks by table instead")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"no recipe for {', '.join(sorted(unknown))}")
    work = show_locks if options.locks else measure
    results = [work(name, options.folder / name) for name in options.names or known]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
