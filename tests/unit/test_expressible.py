# SPDX-License-Identifier: Apache-2.0
"""What the silence of models means, and what they do say."""

from __future__ import annotations

import pytest

from bedstone.catalog import Change, Difference, Key
from bedstone.prove.expressible import is_expressible

TABLE = Key("table", "public", "t")
COLUMN = Key("column", "public", "c", "t")


@pytest.mark.parametrize(
    ("key", "attribute", "models", "history", "expressible"),
    [
        (TABLE, "row_security", False, True, False),
        (TABLE, "row_security", True, False, True),  # DDL attached to the models
        (TABLE, "replica_identity", "default", "full", False),
        (TABLE, "replica_identity", "full", "default", True),
        (TABLE, "comment", None, "x", True),
        (TABLE, "owner", "a", "b", False),
        (COLUMN, "local", True, False, False),
        (COLUMN, "compression", None, "lz4", False),
        (COLUMN, "compression", "lz4", None, True),
    ],
)
def test_an_attribute(
    key: Key, attribute: str, models: object, history: object, *, expressible: bool
) -> None:
    difference = Difference(Change.CHANGED, key, attribute, models, history)  # type: ignore[arg-type]
    assert is_expressible(difference) is expressible


def test_objects_of_kinds_that_metadata_has_no_element_for() -> None:
    function = Key("function", "public", "f")
    assert not is_expressible(Difference(Change.ADDED, function))
    assert is_expressible(Difference(Change.REMOVED, function))
    assert is_expressible(Difference(Change.ADDED, COLUMN))
