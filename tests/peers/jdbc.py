# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's JDBC driver, from Maven Central."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from fetched import fetch, program

from bedstone.probe.forms import render_url

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString

PROGRAMS = Path(__file__).with_name("java")


def classes() -> Path:
    """Return the folder with the driver and our programs, compiled."""
    program("javac", needed_by="JDBC")
    mvn = program("mvn", needed_by="JDBC")
    files = (PROGRAMS / "pom.xml", *sorted(PROGRAMS.glob("*.java")))
    copy = f"'{mvn}' -q -B dependency:copy-dependencies -DoutputDirectory=."
    return fetch("jdbc", files, ("/bin/sh", "-c", f"{copy} && javac -cp '*' *.java"))


def run_java(name: str, dsn: ConnectionString, *words: str, options: str = "") -> str:
    """Run one of our programs in ``java/`` and return what it prints."""
    there = classes()
    url = render_url(dsn, "jdbc", options)
    done = subprocess.run(
        ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{there}/*:{there}", name, *words],
        env=dict(os.environ) | {"JDBC_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
