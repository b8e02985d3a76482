# SPDX-License-Identifier: Apache-2.0
"""Expressions that PostgreSQL prints in two forms and reads as one."""

from __future__ import annotations

import pytest

from bedstone.catalog.printing import differ_in_print_only, is_printed_again

WHOLE = "(s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])"
EACH = "(s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])"
NESTED = "(((a >= 1) AND (a <= 5)) AND b)"
FLAT = "((a >= 1) AND (a <= 5) AND b)"


@pytest.mark.parametrize(("first", "again"), [(WHOLE, EACH), (NESTED, FLAT)])
@pytest.mark.parametrize(
    "form", ["{}", "SELECT x FROM t WHERE ({})", "BEGIN ATOMIC\n SELECT {};\nEND"]
)
def test_they_are_the_same_and_one_of_them_stays(first: str, again: str, form: str) -> None:
    first, again = form.format(first), form.format(again)
    assert differ_in_print_only(first, again)
    assert differ_in_print_only((first, 1), (again, 1))
    assert is_printed_again(again, first)
    assert not is_printed_again(first, again)


@pytest.mark.parametrize(
    "other",
    [
        EACH.replace("'b'", "'c'"),
        EACH.replace("ANY", "ALL"),
        EACH.replace("('b'::character varying)::text", "('b'::character varying)::name"),
        WHOLE.replace("::text[]", "::name[]"),
        "a AND (b OR c)",
        None,
    ],
)
def test_others_are_not(other: str | None) -> None:
    assert not differ_in_print_only(WHOLE, other)
    assert not differ_in_print_only("(a AND b) OR c", other)
