# SPDX-License-Identifier: Apache-2.0
"""Plans between pairs of schemas that others wrote, by area, beside the figures of peers.

    python benchmarks/schema_pairs.py SCHEMA-PAIRS.json [--rows] [--strict] [--bin-dir DIR]
        [--offline] [--filter TEXT]

The pairs are the 415 of the acceptance tests of pg-schema-diff (MIT licence, Stripe), as
``tests/pairs.py`` describes them. Each is planned in both directions
and run by psql with ON_ERROR_STOP; a pair counts as converged where the catalog then has no
meaningful difference and a second plan is empty. With ``--rows`` the tables have rows before: they
have to be the same afterwards, but for the columns and tables of which the plan said so. A plan
that stops because the rows do not suit the new schema (SQLSTATE classes 22 and 23) is counted
apart, and must have lost nothing. With ``--strict`` the plans are those of ``--strict-order``, and
a pair counts where pg_dump then says the same of it as of the target, to the byte.

The figures of the peers are of old to new only, without rows, on PostgreSQL 18.6: two databases,
the tool's statements applied to the one, ``pg_dump --schema-only`` then byte-equal to the other's.
Alembic's were the target reflected into MetaData with its CHECK plugin. Measured in November 2026.

Any other file of pairs will do: a case is an ``id`` with the lists of statements ``old`` and
``new``, and may name the ``roles`` that there have to be and the ``area`` that it is counted in.
A side that PostgreSQL refuses is no fault of a plan: what it said is printed, and the pair counts
as unavailable.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from bedstone.catalog import Catalog, Key, Meaning, compare, read_catalog
from bedstone.errors import NotPlannable
from bedstone.fill.rows import insert_rows
from bedstone.plan import Hazard, Options, Plan, plan, render_script
from bedstone.plan.side import Side
from bedstone.server import open_server
from bedstone.sql import quote_identifier

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from pairs import Pair, build, read_pairs

if TYPE_CHECKING:
    from bedstone.server import Scratch

#: Area: pairs, and how many of them Alembic 1.20.1, migra 3.0, results 2.0 converge.
PEERS = {
    "column": (61, 46, 43, 46), "index": (34, 19, 34, 34), "check": (23, 10, 20, 23),
    "foreign key": (26, 13, 17, 19), "enum": (10, 1, 4, 2), "routine": (28, 3, 22, 26),
    "view": (17, 1, 12, 14), "materialized view": (24, 1, 19, 20), "policy": (28, 2, 23, 26),
    "privilege": (12, 2, 9, 8), "sequence": (30, 4, 9, 26), "trigger": (17, 1, 14, 14),
    "partition": (70, 12, 15, 38), "table": (20, 4, 9, 15), "other": (15, 5, 10, 9),
}  # fmt: skip
_AREAS = {
    "index_no_concurrent": "index", "check_constraint": "check",
    "foreign_key_constraint": "foreign key", "function": "routine", "procedure": "routine",
    "materialized_view": "materialized view", "materialized_view_index": "materialized view",
    "partitioned_index": "partition", "partitioned_table": "partition",
    "local_partition_index": "partition",
}  # fmt: skip
_SQLSTATE = re.compile(r"ERROR:\s+(\w{5}):")
Content = dict[Key, tuple[tuple[str, ...], list[dict[str, str | None]]]]


class Stopped(Exception):
    """psql came to an error; *state* is its SQLSTATE."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        found = _SQLSTATE.search(text)
        self.state = found[1] if found else ""


class Wrong(Exception):
    """A plan did not do what it is for."""


def area(case: Pair) -> str:
    """Return the area of the table that a pair is counted in."""
    if "area" in case:
        return str(case["area"])
    folder = str(case["id"]).split("/", maxsplit=1)[0]
    name = _AREAS.get(folder, folder)
    return name if name in PEERS else "other"


