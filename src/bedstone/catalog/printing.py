# SPDX-License-Identifier: Apache-2.0
"""Printed expressions: what PostgreSQL reads as the same though it printed it otherwise.

PostgreSQL prints ``a BETWEEN 1 AND 5 AND b`` as ``(((a >= 1) AND (a <= 5)) AND b)``, and that text,
read again, as ``((a >= 1) AND (a <= 5) AND b)``. It prints ``name IN ('x', 'y')`` of a varchar as
``= ANY ((ARRAY['x'::varchar, 'y'::varchar])::text[])``, and that, read again, as
``= ANY (ARRAY[('x'::varchar)::text, ('y'::varchar)::text])``: the grammar gives the type of an
array to its elements. What was restored from a dump is not the same text as what was dumped, and
the same expression.
"""

from __future__ import annotations

import re
from typing import Any

import postgast

_LOOSE = re.compile(r"[()\s]+")
#: What makes a statement of what is printed: a whole one, an expression or query, a body.
_HEADS = ("", "select ", "create procedure f() ")


def differ_in_print_only(old: object, new: object) -> bool:
    """Whether two printed expressions, queries or lists of them are read as the same tree."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(
            first == second or differ_in_print_only(first, second)
            for first, second in zip(old, new, strict=True)
        )
    if not (isinstance(old, str) and isinstance(new, str)) or "(" not in old:
        return False
    arrays = "ARRAY[" in old and "ARRAY[" in new
    if not arrays and _LOOSE.sub("", old) != _LOOSE.sub("", new):
        return False
    return any(_read(head + old) == _read(head + new) is not None for head in _HEADS)


def is_printed_again(new: object, old: object) -> bool:
    """Whether of two texts that are read as the same tree *new* is the one that a reader prints."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return all(map(is_printed_again, new, old))
    casts = ["])::" in str(text) for text in (old, new)]
    return not casts[1] and (casts[0] or str(new).count("(") <= str(old).count("("))


def _read(text: str) -> str | None:
    """Return the text as its tree would be written, or ``None`` where it is no statement."""
    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError:
        return None
    if "ARRAY[" in text:
        _cast_elements(tree)
    return str(postgast.deparse(tree))


def _cast_elements(message: Any) -> None:
    """Give the type to which an array is cast to its elements, as PostgreSQL does on reading."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if hasattr(value, "append") else (value,):
                _cast_elements(part)
    if message.DESCRIPTOR.name == "Node" and message.WhichOneof("node") == "type_cast":
        kind, arg = message.type_cast.type_name, message.type_cast.arg
        if len(kind.array_bounds) == 1 and arg.WhichOneof("node") == "a_array_expr":
            message.CopyFrom(_with_cast_elements(arg, kind))


def _with_cast_elements(
    array: postgast.pg_query_pb2.Node, kind: postgast.pg_query_pb2.TypeName
) -> postgast.pg_query_pb2.Node:
    found, cast = type(array)(), type(array)()
    found.CopyFrom(array)
    cast.type_cast.type_name.CopyFrom(kind)
    cast.type_cast.type_name.ClearField("array_bounds")
    for element in found.a_array_expr.elements:
        cast.type_cast.arg.CopyFrom(element)
        element.CopyFrom(cast)
    return found
