# SPDX-License-Identifier: Apache-2.0
"""How a database's address reaches the user's code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedstone.dsn import ConnectionString
    from bedstone.server import Witness

#: The folder that puts the guard into the Python processes that the project's code starts.
GUARDED = Path(str(files("bedstone.probe") / "guarded"))

_PLACEHOLDER = re.compile(r"\{(url|host|port|user|password|dbname|tmp|files|root)(?::(\w+))?\}")

#: libpq variables of the user's own that would lead elsewhere, or add to the address.
_LIBPQ = (
    "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE",
    "PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGOPTIONS", "PGSSLMODE", "PGSSLROOTCERT",
    "PGSSLCERT", "PGSSLKEY", "PGREQUIRESSL", "PGTARGETSESSIONATTRS", "PGCHANNELBINDING",
    "PGREQUIREAUTH", "PGGSSENCMODE", "PGCONNECT_TIMEOUT", "PGLOADBALANCEHOSTS",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that placeholders name."""

    root: Path
    tmp: Path
    files: Path


@dataclass(frozen=True, slots=True)
class Delivery:
    """One address, in every form in which the user's code may ask for it."""

    dsn: ConnectionString
    env: Mapping[str, str]
    x: tuple[str, ...]
    database_url: str | None
    guard_file: Path

    def message(self, witness: Witness) -> dict[str, Any]:
        """Return it as the probe reads it, with the question that its sessions must answer."""
        dsn = self.dsn
        return {
            "address": {
                "host": dsn.host,
                "port": dsn.port,
                "user": dsn.user,
                "password": dsn.password.reveal() if dsn.password else None,
                "dbname": dsn.dbname,
                "sslmode": dict(dsn.params).get("sslmode"),
            },
            "url": dsn.url(),
            "env": dict(self.env),
            "x": list(self.x),
            "database_url": self.database_url,
            "guard_file": str(self.guard_file),
            "guard_folder": str(GUARDED),
            "witness": witness.question,
        }


def render(text: str, dsn: ConnectionString, places: Places) -> str:
    """Replace the placeholders in *text*. Braces that are none of them stay as they are.

    The result may hold the password.
    """
    values = {
        "host": dsn.host or "",
        "port": str(dsn.port or 5432),
        "user": dsn.user or "",
        "password": dsn.password.reveal() if dsn.password else "",
        "dbname": dsn.dbname or "",
        "tmp": str(places.tmp),
        "files": str(places.files),
        "root": str(places.root),
    }

    def value(match: re.Match[str]) -> str:
        name, driver = match.groups()
        return dsn.url(driver) if name == "url" else values[name]

    return _PLACEHOLDER.sub(value, text)


def libpq_environment(dsn: ConnectionString, places: Places) -> dict[str, str]:
    """Return libpq's variables for *dsn*; those that could lead elsewhere lead nowhere."""
    nowhere = str(places.tmp / "none")
    neutral = {"PGSERVICEFILE": nowhere, "PGSYSCONFDIR": nowhere, "PGPASSFILE": nowhere}
    return neutral | dsn.libpq_env()


def without_libpq(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the variables that lead libpq to a database."""
    return {name: value for name, value in environ.items() if name not in _LIBPQ}
