# SPDX-License-Identifier: Apache-2.0
"""How statements name objects: after ON, after ALTER, in a list of options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.errors import NotPlannable
from bedstone.sql import quote_identifier, quote_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change

_TYPES = frozenset({"enum", "composite", "range", "base type", "shell type"})
_GRANTED_AS = {
    "view": "table",
    "materialized view": "table",
    "foreign table": "table",
    "aggregate": "function",
    "server": "foreign server",
    "enum": "type",
    "composite": "type",
    "range": "type",
    "base type": "type",
    "shell type": "type",
}
#: What stands for a secret in a catalog.
_HIDDEN = re.compile(r"\bhidden:[0-9a-f]{12}\b")
_IDENTIFIERS = re.compile(r'"(?:[^"]|"")*"|[^."]+')
_TYPES_OF_ARGUMENTS = re.compile(r'(?:"(?:[^"]|"")*"|[^",])+')
_TAG = re.compile(r"\$\w*\$")
#: Settings whose value is a list of names, each quoted by itself (GUC_LIST_QUOTE).
_LISTS = frozenset(
    {
        "search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries",
        "shared_preload_libraries", "unix_socket_directories",
    }
)  # fmt: skip


def word_of(key: Key) -> str:
    """Return the word for the kind in ALTER, DROP and COMMENT."""
    if key.kind in _TYPES:
        return "type"
    return {"view column": "column", "attribute": "column", "domain constraint": "constraint"}.get(
        key.kind, key.kind
    )


def target(key: Key) -> str:
    """Return the object as COMMENT ON and SECURITY LABEL ON name it."""
    if key.kind == "domain constraint":
        domain = quote_identifier(key.schema or "", key.parent or "")
        return f"constraint {quote_identifier(key.name)} on domain {domain}"
    if key.kind == "index":
        return f"index {path(key)}"
    if key.kind == "user mapping":
        return f"user mapping {key.path}"
    if key.kind == "transform":
        return f"transform for {key.name}"
    return f"{word_of(key)} {path(key)}"


def path(key: Key) -> str:
    """Return the qualified name."""
    if key.kind == "attribute":
        return quote_identifier(key.schema or "", key.parent or "", key.name)
    if key.kind == "aggregate" and key.path.endswith("()"):
        return f"{key.path[:-1]}*)"
    if key.kind == "procedure":
        return _with_modes(key)
    return key.path


def not_null_name(item: Object) -> str:
    """Return the name that the NOT NULL of a column or domain has in PostgreSQL 18."""
    said = item.attributes["not_null_name"]
    if said is not None:
        return str(said)
    key = item.key
    if key.kind == "domain":
        return f"{_cut(key.name, 63 - len(_NOT_NULL))}{_NOT_NULL}"
    return _automatic_name(key.parent or "", key.name)


def not_null_now(change: Change) -> str:
    """Return the name of a NOT NULL when it was altered, which is cosmetic: it may be the old."""
    before, after = change.before, change.after
    validated = after.get("not_null_validated", True) or not change.has("not_null_validated")
    kept = before["not_null"] and validated and not change.has("not_null_name")
    return not_null_name(change.old if kept else change.new)


_NOT_NULL = "_not_null"


def _automatic_name(table: str, column: str) -> str:
    """Return the name that makeObjectName() makes up, the longer of the two cut more."""
    room = 63 - 1 - len(_NOT_NULL)
    first, second = len(table.encode()), len(column.encode())
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    return f"{_cut(table, first)}_{_cut(column, second)}{_NOT_NULL}"


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _with_modes(key: Key) -> str:
    """Return a procedure with IN before each type: without, output arguments would count too."""
    types = key.parent or ""
    name = key.path.removesuffix(f"({types})")
    return f"{name}({', '.join(f'in {type_}' for type_ in _TYPES_OF_ARGUMENTS.findall(types))})"


def relation_path(key: Key) -> str:
    """Return the qualified name of the relation that a constraint, trigger, column is part of."""
    return quote_identifier(key.schema or "", key.parent or "")


def granted_target(key: Key) -> str:
    """Return the object as GRANT and REVOKE name it."""
    name = key.path if key.kind == "aggregate" else path(key)
    return f"{_GRANTED_AS.get(key.kind, key.kind)} {name}"


def granted_name(what: str, name: str) -> str:
    """Return an object that ``pg_identify_object`` names as GRANT and REVOKE name it."""
    if what == "table column":
        return f"table {split_name(name)[0]}"
    return f"{_GRANTED_AS.get(what, what)} {name}"


def split_name(name: str) -> tuple[str, str]:
    """Return the last of the identifiers of *name* and what is before it, as they are written."""
    found = _IDENTIFIERS.findall(name)
    return ".".join(found[:-1]), found[-1]


def role(name: str | None) -> str:
    """Return a role as GRANT names it; ``public`` is everybody."""
    return "public" if name == "public" else quote_identifier(name or "")


def options(values: Mapping[str, str]) -> str:
    """Return options as WITH and SET write them."""
    return ", ".join(f"{_option(name)} = {quote_literal(text)}" for name, text in values.items())


def option_names(names: list[str]) -> str:
    """Return the names of options as RESET writes them."""
    return ", ".join(_option(name) for name in names)


def _option(name: str) -> str:
    space, dot, rest = name.partition(".")  # toast.autovacuum_enabled
    return f"{space}.{quote_identifier(rest)}" if dot else quote_identifier(name)


def readable(name: object, what: str, value: str) -> str:
    """Return *value*, unless it is one that a catalog hides.

    Raises:
        NotPlannable: it is a password or the like: no catalog holds those.
    """
    if _HIDDEN.search(value):
        raise NotPlannable(
            f"{name}: {what} is secret, and no catalog holds secrets",
            hint=f"Set {what} by hand, so that both sides agree.",
        )
    return value


def foreign_options(values: Mapping[str, str]) -> str:
    """Return the options of a foreign object: ``options (host 'x')``, or nothing."""
    if not values:
        return ""
    inner = ", ".join(_foreign_option(*pair) for pair in values.items())
    return f" options ({inner})"


def _foreign_option(name: str, value: str) -> str:
    text = readable("a foreign object", f"option {name}", value)
    return f"{quote_identifier(name)} {quote_literal(text)}"


def changed_foreign_options(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Return what turns the options of a foreign object into others."""
    parts = [f"drop {quote_identifier(name)}" for name in old if name not in new]
    for name, value in new.items():
        if old.get(name) != value:
            verb = "set" if name in old else "add"
            parts.append(f"{verb} {_foreign_option(name, value)}")
    return f"options ({', '.join(parts)})"


def setting_value(name: str, value: str) -> str:
    """Return the value of a setting as SET writes it."""
    if name.lower() not in _LISTS:
        return quote_literal(value)
    if not value:
        return "''"
    names = re.findall(r'"((?:[^"]|"")*)"|([^\s,"]+)', value)
    return ", ".join(quote_literal((quoted or plain).replace('""', '"')) for quoted, plain in names)


def dollar_quoted(text: str) -> str:
    """Return *text* between dollar signs, with a tag that does not occur in it."""
    used = set(_TAG.findall(text))
    tag, number = "$$", 0
    while tag in used or tag in text or text.endswith("$"):
        number += 1
        tag = f"$body{number if number > 1 else ''}$"
        if tag not in text:
            break
    return f"{tag}{text}{tag}"
