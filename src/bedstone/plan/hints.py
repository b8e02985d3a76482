# SPDX-License-Identifier: Apache-2.0
"""Renames as plain data: what has another name on the other side, which nothing can compute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.errors import RenameUnfounded, RenameUnreadable
from bedstone.plan.side import words
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.catalog import Catalog, Object

#: So much of a name PostgreSQL keeps, in bytes (NAMEDATALEN - 1).
LONGEST = 63

_PARTS = ("column", "attribute", "value")
_ON = ("constraint", "trigger", "rule", "policy")
_ROUTINES = ("function", "procedure", "aggregate")
_METHODS = ("operator class", "operator family")
_ALONE = ("schema", "server", "foreign data wrapper", "language", "event trigger", "publication")
_QUALIFIED = (
    "table", "foreign table", "view", "materialized view", "sequence", "index", "type", "domain",
    "collation", "conversion", "statistics", "text search parser", "text search template",
    "text search dictionary", "text search configuration",
)  # fmt: skip
#: The words that a rename begins with, the longer ones first.
_WORDS = sorted((*_PARTS, *_ON, *_ROUTINES, *_METHODS, *_ALONE, *_QUALIFIED), key=len)[::-1]
#: The kinds that a word means, where that is not the kind of the same name alone.
_KINDS = {
    "column": ("column", "view column"),
    "constraint": ("constraint", "domain constraint"),
    "type": ("enum", "composite", "base type", "shell type"),
}
_EXAMPLES = {
    **dict.fromkeys(_PARTS, "{word} public.person.nm=name"),
    **dict.fromkeys(_ON, "{word} nm on public.person=name"),
    **dict.fromkeys(_ROUTINES, "{word} public.f(integer, text)=g"),
    **dict.fromkeys(_METHODS, "{word} public.nm using btree=name"),
    **dict.fromkeys(_ALONE, "{word} nm=name"),
    **dict.fromkeys(_QUALIFIED, "{word} public.person=human"),
}
_FIRST = re.compile(r'"((?:[^"]|"")+)" |(\S+) ')
_PLAIN = re.compile(r"[^\W\d][\w$]*\Z")
_QUOTED = re.compile(r'"((?:[^"]|"")+)"\Z')
_UPPER = re.compile("[A-Z]+")


@dataclass(frozen=True, slots=True)
class Rename:
    """An object of the first side, by its name there, and its name on the second side.

    The kind of *key* may be the word that users write (``type``, ``column``), and the parent of
    an index may be missing. A value of an enum is ``Key("value", schema, label, enum)``.
    """

    key: Key
    to: str

    def __str__(self) -> str:
        """Return it as ``--rename`` takes it."""
        return f"{self.key}={quote_identifier(self.to)}"


def parse_rename(text: str) -> Rename:
    """Return what ``table public.people=persons`` says.

    Names are written as in SQL: what is not quoted is folded to lower case, what is in a schema is
    qualified with it. Only the label of an enum is taken as it is.

    Raises:
        RenameUnreadable: it names no object and its new name.
    """
    left, sign, right = _cut(text, "=")
    word = next((word for word in _WORDS if left.lower().startswith(f"{word} ")), None)
    if word is None:
        raise RenameUnreadable(
            f'rename "{text}" begins with no kind of object that can be renamed',
            hint="Begin with one: --rename 'table public.people=persons'",
        )
    if not sign:
        raise _unreadable(word, text, "it has no new name: a = is missing")
    try:
        key = _key(word, left[len(word) :].strip())
        to = _name(right.strip(), as_it_is=word == "value")
    except ValueError as reason:
        raise _unreadable(word, text, str(reason)) from None
    if (size := len(to.encode())) > LONGEST:
        raise _unreadable(word, text, f"the new name has {size} bytes, PostgreSQL keeps {LONGEST}")
    return Rename(key, to)


def find(key: Key, catalog: Catalog) -> Key:
    """Return the key of the object of *catalog* that *key* means, with its kind and parent.

    Raises:
        RenameUnfounded: it is not there, or PostgreSQL does not rename it.
    """
    if key.kind == "value":
        return _find_value(key, catalog)
    if key.kind in {"column", "view column"} and is_there(
        found := key._replace(kind="view column"), catalog
    ):
        return found
    for kind in _KINDS.get(key.kind, (key.kind,)):
        exact = key._replace(kind=kind)
        if exact in catalog:
            return _ours(catalog[exact], catalog)
    if key.kind == "index" and key.parent is None:
        for item in catalog.of_kind("index"):
            if (item.key.schema, item.key.name) == (key.schema, key.name):
                return _ours(item, catalog)
    if key._replace(kind="range") in catalog and key.kind in {"type", "range"}:
        raise RenameUnfounded(
            f"{key} is a range: its constructors and its multirange would keep their names",
            hint="Rename all of them by hand.",
        )
    like = [k for k in catalog.objects if _loosely(k) == _loosely(key)]
    raise RenameUnfounded(
        f"FROM has no {key}",
        hint=f"It has {like[0]}: write it so." if like else
        "Name it as FROM does, before any rename; bedstone plan without --rename shows how.",
    )  # fmt: skip


def _loosely(key: Key) -> str:
    return str(key).lower().replace('"', "")


def is_there(key: Key, catalog: Catalog) -> bool:
    """Whether *catalog* has what *key* names: also a value or a view's column, no objects in it."""
    if key.kind == "value":
        return key.name in labels_of(enum_of(key), catalog)
    if key.kind == "view column":
        views = (Key(kind, key.schema, key.parent or "") for kind in ("view", "materialized view"))
        return any(key.name in columns_of(catalog[v]) for v in views if v in catalog)
    return key in catalog


