# SPDX-License-Identifier: Apache-2.0
"""No text of an error repeats a value."""

from __future__ import annotations

import pytest

from bedstone.trace.errors import condition_name, safe_message


def _told(code: str, message: str, shown: str, **more: str) -> str | None:
    return safe_message({"C": code, "M": message, **more}, [shown])


@pytest.mark.parametrize(
    ("code", "message", "shown"),
    [
        ("42P01", 'relation "missing" does not exist', "select * from Missing"),
        ("42703", 'column "a" of relation "t" does not exist', 'alter table "t" drop a'),
        ("55P03", "canceling statement due to lock timeout", "alter table t add a int"),
        ("25001", "VACUUM cannot run inside a transaction block", "vacuum"),
    ],
)
def test_names_that_are_shown_anyway_are_told(code: str, message: str, shown: str) -> None:
    assert _told(code, message, shown) == message


@pytest.mark.parametrize(
    ("code", "message", "shown", "more"),
    [
        ("42601", "syntax error at or near \"'secret'\"", "insert into t values ( …", {}),
        ("42P01", 'relation "secret" does not exist', "select $1::regclass", {}),
        ("42P01", 'relation "a" does not exist', "select $1::regclass from bar", {}),
        ("42P01", 'relation "a"secret"t" does not exist', "select $1::regclass from a, t", {}),
        ("42P01", "Relation »secret« existiert nicht", "select $1::regclass", {}),
        ("42704", 'unrecognized parameter "secret"', "select current_setting($1)", {}),
        ("28000", "secret", "do $$ … $$", {"W": "PL/pgSQL function inline_code_block line 1"}),
        ("42501", "secret", "do $$ … $$", {"R": "exec_stmt_raise"}),
        ("42501", "secret", "select f()", {"W": "SQL function f"}),
        ("BS001", "secret", "do $$ … $$", {}),
        ("22P02", 'invalid input syntax for type integer: "secret"', "select $1::int", {}),
        ("23505", "duplicate key", "insert", {}),
    ],
)  # fmt: skip
def test_what_may_be_a_value_is_not(
    code: str, message: str, shown: str, more: dict[str, str]
) -> None:
    assert _told(code, message, shown, **more) is None


def test_a_code_has_its_name() -> None:
    assert condition_name("42P01") == "undefined_table"
    assert condition_name("22P02") == "invalid_text_representation"
    assert condition_name("BS001") is None
