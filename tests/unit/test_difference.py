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
