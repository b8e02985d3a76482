# SPDX-License-Identifier: Apache-2.0
"""Flyway, from Maven Central."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fetched import fetch, program

from bedstone.probe.delivery import Places, render

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString

PROGRAMS = Path(__file__).with_name("flyway_java")


def flyway(folder: Path, dsn: ConnectionString | None = None) -> list[str]:
    """Return the command that migrates *dsn*, or what FLYWAY_URL names, by the files there."""
    program("javac", needed_by="Flyway")
    mvn = program("mvn", needed_by="Flyway")
    files = (PROGRAMS / "pom.xml", PROGRAMS / "Migrate.java")
    copy = f"'{mvn}' -q -B dependency:copy-dependencies -DoutputDirectory=."
    there = fetch("flyway", files, ("/bin/sh", "-c", f"{copy} && javac -cp '*' *.java"))
    words = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{there}/*:{there}", "Migrate", str(folder)]
    if dsn is not None:
        form = "jdbc:postgresql://{host}:{port}/{dbname}?user={user}&password={password}"
        words.append(render(form, dsn, Places(tmp=there, files=there, root=there)))
    return words
