# SPDX-License-Identifier: Apache-2.0
"""Every form of an address says the same as the address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from bedstone.cli.dialects import DIALECTS, LEADING, variables_of
from bedstone.dsn import ConnectionString, Secret, parse_dsn
from bedstone.errors import UnknownDialect
from bedstone.probe.delivery import Places, render

PASSWORD = 'p@s/w:r;d"%&=? +é{host}'
DSN = ConnectionString("127.0.0.1", 5433, "an user", Secret(PASSWORD), "shop's db")
PLACES = Places(root=Path("/root"), tmp=Path("/tmp"), files=Path("/files"))  # noqa: S108  never made


def _render(text: str) -> str:
    return render(text, DSN, PLACES)


@pytest.mark.parametrize("scheme", ["postgres", "pgx5", "db:pg"])
def test_a_scheme_of_another_name_changes_nothing_else(scheme: str) -> None:
    text = _render(f"{{url:{scheme}://?sslmode=disable}}")
    assert text.startswith(f"{scheme}://")
    found = parse_dsn("postgresql" + text.removeprefix(scheme))
    assert (found.host, found.port, found.user, found.dbname) == (
        "127.0.0.1",
        5433,
        "an user",
        "shop's db",
    )
    assert found.password == Secret(PASSWORD)
    assert found.params == (("sslmode", "disable"),)


def test_jdbc_has_the_credentials_in_its_query() -> None:
    text = _render("{url:jdbc}")
    assert text.startswith("jdbc:postgresql://127.0.0.1:5433/")
    parts = urlsplit(text.removeprefix("jdbc:"))
    assert unquote(parts.path) == "/shop's db"
    assert parse_qs(parts.query) == {"user": ["an user"], "password": [PASSWORD]}
    assert "+" not in text  # the driver takes it for a plus


def test_npgsql_has_keywords_with_quoted_values() -> None:
    doubled = PASSWORD.replace('"', '""')
    assert _render("{url:npgsql}") == (
        f'Host="127.0.0.1";Port=5433;Database="shop\'s db";Username="an user";Password="{doubled}"'
    )


def test_a_parameter_in_the_placeholder_wins() -> None:
    dsn = ConnectionString("h", dbname="d", params=(("sslmode", "require"), ("a", "1")))
    text = render("{url?sslmode=disable&schema=x}", dsn, PLACES)
    assert dict(parse_dsn(text).params) == {"sslmode": "disable", "a": "1", "schema": "x"}


@pytest.mark.parametrize("text", ["{}", "{urls}", "{url:}", "{url:{host}}", "{ url }", "{{host}"])
def test_what_is_no_placeholder_stays(text: str) -> None:
    assert _render(text) == text.replace("{host}", "127.0.0.1")


@pytest.mark.parametrize("name", DIALECTS)
def test_every_template_of_a_dialect_is_filled(name: str) -> None:
    for variable, text in variables_of(name).items():
        assert variable in LEADING
        assert "{" not in _render(text).replace("{host}", "")


def test_an_unknown_dialect_is_told_with_those_near_it() -> None:
    with pytest.raises(UnknownDialect) as caught:
        variables_of("Knexx")
    assert str(caught.value).splitlines() == [
        "BED198: there is no dialect Knexx",
        "  detail: Near it: knex.",
        "  hint: Any other form is --env NAME={url} or --env NAME={host} …",
    ]
    with pytest.raises(UnknownDialect, match="There are psycopg, "):
        variables_of("?")
