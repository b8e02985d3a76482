# SPDX-License-Identifier: Apache-2.0
"""SQL without its values: passwords and rows never get into a trace."""

from __future__ import annotations

import re

import postgast

#: The statements in which numbers are values, not parts of a schema.
_DATA = frozenset({"select", "insert", "update", "delete", "merge", "explain", "copy", "call"})
_TEXTS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST"})
_NUMBERS = frozenset({"ICONST", "FCONST"})
_COMMENTS = frozenset({"SQL_COMMENT", "C_COMMENT"})
_LONGEST = 2000
_LONGEST_SCANNED = 8000


def mask_values(text: str, kind: str) -> str:
    """Return a statement with every text constant and every comment left out, on one line.

    Where rows are read or written, numbers are left out, too; in a schema they stay.
    """
    if kind in _DATA:
        text = postgast.normalize(text)
    if kind == "do":
        return _mask_block(text)
    try:
        return _mask(text[:_LONGEST_SCANNED], numbers=kind == "execute")
    except postgast.PgQueryError:
        return leading_words(text)


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


def _mask(text: str, *, numbers: bool) -> str:
    data = text.encode()
    shown: list[str] = []
    end = 0
    gap = False
    for token in postgast.scan(text).tokens:
        name = postgast.pg_query_pb2.Token.Name(token.token)
        gap = gap or token.start > end
        end = token.end
        if name in _COMMENTS:
            gap = True
            continue
        if gap and shown:
            shown.append(" ")
        gap = False
        if name in _TEXTS:
            shown.append("'…'")
        elif numbers and name in _NUMBERS:
            shown.append("…")
        else:
            shown.append(data[token.start : token.end].decode())
    return shorten("".join(shown))


def shorten(text: str) -> str:
    """Return at most so much of a text as anybody reads."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
