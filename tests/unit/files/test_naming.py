# SPDX-License-Identifier: Apache-2.0
"""Versions compare as Flyway's do, and a name that only looks like a migration's is an error."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedstone.errors import FileNameInvalid
from bedstone.history.files.naming import CALLED, ELSEWHERE, REFUSED, Naming, Role, Version


@pytest.mark.parametrize(
    ("name", "role", "version", "description"),
    [
        ("V1__start.sql", Role.VERSION, "1", "start"),
        ("V1.2.3__a_b.SQL", Role.VERSION, "1.2.3", "a b"),
        ("V1_10__x.sql", Role.VERSION, "1.10", "x"),
        ("V001__x.sql", Role.VERSION, "001", "x"),
        ("V20260101120000__x__y.sql", Role.VERSION, "20260101120000", "x  y"),
        ("V7.sql", Role.VERSION, "7", ""),
        ("U1.5__back.sql", Role.UNDO, "1.5", "back"),
        ("B9__all.sql", Role.BASELINE, "9", "all"),
        ("R__my_views.sql", Role.REPEATABLE, None, "my views"),
        ("afterMigrate.sql", Role.CALLBACK, None, ""),
        ("beforeEachMigrate__set_role.sql", Role.CALLBACK, None, "set role"),
    ],
)
def test_what_a_name_says(name: str, role: Role, version: str | None, description: str) -> None:
    found = Naming().read(name)
    assert found is not None
    assert (found.role, found.description) == (role, description)
    assert (found.version.text if found.version else None) == version


@pytest.mark.parametrize(
    "name", ["V1__x.txt", "notes.sql", "View.sql", "README.md", "Users__old.sql", "Report.sql"]
)
def test_other_files_are_none_of_ours(name: str) -> None:
    assert Naming().read(name) is None


@pytest.mark.parametrize("name", ["V1.x__a.sql", "V__a.sql", "V1-2__a.sql", "R1__a.sql"])
def test_a_name_that_is_almost_one_is_an_error(name: str) -> None:
    """Left out silently, it would never be run."""
    with pytest.raises(FileNameInvalid, match="is named like a migration and is none"):
        Naming().read(name)


def test_other_prefixes_and_suffixes() -> None:
    naming = Naming(version="M", separator="-", suffixes=(".pg.sql", ".psql"))
    found = naming.read("M1.5-orders.pg.sql")
    assert found is not None
    assert (found.version, found.description) == (Version("1.5"), "orders")
    assert naming.read("V1__x.sql") is None


@pytest.mark.parametrize(
    ("low", "high"),
    [("1.9", "1.10"), ("1", "1.0.1"), ("9", "10"), ("0001.2", "1.10"), ("1.0", "2")],
)
def test_versions_are_compared_by_their_numbers(low: str, high: str) -> None:
    assert Version(low) < Version(high)
    assert not Version(high) < Version(low)


@pytest.mark.parametrize(("one", "other"), [("1", "1.0"), ("01", "1"), ("1.2.0.0", "1.2")])
def test_zeros_at_either_end_say_nothing(one: str, other: str) -> None:
    assert Version(one) == Version(other)
    assert hash(Version(one)) == hash(Version(other))


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=4), max_size=8))
def test_versions_have_one_order(numbers: list[list[int]]) -> None:
    versions = [Version(".".join(map(str, parts))) for parts in numbers]
    ordered = sorted(versions)
    assert all(not later < earlier for earlier, later in pairwise(ordered))


def test_each_event_of_flyway_is_in_one_group() -> None:
    assert not CALLED & ELSEWHERE
    assert not CALLED & REFUSED
    assert not ELSEWHERE & REFUSED
    assert len(CALLED | ELSEWHERE | REFUSED) == 42
