# SPDX-License-Identifier: Apache-2.0
"""Statements run as a revision of their own would be, through the observer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from bedstone.prove.locks import judge
from bedstone.prove.locks.ground import read_ground
from bedstone.prove.locks.traced import look_back
from bedstone.trace import observe

if TYPE_CHECKING:
    from bedstone.prove.locks import Judged
    from bedstone.prove.locks.traced import Traced
    from bedstone.server import Scratch

REVISION = "0002"


def execute(scratch: Scratch, *statements: str) -> None:
    """Run what was there before the revision."""
    with scratch.connect(autocommit=True) as connection:
        for sql in statements:
            connection.execute(sql)


def watch(scratch: Scratch, *statements: str, autocommit: bool = False) -> Traced:
    """Run a revision, in one transaction or statement by statement; an error ends it."""
    with scratch.connect(autocommit=True) as connection:
        before = read_ground(connection)
    with observe(scratch) as observer:
        with psycopg.connect(observer.dsn.url(), autocommit=autocommit) as connection:
            try:
                for sql in statements:
                    connection.execute(sql)
                connection.commit()
            except psycopg.Error:
                connection.rollback()
        trace = observer.trace()
    with scratch.connect(autocommit=True) as connection:
        return look_back(connection, REVISION, trace, before)


def judged(scratch: Scratch, *statements: str, autocommit: bool = False) -> Judged:
    """Judge a revision that runs *statements*."""
    return judge(watch(scratch, *statements, autocommit=autocommit))


def codes(found: Judged) -> list[str]:
    """Return the codes of what is found, those about lock_timeout apart."""
    return [finding.code for finding in found.findings if finding.code != "BED364"]