def run(scratch: Scratch, script: str) -> None:
    """Run *script* by psql, until the first error."""
    pg_dump = scratch.workspace.server.pg_dump
    assert pg_dump is not None
    psql = str(pg_dump.program.with_name("psql"))
    done = subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-f", "-"],
        input=script, capture_output=True, text=True, check=False,
        env=os.environ | scratch.dsn.libpq_env(),
    )  # fmt: skip
    if done.returncode:
        raise Stopped(done.stderr)


def as_text(name: str, type_: str) -> str:
    """Return the expression of a column as text; 1.0 and 1.00 are one number."""
    number = type_.startswith("numeric") and not type_.endswith("[]")
    value = quote_identifier(name)
    return f"trim_scale({value})::text" if number else f"{value}::text"


def content(scratch: Scratch) -> Content:
    """Return the rows of all tables as text, generated columns left out."""
    found: Content = {}
    with scratch.connect(autocommit=True) as conn:
        catalog = read_catalog(conn)
        for table in catalog.of_kind("table"):
            types = {
                item.key.name: str(item.attributes["type"])
                for item in catalog.of_kind("column")
                if (item.key.schema, item.key.parent) == (table.key.schema, table.key.name)
                and not item.attributes["generated"]
            }
            names = tuple(types)
            columns = ", ".join(as_text(name, type_) for name, type_ in types.items())
            only = "" if table.attributes["partition_by"] else "only "  # a child's are its own
            query = f"select {columns} from {only}{table.key.path}"
            rows = conn.execute(query.encode()).fetchall()
            found[table.key] = names, [dict(zip(names, row, strict=True)) for row in rows]
    return found


def check_rows(before: Content, after: Content, made: Plan, start: Catalog) -> None:
    """Fail where rows are others than the plan said, of a column or of the parent's."""
    hazards = {Hazard.LOSES_DATA, Hazard.CHANGES_VALUES}
    announced = {s.subject for s in made.statements if hazards & {*s.hazards}}
    side = Side(start)
    brought = side.brought
    tables = [key for key in announced if key.kind == "table" and key in start]
    less = {whole for key in tables for whole in side.above(key)}  # rows go with a partition

    def is_said(key: Key | None) -> bool:
        return key is not None and (key in announced or is_said(brought.get(key)))

    for table, (names, rows) in before.items():
        if table not in after:
            whole = start[table].attributes["partition_of"]
            if table not in announced and not any(key.path == whole for key in after):
                raise Wrong(f"{table} is gone, which no statement said")
            continue
        unsaid = [n for n in names if not is_said(Key("column", table.schema, n, table.name))]
        if lost := {*unsaid} - {*after[table][0]}:
            raise Wrong(f"columns {lost} of {table} are gone, which no statement said")
        old, new = (
            sorted(str([row[name] for name in unsaid]) for row in found)
            for found in (rows, after[table][1])
        )
        if old != new and not (table in less and {*new} <= {*old}):
            raise Wrong(f"the rows of {table} were {old}, are {new}")


def check(scratch: Scratch, target: Catalog, options: Options) -> None:
    """Fail where anything is left to be done."""
    with scratch.connect(autocommit=True) as conn:
        got = read_catalog(conn)
    if left := [d for d in compare(got, target) if d.meaning is Meaning.MEANINGFUL]:
        raise Wrong("; ".join(map(str, left)))
    if again := plan(got, target, options).statements:
        raise Wrong(f"planned again: {again[0].sql}")


def dump(scratch: Scratch) -> list[str]:
    """Return what pg_dump says, less the key of this very dump."""
    lines = (scratch.dump() or "").splitlines()
    return [line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))]


