# SPDX-License-Identifier: Apache-2.0
"""What the tests of the catalog share: a database to change, and what was found, in short."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from bedstone.server import Scratch


def _load(name: str) -> None:
    """Make a module of this folder importable by its name; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


for _name in ("catalog_changes", "catalog_observed"):
    if _name not in sys.modules:
        _load(_name)


from catalog_observed import make_roles, normal_dump  # noqa: E402  loaded just above


@pytest.fixture
def session(scratch: Scratch) -> Iterator[psycopg.Connection]:
    """A session in a new database that has the roles of the test data."""
    with scratch.connect(autocommit=True) as conn:
        make_roles(conn)
        yield conn
        for (name,) in conn.execute(
            "select subname from pg_subscription s join pg_database d on d.oid = subdbid"
            " where datname = current_database()"
        ).fetchall():
            conn.execute(sql.SQL("drop subscription {}").format(sql.Identifier(name)))


@pytest.fixture
def dump(scratch: Scratch) -> Callable[[], list[str]]:
    """What pg_dump says of the database, statement by statement."""

    def run() -> list[str]:
        text = scratch.dump()
        if text is None:
            pytest.skip("no pg_dump can read this server")
        return normal_dump(text)

    return run
