# SPDX-License-Identifier: Apache-2.0
"""Tables: plain, partitioned, foreign, children of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.kinds.attaching import detach
from bedstone.plan.kinds.columns import definition, extras, not_null, options_of, own_values
from bedstone.plan.kinds.constraints import definition as constraint_definition
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import (
    changed_foreign_options,
    foreign_options,
    option_names,
    options,
    path,
    word_of,
)
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Key, Object
    from bedstone.plan.change import Change, Scene

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
#: What no ALTER TABLE can change.
_FIXED = frozenset({"partition_by", "server"})


def all_options(attributes: Attributes) -> dict[str, str]:
    """Return storage parameters, those of the TOAST table with their prefix."""
    toast = {f"toast.{name}": value for name, value in pairs(attributes["toast_options"]).items()}
    return pairs(attributes["options"]) | toast


class Tables(Writer):
    """Tables and foreign tables."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Make the table with its columns; constraints, indexes, parents' bounds come after."""
        key, side = item.key, scene.b
        yield Statement(self._definition(item, scene), key)
        inherited = item.attributes["inherits"] is not None
        for column in side.columns(key):
            yield from extras(column)
            if inherited and column.attributes["local"] is False:
                yield from own_values(column, scene)
        yield from self._rest(item)

    def _definition(self, item: Object, scene: Scene) -> str:
        key, attributes = item.key, item.attributes
        word = "unlogged " if attributes["persistence"] == "unlogged" else ""
        found = [f"create {word}{word_of(key)} {path(key)}"]
        if attributes["of_type"]:
            found.append(f"of {attributes['of_type']}")
        if columns := self._columns(item, scene):
            found.append("(" + ",".join(f"\n    {line}" for line in columns) + "\n)")
        elif not attributes["of_type"]:
            found.append("()")
        if attributes["inherits"] is not None:
            found.append(f"inherits ({', '.join(words(attributes['inherits']))})")
        if attributes["partition_by"]:
            found.append(f"partition by {attributes['partition_by']}")
        if key.kind == "foreign table":
            found.append(f"server {quote_identifier(str(attributes['server']))}")
            found.append(foreign_options(pairs(attributes["foreign_options"])).strip())
        if attributes["access_method"]:
            found.append(f"using {quote_identifier(str(attributes['access_method']))}")
        if storage := all_options(attributes):
            found.append(f"with ({options(storage)})")
        if attributes["tablespace"]:
            found.append(f"tablespace {quote_identifier(str(attributes['tablespace']))}")
        return " ".join(part for part in found if part)

    def _columns(self, item: Object, scene: Scene) -> list[str]:
        """Return the lines in parentheses."""
        attributes, side, named = item.attributes, scene.b, scene.has_names
        columns = side.columns(item.key)
        if attributes["of_type"]:
            lines = (options_of(column, side, named=named) for column in columns)
            return [line for line in lines if line]
        inherited = attributes["inherits"] is not None
        found = [
            definition(column, side, inherited=bool(attributes["partition_of"]), named=named)
            for column in columns
            if not (inherited and column.attributes["local"] is False)
        ]
        if inherited and named:
            found += [
                not_null(column) for column in columns
                if column.attributes["local"] is False and column.attributes["not_null_local"]
            ]  # fmt: skip
        return [*found, *self._checks(item, scene)]

    def _checks(self, item: Object, scene: Scene) -> Iterator[str]:
        """Yield the checks that a partition has to have before it can be attached."""
        if not item.attributes["partition_of"]:
            return
        for part in scene.b.parts.get(item.key, ()):
            attributes = scene.b[part].attributes
            check = part.kind == "constraint" and attributes["type"] == "check"
            if check and attributes["local"] is False and attributes["validated"]:
                yield constraint_definition(scene.b[part])

    def _rest(self, item: Object) -> Iterator[Statement]:
        key, attributes = item.key, item.attributes
        if attributes["row_security"]:
            yield _alter(key, "enable row level security")
        if attributes["force_row_security"]:
            yield _alter(key, "force row level security")

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the table with its rows."""
        key, attributes = item.key, item.attributes
        lost = (Hazard.LOSES_DATA, Hazard.BREAKS_CLIENTS)
        hazards = () if key.kind == "table" and _is_copied(item, scene) else lost
        if attributes["partition_of"] and key not in scene.detached:
            yield from detach(item, scene)  # a foreign key to the whole would not let go of a part
        yield Statement(
            f"drop {word_of(key)} {path(key)}", key, lock=_EXCLUSIVE, on=path(key), hazards=hazards
        )

    def can_alter(self, change: Change) -> bool:
        """Whether the rows can stay where they are."""
        return change.names.isdisjoint(_FIXED)

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change what the table has as a whole."""
        key, before, after = change.key, change.before, change.after
        if change.has("inherits"):
            old, new = words(before["inherits"]), words(after["inherits"])
            for parent in old:
                if parent not in new:
                    yield _alter(key, f"no inherit {parent}")
        yield from self._alter_storage(change)
        if change.has("foreign_options"):
            old_options, new_options = (pairs(s["foreign_options"]) for s in (before, after))
            yield _alter(key, changed_foreign_options(old_options, new_options))
        if change.has("row_security"):
            verb = "enable" if after["row_security"] else "disable"
            yield _alter(key, f"{verb} row level security", hazards=(Hazard.PRIVILEGES,))
        if change.has("force_row_security"):
            verb = "force" if after["force_row_security"] else "no force"
            yield _alter(key, f"{verb} row level security", hazards=(Hazard.PRIVILEGES,))

    @staticmethod
    def _alter_storage(change: Change) -> Iterator[Statement]:
        key, before, after = change.key, change.before, change.after
        if change.has("persistence"):
            yield _alter(
                key, "set unlogged" if after["persistence"] == "unlogged" else "set logged",
                hazards=(Hazard.BLOCKS,),
            )  # fmt: skip
        if change.has("access_method"):
            method = quote_identifier(str(after["access_method"] or "heap"))
            yield _alter(key, f"set access method {method}", hazards=(Hazard.BLOCKS,))
        if change.has("tablespace"):
            name = quote_identifier(str(after["tablespace"] or "pg_default"))
            yield _alter(key, f"set tablespace {name}", hazards=(Hazard.BLOCKS,))
        if change.has("options", "toast_options"):
            yield from change_options(key, all_options(before), all_options(after))


