# SPDX-License-Identifier: Apache-2.0
"""The steps of a plan and what each has to wait for, sorted once."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.catalog.kinds import RELATIONS
from bedstone.errors import NotPlannable
from bedstone.plan.side import stands_on_index
from bedstone.plan.step import Step, Verb
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.plan.change import Scene
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side

#: Kinds whose names are in one space: a new table cannot have the name of an old view.
_SPACES = {
    **dict.fromkeys((*RELATIONS, "index", "sequence", "composite"), "relation"),
    **dict.fromkeys(("enum", "domain", "range", "base type"), "type"),
    **dict.fromkeys(("function", "procedure", "aggregate"), "routine"),
}


class Graph:
    """Steps, and the edges between them."""

    def __init__(self, work: Differences, scene: Scene) -> None:
        self._work, self._scene = work, scene
        self._a, self._b = scene.a, scene.b
        self._made = work.added | work.renewed
        self._dropped = work.removed | work.renewed
        self._after: defaultdict[Step, set[Step]] = defaultdict(set)
        self.steps: set[Step] = set()
        self._creators: dict[Key, Step] = {}
        self._droppers: dict[Key, Step] = {}
        self._collect()
        self._connect()

    def _collect(self) -> None:
        work = self._work
        for key in self._made:
            self._creators[key] = Step(Verb.CREATE, self._made_with(key))
        for key in self._dropped:
            self._droppers[key] = Step(Verb.DROP, self._dropped_with(key))
        self.steps = {*self._creators.values(), *self._droppers.values()}
        self.steps |= {Step(Verb.ALTER, key) for key in work.changed}
        for key in work.unset:
            self.steps.add(Step(Verb.UNSET, key))
            if key.kind == "column":
                self.steps.add(Step(Verb.SET, key))
            elif self._b[key].attributes["partition_of"]:
                self.steps.add(Step(Verb.TIE, key))
        self.steps |= {Step(Verb.TIE, key) for key in self._tied()}
        for key in work.renewed:
            if key.kind == "table":
                self.steps |= {Step(Verb.SAVE, key), Step(Verb.LOAD, key)}

    def _made_with(self, key: Key) -> Key:
        """Return the object whose CREATE or ADD makes *key* too, or *key*."""
        made = self._made
        whole = self._b.wholes.get(key)
        if whole is not None and whole in made:
            attributes = self._b[key].attributes
            check = key.kind == "constraint" and attributes["type"] == "check"
            if key.kind != "view column" and self._b.is_inborn(key):
                return whole
            if check and attributes["local"] is False and self._b[whole].attributes["partition_of"]:
                return whole
            return key
        if key.kind == "sequence" and self._b[key].attributes["identity"]:
            column = self._b[key].owning_column
            return column if column in made and column is not None else key
        above = self._b.brought.get(key)
        if above is not None and above in made and not self._is_attached(key):
            return self._made_with(above)
        return key

    def _is_attached(self, key: Key) -> bool:
        """Whether *key* is made by itself and attached to its parent's, as indexes are."""
        by_itself = key.kind == "index" or stands_on_index(self._b[key])
        return by_itself or self._b.is_adopted(key)

    def _dropped_with(self, key: Key) -> Key:
        """Return the object whose DROP takes *key* along, or *key*."""
        dropped = self._dropped
        whole = self._a.wholes.get(key)
        if key.kind == "sequence":
            column = self._a[key].owning_column
            if column is not None and column in dropped:
                return self._dropped_with(column)
        above = self._a.brought.get(key)
        goes_with = whole not in dropped or self._is_foreign_key(key)
        if above in dropped and goes_with and whole not in self._work.unset:
            assert above is not None  # noqa: S101  it is among those that are dropped
            return self._dropped_with(above)
        if whole is not None and whole in dropped and not self._leads_elsewhere(key):
            return whole if key.kind != "user mapping" else key
        return key

    def _is_foreign_key(self, key: Key) -> bool:
        return key.kind == "constraint" and self._a[key].attributes["type"] == "foreign key"

    def _leads_elsewhere(self, key: Key) -> bool:
        """Whether *key* needs another table than its own: two of them may make a circle.

        A foreign key that leads to its own partitioned table leads to the partitions of that, too.
        """
        if key.kind in {"policy", "rule"}:
            others = {self._a.table_of(needed) for needed in self._a[key].depends}
            return not others <= {None, self._a.wholes[key]}
        if not self._is_foreign_key(key):
            return False
        attributes = self._a[key].attributes
        own = quote_identifier(key.schema or "", key.parent or "")
        elsewhere = attributes["references"] != own or self._a.is_partitioned(self._a.wholes[key])
        return elsewhere and attributes["local"] is not False

    def _tied(self) -> Iterable[Key]:
        for key in self._made:
            attributes = self._b[key].attributes
            if key.kind in {"table", "foreign table"} and attributes.get("partition_of"):
                yield key
            if key.kind == "sequence" and attributes["owned_by"] and not attributes["identity"]:
                yield key
            if attributes.get("replica_identity") not in {None, "default"}:
                yield key
            if attributes.get("clustered_on"):
                yield key
        for key, names in self._work.changed.items():
            moved = names & {"partition_of", "partition_bound"}
            attached = moved and self._b[key].attributes["partition_of"]
            if names & {"replica_identity", "clustered_on"} or attached:
                yield key

    # --- edges -------------------------------------------------------------------------------

    def _edge(self, first: Step | None, then: Step | None) -> None:
        if first is None or then is None or first == then:
            return
        if first in self.steps and then in self.steps:
            self._after[first].add(then)

    def _connect(self) -> None:
        for key in self._made:
            self._connect_made(key)
        for key in self._dropped:
            self._connect_dropped(key)
        for key in self._work.changed:
            self._connect_changed(key)
        for key in self._work.unset:
            for needed in self._a[key].depends:
                self._edge(Step(Verb.UNSET, key), self._droppers.get(needed))
            for part in self._a.parts.get(key, ()):
                self._edge(Step(Verb.UNSET, key), self._droppers.get(part))
                self._edge(
                    Step(Verb.UNSET, key), self._droppers.get(self._a.brought.get(part, part))
                )
            for needed in self._b[key].depends if key.kind == "column" else ():
                self._edge(self._maker(needed), Step(Verb.SET, key))
        self._connect_names()
        self._connect_ties()
        for key in self._work.renewed:
            if key.kind == "table":
                self._connect_copied(key)

    def _maker(self, key: Key) -> Step | None:
        """Return the step after which *key* is as on side b."""
        if key in self._creators:
            return self._creators[key]
        return Step(Verb.ALTER, key) if key in self._work.changed else None

    def _needs(self, key: Key, side: Side) -> set[Key]:
        """Return what *key* cannot be without: what it depends on, its whole, its schema."""
        found = set(side[key].depends)
        whole = side.wholes.get(key)
        if whole is not None and key.kind != "sequence":
            found.add(whole)
        if key.schema is not None:
            found.add(Key("schema", None, key.schema))
        if (extension := side[key].extension) is not None:
            found.add(Key("extension", None, extension))
        return found - {key}

    def _connect_made(self, key: Key) -> None:
        step = self._creators[key]
        for needed in self._needs(key, self._b):
            self._edge(self._maker(needed), step)
            if needed != self._b.brought.get(key):
                for part in self._b.below(needed) if needed.kind != "column" else ():
                    self._edge(self._maker(part), step)
        if key.kind == "trigger" and key in self._b.brought:
            self._edge(Step(Verb.TIE, self._b.wholes[key]), step)
        if self._is_moved_table(key):
            tie = Step(Verb.TIE, self._b.wholes[key])
            attached = key in self._b.brought
            self._edge(*((step, tie) if attached else (tie, step)))
        if key in self._droppers:
            self._edge(self._droppers[key], step)
            if key.kind == "sequence" and self._b[key].attributes["identity"]:
                column = self._b[key].owning_column
                self._edge(self._droppers[key], Step(Verb.ALTER, column) if column else None)

    def _is_moved_table(self, key: Key) -> bool:
        table = self._b.wholes.get(key)
        return self._scene.is_moved(table) and key.kind in {"index", "constraint"}

    def _connect_dropped(self, key: Key) -> None:
        step = self._droppers[key]
        for needed in self._needs(key, self._a):
            self._edge(step, self._droppers.get(needed))
            if needed in self._work.changed and needed.kind != "table":
                self._edge(step, Step(Verb.ALTER, needed))
        for dependant in self._a.dependants.get(key, ()):
            if dependant in self._work.changed and dependant not in self._work.unset:
                self._edge(Step(Verb.ALTER, dependant), step)
        for part in self._a.parts.get(key, ()):
            if part.kind == "sequence" and part in self._work.changed:
                self._edge(Step(Verb.ALTER, part), step)
        for part in self._owned_by(key):
            self._edge(Step(Verb.ALTER, part), step)

    def _owned_by(self, column: Key) -> Iterable[Key]:
        """Yield the sequences of a column that stay, so that they are let go of before it goes."""
        whole = self._a.wholes.get(column) if column.kind == "column" else None
        for part in self._a.parts.get(whole, ()) if whole is not None else ():
            sequence = part.kind == "sequence" and part in self._work.changed
            if sequence and self._a[part].owning_column == column:
                yield part

    def _connect_changed(self, key: Key) -> None:
        step = Step(Verb.ALTER, key)
        needs = self._needs(key, self._b)
        if key.kind == "sequence" and (column := self._b[key].owning_column) is not None:
            needs.add(column)
        for needed in needs:
            if needed in self._creators:
                if key not in self._work.unset or needed.kind != "sequence":
                    self._edge(self._creators[needed], step)
            elif needed in self._work.changed and needed.kind not in {"table", "foreign table"}:
                self._edge(Step(Verb.ALTER, needed), step)

    def _connect_names(self) -> None:
        """What gives a name free comes before what takes it."""
        free: dict[tuple[str, str | None, str, str], list[Step]] = {}
        for key, step in self._droppers.items():
            for place in self._places(key, self._a):
                free.setdefault(place, []).append(step)
        for key, step in self._creators.items():
            for place in self._places(key, self._b):
                for before in free.get(place, ()):
                    self._edge(before, step)

    @staticmethod
    def _places(key: Key, side: Side) -> Iterable[tuple[str, str | None, str, str]]:
        space = _SPACES.get(key.kind)
        if space is not None:
            parent = key.parent if space == "routine" else ""
            yield (space, key.schema, key.name, parent or "")
        if space == "relation" and key.kind != "index":
            yield ("type", key.schema, key.name, "")
        if space == "type":
            yield ("type", key.schema, key.name, "")
        if stands_on_index(side[key]):
            yield ("relation", key.schema, key.name, "")

    def _connect_copied(self, key: Key) -> None:
        """Rows are put aside before all else, and come back before anything acts on them."""
        first, last = Step(Verb.SAVE, key), Step(Verb.LOAD, key)
        self._edge(first, self._droppers[key])
        self._edge(self._creators[key], last)
        self._edge(Step(Verb.TIE, key), last)
        for part in self._a.parts.get(key, ()):
            self._edge(first, self._droppers.get(part))
        for child in self._a.dependants.get(key, ()):
            self._edge(first, Step(Verb.UNSET, child))
            self._edge(first, self._droppers.get(child))
        for child in self._b.dependants.get(key, ()):
            if child.kind == "table":
                self._edge(Step(Verb.TIE, child), last)
                self._edge(self._creators.get(child), last)
        followers = {*self._b.dependants.get(key, ()), *self._b.parts.get(key, ())}
        for part in self._b.parts.get(key, ()):
            followers |= self._b.dependants.get(part, frozenset())
        for follower in followers:
            if follower.kind in {"view", "materialized view", "trigger", "rule"}:
                self._edge(last, self._creators.get(follower))

    def _connect_ties(self) -> None:
        for step in [s for s in self.steps if s.verb is Verb.TIE]:
            key = step.key
            self._edge(self._creators.get(key), step)
            self._edge(Step(Verb.ALTER, key), step)
            if key.kind == "sequence":
                self._connect_ownership(step)
            else:
                self._connect_attachment(step)

    def _connect_ownership(self, step: Step) -> None:
        """A sequence is given to its column when the column is there and all that uses it."""
        key = step.key
        waited = {*self._b[key].depends, *self._b.dependants.get(key, ())}
        if (owner := self._b.wholes.get(key)) is not None:
            waited.add(owner)
        for other in waited:
            self._edge(self._maker(other), step)

    def _connect_attachment(self, step: Step) -> None:
        """A partition is attached with its constraints and indexes, the tree from the top down."""
        key = step.key
        for part in self._b.parts.get(key, ()):
            waits = part in self._b.brought or not self._is_moved_table(part)
            if part.kind in {"constraint", "index"} and waits:
                self._edge(self._maker(part), step)
        for needed in self._b[key].depends:
            self._edge(self._maker(needed), step)
            for part in self._b.parts.get(needed, ()) if needed.kind == "table" else ():
                if part.kind == "index" or self._is_attached(part):
                    self._edge(self._creators.get(part), step)
        # what stands on a partition tree waits until the tree stands
        for dependant in self._b.dependants.get(key, ()):
            if dependant.kind == "table":
                self._edge(step, Step(Verb.TIE, dependant))

    # --- order -------------------------------------------------------------------------------

    def sorted(self) -> list[Step]:
        """Return the steps so that each comes after all that it waits for.

        Raises:
            NotPlannable: some wait for each other.
        """
        waits = dict.fromkeys(self.steps, 0)
        for followers in self._after.values():
            for step in followers:
                waits[step] += 1
        ready = [(step.rank, step) for step, number in waits.items() if not number]
        heapq.heapify(ready)
        found = []
        while ready:
            _, step = heapq.heappop(ready)
            found.append(step)
            for follower in self._after[step]:
                waits[follower] -= 1
                if not waits[follower]:
                    heapq.heappush(ready, (follower.rank, follower))
        if len(found) < len(self.steps):
            stuck = sorted({step.key for step in self.steps - set(found)})
            raise NotPlannable(
                f"{stuck[0]} and {len(stuck) - 1} more objects wait for each other",
                detail=", ".join(str(key) for key in stuck[:8]),
                hint="Change one of them by hand first.",
            )
        return found

    def around_copies(self) -> tuple[list[Step], list[Step], list[Step]]:
        """Return the steps before, within and after the copying of tables, each part sorted.

        What is within has to be one transaction: the rows are nowhere else meanwhile.
        """
        steps = self.sorted()
        before_of: defaultdict[Step, set[Step]] = defaultdict(set)
        for step, followers in self._after.items():
            for follower in followers:
                before_of[follower].add(step)
        later = _reached((s for s in steps if s.verb is Verb.SAVE), self._after)
        earlier = _reached((s for s in steps if s.verb is Verb.LOAD), before_of)
        within = later & earlier
        return (
            [step for step in steps if step not in later],
            [step for step in steps if step in within],
            [step for step in steps if step in later - within],
        )


def _reached(start: Iterable[Step], edges: Mapping[Step, set[Step]]) -> set[Step]:
    """Return the steps that *edges* lead to, those at the start among them."""
    found: set[Step] = set()
    waiting = list(start)
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += edges.get(step, ())
    return found
