# SPDX-License-Identifier: Apache-2.0
"""What of a catalog some objects reach, built in a scratch database without its surroundings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg

from bedstone.catalog import Attributes, Catalog, Key, Object, read_catalog
from bedstone.errors import NotPlannable, RenameUntried
from bedstone.plan.change import Options
from bedstone.plan.planner import plan
from bedstone.plan.script import split_script
from bedstone.plan.side import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.catalog import Value

#: Of the server, of one database, or of somebody's account: no rename says anything about them.
_LEFT_OUT = frozenset(
    {"role", "setting", "default privileges", "privileges", "user mapping", "subscription"}
)
#: What only exists on another server, or says nothing about what a name leads to.
_TAKEN_OFF = ("owner", "acl")
_EMPTIED = (
    "comment", "constraint_comment", "index_comment", "security_labels", "depends_on_extensions",
    "tablespace", "managed_by",
)  # fmt: skip
#: What may show in what needs the whole alone.
_MET_BY_WHOLE = frozenset({"column", "attribute", "constraint"})
_WHY = "PostgreSQL itself says what a rename brings along, on a scratch database."


def excerpt(catalog: Catalog, keys: Iterable[Key]) -> Catalog:
    """Return what of *catalog* can change when *keys* are renamed, and what that needs.

    Roles, secrets and tablespaces are not in it: all that is in it can be made on another server.
    """
    side = Side(catalog)
    needed = _needed(_reached(keys, side), side)
    kept = {
        key: _bare(item)
        for key, item in catalog.objects.items()
        if key in needed and key.kind not in _LEFT_OUT and item.extension is None
    }
    return Catalog(kept, catalog.server_version)


def _reached(keys: Iterable[Key], side: Side) -> set[Key]:
    """Return *keys*, their parts, what needs them, and so on.

    What needs a table or type as a whole may meet the name of any part: children and typed tables
    have it, too.
    """
    found: set[Key] = set()
    waiting = [side.wholes[key] if key.kind in _MET_BY_WHOLE else key for key in keys]
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        found.add(key)
        waiting += side.parts.get(key, ())
        waiting += side.dependants.get(key, ())
        if key.kind == "schema":
            waiting += (k for k in side.catalog.objects if k.schema == key.name)
            extensions = side.catalog.of_kind("extension")  # PostgreSQL notes no need of public
            waiting += (e.key for e in extensions if e.attributes["schema"] == key.name)
    return found


def _needed(keys: Iterable[Key], side: Side) -> set[Key]:
    """Return *keys* and what has to be there before them."""
    found: set[Key] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key in found or key not in side:
            continue
        found.add(key)
        item = side[key]
        waiting += item.depends
        waiting += side.inborn(key)
        waiting += _inherited(key, side)
        waiting += (whole for whole in (side.wholes.get(key),) if whole is not None)
        if key.schema is not None:
            waiting.append(Key("schema", None, key.schema))
        if item.extension is not None:
            waiting.append(Key("extension", None, item.extension))
    return found


def _inherited(key: Key, side: Side) -> Iterator[Key]:
    """Yield the checks that a child must have to be one, and the constraint that one is from."""
    for part in side.parts.get(key, ()):
        attributes = side[part].attributes
        if part.kind == "constraint" and attributes["type"] == "check" and _is_both(side[part]):
            yield part
    if key.kind == "constraint" and _is_both(side[key]):
        for parent in side[side.wholes[key]].depends:
            yield key._replace(schema=parent.schema, parent=parent.name)


def _is_both(constraint: Object) -> bool:
    """Whether a parent has the constraint, too."""
    return constraint.attributes["local"] is not None


def _bare(item: Object) -> Object:
    values = {name: value for name, value in item.attributes.items() if name not in _TAKEN_OFF}
    values |= dict.fromkeys((name for name in _EMPTIED if name in values), None)
    if item.key.kind == "policy":
        values["roles"] = ("public",)
    elif item.key.kind == "event trigger":
        values["enabled"] = "disabled"  # it must not run while the rest is built
    elif item.key.kind == "index":
        values["valid"] = True
    if values.get("foreign_options"):
        values["foreign_options"] = tuple(_open(values["foreign_options"]))
    return replace(item, attributes=Attributes.of(item.key.kind, values))


def _open(options: Value) -> Iterator[Value]:
    for option in options if isinstance(options, tuple) else ():
        if isinstance(option, tuple) and not str(option[1]).startswith("hidden:"):
            yield option


def build(part: Catalog, session: psycopg.Connection) -> None:
    """Make what :func:`excerpt` gave in an empty database.

    Raises:
        RenameUntried: the server has not what that needs.
    """
    empty = read_catalog(session)
    rows = session.execute("select name, default_version from pg_catalog.pg_available_extensions")
    versions: dict[str, str] = dict(rows.fetchall())
    objects = dict(part.objects) | dict(empty.objects)
    for key, item in part.objects.items():
        if key.kind != "extension" or key in empty:
            continue
        if key.name not in versions:
            raise RenameUntried(
                f"{key} is not on the scratch server, and what is renamed leads to it",
                detail=_WHY,
                hint="Name a server that has it: --server postgresql://…",
            )
        values = dict(item.attributes) | {"version": versions[key.name]}
        objects[key] = replace(item, attributes=Attributes.of(key.kind, values))
    try:
        made = plan(empty, Catalog(objects, empty.server_version), Options(online=False))
        for statement in split_script(made):
            session.execute(statement.encode())
    except (NotPlannable, psycopg.Error) as error:
        told = error.message if isinstance(error, NotPlannable) else str(error).splitlines()[0]
        raise RenameUntried(
            f"what is renamed cannot be built on the scratch server: {told}",
            detail=_WHY,
            hint="Name a server that can: --server postgresql://…, or rename it by hand first.",
        ) from error
