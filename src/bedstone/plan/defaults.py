# SPDX-License-Identifier: Apache-2.0
"""Which default expressions give each row a value of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import postgast

if TYPE_CHECKING:
    from bedstone.plan.side import Side

#: The volatile functions of PostgreSQL 15 to 18 that can stand in a default (``pg_proc`` with
#: ``provolatile = 'v'``, less those that only administrators call).
_VOLATILE = frozenset(
    """
    nextval setval currval lastval gen_random_uuid uuidv4 uuidv7 random random_normal setseed
    clock_timestamp timeofday pg_sleep txid_current pg_current_xact_id lo_create lo_creat
    uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_salt set_config
    """.split()  # noqa: SIM905  reads better
)
_CALL = re.compile(r"\(")


def is_volatile(expression: str, side: Side) -> bool:
    """Whether ADD COLUMN with this default gives a value to each row, and so rewrites the table.

    A function of the user's counts as what it is declared; one that is not known, as volatile.
    """
    if not _CALL.search(expression):
        return False
    try:
        tree = postgast.parse(f"select {expression}")
    except postgast.PgQueryError:
        return True
    return any(_is_volatile_call(names, side) for names in _calls(tree))


def _calls(tree: object) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for node in postgast.walk(tree):
        call = node[1] if isinstance(node, tuple) else node
        if type(call).__name__ == "FuncCall":
            found.append(tuple(part.string.sval for part in call.funcname))
    return found


def _is_volatile_call(names: tuple[str, ...], side: Side) -> bool:
    schema = names[-2] if len(names) > 1 else "pg_catalog"
    if schema == "pg_catalog":
        return names[-1] in _VOLATILE
    for item in side.catalog.of_kind("function"):
        if (item.key.schema, item.key.name) == (schema, names[-1]):
            return item.attributes["volatility"] == "volatile"
    return True
