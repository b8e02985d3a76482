# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's own regression scripts, by psql, with and without the observer.

``BEDSTONE_REGRESSION_FILES=DIR`` names a folder with a subfolder for each major version, which
holds that version's ``src/test/regress/sql/*.sql`` in ``sql/``. They are not ours, so they are
not here. Each script runs in a database of its own, set up by ``test_setup.sql``: twice directly,
which shows the lines that differ from run to run by themselves, and once through the observer.
``BEDSTONE_REGRESSION_ONLY=copy2,merge`` runs some of them.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedstone.server.binaries import find_binaries
from bedstone.trace import observe
from servers import cache_folder

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString
    from bedstone.server import Scratch, Server

FILES = os.environ.get("BEDSTONE_REGRESSION_FILES")
ONLY = [name for name in os.environ.get("BEDSTONE_REGRESSION_ONLY", "").split(",") if name]
pytestmark = [
    pytest.mark.skipif(
        FILES is None,
        reason="peer not there: PostgreSQL's own regression scripts "
        "(BEDSTONE_REGRESSION_FILES=DIR with DIR/18/sql/*.sql … is not set)",
    ),
    pytest.mark.timeout(3600),
]
#: Those that are not about one session's answers, and why.
EXCLUDED = {
    "test_setup": "every database has it",
    "tablespace": "changes the whole server's folders",
    "stats": "reads how often the session itself was counted",
    "sysviews": "reads what the whole server is doing",
    "misc_sanity": "reads the catalogs only, after all others",
    "opr_sanity": "the same",
    "type_sanity": "the same",
    "oidjoins": "the same",
    "sanity_check": "the same",
    "infinite_recurse": "ends where the stack does",
    "numeric_big": "three minutes of arithmetic",
}
#: What the scripts' own driver sets.
SETTINGS = {
    "PGTZ": "PST8PDT",
    "PGDATESTYLE": "Postgres, MDY",
    "PGOPTIONS": "-c intervalstyle=postgres_verbose",
}
#: Numbers that the server gives out one after the other, or that measure time; both runs of a
#: pair have them in the same places.
_PASSING = re.compile(
    r"\b\d+\.\d+ ms\b|\b(?:pg_toast_|pg_temp_|oid |pid |process |transaction |file )\d+\b"
    r"|0x[0-9a-f]+|\b0/[0-9A-F]+\b|base/\d+/\d+",
    re.IGNORECASE,
)


#: Where the observer's transaction shows: the first differences in a script that are accepted.
ACCEPTED = {
    "subscription": {
        "- ERROR:  ALTER SUBSCRIPTION with refresh cannot be executed from a function",
        "+ ERROR:  ALTER SUBSCRIPTION with refresh cannot run inside a transaction block",
    },
}


def _write_data(folder: Path) -> None:
    """Make the tables that most scripts read: the same columns, rows of our own."""
    names = {"onek": 1000, "tenk": 10000}
    for name, count in names.items():
        rows = []
        for n in range(count):
            u = (n * 7919 + 13) % count
            words = (f"{chr(65 + u % 26)}{chr(65 + u // 26 % 26)}{chr(65 + u // 676 % 26)}AAA",)
            words += (f"{chr(65 + n % 26)}{chr(65 + n // 26 % 26)}AAAA",)
            numbers = (u, n, u % 2, u % 4, u % 10, u % 20, u % 100, u % 1000, u % 2000, u % 5000)
            numbers += (u, u % 100 * 2, u % 100 * 2 + 1)
            string = ("AAAAxx", "HHHHxx", "OOOOxx", "VVVVxx")[n % 4]
            rows.append("\t".join(map(str, (*numbers, *words, string))))
        (folder / f"{name}.data").write_text("\n".join(rows) + "\n")
    person = "ann\t40\t(3.1,6.2)"
    work = "1000\tbob"
    (folder / "person.data").write_text(f"{person}\n{person.replace('ann', 'cy')}\n")
    (folder / "emp.data").write_text(f"{person.replace('ann', 'dee')}\t{work}\n")
    (folder / "student.data").write_text(f"{person.replace('ann', 'ed')}\t2.8\n")
    (folder / "stud_emp.data").write_text(f"{person.replace('ann', 'fay')}\t{work}\t2.8\t50\n")
    roads = (f"{name}\t[(1,{n}),(2,{n})]" for n, name in enumerate(("I- 580", "State Hwy 13")))
    (folder / "streets.data").write_text("\n".join(roads) + "\n")


