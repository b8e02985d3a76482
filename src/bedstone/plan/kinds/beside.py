# SPDX-License-Identifier: Apache-2.0
"""What stands beside the columns of a table until it takes their place, and its names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from bedstone.catalog import Attributes, Key
from bedstone.plan.backfill import has_triggers
from bedstone.plan.kinds.recasting import by_twins, in_twins, recast
from bedstone.plan.kinds.retyping import LAST, is_carried
from bedstone.plan.references import renamed
from bedstone.plan.side import words
from bedstone.plan.spelling import path
from bedstone.plan.stand_in import made_name, part_name, parts_of, relation_name, routine_name
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.catalog import Object
    from bedstone.plan.casts import Conversion
    from bedstone.plan.change import Scene


class Pair(NamedTuple):
    """A column before and after, and the name of the new one while both are there."""

    old: Object
    new: Object
    name: str

    def beside(self, scene: Scene) -> Object:
        """Return the new column as it is added: without NOT NULL, default and identity."""
        bare = {"not_null": False, "not_null_validated": True, "default": None, "identity": None}
        key = self.new.key._replace(name=self.name)
        values = {**self.new.attributes, **bare, "type": self.type(scene)}
        return replace(self.new, key=key, attributes=Attributes.of("column", values))

    def type(self, scene: Scene) -> str:
        """Return the type of the new column as it is called before the swap."""
        return by_twins(str(self.new.attributes["type"]), scene)

    def conversion(self, scene: Scene, row: str = "") -> Conversion:
        """Return how the value of the old column, in *row*, becomes that of the new one."""
        name = row + quote_identifier(self.old.key.name)
        found = recast(name, self.old, self.new, scene, beside=True)
        assert found is not None  # noqa: S101  else it could not be altered
        return found._replace(using=found.using or name)

    @property
    def is_required(self) -> bool:
        """Whether no value may be missing, old ones included."""
        attributes = self.new.attributes
        return bool(attributes["not_null"] and attributes["not_null_validated"])


@dataclass(frozen=True)
class Beside:
    """The columns of one table that change together, in its partitions too."""

    columns: tuple[Key, ...]
    scene: Scene

    @cached_property
    def table(self) -> Key:
        """The table of the columns."""
        table = self.scene.a.table_of(self.columns[0])
        assert table is not None  # noqa: S101  a column is of a table
        return table

    @cached_property
    def path(self) -> str:
        """Its qualified name."""
        return path(self.table)

    @cached_property
    def tree(self) -> tuple[Key, ...]:
        """The table and its partitions, each after what it is a partition of."""
        return (self.table, *self.scene.a.partitions_below(self.table))

    @cached_property
    def is_tree(self) -> bool:
        """Whether the rows are in partitions."""
        return self.scene.a.is_partitioned(self.table)

    @cached_property
    def pairs(self) -> list[Pair]:
        """The columns before and after."""
        a, b = self.scene.a, self.scene.b
        return [
            Pair(a[key], b[key], part_name(self.table, "column", key.name, self.scene))
            for key in self.columns
        ]

    @cached_property
    def carried(self) -> dict[Key, str]:
        """The indexes and keys over the columns, each with its name for a while.

        Those of a partition come after those of what it is a partition of.
        """
        side = self.scene.a
        found: dict[Key, str] = {}
        for table in self.tree:
            keys = {
                key
                for column in self.columns
                for key in side.dependants.get(column._replace(
                    schema=table.schema, parent=table.name), ())
            }  # fmt: skip
            found |= {
                key: relation_name(key, self.scene)
                for key in sorted(keys)
                if is_carried(key, self.scene)
            }
        return found

    def carried_form(self, key: Key) -> Object:
        """Return an index or key as it is before the swap: of other columns, of twins of types."""
        item, names = self.scene.b[key], {pair.new.key.name: pair.name for pair in self.pairs}
        attributes = dict(item.attributes)
        columns = attributes["columns"]
        assert isinstance(columns, tuple)  # noqa: S101  an index has some
        if item.key.kind == "index":
            attributes["columns"] = tuple(
                (in_twins(renamed(str(part[0]), names), self.scene), *part[1:])
                if isinstance(part, tuple) else part
                for part in columns
            )  # fmt: skip
            if attributes["where"]:
                where = renamed(str(attributes["where"]), names)
                attributes["where"] = in_twins(where, self.scene)
        else:
            attributes["columns"] = tuple(names.get(str(name), name) for name in columns)
        included = words(attributes["include"])
        attributes["include"] = tuple(names.get(name, name) for name in included) or None
        return replace(item, attributes=Attributes.of(item.key.kind, attributes))

    @cached_property
    def trigger_name(self) -> str:
        """The name of the trigger that keeps the columns in step."""
        taken = parts_of(self.table, "trigger", self.scene)
        return made_name(self.table.name, taken, word=LAST)

    @cached_property
    def function_name(self) -> str:
        """The name of its function."""
        return routine_name(self.table.schema, f"sync_{self.table.name}", self.scene)

    @cached_property
    def function(self) -> str:
        """The quoted path of its function."""
        return quote_identifier(self.table.schema or "", self.function_name)

    @cached_property
    def body(self) -> str:
        """What the function does."""
        values = "".join(
            f"    new.{quote_identifier(pair.name)} := "
            f"{pair.conversion(self.scene, 'new.').using};\n"
            for pair in self.pairs
        )
        return f"\nbegin\n{values}    return new;\nend\n"

    def check_name(self, pair: Pair) -> str:
        """Return the name of the check that no row is left out."""
        return part_name(self.table, "constraint", f"{pair.new.key.name}_kept", self.scene)

    # --- what a run that was cut off left -----------------------------------------------------

    @property
    def is_begun(self) -> bool:
        """Whether the columns are there and kept in step."""
        return self.pairs[0].beside(self.scene).key in self.scene.left

    def left_check(self, pair: Pair) -> Object | None:
        """Return the check that no row is left out, if it is there."""
        key = Key("constraint", self.table.schema, self.check_name(pair), self.table.name)
        return self.scene.left.get(key)

    @property
    def is_filled(self) -> bool:
        """Whether it was proven that no row is left out."""
        checks = [self.left_check(pair) for pair in self.pairs]
        return all(check is not None and check.attributes["validated"] for check in checks)

    @cached_property
    def past_triggers(self) -> bool:
        """Whether triggers would see the rows that are filled."""
        return any(has_triggers(table, self.scene.a) for table in self.tree)
