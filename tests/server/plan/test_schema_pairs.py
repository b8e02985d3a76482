# SPDX-License-Identifier: Apache-2.0
"""Pairs of schemas that others wrote: the plan from each to the other leaves nothing to be done.

Two observers say so: the catalog, and pg_dump, which says the same to the byte where the plan is
strict about what is cosmetic. The pairs are those of the acceptance tests of
pg-schema-diff (see ``catalog/test_schema_pairs.py``). Name their file to run them:

    BEDSTONE_SCHEMA_PAIRS=schema-pairs.json .venv/bin/python -m pytest \
        tests/server/plan/test_schema_pairs.py
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from catalog_observed import dump_less_cosmetic, dump_to_the_byte
from plan_applied import bring, observe

from bedstone.plan import Options

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server

PAIRS = os.environ.get("BEDSTONE_SCHEMA_PAIRS")
#: pg_dump takes four times as long as all the rest: it is asked of each server's own version.
PARTS = 4


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    if PAIRS is None:
        pytest.skip("NOT RUN: 415 pairs of schemas; name their file in BEDSTONE_SCHEMA_PAIRS")
    found: list[dict[str, Any]] = json.loads(Path(PAIRS).read_text(encoding="utf-8"))["cases"]
    assert found
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("strict", [False, True], ids=["cosmetic", "strict"])
@pytest.mark.parametrize("way", [("old", "new"), ("new", "old")], ids=["there", "back"])
def test_nothing_is_left_and_pg_dump_agrees(
    way: tuple[str, str],
    part: int,
    cases: list[dict[str, Any]],
    any_server: Server,
    scratch: Scratch,
    *,
    strict: bool,
) -> None:
    wrong, unavailable = [], 0
    chosen = cases[part::PARTS]
    view = dump_to_the_byte if strict else dump_less_cosmetic
    for case in chosen:
        try:
            target, text = build(scratch, case, way[1])
            start, _ = build(scratch, case, way[0], with_dump=False)
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
            unavailable += 1  # an extension that this server comes without, a newer server's SQL
            continue
        try:
            bring(scratch, start, target, Options(lowest=15, strict=strict))
        except AssertionError as reason:
            wrong.append(f"{case['id']}: {reason}")
            continue
        wanted, got = view(text), view(dumped(scratch))
        if got != wanted:
            differing = sorted({*got} ^ {*wanted})
            wrong.append(f"{case['id']}: pg_dump: {differing}")
    assert not wrong, "\n\n".join(wrong)
    assert unavailable < len(chosen) / 10


def build(
    scratch: Scratch, case: dict[str, Any], side: str, *, with_dump: bool = True
) -> tuple[Catalog, str]:
    scratch.reset()
    with scratch.connect(autocommit=True) as conn:
        for role in case.get("roles", ()):
            with suppress(psycopg.errors.DuplicateObject):
                conn.execute(f"create role {role}".encode())
        for statements in case[side]:
            conn.execute(statements.encode())
    return observe(scratch), dumped(scratch) if with_dump else ""


def dumped(scratch: Scratch) -> str:
    text = scratch.dump()
    assert text is not None
    return text
