# SPDX-License-Identifier: Apache-2.0
"""Partitions that are attached and detached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.bounds import condition, key_columns
from bedstone.plan.coercion import compares_by_itself, has_collation
from bedstone.plan.spelling import path, relation_path
from bedstone.plan.stand_in import part_name
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Scene

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
_HASH = "HASH"


def attach(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write ATTACH PARTITION, behind checks that prove what it would have to read rows for."""
    key, parent = item.key, str(item.attributes["partition_of"])
    checks, unproven = _checks(item, scene)
    if key not in scene.proven:
        yield from prove(item, scene)
    checked = _checked_keys(item, scene)
    lock, on = _lock(item, [*checks, *unproven, *([key] if checked else [])], scene)
    reason = _reason(unproven, checks, is_new=not scene.may_have_rows(key))
    if checked and not unproven:
        reason = f"reads {key.name} for what {checked[0].name} refers to"
    yield Statement(
        f"alter table only {parent} attach partition {path(key)} "
        f"{item.attributes['partition_bound']}",
        key,
        reason,
        lock,
        on,
        (Hazard.BLOCKS, Hazard.MAY_FAIL) if unproven or checked else (),
    )
    for table in checks:
        yield Statement(
            f"alter table {path(table)} drop constraint {_check(table, scene)}", key,
            "it was there for the attachment", _EXCLUSIVE, path(table),
        )  # fmt: skip


def prove(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write the checks, from which ATTACH learns what it would have to read rows for."""
    for table, asked in _checks(item, scene)[0].items():
        yield from _prove(table, asked, scene)


def _checks(item: Object, scene: Scene) -> tuple[dict[Key, str], list[Key]]:
    """Return the tables with what a check can prove of them, and those of which none can."""
    checks: dict[Key, str] = {}
    unproven = []
    for table, asked in _asked(item, scene):
        if asked is not None and scene.is_online(table):
            checks[table] = asked
        else:
            unproven.append(table)
    return checks, unproven


def _checked_keys(item: Object, scene: Scene) -> list[Key]:
    """Return the foreign keys that a table with rows gets by being attached."""
    if not scene.may_have_rows(item.key):
        return []
    return [
        part for part in scene.b.parts.get(item.key, ())
        if scene.b[part].attributes.get("type") == "foreign key" and part in scene.b.brought
        and (part not in scene.a or part in scene.renewed) and not scene.b.is_adopted(part)
    ]  # fmt: skip


def _lock(item: Object, tables: list[Key], scene: Scene) -> tuple[LockMode, str]:
    """Return the strongest lock on what was there before, and on what it is."""
    for table in tables:
        return _EXCLUSIVE, path(table)
    parent = str(item.attributes["partition_of"])
    for part in scene.b.parts.get(item.key, ()):
        if scene.b[part].attributes.get("type") == "foreign key":
            return LockMode.SHARE_ROW_EXCLUSIVE, str(scene.b[part].attributes["references"])
    for above in sorted(item.depends):
        if path(above) == parent and (referring := scene.b.referring(above)):
            return LockMode.SHARE_ROW_EXCLUSIVE, relation_path(referring[0])
    return _SHARED, parent


def _reason(unproven: list[Key], checks: dict[Key, str], *, is_new: bool) -> str:
    if unproven:
        names = ", ".join(table.name for table in unproven)
        return f"reads {names} for rows that do not belong there"
    if checks:
        return "believes the validated check"
    return "it is a new table" if is_new else "no row of a foreign table is read"


def _asked(item: Object, scene: Scene) -> Iterator[tuple[Key, str | None]]:
    """Yield the tables whose rows are in question, and what each row has to be."""
    parent = _parent(item, scene)
    if parent is None:
        return
    own = _condition(item, parent, scene)
    if scene.may_have_rows(item.key) and item.key.kind == "table":  # no server of others is asked
        above = [_condition(*pair, scene) for pair in _above(parent, scene)]
        parts = [f"({text})" for text in (own, *above) if text is not None]
        provable = own is not None and None not in above
        yield item.key, " and ".join(parts) if provable else None
    default = _default(parent, scene)
    if default is not None and default != item.key and scene.may_have_rows(default):
        yield default, f"not ({own})" if own is not None else None


def _parent(item: Object, scene: Scene) -> Object | None:
    found = (
        scene.b[needed]
        for needed in sorted(item.depends)
        if needed.kind == "table" and path(needed) == item.attributes["partition_of"]
    )
    return next(found, None)


def _above(table: Object, scene: Scene) -> Iterator[tuple[Object, Object]]:
    """Yield *table* and its parent, where it is a partition itself, and so on."""
    parent = _parent(table, scene) if table.attributes["partition_of"] else None
    if parent is not None:
        yield table, parent
        yield from _above(parent, scene)


def _condition(item: Object, parent: Object, scene: Scene) -> str | None:
    by, bound = str(parent.attributes["partition_by"]), str(item.attributes["partition_bound"])
    names = key_columns(by)
    types = [
        str(scene.b[column].attributes["type"])
        for column in scene.b.parts.get(parent.key, ())
        if column.kind == "column" and (names is None or column.name in names)
    ]
    if not all(compares_by_itself(type_, scene.b) for type_ in types):
        return None  # the operators of its type may be in any schema
    collated = names is None or any(has_collation(type_, scene.b) for type_ in types)
    if by.startswith(_HASH) and collated:
        return None  # PostgreSQL does not know its own condition again
    return condition(path(parent.key), by, bound)


def _default(parent: Object, scene: Scene) -> Key | None:
    """Return the default partition of a table, which holds what belongs to no other one."""
    for key in sorted(scene.b.dependants.get(parent.key, ())):
        if key.kind == "table" and key in scene.b:
            attributes = scene.b[key].attributes
            ours = attributes["partition_of"] == path(parent.key)
            if ours and attributes["partition_bound"] == "DEFAULT":
                return key
    return None


def _check(table: Key, scene: Scene) -> str:
    return quote_identifier(part_name(table, "constraint", f"{table.name}_bound", scene))


def _prove(table: Key, asked: str, scene: Scene) -> Iterator[Statement]:
    check = _check(table, scene)
    yield Statement(
        f"alter table {path(table)} add constraint {check} check ({asked}) not valid", table,
        "what ATTACH would read the rows for under its lock", _EXCLUSIVE, path(table),
    )  # fmt: skip
    yield Statement(
        f"alter table {path(table)} validate constraint {check}", table,
        "reads the rows, writers go on", _SHARED, path(table), (Hazard.MAY_FAIL,),
        Transaction.OWN,
    )  # fmt: skip


def detach(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write DETACH PARTITION.

    CONCURRENTLY would wait for less, but not with a default partition, not in a transaction, and
    it leaves a check of a name that no plan can know.
    """
    parent = str(item.attributes["partition_of"])
    referring = scene.may_have_rows(item.key) and any(
        key not in scene.renewed and key in scene.b
        for above in item.depends
        if path(above) == parent
        for key in scene.a.referring(above)
    )
    yield Statement(
        f"alter table {parent} detach partition {path(item.key)}", item.key,
        "reads whether rows refer to it" if referring else "no row is read", _EXCLUSIVE, parent,
        (Hazard.BLOCKS, Hazard.MAY_FAIL) if referring else (),
    )  # fmt: skip
