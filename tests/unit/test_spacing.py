# SPDX-License-Identifier: Apache-2.0
"""White space in a function's text, where it means nothing and where it does."""

from __future__ import annotations

import pytest

from bedstone.catalog.spacing import differ_in_spacing_only


@pytest.mark.parametrize(
    ("old", "new", "language", "same"),
    [
        ("begin\n  return new;\nend", "begin return new; end", "plpgsql", True),
        ("select 'a b'", "select  'a b' ", "sql", True),
        ("select 'a  b'", "select 'a b'", "sql", False),
        ("select $x$a  b$x$", "select $x$a b$x$", "sql", False),
        (r"select E'\'  x', 'y'", r"select E'\' x', 'y'", "sql", False),
        ('select "a  b"', 'select "a b"', "sql", False),
        ("select 1 -- one\n+ 1", "select 1 -- one + 1", "sql", False),
        ("select 1 2", "select 12", "sql", False),
        ("if x:\n  y\nz", "if x:\n  y\n  z", "plpython3u", False),
        ("begin", "begin x", "plpgsql", False),
    ],
)
def test_only_what_the_server_does_not_read_is_left_out(
    old: str, new: str, language: str, same: bool
) -> None:
    assert differ_in_spacing_only(old, new, language) is same
