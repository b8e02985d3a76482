# SPDX-License-Identifier: Apache-2.0
"""The forms in which programs want a database's address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString


def render_url(dsn: ConnectionString, form: str | None = None, query: str | None = None) -> str:
    """Return the address **with its password** in the form that a placeholder names.

    *form* is a driver of SQLAlchemy's, ``jdbc``, ``npgsql``, or a scheme that ends in ``://``.
    *query* is added to the address's own parameters, and wins over them.
    """
    if query:
        dsn = replace(dsn, params=tuple({**dict(dsn.params), **dict(parse_qsl(query))}.items()))
    if form == "jdbc":
        return _jdbc(dsn)
    if form == "npgsql":
        return _npgsql(dsn)
    if form and form.endswith("://"):
        return form + dsn.url().removeprefix("postgresql://")
    return dsn.url(form)


def _parts(dsn: ConnectionString) -> tuple[str, str, str]:
    return dsn.user or "", dsn.password.reveal() if dsn.password else "", dsn.dbname or ""


def _jdbc(dsn: ConnectionString) -> str:
    """Source: https://jdbc.postgresql.org/documentation/use/#connecting-to-the-database."""
    user, password, dbname = _parts(dsn)
    host = f"[{dsn.host}]" if dsn.host and ":" in dsn.host else dsn.host or ""
    query = urlencode({"user": user, "password": password} | dict(dsn.params), quote_via=quote)
    return f"jdbc:postgresql://{host}:{dsn.port or 5432}/{quote(dbname, safe='')}?{query}"


def _npgsql(dsn: ConnectionString) -> str:
    """Source: https://www.npgsql.org/doc/connection-string-parameters.html."""
    user, password, dbname = _parts(dsn)
    words = {"Host": dsn.host or "", "Port": str(dsn.port or 5432), "Database": dbname}
    words |= {"Username": user, "Password": password}
    return ";".join(f"{name}={_quoted(value)}" for name, value in words.items() if value)


def _quoted(value: str) -> str:
    return value if value.isalnum() else '"' + value.replace('"', '""') + '"'
