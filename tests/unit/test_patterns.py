# SPDX-License-Identifier: Apache-2.0
"""Patterns for objects take what a report prints, and names without their quotes."""

from __future__ import annotations

import pytest

from bedstone.catalog import Key, is_named

KEYS = [
    Key("table", "public", "t"),
    Key("table", "Odd [1]", 'a "b" *'),
    Key("column", "public", "Größe", "select"),
    Key("function", "public", "f", "integer[], text"),
    Key("trigger", "public", "a?", "T.x"),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_what_is_printed_is_a_pattern_for_itself_alone(key: Key) -> None:
    assert [other for other in KEYS if is_named(other, [str(key)])] == [key]


@pytest.mark.parametrize(
    "pattern", ['table Odd [1].a "b" *', "table Odd*", 'table *"b"*', 'table "Odd*', "* Odd*"]
)
def test_quotes_may_be_left_out(pattern: str) -> None:
    assert [key for key in KEYS if is_named(key, [pattern])] == [KEYS[1]]


def test_no_pattern_names_nothing() -> None:
    assert not any(is_named(key, ()) for key in KEYS)