def _is_copied(item: Object, scene: Scene) -> bool:
    """Whether the rows are put aside before, by the table itself or by what it is a part of."""
    if item.key in scene.renewed:
        return True
    whole = item.attributes["partition_of"]
    return any(key.kind == "table" and key.path == whole for key in scene.renewed)


def change_options(
    key: Key, old: dict[str, str], new: dict[str, str], *,
    lock: LockMode = LockMode.SHARE_UPDATE_EXCLUSIVE,
) -> Iterator[Statement]:  # fmt: skip
    """Write what turns the storage parameters of a relation into others."""
    gone = [name for name in old if name not in new]
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    if gone:
        yield _alter(key, f"reset ({option_names(gone)})", lock=lock)
    if changed:
        yield _alter(key, f"set ({options(changed)})", lock=lock)


def of_type(item: Object) -> Iterator[Statement]:
    """Write of which type a table is: its columns are those of the type by now."""
    if item.attributes["of_type"]:
        yield _alter(item.key, f"of {item.attributes['of_type']}")


def inherit(item: Object, before: Attributes) -> Iterator[Statement]:
    """Write which parents are new: the table has all that they bring by now."""
    old = words(before.get("inherits"))
    for parent in words(item.attributes.get("inherits")):
        if parent not in old:
            yield _alter(item.key, f"inherit {parent}")


def late(item: Object, before: Attributes | None) -> Iterator[Statement]:
    """Write what names an index: replica identity and the index that rows are clustered on."""
    key, attributes = item.key, item.attributes
    identity, old = attributes.get("replica_identity"), "default"
    if before is not None:
        old = str(before.get("replica_identity"))
    if identity is not None and identity != old and key.kind == "table":
        word = str(identity)
        yield _alter(
            key, f"replica identity {'using ' + word if word.startswith('index ') else word}"
        )
    cluster = attributes.get("clustered_on")
    if cluster != (before.get("clustered_on") if before is not None else None):
        name = quote_identifier(str(cluster)) if cluster else ""
        yield _alter(key, f"cluster on {name}" if cluster else "set without cluster",
                     lock=LockMode.SHARE_UPDATE_EXCLUSIVE)  # fmt: skip


def _alter(
    key: Key, action: str, *, lock: LockMode = _EXCLUSIVE, hazards: tuple[Hazard, ...] = ()
) -> Statement:
    sql = f"alter {word_of(key)} {path(key)} {action}"
    return Statement(sql, key, lock=lock, on=path(key), hazards=hazards)
