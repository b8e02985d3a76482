# SPDX-License-Identifier: Apache-2.0
r"""The catalogue queries: one ``.sql`` file each, fitted to the server they are sent to.

A query is plain SQL with these marks:

``{{17: new | old}}``
    *new* from major version 17 on, *old* before.
``{{conninfo: granted | denied}}``
    *granted* where the role may read the column (see ``snapshot``).
``{{user t}}``
    ``t`` was made by a user: its OID is not one of those that initdb gives out.
``{{lasting t.relid}}``
    The relation with that OID is no temporary table: those come and go while they are read, and
    to print what is gone is an error.
``{{not member pg_type t}}``
    ``t``, a row of that catalogue, belongs to no extension.
``{{clip t.name to 20}}``
    Whole characters from the start of a name, up to so many bytes, as the server shortens one.

Columns with these names say where an object belongs; every other one is an attribute:

=================  ===============================================================
``oid``            OID, in the catalogue that the header names
``subid``          number of the column
``alias``          OID of a constraint that is shown as a part of this object
``relid``          OID in ``pg_class`` of a composite type
``kind``           kind, where the header names none
``namespace``      OID of the schema
``relation``       OID of the relation the object is a part of
``name``           name
``parent``         parent, as ``Key`` has it
=================  ===============================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: The lowest OID that a user's object can have (access/transam.h).
FIRST_USER_OID = 16384

_CHOICE = re.compile(r"\{\{(\w+):(.*?)(?<!\|)\|(?!\|)(.*?)\}\}", re.DOTALL)
_USER = re.compile(r"\{\{user (\w+)\}\}")
_LASTING = re.compile(r"\{\{lasting ([\w.]+)\}\}")
_CLIP = re.compile(r"\{\{clip (\S+) to (.+?)\}\}")
_NOT_MEMBER = re.compile(r"\{\{not member (\w+) (\w+)\}\}")
_HEADER = re.compile(r"^-- ([a-z ]+): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One catalogue query, ready for a server.

    *catalogue* is where its OIDs are from; *kind* is ``None`` where each row names its own.
    """

    name: str
    sql: str
    catalogue: str | None
    kind: str | None


@cache
def load_query(name: str, major: int, granted: frozenset[str] = frozenset()) -> Query:
    """Return the query *name* as a server of version *major* takes it."""
    text = files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    header = dict(_HEADER.findall(text))
    return Query(
        name, _fit(_body(text), major, granted), header.get("catalogue"), header.get("kind")
    )


def _body(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def _fit(sql: str, major: int, granted: frozenset[str]) -> str:
    def choose(match: re.Match[str]) -> str:
        test, first, second = match.groups()
        holds = major >= int(test) if test.isdigit() else test in granted
        return (first if holds else second).strip()

    # The cast to name cuts at 63 bytes, and at a whole character.
    sql = _CLIP.sub(
        r"substr((repeat('-', 63 - (\2)) || \1)::name::text, 64 - (\2))",
        sql,
    )
    sql = _CHOICE.sub(choose, sql)
    sql = _USER.sub(rf"\1.oid >= {FIRST_USER_OID}", sql)
    sql = _LASTING.sub(
        r"""not exists (
    select from pg_catalog.pg_class as passing
    where passing.oid = \1 and passing.relpersistence = 't'
  )""",
        sql,
    )
    return _NOT_MEMBER.sub(
        r"""not exists (
    select from pg_catalog.pg_depend as member
    where member.refclassid = 'pg_catalog.pg_extension'::regclass
      and member.classid = 'pg_catalog.\1'::regclass
      and member.objid = \2.oid
      and member.deptype = 'e'
  )""",
        sql,
    )