def _run(dsn: ConnectionString, script: Path, folder: Path) -> list[str]:
    """Return what psql prints, errors included, in the order in which it does."""
    programs = find_binaries(None).bin_dir
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    places = {"PG_ABS_SRCDIR": str(folder), "PG_LIBDIR": "/nowhere", "PG_DLSUFFIX": ".so"}
    places["PG_ABS_BUILDDIR"] = str(folder)
    environ = inherited | SETTINGS | places | dsn.libpq_env()
    words = [programs / "psql", "-X", "-a", "-q", "-v", "HIDE_TABLEAM=on"]
    with script.open("rb") as source:
        done = subprocess.run(
            [*words, "-v", "HIDE_TOAST_COMPRESSION=on"],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd=folder,
            check=False,
            timeout=600,
        )
    text = re.sub(rf"(port\W{{1,3}}){dsn.port}\b", r"\1PORT", done.stdout.decode("latin-1"))
    return [_PASSING.sub("…", line) for line in text.splitlines()]


def _blocks(a: list[str], b: list[str]) -> list[tuple[int, list[str], list[str]]]:
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return [(i, a[i:j], b[k:m]) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]


def _differences(first: list[str], second: list[str], found: list[str]) -> list[str]:
    """Return where *found* differs from *first* in what *first* and *second* have alike."""
    if found in (first, second):
        return []
    loose = {n for i, lines, _ in _blocks(first, second) for n in range(i, i + max(1, len(lines)))}
    told = []
    for i, lines, others in _blocks(first, found):
        if not loose.intersection(range(i, i + max(1, len(lines)))):
            told += [f"{i}: - {line}" for line in lines] + [f"{i}: + {line}" for line in others]
    return told


def _scripts(major: int) -> list[Path]:
    assert FILES is not None
    folder = Path(FILES, str(major), "sql")
    if not folder.is_dir():
        pytest.skip(f"peer not there: the regression scripts of {major} (no {folder})")
    found = sorted(folder.glob("*.sql"))
    return [p for p in found if (p.stem in ONLY if ONLY else p.stem not in EXCLUDED)]


def test_postgresqls_own_scripts_print_the_same(any_server: Server, tmp_path: Path) -> None:
    scripts = _scripts(any_server.version.major)
    folder = cache_folder() / f"regress-{any_server.version.major}"  # the server reads it
    for place in (folder, folder / "data", folder / "results"):
        place.mkdir()
        place.chmod(0o777)
    _write_data(folder / "data")
    with any_server.workspace("regress") as workspace:
        scratch = workspace.scratch("one")
        scratch.reset()
        setup = _run(scratch.dsn, scripts[0].with_name("test_setup.sql"), folder)
        assert [line for line in setup if "ERROR" in line and ".data" in line] == []
        template = scratch.save("setup")
        different, lines, statements, loose = {}, 0, 0, 0
        for script in scripts:
            outputs: list[list[str]] = []
            for _ in range(2):
                scratch.reset(template)
                outputs.append(_run(scratch.dsn, script, folder))
            scratch.reset(template)
            found, count = _observed(scratch, script, folder)
            lines += len(found)
            statements += count
            loose += len(_blocks(*outputs))
            told = _differences(*outputs, found)
            if {line.partition(": ")[2] for line in told} - ACCEPTED.get(script.stem, set()):
                different[script.stem] = told
                (tmp_path / f"{script.stem}.diff").write_text("\n".join(told) + "\n")
    print(
        f"PostgreSQL {any_server.version}: {len(scripts)} scripts, {statements} statements, "
        f"{lines} lines of output, {loose} places that differ "
        f"from run to run by themselves; {len(different)} scripts differ {sorted(different)}"
    )
    assert {name: told[:12] for name, told in different.items()} == {}


def _observed(scratch: Scratch, script: Path, folder: Path) -> tuple[list[str], int]:
    with observe(scratch) as observer:
        found = _run(observer.dsn, script, folder)
        return found, sum(s.executions for s in observer.trace().statements)
