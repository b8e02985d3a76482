# SPDX-License-Identifier: Apache-2.0
"""What a writer of statements is given: an object before and after, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedstone.plan.side import is_moved
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedstone.catalog import Attributes, Key, Object
    from bedstone.plan.side import Side


@dataclass(frozen=True, slots=True)
class Options:
    """How a plan is made.

    *online* avoids work proportional to rows under a lock that keeps anybody out. *lowest* is the
    oldest major version that the script has to run on. *strict* plans what is cosmetic too: the
    order of columns, the names of NOT NULL, what a child says beside its parent.
    """

    online: bool = True
    lowest: int = 15
    strict: bool = False


@dataclass(frozen=True)
class Scene:
    """Both sides.

    *renewed* are the relations and types that are dropped and made again, *detached* the
    partitions that are taken off their tables for a moment. *swaps* are the columns of which new
    ones are filled beside them, those of a table under the first; *replaced* the indexes and keys
    that are built beside those which go. *beside* says that there may be any of these. *untyped*
    are the tables that are of no type for a moment, *proven* the partitions of which is proven
    before they are detached that they may be attached again. *remade* are the types that are made
    anew while columns are of them, *twins* those of them whose new form stands beside the old one
    under another name, for columns that are swapped. *left* is what a run that was cut off has made
    beside already; it is on no side.
    """

    a: Side
    b: Side
    options: Options
    renewed: frozenset[Key] = frozenset()
    detached: frozenset[Key] = frozenset()
    swaps: Mapping[Key, tuple[Key, ...]] = field(default_factory=dict)
    replaced: frozenset[Key] = frozenset()
    beside: bool = True
    untyped: frozenset[Key] = frozenset()
    proven: frozenset[Key] = frozenset()
    remade: frozenset[Key] = frozenset()
    twins: frozenset[Key] = frozenset()
    left: Mapping[Key, Object] = field(default_factory=dict)

    @property
    def strict(self) -> bool:
        """Whether what is cosmetic is planned too."""
        return self.options.strict

    @property
    def has_names(self) -> bool:
        """Whether each NOT NULL is to have its name: from 18 on it is a constraint."""
        return self.strict and self.b.catalog.major >= 18

    @property
    def has_maintain(self) -> bool:
        """Whether both sides have the privilege MAINTAIN, which came with 17."""
        return min(side.catalog.major for side in (self.a, self.b)) >= 17

    def may_have_rows(self, relation: Key | None) -> bool:
        """Whether rows can be in *relation* when its statements run."""
        return relation is not None and relation in self.a and relation not in self.renewed

    def is_kept_by_manager(self, table: Key | None) -> bool:
        """Whether an extension makes and drops partitions of *table*, which no side shows."""
        return table is not None and any(
            table in side and side[table].attributes.get("managed_by") for side in (self.a, self.b)
        )

    def loses_named_index(self, table: Key) -> bool:
        """Whether the index of replica identity or clustering goes, and another comes for it."""
        if table not in self.a or table not in self.b:
            return False
        attributes = self.b[table].attributes
        identity, clustered = (str(attributes.get(n)) for n in ("replica_identity", "clustered_on"))
        named = {identity.removeprefix("index "), quote_identifier(clustered)}
        return any(
            part.kind in {"index", "constraint"}
            and quote_identifier(part.name) in named
            and (part in self.renewed or part in self.replaced)
            for part in self.b.parts.get(table, ())
        )

    def is_moved(self, table: Key | None) -> bool:
        """Whether *table* is attached by the plan, where it was there before."""
        if table is None or table in self.detached:
            return table is not None
        if table in self.renewed:
            return bool(self.b[table].attributes.get("partition_of"))
        return is_moved(table, self.a, self.b)

    def is_apart(self, table: Key | None) -> bool:
        """Whether *table* stays while it is, or what it becomes a partition of is made anew.

        What that brings to its partitions reaches it only when it is attached, and has to be there.
        """
        if table is None or table in self.renewed or table not in self.a or table not in self.b:
            return False
        if not self.b[table].attributes.get("partition_of"):
            return False
        whole = self.b.whole_of(table)
        return is_moved(table, self.a, self.b) or whole in self.renewed or whole not in self.a

    def is_uprooted(self, table: Key | None) -> bool:
        """Whether *table* stays, and becomes a child of other tables or of none."""
        if table is None or table in self.renewed or table not in self.a or table not in self.b:
            return False
        old, new = (side[table].attributes.get("inherits") for side in (self.a, self.b))
        return old != new

    def is_by_itself(self, table: Key | None) -> bool:
        """Whether what a parent brings does not reach *table* while it is changed."""
        return self.is_uprooted(table) or self.is_apart(table)

    def is_brought(self, key: Key) -> bool:
        """Whether *key* is a column that a parent brings to a table that stays its child."""
        table = self.b.wholes.get(key) if key.kind == "column" else None
        if table is None or key not in self.b.brought or not self.may_have_rows(table):
            return False
        return not self.is_by_itself(table)

    def is_left_to_children(self, key: Key) -> bool:
        """Whether a column or check goes, and stays with a child that had it from there."""
        if key.kind not in {"column", "constraint"} or key in self.b:
            return False
        return any(below in self.b and below not in self.renewed for below in self.a.below(key))

    def is_online(self, relation: Key | None) -> bool:
        """Whether work on the rows of *relation* is to keep nobody out."""
        return self.options.online and self.may_have_rows(relation)


@dataclass(frozen=True)
class Change:
    """One object that both sides have, and the names of the attributes that are not the same."""

    old: Object
    new: Object
    names: frozenset[str]
    scene: Scene

    @property
    def key(self) -> Key:
        """Its key."""
        return self.new.key

    @property
    def before(self) -> Attributes:
        """Its attributes on the one side."""
        return self.old.attributes

    @property
    def after(self) -> Attributes:
        """Its attributes on the other side."""
        return self.new.attributes

    def has(self, *names: str) -> bool:
        """Whether one of these attributes differs."""
        return not self.names.isdisjoint(names)

    def only(self, *names: str) -> bool:
        """Whether no other than these attributes differ."""
        return self.names <= {*names}