def enum_of(value: Key) -> Key:
    """Return the type of a value."""
    return Key("enum", value.schema, value.parent or "")


def labels_of(enum: Key, catalog: Catalog) -> tuple[str, ...]:
    """Return the values of an enum, none where it is not there."""
    return words(catalog[enum].attributes["labels"]) if enum in catalog else ()


def columns_of(view: Object) -> tuple[str, ...]:
    """Return the names of a view's columns."""
    found = (_FIRST.match(text) for text in words(view.attributes["columns"]))
    return tuple((m[1] or m[2]).replace('""', '"') for m in found if m is not None)


def _find_value(key: Key, catalog: Catalog) -> Key:
    if enum_of(key) not in catalog:
        raise RenameUnfounded(
            f"FROM has no {enum_of(key)}", hint="Name the value so: 'value public.mood.sad=blue'."
        )
    if not is_there(key, catalog):
        labels = ", ".join(map(quote_identifier, labels_of(enum_of(key), catalog)))
        raise RenameUnfounded(f"FROM has no {key}", hint=f"{enum_of(key)} has {labels}.")
    return key


def _ours(item: Object, catalog: Catalog) -> Key:
    if item.extension is not None:
        raise RenameUnfounded(
            f"{item.key} belongs to extension {item.extension}",
            hint="Leave it to the extension.",
        )
    whole = catalog.parent_of(item.key) if item.key.kind == "column" else item.key
    manager = catalog[whole].attributes.get("managed_by") if whole is not None else None
    if manager is not None:
        raise RenameUnfounded(
            f"{item.key} is looked after by {manager}, which knows it by its name",
            hint=f"Rename it by hand, in the configuration of {manager} as well.",
        )
    return item.key


def _unreadable(word: str, text: str, reason: str) -> RenameUnreadable:
    example = _EXAMPLES[word].format(word=word)
    return RenameUnreadable(
        f'rename "{text}" cannot be read: {reason}', hint=f"Write it so: --rename '{example}'"
    )


def _key(word: str, rest: str) -> Key:
    if word in _ROUTINES:
        head, bracket, arguments = _cut(rest, "(")
        if not bracket or not arguments.rstrip().endswith(")"):
            raise ValueError("the types of its arguments are missing, in parentheses")
        found = arguments.rstrip()[:-1]
        schema, name = _names(head, 2)
        return Key(word, schema, name, ", ".join(t.strip() for t in found.split(",") if t.strip()))
    if word in _METHODS:
        head, using, method = _cut(rest, " using ")
        if not using:
            raise ValueError("its access method is missing")
        schema, name = _names(head, 2)
        return Key(word, schema, name, _name(method.strip()))
    if word in _ON:
        head, on, relation = _cut(rest, " on ")
        if not on:
            raise ValueError("what it is on is missing")
        schema, parent = _names(relation, 2)
        return Key(word, schema, _name(head.strip()), parent)
    if word in _PARTS:
        schema, parent, name = _names(rest, 3, last_as_it_is=word == "value")
        return Key(word, schema, name, parent)
    if word in _ALONE:
        return Key(word, None, *_names(rest, 1))
    schema, name = _names(rest, 2)
    return Key(word, schema, name)


def _names(text: str, count: int, *, last_as_it_is: bool = False) -> list[str]:
    parts = []
    rest, dot = text, "."
    while dot:
        part, dot, rest = _cut(rest, ".")
        parts.append(part.strip())
    if len(parts) == count - 1:
        raise ValueError("its schema is missing, and none is guessed")
    if len(parts) != count:
        raise ValueError(f"{text} has {len(parts)} names instead of {count}")
    return [_name(p, as_it_is=last_as_it_is and p is parts[-1]) for p in parts]


def _name(text: str, *, as_it_is: bool = False) -> str:
    if match := _QUOTED.match(text):
        return match.group(1).replace('""', '"')
    if not text:
        raise ValueError("a name is missing")
    if as_it_is and '"' not in text:
        return text
    if not _PLAIN.match(text):
        raise ValueError(f'{text} is no single name; odd ones are quoted, as "odd name"')
    return _UPPER.sub(lambda match: match.group().lower(), text)  # as PostgreSQL: ASCII alone


def _cut(text: str, sign: str) -> tuple[str, str, str]:
    """Split *text* at the first *sign* outside of double quotes."""
    inside = False
    for position, letter in enumerate(text):
        if letter == '"':
            inside = not inside
        elif not inside and text[position : position + len(sign)].lower() == sign:
            return text[:position], sign, text[position + len(sign) :]
    return text, "", ""
