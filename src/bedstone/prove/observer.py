# SPDX-License-Identifier: Apache-2.0
"""The second observer: ``pg_dump`` says whether two databases are the same.

A proof that used only our own reader would share its blind spots. The dump is cut into its
entries; what the catalog calls cosmetic (the order of columns, the names of NOT NULL constraints,
white space in a function's text, an expression that is printed otherwise and read as the same) and
the tables that hold the version are taken out, and the entries are compared as a set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from bedstone.catalog.printing import differ_in_print_only
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Collection

_HEADER = re.compile(
    r"^-- (?:Data for )?Name: (.*?); Type: (.*?); Schema: (.*?); Owner: .*$", re.MULTILINE
)
_NOT_NULL_NAME = re.compile(r'CONSTRAINT (?:"(?:[^"]|"")+"|[^\s"]+) NOT NULL')
_COLUMN_LIST = re.compile(
    r"^(CREATE (?:UNLOGGED |FOREIGN )?TABLE .*?\()\n(.*?)\n(\).*)$", re.MULTILINE | re.DOTALL
)
_SETTING = re.compile(r"(?<=\s)SET \"?[\w.]+\"? TO (?:'(?:[^']|'')*'(?:, )?)+")
_INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX .*? ON (?:ONLY )?(.+?) USING ")
#: Languages in which a line break is a blank; literals are left to the catalog.
_FREE_LANGUAGE = re.compile(r"^    LANGUAGE (?:sql|plpgsql)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dump:
    """The entries of a ``pg_dump --schema-only``, cosmetic matters taken out."""

    entries: frozenset[str]

    def missing_from(self, other: Dump) -> tuple[str, ...]:
        """Return the first lines of the entries that *other* has not, in order."""
        twins = dict(entry.split("\n", 1) for entry in other.entries - self.entries)
        missing = dict(entry.split("\n", 1) for entry in self.entries - other.entries)
        return tuple(
            sorted(
                name
                for name, body in missing.items()
                if not differ_in_print_only(body, twins.get(name))
            )
        )


def parse_dump(text: str, *, without: Collection[tuple[str, str]] = ()) -> Dump:
    """Cut the text of a dump into entries, leaving out the (schema, table) pairs *without*."""
    headers = list(_HEADER.finditer(text))
    entries = []
    for header, following in zip_longest(headers, headers[1:]):
        end = following.start() if following else len(text)
        name, kind, schema = header.groups()
        body = _plain(text[header.end() : end])
        if _belongs_to(name, schema, without) or _is_index_of(body, without):
            continue
        if kind in {"FUNCTION", "PROCEDURE"} and _FREE_LANGUAGE.search(body):
            body = " ".join(body.split())
        if kind in {"FUNCTION", "PROCEDURE"}:
            body = _sorted_settings(body)
        entries.append(f"{kind} {schema}.{name}\n{body}")
    return Dump(frozenset(entries))


def _belongs_to(name: str, schema: str, tables: Collection[tuple[str, str]]) -> bool:
    """Whether an entry is one of *tables* or hangs on it (``TABLE x``, ``x x_pkey``)."""
    for table_schema, table in tables:
        if schema != table_schema:
            continue
        if name == table or name.startswith((f"{table} ", f"TABLE {table}", f"COLUMN {table}.")):
            return True
    return False


def _is_index_of(body: str, tables: Collection[tuple[str, str]]) -> bool:
    """Whether an entry makes an index of one of *tables*."""
    match = _INDEX.match(body)
    return match is not None and match.group(1) in {quote_identifier(*table) for table in tables}


def _plain(body: str) -> str:
    lines = (line for line in body.splitlines() if line.strip() and not line.startswith("--"))
    # SET default_tablespace and its like belong to the order of entries, not to the entry
    text = "\n".join(line for line in lines if not line.startswith("SET default_"))
    text = _NOT_NULL_NAME.sub("NOT NULL", text)
    return _COLUMN_LIST.sub(_sorted_columns, text)


def _sorted_settings(body: str) -> str:
    """Bring the settings of a function into one order: it means nothing."""
    head, mark, rest = body.partition(" AS ")
    found = sorted(_SETTING.findall(head))
    return _SETTING.sub(lambda _: found.pop(0), head) + mark + rest if len(found) > 1 else body


def _sorted_columns(match: re.Match[str]) -> str:
    head, columns, tail = match.groups()
    lines = sorted(line.rstrip(",") for line in columns.splitlines())
    return "\n".join((head, ",\n".join(lines), tail))
