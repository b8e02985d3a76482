# SPDX-License-Identifier: Apache-2.0
"""What two observers say of a database: compare, in short, and pg_dump, in an order of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg import sql

from bedstone.catalog import (
    Catalog,
    Change,
    Difference,
    Meaning,
    compare,
    from_json,
    to_json,
)

if TYPE_CHECKING:
    import psycopg

ROLES = ("bed_ann", "bed Bob", 'bed"quote', "BED_Ünï")

_SETTING = re.compile(r"SET (default_tablespace|default_table_access_method) = ")
_STORED = re.compile(
    r"CREATE (UNLOGGED )?TABLE|CREATE MATERIALIZED VIEW|CREATE (UNIQUE )?INDEX"
    r"|ALTER TABLE \S+ \S+\s+ADD CONSTRAINT"
)

_WITH_COLUMNS = re.compile(r"CREATE (UNLOGGED |FOREIGN )?TABLE|CREATE TYPE .* AS \(")


def said(item: Difference) -> str:
    """Say a difference as the test data has it."""
    if item.change is Change.ADDED:
        return f"+ {item.key}"
    if item.change is Change.REMOVED:
        return f"- {item.key}"
    return f"{item.key}: {item.attribute}"


def make_roles(conn: psycopg.Connection) -> None:
    """Create the roles that the test data names, where they are not there."""
    for role in ROLES:
        exists = conn.execute("select from pg_roles where rolname = %s", [role]).fetchone()
        if exists is None:
            conn.execute(sql.SQL("create role {}").format(sql.Identifier(role)))


def normal_dump(text: str) -> list[str]:
    """Return the statements of a dump in an order of their own, less comments.

    The tablespace and access method that pg_dump sets before a statement are put after it.
    """
    text = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
    settings = {"default_tablespace": "", "default_table_access_method": ""}
    statements = []
    for part in filter(None, (part.strip() for part in re.split(r";\n\n+", text))):
        setting = _SETTING.match(part)
        if setting:
            settings[setting[1]] = part
        elif _STORED.match(part):
            statements.append(f"{part} {settings}")
        else:
            statements.append(part)
    return sorted(statements)


def dump_less_cosmetic(text: str) -> list[str]:
    """Return the statements of a dump less what is cosmetic.

    The order of columns, the names of NOT NULL, the white space in bodies of functions.
    """
    return sorted(map(_less_cosmetic, normal_dump(text)))


def dump_to_the_byte(text: str) -> list[str]:
    """Return the lines of a dump as they are, less the key of this very dump."""
    keys = ("\\restrict", "\\unrestrict")
    return [line for line in text.splitlines() if not line.startswith(keys)]


def _less_cosmetic(statement: str) -> str:
    statement = re.sub(r'CONSTRAINT (?:"(?:[^"]|"")+"|\S+) NOT NULL', "NOT NULL", statement)
    if statement.startswith(("CREATE FUNCTION", "CREATE PROCEDURE")):
        return " ".join(statement.split())
    if not _WITH_COLUMNS.match(statement):
        return statement
    head, _, body = statement.partition("(\n")
    lines = (line.strip().removesuffix(",") for line in body.splitlines())
    return "\n".join([head, *sorted(lines)])


def check_difference(
    before: Catalog, after: Catalog, expected: frozenset[str], statement: str
) -> None:
    """Fail where *expected* is not exactly what comparing says, forth and back."""
    assert after.unmodelled == (), statement
    found = compare(before, after)
    assert {said(item) for item in found} == expected, statement
    assert len(found) == len(expected), statement
    check_laws(before, after, statement)


def check_laws(before: Catalog, after: Catalog, statement: str) -> None:
    """Fail where comparing, fingerprints and saved catalogs do not agree with each other."""
    found = compare(before, after)
    back = {(item.key, item.attribute): (item.old, item.new) for item in compare(after, before)}
    assert back == {(item.key, item.attribute): (item.new, item.old) for item in found}
    weighs = any(item.meaning is Meaning.MEANINGFUL for item in found)
    assert (before.fingerprint != after.fingerprint) is weighs, statement
    assert compare(after, after) == ()
    saved = from_json(to_json(after))
    assert saved == after
    assert compare(after, saved) == ()
    assert saved.fingerprint == after.fingerprint
