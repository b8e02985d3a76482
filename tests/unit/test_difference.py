# SPDX-License-Identifier: Apache-2.0
"""How one difference is said."""

from __future__ import annotations

from bedstone.catalog import Difference, Key
from bedstone.catalog.difference import Change

LABELS = Difference(Change.CHANGED, Key("enum", "public", "e"), "labels", ("a",), ("a", "b"))
NULLS = Difference(Change.CHANGED, Key("index", "public", "i", "t"), "nulls", "first", "last")


def test_several_values_are_and_one_value_is() -> None:
    assert "labels are a in here, a, b in there" in LABELS.between("here", "there")
    assert "nulls is first in here, last in there" in NULLS.between("here", "there")


def test_of_two_long_values_that_begin_alike_the_place_where_they_differ_is_shown() -> None:
    """Both sides of an enum's added label were cut at the same place, so that they were equal."""
    states = ("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")
    key = Key("enum", "public", "state")
    said = str(Difference(Change.CHANGED, key, "labels", states, (*states, "CRASHED")))
    assert said == (
        "type public.state: labels …COMPLETED, FAILED, CANCELLED"
        " → …COMPLETED, FAILED, CANCELLED, CRASHED"
    )
    long = "x" * 100
    said = str(Difference(Change.CHANGED, key, "comment", f"{long}a", f"{long}b{long}"))
    old, new = said.removeprefix("type public.state: comment ").split(" → ")
    assert old == f"…{'x' * 20}a"
    assert new.startswith(f"…{'x' * 20}bx")
    assert len(new) == 60
