# SPDX-License-Identifier: Apache-2.0
"""Pairs of schemas that others wrote.

They are not in this repository: the 415 of the acceptance tests of pg-schema-diff (MIT licence,
Stripe) as one JSON document, ``{"cases": [{"id", "old": [SQL …], "new": [SQL …], "roles": [quoted
name …]}, …]}``. Name it to run the tests that take them:

    BEDSTONE_SCHEMA_PAIRS=schema-pairs.json .venv/bin/python -m pytest -k pairs tests/server
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bedstone.catalog import Catalog, read_catalog

if TYPE_CHECKING:
    from bedstone.server import Scratch

Pair = dict[str, Any]

#: An extension that a server comes without, a newer server's SQL.
UNAVAILABLE = (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile)


def read_pairs(path: Path) -> list[Pair]:
    """Return the pairs in the file *path*."""
    found: list[Pair] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    assert found
    return found


def named_pairs() -> list[Pair]:
    """Return those of the file that is named; without one the test is skipped."""
    name = os.environ.get("BEDSTONE_SCHEMA_PAIRS")
    if name is None:
        pytest.skip("NOT RUN: 415 pairs of schemas; name their file in BEDSTONE_SCHEMA_PAIRS")
    return read_pairs(Path(name))


def build(scratch: Scratch, pair: Pair, side: str) -> Catalog:
    """Make one side of a pair and read it."""
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        for role in pair.get("roles", ()):
            with suppress(psycopg.errors.DuplicateObject):
                conn.execute(f"create role {role}".encode())
        for statements in pair[side]:
            conn.execute(statements.encode())
        return read_catalog(conn)
