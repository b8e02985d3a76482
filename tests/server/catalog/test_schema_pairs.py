# SPDX-License-Identifier: Apache-2.0
"""Pairs of schemas that others wrote: comparing says what pg_dump says, of each one.

The pairs are not in this repository. They are the 415 of the acceptance tests of pg-schema-diff
(MIT licence, Stripe) as one JSON document: ``{"cases": [{"id", "old": [SQL …], "new": [SQL …],
"roles": [quoted name …]}, …]}``. Name it to run them:

    BEDSTONE_SCHEMA_PAIRS=schema-pairs.json .venv/bin/python -m pytest \
        tests/server/catalog/test_schema_pairs.py
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from catalog_observed import check_laws, normal_dump

from bedstone.catalog import Catalog, compare, fold, read_catalog

if TYPE_CHECKING:
    from bedstone.server import Scratch, Server

PAIRS = os.environ.get("BEDSTONE_SCHEMA_PAIRS")

#: What pg_dump does not write down.
NOT_DUMPED = {("extension", "version")}


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    if PAIRS is None:
        pytest.skip("NOT RUN: 415 pairs of schemas; name their file in BEDSTONE_SCHEMA_PAIRS")
    found: list[dict[str, Any]] = json.loads(Path(PAIRS).read_text(encoding="utf-8"))["cases"]
    assert found
    return found


@pytest.mark.timeout(900)
def test_comparing_says_what_pg_dump_says(
    cases: list[dict[str, Any]], any_server: Server, scratch: Scratch
) -> None:
    wrong, refused = [], 0
    for case in cases:
        try:
            old, old_dump = observe(scratch, case, "old")
            new, new_dump = observe(scratch, case, "new")
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
            refused += 1  # an extension that this server comes without, a newer server's SQL
            continue
        differences = compare(old, new)
        dumped = [d for d in differences if (d.key.kind, d.attribute) not in NOT_DUMPED]
        if bool(dumped) is not (old_dump != new_dump):
            wrong.append(f"{case['id']}: {[str(item) for item in differences]}")
        folded = fold(differences)
        assert sum(1 + len(group.consequences) for group in folded) == len(differences)
        check_laws(old, new, case["id"])
    assert wrong == []
    assert refused < len(cases) / 10


def observe(scratch: Scratch, case: dict[str, Any], side: str) -> tuple[Catalog, list[str]]:
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        for role in case.get("roles", ()):
            with suppress(psycopg.errors.DuplicateObject):
                conn.execute(f"create role {role}".encode())
        for statements in case[side]:
            conn.execute(statements.encode())
        catalog = read_catalog(conn)
        assert catalog.unmodelled == ()
        text = scratch.dump()
    assert text is not None
    return catalog, normal_dump(text)
