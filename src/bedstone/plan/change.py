# SPDX-License-Identifier: Apache-2.0
"""What a writer of statements is given: an object before and after, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.plan.side import is_moved

if TYPE_CHECKING:
    from bedstone.catalog import Attributes, Key, Object
    from bedstone.plan.side import Side


@dataclass(frozen=True, slots=True)
class Options:
    """How a plan is made.

    *online* avoids work proportional to rows under a lock that keeps anybody out. *lowest* is the
    oldest major version that the script has to run on.
    """

    online: bool = True
    lowest: int = 15


@dataclass(frozen=True)
class Scene:
    """Both sides.

    *renewed* are the relations and types that are dropped and made again, *detached* the
    partitions that are taken off their tables for a moment.
    """

    a: Side
    b: Side
    options: Options
    renewed: frozenset[Key] = frozenset()
    detached: frozenset[Key] = frozenset()

    def may_have_rows(self, relation: Key | None) -> bool:
        """Whether rows can be in *relation* when its statements run."""
        return relation is not None and relation in self.a and relation not in self.renewed

    def is_kept_by_manager(self, table: Key | None) -> bool:
        """Whether an extension makes and drops partitions of *table*, which no side shows."""
        return table is not None and any(
            table in side and side[table].attributes.get("managed_by") for side in (self.a, self.b)
        )

    def is_moved(self, table: Key | None) -> bool:
        """Whether *table* is attached by the plan, where it was there before."""
        return table is not None and (table in self.detached or is_moved(table, self.a, self.b))

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
