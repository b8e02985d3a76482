# SPDX-License-Identifier: Apache-2.0
"""Identifiers and literals, quoted as the server's ``quote_ident`` and ``quote_literal`` do.

This is the only place where a name or a text becomes part of SQL.
"""

from __future__ import annotations

import re

from bedstone.errors import SqlTextInvalid

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")

#: The keywords that PostgreSQL does not take as a name everywhere: those of ``pg_get_keywords()``
#: with another category than U, of releases 15 to 18 together (the later lists hold the earlier).
_RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary
    bit boolean both case cast char character check coalesce collate collation column
    concurrently constraint create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user dec decimal default
    deferrable desc distinct do else end except exists extract false fetch float for foreign
    freeze from full grant greatest group grouping having ilike in initially inner inout int
    integer intersect interval into is isnull join json json_array json_arrayagg json_exists
    json_object json_objectagg json_query json_scalar json_serialize json_table json_value
    lateral leading least left like limit localtime localtimestamp merge_action national
    natural nchar none normalize not notnull null nullif numeric offset on only or order out
    outer overlaps overlay placing position precision primary real references returning
    right row select session_user setof similar smallint some substring symmetric
    system_user table tablesample then time timestamp to trailing treat trim true union
    unique user using values varchar variadic verbose when where window with xmlattributes
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
    xmlserialize xmltable
    """.split()  # noqa: SIM905  as the server lists them
)


def quote_identifier(*parts: str) -> str:
    """Return a name ready for SQL; several parts become a qualified name.

    A part is quoted only where PostgreSQL itself would: where it is not all lower case letters,
    digits and underscores, or is a keyword of release 15 to 18.

    Raises:
        SqlTextInvalid: a part is empty or holds a NUL, which no PostgreSQL name can.
    """
    return ".".join(_quote_part(part) for part in parts)


def quote_literal(text: str) -> str:
    """Return *text* as a string constant, right under either standard_conforming_strings.

    Values are bound, not quoted; this is for the statements that take no parameters (DDL).

    Raises:
        SqlTextInvalid: *text* holds a NUL, which no PostgreSQL text can.
    """
    if "\0" in text:
        raise SqlTextInvalid("a text for SQL holds a NUL character")
    quoted = "'" + text.replace("'", "''") + "'"
    if "\\" in text:
        return "E" + quoted.replace("\\", "\\\\")
    return quoted


def _quote_part(name: str) -> str:
    if not name or "\0" in name:
        raise SqlTextInvalid(f"{name!r} cannot be the name of anything in PostgreSQL")
    if _PLAIN.match(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'
