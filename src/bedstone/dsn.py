# SPDX-License-Identifier: Apache-2.0
"""Connection strings: read, changed, shown without their secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, urlencode

from bedstone.errors import DsnInvalid

_SCHEME = re.compile(r"^(postgres(?:ql)?)(?:\+(\w+))?://", re.IGNORECASE)

#: The libpq variable for each part of an address, as PostgreSQL's documentation lists them.
_LIBPQ_VARIABLES = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "channel_binding": "PGCHANNELBINDING",
}


class Secret:
    """A value that no ``repr``, log line or error shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself. Only a driver or a child's environment is given it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """The address of one database, whichever way it was written.

    *host* is a name, an address or the directory of a unix socket. *driver* is SQLAlchemy's part
    of the scheme (``postgresql+asyncpg``), ``None`` where the address names none.
    """

    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: Secret | None = None
    dbname: str | None = None
    driver: str | None = None
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def at(self, dbname: str) -> ConnectionString:
        """Return the same address with another database."""
        return replace(self, dbname=dbname)

    @property
    def is_socket(self) -> bool:
        """Whether the host is the directory of a unix socket."""
        return self.host is not None and self.host.startswith(("/", "@"))

    def url(self, driver: str | None = None) -> str:
        """Return the address as a URL **with its password**, for a driver or a child process.

        *driver* becomes SQLAlchemy's part of the scheme. The host of a unix socket goes into the
        query, where libpq, psycopg, asyncpg and SQLAlchemy all read it.
        """
        return self._render(driver, password=self.password.reveal() if self.password else None)

    @property
    def redacted(self) -> str:
        """The address as a URL without its password, fit to be shown."""
        return self._render(self.driver, password="***" if self.password else None, hide=True)

    def libpq_env(self) -> dict[str, str]:
        """Return the libpq variables that lead a child process to this database."""
        parts = {
            "PGHOST": self.host,
            "PGPORT": str(self.port) if self.port else None,
            "PGUSER": self.user,
            "PGPASSWORD": self.password.reveal() if self.password else None,
            "PGDATABASE": self.dbname,
        }
        for name, value in self.params:
            if name in _LIBPQ_VARIABLES:
                parts[_LIBPQ_VARIABLES[name]] = value
        return {name: value for name, value in parts.items() if value is not None}

    def keywords(self) -> dict[str, str | int]:
        """Return libpq's keywords for psycopg's ``connect``, the password included."""
        words: dict[str, str | int] = dict(self.params)
        if self.host:
            words["host"] = self.host
        if self.port:
            words["port"] = self.port
        if self.user:
            words["user"] = self.user
        if self.password:
            words["password"] = self.password.reveal()
        if self.dbname:
            words["dbname"] = self.dbname
        return words

    def _render(self, driver: str | None, *, password: str | None, hide: bool = False) -> str:
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        user = quote(self.user, safe="") if self.user else ""
        if password is not None:
            user += ":" + (password if hide else quote(password, safe=""))
        query = [(k, "***" if hide and "password" in k else v) for k, v in self.params]
        host = ""
        if self.is_socket:
            query.append(("host", self.host or ""))
            if self.port:
                query.append(("port", str(self.port)))
        elif self.host:
            host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe=",")
            host += f":{self.port}" if self.port else ""
        text = f"{scheme}://{user}@{host}" if user else f"{scheme}://{host}"
        if self.dbname:
            text += "/" + quote(self.dbname, safe="")
        elif query:
            text += "/"
        return f"{text}?{urlencode(query, safe='/*', quote_via=quote)}" if query else text


def is_url(text: str) -> bool:
    """Whether *text* is written as a PostgreSQL URL."""
    return _SCHEME.match(text) is not None


def parse_dsn(text: str) -> ConnectionString:
    """Read a URL (libpq's or SQLAlchemy's) or a libpq keyword string.

    Raises:
        DsnInvalid: the text is neither. The message never repeats it: it may hold a password.
    """
    if is_url(text):
        return _parse_url(text)
    return _parse_keywords(text)


def _parse_url(text: str) -> ConnectionString:
    match = _SCHEME.match(text)
    assert match is not None  # noqa: S101  is_url() was asked
    rest, _, query = text[match.end() :].partition("?")
    authority, slash, path = rest.rpartition("/") if "/" in rest else (rest, "", "")
    credentials, _, hostport = authority.rpartition("@")
    user, colon, password = credentials.partition(":")
    host, port = _split_host(hostport)
    params = dict(parse_qsl(query, keep_blank_values=True))
    host = params.pop("host", host)
    port_text = params.pop("port", port or "")
    dbname = params.pop("dbname", unquote(path) if slash else "")
    user = params.pop("user", unquote(user))
    secret = params.pop("password", unquote(password))
    has_secret = bool(colon or secret)
    return ConnectionString(
        host=unquote(host) if host else None,
        port=_port(port_text),
        user=user or None,
        password=Secret(secret) if has_secret else None,
        dbname=dbname or None,
        driver=match.group(2),
        params=tuple(params.items()),
    )


def _split_host(hostport: str) -> tuple[str, str | None]:
    if hostport.startswith("["):
        host, bracket, rest = hostport[1:].partition("]")
        if not bracket:
            raise DsnInvalid(
                "a connection string has an address that opens with [ and never closes",
                hint="Write it as postgresql://user@[::1]:5432/dbname",
            )
        return host, rest[1:] or None
    host, _, port = hostport.partition(":")
    return host, port or None


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise DsnInvalid(
            "a connection string has a port that is not a number between 1 and 65535",
            detail="The text is not repeated here: it may be a part of the password.",
            hint="Write it as postgresql://user@host:5432/dbname, with @ : / in the password as "
            "%40 %3A %2F",
        )
    return int(text)


_KEYWORD = re.compile(r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s\\]|\\.)*))")


def _parse_keywords(text: str) -> ConnectionString:
    words: dict[str, str] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _KEYWORD.match(text, position)
        if match is None:
            raise DsnInvalid(
                "a connection string is neither a URL nor keyword=value pairs",
                hint='Write it as "postgresql://user@host:5432/dbname" or "host=… dbname=…"',
            )
        value = match.group(2) if match.group(2) is not None else match.group(3)
        words[match.group(1)] = re.sub(r"\\(.)", r"\1", value)
        position = match.end()
    secret = words.pop("password", None)
    return ConnectionString(
        host=words.pop("host", None) or words.pop("hostaddr", None),
        port=_port(words.pop("port", "")),
        user=words.pop("user", None),
        password=Secret(secret) if secret is not None else None,
        dbname=words.pop("dbname", None),
        params=tuple(words.items()),
    )
