# SPDX-License-Identifier: Apache-2.0
"""The verdict is the same on PostgreSQL 15, 16, 17 and 18, embedded or by URL, superuser or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from planted import DRIFTS, REVISIONS, write_project
from psycopg import sql

from bedstone.findings import Severity
from bedstone.project import resolve
from bedstone.prove import Verdict, prove_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.server import Server

_ROLE, _PASSWORD = "plain'\" Größe", "s3cret"


def prove(folder: Path, url: str) -> Verdict:
    return prove_project(resolve(str(folder), overrides={"server": url}, cwd=folder)).verdict


def found(verdict: Verdict) -> list[tuple[str, str | None, str | None]]:
    return sorted(
        (f.code, f.revision, f.object)
        for proof in verdict.proofs
        if proof.name in {"downgrades", "rows", "drift"}
        for f in proof.findings
        if f.severity is Severity.ERROR
    )


PLANTED = sorted((code, r.name, name) for r in REVISIONS for code, name in r.found)


@pytest.fixture
def plain_url(any_server: Server) -> Iterator[str]:
    """The address of a server for a role that may create databases, and nothing else."""
    role = sql.Identifier(_ROLE)
    with any_server.connect() as connection:
        connection.execute(
            sql.SQL("create role {} login createdb password {}").format(
                role, sql.Literal(_PASSWORD)
            )
        )
        try:
            words = psycopg.conninfo.make_conninfo(
                **any_server.dsn.keywords() | {"user": _ROLE, "password": _PASSWORD}
            )
            yield words
        finally:
            connection.execute(sql.SQL("drop role {}").format(role))


def test_planted_faults_are_found_on_every_version(any_server: Server, tmp_path: Path) -> None:
    verdict = prove(write_project(tmp_path, faulty=True), any_server.dsn.url())
    assert found(verdict) == PLANTED
    assert str(any_server.version) in verdict.server


@pytest.mark.pg("!= 16, != 17")
def test_the_mended_twin_is_green_on_every_version(any_server: Server, tmp_path: Path) -> None:
    verdict = prove(write_project(tmp_path), any_server.dsn.url())
    assert (verdict.findings, verdict.exit_status) == ((), 0)


@pytest.mark.pg("!= 16, != 17")
def test_drift_is_found_on_every_version(any_server: Server, tmp_path: Path) -> None:
    values = {name: value for name, (value, _) in DRIFTS.items()}
    verdict = prove(write_project(tmp_path, models=values), any_server.dsn.url())
    objects = sorted({name for _, name in DRIFTS.values()})
    assert sorted(o or "" for _, _, o in found(verdict)) == objects


def test_a_role_that_may_create_databases_is_enough(plain_url: str, tmp_path: Path) -> None:
    """The same verdict as a superuser's; what the role may not do is said."""
    verdict = prove(write_project(tmp_path, faulty=True), plain_url)
    assert found(verdict) == PLANTED
    assert verdict.notes
    assert _PASSWORD not in repr(verdict)
