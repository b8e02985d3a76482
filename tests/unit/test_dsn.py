# SPDX-License-Identifier: Apache-2.0
"""Connection strings are read in every form, and never shown with their password."""

from __future__ import annotations

import psycopg.conninfo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedstone.dsn import ConnectionString, Secret, parse_dsn
from bedstone.errors import DsnInvalid

_NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)


@given(_NAMES, _NAMES, _NAMES)
def test_libpq_reads_what_we_render(user: str, password: str, dbname: str) -> None:
    """The second observer of a URL is libpq itself."""
    url = ConnectionString("h", 5433, user, Secret(password), dbname).url()
    read = psycopg.conninfo.conninfo_to_dict(url)
    assert (read["user"], read["password"], read["dbname"]) == (user, password, dbname)


@given(_NAMES, _NAMES, _NAMES)
def test_we_read_what_we_render(user: str, password: str, dbname: str) -> None:
    address = ConnectionString("h", 5433, user, Secret(password), dbname)
    assert parse_dsn(address.url()) == address


@given(_NAMES, _NAMES)
def test_we_read_keywords_as_libpq_does(user: str, password: str) -> None:
    text = psycopg.conninfo.make_conninfo(host="h", user=user, password=password)
    read = parse_dsn(text)
    assert (read.host, read.user) == ("h", user)
    assert read.password == Secret(password)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("postgresql://u:s3cret@h:5432/d", "postgresql://u:***@h:5432/d"),
        ("postgresql+asyncpg://u:s3cret@h/d", "postgresql+asyncpg://u:***@h/d"),
        ("postgres://u:s3cret@[::1]:5432/d", "postgresql://u:***@[::1]:5432/d"),
        ("host=/run/pg user=u password=s3cret", "postgresql://u:***@/?host=/run/pg"),
        ("postgresql:///d?host=/run/pg&password=s3cret", "postgresql://:***@/d?host=/run/pg"),
        ("postgresql://u@h/d?sslpassword=s3cret", "postgresql://u@h/d?sslpassword=***"),
    ],
)
def test_a_shown_address_has_no_password(text: str, redacted: str) -> None:
    address = parse_dsn(text)
    assert address.redacted == redacted
    assert "s3cret" not in address.redacted
    assert "s3cret" not in repr(address)


@pytest.mark.parametrize("text", ["s3cret", "postgresql://u:s3c/ret@h", "postgresql://u:s@[::1/d"])
def test_an_unreadable_address_is_not_repeated(text: str) -> None:
    with pytest.raises(DsnInvalid) as caught:
        parse_dsn(text)
    assert "s3c" not in str(caught.value)
    assert caught.value.code == "BED050"


def test_a_socket_goes_into_the_query() -> None:
    address = ConnectionString("/run/a b", 5433, "u", None, "d")
    assert address.url("psycopg2") == "postgresql+psycopg2://u@/d?host=/run/a%20b&port=5433"
