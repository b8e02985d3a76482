# SPDX-License-Identifier: Apache-2.0
"""Sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.writer import Writer
from bedstone.plan.spelling import path
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Key, Object
    from bedstone.plan.change import Change, Scene

_OPTIONS = ("start", "increment", "minimum", "maximum", "cache", "cycle")


def _options(attributes: Attributes, names: tuple[str, ...] = _OPTIONS) -> list[str]:
    found = []
    for name in names:
        value = attributes[name]
        if name == "start":
            found.append(f"start with {value}")
        elif name == "increment":
            found.append(f"increment by {value}")
        elif name in {"minimum", "maximum"}:
            word = "minvalue" if name == "minimum" else "maxvalue"
            found.append(f"no {word}" if value is None else f"{word} {value}")
        elif name == "cache":
            found.append(f"cache {value}")
        elif name == "cycle":
            found.append("cycle" if value else "no cycle")
    return found


def identity_options(sequence: Object, table: Object) -> str:
    """Return the options of the sequence of an identity column of *table*, in parentheses."""
    words = [f"sequence name {path(sequence.key)}", *_options(sequence.attributes)]
    persistence = sequence.attributes["persistence"]
    if persistence != table.attributes.get("persistence"):
        words.append("unlogged" if persistence == "unlogged" else "logged")
    return f" ({' '.join(words)})"


class Sequences(Writer):
    """Sequences; those of identity columns are made and dropped with their column."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the sequence; who owns it is said when the column is there."""
        attributes = item.attributes
        if attributes["identity"]:
            return
        word = "unlogged sequence" if attributes["persistence"] == "unlogged" else "sequence"
        words = [f"create {word} {path(item.key)}", f"as {attributes['type']}"]
        yield Statement(" ".join([*words, *_options(attributes)]), item.key)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the sequence, unless it goes with its column."""
        if not item.attributes["identity"]:
            hazards = (Hazard.LOSES_DATA,)
            yield Statement(
                f"drop sequence {path(item.key)}", item.key, "", LockMode.ACCESS_EXCLUSIVE,
                path(item.key), hazards,
            )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether it is no other sequence: one of an identity column cannot become a plain one."""
        return not change.has("identity")

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change its options; values that were given out stay so."""
        key, after = change.key, change.after
        if change.has("persistence"):
            word = "unlogged" if after["persistence"] == "unlogged" else "logged"
            yield _alter(key, f"set {word}", lock=LockMode.ACCESS_EXCLUSIVE)
        words = []
        if change.has("type") and after["type"] is not None:
            words.append(f"as {after['type']}")
            words += _options(after, ("minimum", "maximum"))
        names = tuple(n for n in _OPTIONS if change.has(n))
        words += [w for w in _options(after, names) if w not in words]
        if self._ends_elsewhere(change):
            words.append("restart")
        if words:
            narrower = change.has("minimum", "maximum", "type")
            hazards = (Hazard.MAY_FAIL,) if narrower else ()
            yield _alter(key, " ".join(words), hazards=hazards)
        if change.has("owned_by") and (after["owned_by"] is None or _loses_column(change)):
            yield _alter(key, "owned by none")

    @staticmethod
    def _ends_elsewhere(change: Change) -> bool:
        """Whether the value that the old sequence began with is outside of the new bounds."""
        start = int(str(change.before["start"]))
        low, high = change.after["minimum"], change.after["maximum"]
        below = isinstance(low, int) and start < low
        return below or (isinstance(high, int) and start > high)


def _loses_column(change: Change) -> bool:
    """Whether the column that a sequence went with goes, or is made anew."""
    column, scene = change.old.owning_column, change.scene
    return column is not None and (column not in scene.b or column in scene.renewed)


def own(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write which column a sequence goes with; a new one goes on after the values there are."""
    column, key = item.owning_column, item.key
    name = "none" if column is None else _column(column)
    yield _alter(key, f"owned by {name}")
    new = key not in scene.a or key in scene.renewed
    if column is not None and new and column in scene.a and column not in scene.renewed:
        yield go_on(key, column, scene)


def _alter(
    key: Key, action: str, *, lock: LockMode = LockMode.SHARE_ROW_EXCLUSIVE,
    hazards: tuple[Hazard, ...] = (),
) -> Statement:  # fmt: skip
    sql = f"alter sequence {path(key)} {action}"
    return Statement(sql, key, "", lock, path(key), hazards)


def go_on(key: Key, column: Key, scene: Scene) -> Statement:
    """Write what makes a sequence give no value that is there.

    Nobody may write meanwhile; where an index begins with the column, that is a moment.
    """
    kept = (k for k in scene.b.dependants.get(column, ()) if k in scene.a)
    searched = any(_begins_with(scene.b[k], column) for k in kept if k not in scene.renewed)
    name = quote_identifier(column.name)
    table = quote_identifier(column.schema or "", column.parent or "")
    sequence = scene.b[key].attributes
    low = sequence["minimum"]
    bound = (
        f">= {1 if low is None else low}" if int(str(sequence["increment"])) > 0 else "is not null"
    )
    return Statement(
        f"select pg_catalog.setval({quote_literal(path(key))}, max({name})) "
        f"from {table} having max({name}) {bound}",
        key, "the next value is none that is there", LockMode.ACCESS_SHARE, table,
        () if searched else (Hazard.BLOCKS,),
    )  # fmt: skip


def _begins_with(item: Object, column: Key) -> bool:
    """Whether *item* is an index, or stands on one, in which the greatest value is found."""
    columns = item.attributes.get("columns")
    if item.key.kind not in {"index", "constraint"} or not isinstance(columns, tuple):
        return False
    if item.attributes.get("type", "index") not in {"index", "primary key", "unique"}:
        return False
    first = columns[0][0] if isinstance(columns[0], tuple) else quote_identifier(str(columns[0]))
    plain = item.attributes.get("method") in {"btree", None} and not item.attributes.get("where")
    return plain and first == quote_identifier(column.name)


def _column(key: Key) -> str:
    return quote_identifier(key.schema or "", key.parent or "", key.name)