def try_one(
    scratch: Scratch, case: Pair, way: tuple[str, str], options: Options, *, rows: bool
) -> str:
    """Return what became of one pair in one direction."""
    try:
        target = build(scratch, case, way[1])
        wanted = dump(scratch) if options.strict else []
        start = build(scratch, case, way[0])
    except psycopg.Error as reason:
        print(f"unavailable: {case['id']} {way}: {reason}", file=sys.stderr)
        return "unavailable"
    try:
        made = plan(start, target, options)
    except NotPlannable as reason:
        print(f"refused: {case['id']} {way}: {reason}", file=sys.stderr)
        return "refused"
    if rows:
        with scratch.connect() as conn:
            insert_rows(conn, [item.key for item in start.of_kind("table")])
    before = content(scratch) if rows else {}
    try:
        outcome = apply(scratch, made, (start, target), before, options)
    except (Stopped, Wrong) as fault:
        print(f"wrong: {case['id']} {way}: {fault}", file=sys.stderr)
        return "wrong"
    if options.strict and outcome == "converged" and dump(scratch) != wanted:
        print(f"wrong: {case['id']} {way}: pg_dump says other bytes", file=sys.stderr)
        return "wrong"
    return outcome


def apply(
    scratch: Scratch, made: Plan, ends: tuple[Catalog, Catalog], before: Content, options: Options
) -> str:
    """Run a plan and check what came of it; rows may stop it, and are all there then."""
    try:
        run(scratch, render_script(made))
    except Stopped as stop:
        if stop.state[:2] not in {"22", "23"} or not before:
            raise
        whole = {item.key for item in ends[0].of_kind("table") if item.attributes["partition_by"]}
        parts = {table: found for table, found in before.items() if table not in whole}
        check_rows(parts, content(scratch), made, ends[0])  # a partition may be detached by now
        return f"stopped by rows ({stop.state})"
    check(scratch, ends[1], options)
    if before:
        check_rows(before, content(scratch), made, ends[0])
    return "converged"


def show(table: dict[str, dict[str, Counter[str]]]) -> None:
    """Print the table; the peers were measured on their areas only."""
    head = ("area", "pairs", "there", "back", "Alembic", "migra", "results")
    print(f"{head[0]:<18}" + "".join(f"{word:>9}" for word in head[1:]))
    totals = [0] * 6
    areas = PEERS if table.keys() <= PEERS.keys() else dict.fromkeys(sorted(table), (0, 0, 0, 0))
    for name, peers in areas.items():
        ways = [table[name][way]["converged"] for way in ("there", "back")]
        pairs = table[name]["there"].total()
        figures = [pairs, *ways, *peers[1:]]
        totals = [sum(pair) for pair in zip(totals, figures, strict=True)]
        print(f"{name:<18}" + "".join(f"{number:>9}" for number in figures))
    print(f"{'all':<18}" + "".join(f"{number:>9}" for number in totals))
    others: Counter[str] = Counter()
    for ways_of in table.values():
        for outcomes in ways_of.values():
            others.update(outcomes)
    print(", ".join(f"{what}: {number}" for what, number in sorted(others.items())))


def main() -> int:
    """Run the pairs; 1 where a plan did not do what it is for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--rows", action="store_true", help="put rows into the tables first")
    parser.add_argument("--strict", action="store_true", help="to the byte, as pg_dump sees it")
    parser.add_argument("--offline", action="store_true", help="locks are held while rows are read")
    parser.add_argument("--bin-dir", type=Path, help="programs of another PostgreSQL")
    parser.add_argument("--filter", default="", help="only pairs whose name has this in it")
    arguments = parser.parse_args()
    options = Options(online=not arguments.offline, lowest=15, strict=arguments.strict)
    cases = read_pairs(arguments.pairs)
    table: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    # roles are the whole server's: a run beside this one would make and drop the same
    server_given = open_server(bin_dir=arguments.bin_dir, alone=True)
    with server_given as server, server.workspace("pairs") as workspace:
        scratch = workspace.scratch("pairs")
        for case in cases:
            if arguments.filter not in case["id"]:
                continue
            for name, way in (("there", ("old", "new")), ("back", ("new", "old"))):
                outcome = try_one(scratch, case, way, options, rows=arguments.rows)
                table[area(case)][name][outcome] += 1
    show(table)
    return int(any(o["wrong"] for ways in table.values() for o in ways.values()))


if __name__ == "__main__":
    raise SystemExit(main())
