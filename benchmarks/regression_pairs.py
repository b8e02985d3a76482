# SPDX-License-Identifier: Apache-2.0
"""Plans between what PostgreSQL's own regression scripts leave behind.

    python benchmarks/regression_pairs.py DIR [SCRIPT ...] [--bin-dir DIR]

DIR holds the server's ``src/test/regress/sql/*.sql``, which are not ours and so not here. Each
script is run by psql to a third, to two thirds and to its end, over ``test_setup.sql``, whatever
fails on the way; what is there then is read. A second database is brought from nothing to the
first state, on to the second and the third, and back to nothing, each time by a plan that psql
runs with ON_ERROR_STOP. It counts as converged where no meaningful difference is left and a second
plan is empty. The roles that a script makes are dropped after it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from bedstone.catalog import Catalog, Meaning, compare, read_catalog
from bedstone.errors import CatalogIncomplete, NotPlannable
from bedstone.plan import plan, render_script
from bedstone.server import open_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.server import Server

#: Scripts that are not about one database.
_EXCLUDED = frozenset({"test_setup", "tablespace", "stats", "sysviews", "largeobject"})
_PATIENCE = "-c statement_timeout=20s -c lock_timeout=5s"


class Database:
    """A plain database of its own name, dropped and made at will."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name
        self.dsn = server.dsn.at(name)
        assert server.pg_dump is not None
        self._psql = str(server.pg_dump.program.with_name("psql"))

    def make(self) -> None:
        """Make it anew, empty."""
        self.drop()
        with self._server.connect(autocommit=True) as conn:
            conn.execute(f"create database {self.name} template template0".encode())

    def drop(self) -> None:
        """Drop it with what holds it: subscriptions, prepared transactions."""
        with suppress(psycopg.OperationalError), self._connect() as conn:
            mine = "database = current_database()"
            for (gid,) in conn.execute(
                f"select quote_literal(gid) from pg_prepared_xacts where {mine}".encode()
            ).fetchall():
                conn.execute(f"rollback prepared {gid}".encode())
            for (name,) in conn.execute(
                "select quote_ident(s.subname) from pg_subscription as s join pg_database as d "
                "on d.oid = s.subdbid where d.datname = current_database()"
            ).fetchall():
                for action in ("disable", "set (slot_name = none)"):
                    conn.execute(f"alter subscription {name} {action}".encode())
                conn.execute(f"drop subscription {name}".encode())
        with self._server.connect(autocommit=True) as conn:
            conn.execute(f"drop database if exists {self.name} with (force)".encode())

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(**self.dsn.keywords(), autocommit=True)  # type: ignore[arg-type]

    def read(self) -> Catalog:
        """Return what is in it."""
        with self._connect() as conn:
            return read_catalog(conn)

    def run(self, script: str, *, stop: bool, options: str = "") -> str:
        """Run *script* by psql; return its first error where it is to *stop* there."""
        places = {"PG_ABS_SRCDIR": "/nowhere", "PG_LIBDIR": "/nowhere", "PG_DLSUFFIX": ".so"}
        done = subprocess.run(
            [self._psql, "-X", "-q", *(("-v", "ON_ERROR_STOP=1") if stop else ()), "-f", "-"],
            input=script, capture_output=True, text=True, check=False, timeout=300,
            env=os.environ | self.dsn.libpq_env() | places | {"PGOPTIONS": options},
        )  # fmt: skip
        return done.stderr.strip() if stop and done.returncode else ""


def thirds(script: Path) -> Iterator[str]:
    """Yield the script to a third, to two thirds, to its end; each ends with a statement."""
    lines = script.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    for part in (1, 2, 3):
        end = len(lines) * part // 3
        while end < len(lines) and not lines[end - 1].rstrip().endswith(";"):
            end += 1
        yield "".join(lines[:end])


def bring(target: Database, a: Catalog, b: Catalog) -> tuple[str, str]:
    """Bring *target* from *a* to *b*; return the outcome and what there is to say of it."""
    try:
        made = plan(a, b)
    except (CatalogIncomplete, NotPlannable) as reason:
        return "refused", str(reason).splitlines()[0]
    if error := target.run(render_script(made), stop=True):
        return "stopped", error.splitlines()[0]
    after = target.read()
    if left := [str(d) for d in compare(after, b) if d.meaning is Meaning.MEANINGFUL]:
        return "wrong", "; ".join(left[:4])
    if again := plan(after, b).statements:
        return "wrong", f"planned again: {again[0].sql}"
    return "converged", ""


def try_script(script: Path, source: Database, target: Database) -> Counter[str]:
    """Return the outcomes of one script."""
    outcomes: Counter[str] = Counter()
    setup = script.with_name("test_setup.sql").read_text(encoding="utf-8")
    target.make()
    nothing = there = target.read()
    for number, text in enumerate((*thirds(script), None), 1):
        wanted = nothing
        if text is not None:
            source.make()
            source.run(setup + text, stop=False, options=_PATIENCE)
            wanted = source.read()
        outcome, said = bring(target, there, wanted)
        outcomes[outcome] += 1
        there = wanted
        if outcome != "converged":
            print(f"{outcome}: {script.stem} {number}: {said}", file=sys.stderr, flush=True)
            target.make()
            there = nothing
    return outcomes


@contextmanager
def databases(server: Server) -> Iterator[tuple[Database, Database]]:
    """Give two databases; drop them afterwards, and the roles that the script made."""
    pair = Database(server, "regression_source"), Database(server, "regression_target")
    with server.connect(autocommit=True) as conn:
        before = {name for (name,) in conn.execute("select rolname from pg_roles")}
    try:
        yield pair
    finally:
        for database in pair:
            database.drop()
        with server.connect(autocommit=True) as conn:
            for (name,) in conn.execute("select rolname from pg_roles").fetchall():
                if name not in before:
                    conn.execute(
                        psycopg.sql.SQL("drop role {}").format(psycopg.sql.Identifier(name))
                    )


def main() -> int:
    """Run the scripts; 1 where a plan did not do what it is for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("scripts", nargs="*", help="only these, without .sql")
    parser.add_argument("--bin-dir", type=Path, help="programs of another PostgreSQL")
    arguments = parser.parse_args()
    outcomes: Counter[str] = Counter()
    with open_server(bin_dir=arguments.bin_dir, alone=True) as server:
        for script in sorted(arguments.folder.glob("*.sql")):
            wanted = arguments.scripts or [script.stem]
            if script.stem in wanted and script.stem not in _EXCLUDED:
                with databases(server) as pair:
                    outcomes += try_script(script, *pair)
    print(", ".join(f"{what}: {number}" for what, number in sorted(outcomes.items())))
    return int(bool(outcomes["wrong"] or outcomes["stopped"]))


if __name__ == "__main__":
    raise SystemExit(main())
