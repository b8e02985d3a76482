# SPDX-License-Identifier: Apache-2.0
"""What may be said of a server's error: its text where that cannot repeat data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg.errors import lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Errors whose texts name objects, types and settings at most, by PostgreSQL's own source.
_SAFE = frozenset(
    """
    0A000 25001 25006 25P01 25P02 2BP01 3D000 3F000 40001 40P01 42501 42601 42611 42622 42701 42702
    42703 42704 42710 42712 42723 42725 42803 42804 42809 42830 42846 42883 42P01 42P02 42P04 42P05
    42P06 42P07 42P11 42P16 42P17 42P20 42P21 42P22 42939 53100 53200 53300 55000 55006 55P02 55P03
    55P04 57014 57P01 57P02 57P03
    """.split()  # noqa: SIM905  reads better
)
#: What user code raises on purpose; anything else inside of user code has a context.
_RAISED = frozenset({"exec_stmt_raise"})
_QUOTED = re.compile(r'(?:(?<=[\s(])|^)"([^"]*)"(?=[\s,.;:)]|$)')
#: Quotation marks of languages in which a server may speak.
_FOREIGN = re.compile('[\u00ab\u00bb\u2018-\u201f\u2039\u203a\u300c-\u300f`"]')


def safe_message(fields: Mapping[str, str], shown: Iterable[str]) -> str | None:
    """Return an error's message, or ``None`` where it may repeat data.

    *fields* are those of the protocol's ErrorResponse: ``C`` the SQLSTATE, ``M`` the message,
    ``W`` the context, ``R`` the routine. *shown* are texts that are shown anyway, the statements
    without their values: a name that the message quotes has to be one of theirs, since
    ``'…'::regclass`` takes any value for a name.
    """
    message = fields.get("M")
    if message is None or fields.get("C") not in _SAFE:
        return None
    if "W" in fields or fields.get("R") in _RAISED:
        return None
    if _FOREIGN.search(_QUOTED.sub("", message)):
        return None
    text = "\n".join(shown).replace('"', "").lower()
    names = [name.lower() for name in _QUOTED.findall(message)]
    is_known = all(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)
    return message if is_known else None


def condition_name(sqlstate: str) -> str | None:
    """Return PostgreSQL's name for a SQLSTATE; ``None`` where it is user code's own."""
    try:
        name = lookup(sqlstate).__name__
    except KeyError:
        return None
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
