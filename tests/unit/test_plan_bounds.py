# SPDX-License-Identifier: Apache-2.0
"""Bounds of partitions as conditions; whether PostgreSQL believes them is asked of the server."""

from __future__ import annotations

import pytest

from bedstone.plan.bounds import condition
from bedstone.plan.references import renamed


@pytest.mark.parametrize(
    ("by", "bound", "expected"),
    [
        ("LIST (a)", "FOR VALUES IN (1)", "(a is not null) and (a = '1')"),
        ("LIST (a)", "FOR VALUES IN ('x', NULL)", "(a is null) or (a = 'x')"),
        ("LIST (lower(a))", "FOR VALUES IN (NULL)", "(lower(a)) is null"),
        ("RANGE (a)", "FOR VALUES FROM (MINVALUE) TO (MAXVALUE)", "(a is not null)"),
        (
            "RANGE (a, b)",
            "FOR VALUES FROM (1, MAXVALUE) TO (3, MINVALUE)",
            "(a is not null) and (b is not null) and (a > '1') and (a < '3')",
        ),
        (
            "RANGE (a, b)",
            "FOR VALUES FROM (1, 2) TO (1, 5)",
            "(a is not null) and (b is not null) and (a = '1') and (b >= '2') and (b < '5')",
        ),
        (
            'RANGE ("A b")',
            "FOR VALUES FROM ('x') TO ('p')",
            """("A b" is not null) and ("A b" >= 'x') and ("A b" < 'p')""",
        ),
        (
            "HASH (a, b)",
            "FOR VALUES WITH (modulus 3, remainder 1)",
            "pg_catalog.satisfies_hash_partition('public.p'::regclass::oid, 3, 1, a, b)",
        ),
    ],
)
def test_a_bound_is_a_condition(by: str, bound: str, expected: str) -> None:
    assert condition("public.p", by, bound) == expected


def test_a_default_partition_has_no_condition_of_its_own() -> None:
    assert condition("public.p", "RANGE (a)", "DEFAULT") is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("((a + b) > 0)", "((x + b) > 0)"),
        ("lower((a)::text)", "lower((x)::text)"),
        ("a.b(a, 'a')", "a.b(x, 'a')"),
        ("(\"Ä a\" = 'Ä a'::a)", "(y = 'Ä a'::a)"),
        ("(ö || a)", "(ö || x)"),
    ],
)
def test_only_columns_are_renamed(expression: str, expected: str) -> None:
    assert renamed(expression, {"a": "x", "Ä a": "y"}) == expected
