# SPDX-License-Identifier: Apache-2.0
"""SQL without its values: passwords and rows never get into a trace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import postgast

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: The statements whose numbers the grammar itself takes out; in the last two only some of them.
_DATA = frozenset({"select", "insert", "update", "delete", "merge", "call", "explain", "copy"})
_DATA_AND_MORE = frozenset({"explain", "copy"})
#: The statements that define or name things and can hold no rows: numbers are part of that.
_DEFINITIONS = frozenset(
    """
    create alter_table index create_seq alter_seq create_domain alter_domain composite_type
    create_foreign_table create_stats alter_stats create_enum alter_enum drop rename lock
    transaction constraints_set fetch vacuum reindex cluster truncate
    """.split()  # noqa: SIM905  reads better
)
_TEXTS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST"})
_NUMBERS = frozenset({"ICONST", "FCONST"})
_COMMENTS = frozenset({"SQL_COMMENT", "C_COMMENT"})
_LONGEST = 2000
_LONGEST_SCANNED = 8000
#: SET, then SESSION or LOCAL, then a name of several parts.
_WORDS = 12
_SIGNS = frozenset({"-", "+"})


def mask_values(text: str, kind: str, stmt: Any = None, start: int = 0) -> str:
    """Return a statement with its values and every comment left out, on one line.

    Text constants are left out everywhere, numbers but in definitions and type modifiers. The value
    of one of the server's own settings is shown, that of any other is not, whatever it is.
    *stmt* is the statement as it was parsed, *start* where it begins in what was parsed.
    """
    if kind in _DATA:
        text, stmt = postgast.normalize(text), None
    if kind == "do":
        return _mask_block(text)
    is_definition = kind in _DEFINITIONS or kind in _DATA - _DATA_AND_MORE
    shown, hidden = set[int](), set[int]()
    if stmt is not None and kind == "alter_table":
        hidden = set(_computed(stmt))
    elif stmt is not None and not is_definition:
        shown = set(_modifiers(stmt))
    if kind == "variable_set" and "." not in stmt.name:
        shown = {arg.a_const.location for arg in stmt.args}
    try:
        return _mask(
            text[:_LONGEST_SCANNED],
            numbers=not is_definition,
            shown={position - start for position in shown},
            hidden={position - start for position in hidden},
        )
    except postgast.PgQueryError:
        return leading_words(text)


def _modifiers(stmt: Any) -> Iterator[int]:
    """Give the places of the numbers that modify types."""
    for node in _messages(stmt):
        if node.DESCRIPTOR.name == "TypeName":
            yield from (item.a_const.location for item in node.typmods)


def _computed(stmt: Any) -> Iterator[int]:
    """Give the places of the constants from which ALTER COLUMN TYPE … USING computes rows."""
    for item in stmt.cmds:
        using = getattr(item.alter_table_cmd, "def").column_def
        if item.alter_table_cmd.subtype == postgast.pg_query_pb2.AT_AlterColumnType:
            nodes = _messages(using.raw_default)
            yield from (n.location for n in nodes if n.DESCRIPTOR.name == "A_Const")


def _messages(node: Any) -> Iterator[Any]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        for field, value in node.ListFields():
            if field.message_type is not None:
                waiting += value if hasattr(value, "append") else [value]


def _mask_block(text: str) -> str:
    """Return a DO block with its body, which is read as SQL is: its texts and numbers left out."""
    try:
        stmt = postgast.parse(text).stmts[0].stmt.do_stmt
        options = {arg.def_elem.defname: arg.def_elem.arg.string.sval for arg in stmt.args}
        body = _mask(options["as"][:_LONGEST_SCANNED], numbers=True)
    except (postgast.PgQueryError, KeyError, IndexError):
        return "do '…'"
    language = f" language {options['language']}" if "language" in options else ""
    if options.get("language", "plpgsql") not in {"plpgsql", "sql"}:
        body = "…"
    return shorten(f"do{language} $$ {body} $$")


def leading_words(text: str) -> str:
    """Return the words of a statement before anything in it that may be a value."""
    before = re.split(r"['\"$\d]|--|/\*", text, maxsplit=1)[0]
    words = re.match(r"[\s\w.,;()]*", before)
    return shorten(" ".join(words.group().split()) + " …" if words else "…")


def _mask(
    text: str,
    *,
    numbers: bool,
    shown: Collection[int] = (),
    hidden: Collection[int] = (),
) -> str:
    """Leave out texts and, where *numbers*, those, too; but for the constants at *shown*.

    Numbers at *hidden* are left out in any case. A minus belongs to its number's place.
    """
    data = text.encode()
    pieces: list[str] = []
    end = 0
    gap = False
    before = -1
    setting = _Setting()
    for token in postgast.scan(text).tokens:
        name = postgast.pg_query_pb2.Token.Name(token.token)
        gap = gap or token.start > end
        end = token.end
        if name in _COMMENTS:
            gap = True
            continue
        if gap and pieces:
            pieces.append(" ")
        gap = False
        piece = data[token.start : token.end].decode()
        places = {token.start, before}
        before = token.start if piece == "-" else -1
        if setting.is_value(name, piece):
            pieces.append("…")
        elif name in _TEXTS:
            pieces.append(piece if places & {*shown} else "'…'")
        elif name in _NUMBERS and (places & {*hidden} or (numbers and not places & {*shown})):
            pieces.append("…")
        else:
            pieces.append(piece)
    return shorten("".join(pieces))


class _Setting:
    """Finds, token by token, the values that SET gives to settings with a dot in their name.

    They come in statements of several kinds: ALTER ROLE, CREATE FUNCTION, the body of a DO.
    """

    def __init__(self) -> None:
        self._name: list[str] | None = None
        self._wants = False
        self._inside = False

    def is_value(self, name: str, piece: str) -> bool:
        """Whether the next token is such a value."""
        if self._wants:
            self._wants, self._inside = piece in _SIGNS, True
            return piece not in _SIGNS
        self._wants = self._inside and piece == ","
        self._inside = False
        if name == "SET":
            self._name = []
        elif self._name is not None and (piece == "=" or name == "TO"):
            self._wants = "." in self._name
            self._name = None
        elif self._name is not None and len(self._name) < _WORDS:
            self._name.append(piece)
        else:
            self._name = None
        return False


def shorten(text: str) -> str:
    """Return at most so much of a text as anybody reads."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
