# SPDX-License-Identifier: Apache-2.0
"""How a column comes to another type: where it is, or by a column beside it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from bedstone.plan.backfill import has_children, is_fired
from bedstone.plan.change import Change
from bedstone.plan.coercion import is_checked_type, keeps_indexes, rewrites
from bedstone.plan.kinds.recasting import is_taken_apart, recast, remade
from bedstone.plan.side import stands_on_index
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedstone.catalog import Key, Object
    from bedstone.plan.casts import Conversion
    from bedstone.plan.change import Scene
    from bedstone.plan.side import Side

#: What PostgreSQL refuses to have on a column whose type changes, and what goes with a column.
_DISTURBED = frozenset(
    {"view", "materialized view", "rule", "policy", "trigger", "function", "procedure",
     "publication table", "statistics"}
)  # fmt: skip
#: Types whose new form can stand beside the old one.
_HAVING_TWINS = frozenset({"enum", "domain"})
#: Triggers sort by the bytes of their names; that of a swap has to be the last.
LAST = "~bedstone"


class Way(Enum):
    """What the change costs, and so how it is made."""

    #: Nothing that is proportional to rows.
    ALTER = "alter"
    #: A column beside it is filled and takes its place.
    SWAP = "swap"
    #: Rows or indexes are written anew while nobody can read them.
    REWRITE = "rewrite"


class Retyping(NamedTuple):
    """The way, and why it is that one."""

    way: Way
    reason: str


def retyping(change: Change) -> Retyping:
    """Decide how a change of type or collation is made."""
    scene = change.scene
    table = scene.a.table_of(change.key)
    if not scene.may_have_rows(table):
        return Retyping(Way.ALTER, "another type")
    virtual = change.before["generated"] == change.after["generated"] == "virtual"
    work = "" if virtual else _work(change)  # no row holds the values of a virtual column
    if not work:
        return Retyping(Way.ALTER, "another type, for which no row is touched")
    if not scene.options.online:
        return Retyping(Way.REWRITE, work)
    assert table is not None  # noqa: S101  it has rows
    obstacle = _obstacle(change, table) if scene.beside else "it would wait for itself"
    if obstacle is not None:
        return Retyping(Way.REWRITE, f"{work}, and a column beside it cannot take over: {obstacle}")
    return Retyping(Way.SWAP, work)


def convert(change: Change) -> Conversion | None:
    """Return how the values come to the other type; ``None`` where there is no way."""
    name = quote_identifier(change.key.name)
    return recast(name, change.old, change.new, change.scene)


def is_swapped(column: Key, changed: Mapping[Key, frozenset[str]], scene: Scene) -> bool:
    """Whether a column among those that differ gets a new one beside it."""
    names = changed.get(column, frozenset())
    if not names & {"type", "collation"}:
        return False
    change = Change(scene.a[column], scene.b[column], names, scene)
    return retyping(change).way is Way.SWAP


def disturbed(change: Change) -> Iterator[Key]:
    """Yield what cannot stand while the type changes, or would be read anew under its lock."""
    side, way = change.scene.a, retyping(change).way
    columns = {change.key, *side.heirs(change.key)}
    for key in (key for column in columns for key in side.dependants.get(column, ())):
        computed = key.kind == "column" and side[key].attributes["generated"]
        if key.kind in _DISTURBED or (computed and key not in columns):
            yield key
        elif key.kind == "constraint":
            yield from _constraint(key, way, change.scene)
        if way is Way.SWAP and is_carried(key, change.scene):
            for other in side.dependants.get(key, ()):
                foreign = other.kind == "constraint" and not stands_on_index(side[other])
                if other.kind in _DISTURBED or foreign:
                    yield side.top_of(other)


def _constraint(key: Key, way: Way, scene: Scene) -> Iterator[Key]:
    """Yield a check that would be read for, and a foreign key whose ends may not fit meanwhile."""
    kind = scene.a[key].attributes["type"]
    checked = kind == "check" and way is not Way.REWRITE and scene.options.online
    if checked or (kind == "foreign key" and way is not Way.ALTER):
        yield scene.a.top_of(key)


def is_carried(key: Key, scene: Scene) -> bool:
    """Whether an index or key on a column goes over to the one beside it."""
    if key not in scene.b or key in scene.renewed:
        return False
    return is_index(scene.a[key]) and is_index(scene.b[key])


def is_index(item: Object) -> bool:
    """Whether *item* is an index, or a constraint that has one."""
    return item.key.kind == "index" or stands_on_index(item)


def _indexes(change: Change) -> list[Object]:
    a, b = change.scene.a, change.scene.b
    found = [k for k in sorted(a.dependants.get(change.key, ())) if k in b]
    return [b[k] for k in found if is_index(b[k])]


def _work(change: Change) -> str:
    """Return what of the table is written anew; nothing where nothing is."""
    a, b = change.scene.a, change.scene.b
    old, new = str(change.before["type"]), str(change.after["type"])
    if old == new and remade(old, change.scene) is not None:
        return "its type is made anew, for which every row is written anew"
    if rewrites(old, new, a, b):
        return "another type, for which every row is written anew"
    kept = keeps_indexes(old, new, a, b) and not change.has("collation")
    for index in _indexes(change):
        if not kept or is_computed(index):
            return f"another type, for which {index.key.name} is built anew"
    for key in a.dependants.get(change.key, ()):
        constraint = key.kind == "constraint" and key in b
        kind = a[key].attributes["type"] if constraint else None
        if kind == "foreign key" and not kept:
            return f"another type, for which {key.name} is checked anew"
        if kind == "check" and not change.scene.options.online:
            return f"another type, for which {key.name} is checked anew"
    return ""


def is_computed(index: Object) -> bool:
    """Whether an index has an expression or a condition: PostgreSQL builds such ones anew."""
    attributes = index.attributes
    if attributes.get("where"):
        return True
    columns = attributes["columns"]
    return index.key.kind == "index" and any(
        isinstance(part, tuple) and not _is_name(str(part[0]))
        for part in (columns if isinstance(columns, tuple) else ())
    )


def _is_name(text: str) -> bool:
    return "(" not in text and ":" not in text if not text.startswith('"') else True


def _obstacle(change: Change, table: Key) -> str | None:
    """Return why no column can be filled beside this one; ``None`` where one can."""
    before, after = change.before, change.after
    if before["generated"] or after["generated"]:
        return "its values are computed"
    return _of_table(table, change.scene) or _of_column(change)


def _of_table(table: Key, scene: Scene) -> str | None:
    if table.kind != "table":
        return "the rows are elsewhere"
    if scene.options.strict:
        return "the order of columns is to stay"
    if scene.is_moved(table):
        return "the table is attached or detached by the same plan"
    if scene.a[table].attributes["force_row_security"]:
        return "row security is forced, and may hide rows from who fills it"
    found = [_of_tree(table, scene)]
    for one in (table, *scene.a.partitions_below(table)) if not found[0] else ():
        found += [_of_form(one, side) for side in (scene.a, scene.b)]
        found += [_of_triggers(one, scene.a), _of_publications(one, scene.a)]
    return next((text for text in found if text), None)


def _of_tree(table: Key, scene: Scene) -> str | None:
    """Return why the partitions of a table cannot all be swapped with it."""
    if scene.is_kept_by_manager(table):
        return "an extension makes its partitions"
    trees = [{*side.partitions_below(table)} for side in (scene.a, scene.b)]
    if trees[0] != trees[1] or any(scene.is_moved(child) for child in trees[0]):
        return "partitions come or go in the same plan"
    if any(child.kind != "table" for child in trees[0]):
        return "the rows of a partition are elsewhere"
    return None


def _of_form(table: Key, side: Side) -> str | None:
    attributes = side[table].attributes
    partitioned = bool(attributes["partition_by"])
    if attributes["inherits"] or (has_children(table, side) and not partitioned):
        return "the table has parents or children"
    if attributes["of_type"]:
        return "the columns are those of a type"
    return "the rows are not in a heap" if attributes["access_method"] else None


def _of_triggers(table: Key, side: Side) -> str | None:
    for part in side.parts.get(table, ()):
        attributes = side[part].attributes
        if part.kind == "rule" and attributes["event"] == "update":
            return f"rule {part.name} is about UPDATE"
        if part.kind != "trigger":
            continue
        if attributes["timing"] == "before" and part.name.encode() >= LAST.encode():
            return f"trigger {part.name} would be the last"
        if is_fired(attributes) and attributes["enabled"] in {"always", "replica"}:
            return f"trigger {part.name} would see every row"
    return None


def takes_updates(table: Key, side: Side) -> bool:
    """Whether nothing that is published keeps rows of *table* from being updated."""
    return _of_publications(table, side) is None


def _of_publications(table: Key, side: Side) -> str | None:
    """An UPDATE of what is published needs to say which row it is."""
    parts = side.parts.get(table, ())
    keyed = any(
        side[p].attributes["type"] == "primary key" for p in parts if p.kind == "constraint"
    )
    identity = str(side[table].attributes["replica_identity"])
    members = (m for m in side.catalog.of_kind("publication table") if table in m.depends)
    if identity != "full" and any(member.attributes["where"] for member in members):
        return "the table is published with a condition, which may ask for more than its identity"
    if identity == "full" or identity.startswith("index") or (keyed and identity == "default"):
        return None
    for item in side.catalog.of_kind("publication", "publication table", "publication schema"):
        if item.attributes.get("all_tables") or table in item.depends:
            return "the table is published and has no replica identity"
        if item.key.kind == "publication schema" and item.key.name == table.schema:
            return "the table is published and has no replica identity"
    return None


def _of_column(change: Change) -> str | None:
    a, b = change.scene.a, change.scene.b
    type_ = remade(str(change.after["type"]), change.scene)
    if type_ is not None and (
        type_.kind not in _HAVING_TWINS or is_taken_apart(type_.path, change.scene)
    ):
        return f"{type_} is made anew where it is"
    if convert(change) is None:
        return "no value of the one type has a meaning in the other"
    if is_checked_type(str(change.after["type"]), b):
        return "a column of a domain that checks its values cannot come empty"
    below = list(a.below(change.key))
    if any(b[key].attributes["not_null"] and not change.after["not_null"] for key in below):
        return "a partition wants a value where the whole does not"
    return _of_dependants((change.key, *below), a, b)


def _of_dependants(columns: tuple[Key, ...], a: Side, b: Side) -> str | None:
    for key in sorted({key for column in columns for key in a.dependants.get(column, ())}):
        if key.kind == "column" and key in b and a[key].attributes["generated"]:
            return f"column {key.name} is computed from it"
        if key.kind == "constraint" and key in b:
            attributes = b[key].attributes
            if attributes["type"] == "exclude" or attributes["period"]:
                return f"no index can be built beside that of {key.name}"
    return None
