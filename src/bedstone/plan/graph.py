# SPDX-License-Identifier: Apache-2.0
"""The steps of a plan and what each has to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.catalog.kinds import RELATIONS
from bedstone.plan.containers import checked_first
from bedstone.plan.mentions import mentions
from bedstone.plan.order import added_in_order, logged_in_order
from bedstone.plan.places import places
from bedstone.plan.sequence import Sequence, reached
from bedstone.plan.shells import functions_of
from bedstone.plan.side import QUIET, WITH_DEFAULT, is_identity, stands_on_index
from bedstone.plan.step import Step, Verb
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.plan.change import Scene
    from bedstone.plan.differences import Differences
    from bedstone.plan.side import Side

#: The types of sequences, the smallest first.
_INTEGERS = "smallint integer bigint"


class Graph(Sequence):
    """Steps, and the edges between them."""

    def __init__(self, work: Differences, scene: Scene) -> None:
        super().__init__(work, scene.b)
        self._scene, self._a = scene, scene.a
        self._made = work.added | work.renewed
        self._dropped = work.removed | work.renewed
        self._leaders = {key: first for first, keys in scene.swaps.items() for key in keys}
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
        self.steps |= {self._alterer(key) for key in work.changed}
        scene = self._scene
        prepared = (*scene.swaps, *scene.replaced, *scene.twins, *scene.proven)
        self.steps |= {Step(Verb.PREPARE, key) for key in prepared}
        self.steps |= {Step(Verb.CLEAR, key) for key in work.remade}
        for key in work.unset:
            self.steps.add(Step(Verb.UNSET, key))
            if key.kind in WITH_DEFAULT:
                self.steps.add(Step(Verb.SET, key))
            elif self._b[key].attributes["partition_of"] or self._b[key].attributes["of_type"]:
                self.steps.add(Step(Verb.TIE, key))
        self.steps |= {Step(Verb.TIE, key) for key in self._tied()}
        self.steps |= {Step(Verb.DECLARE, key) for key in self._made if functions_of(key, self._b)}
        for key in work.renewed:
            if key.kind == "table":
                self.steps |= {Step(Verb.SAVE, key), Step(Verb.LOAD, key)}

    def _alterer(self, key: Key) -> Step:
        """Return the step that changes *key*; columns that are swapped together share one."""
        return Step(Verb.ALTER, self._leaders.get(key, key))

    def _made_with(self, key: Key) -> Key:
        """Return the object whose CREATE or ADD makes *key* too, or *key*.

        What a parent brings has a step of its own, which says what it has otherwise.
        """
        made = self._made
        whole = self._b.wholes.get(key)
        if whole is not None and whole in made:
            inborn = key.kind != "view column" and self._b.is_inborn(key)
            return whole if inborn or self._b.is_inborn_check(key) else key
        if key.kind == "sequence" and self._b[key].attributes["identity"]:
            column = self._b[key].owning_column
            return column if column in made and column is not None else key
        return key

    def _is_attached(self, key: Key) -> bool:
        """Whether *key* is made by itself and attached to its parent's, as indexes are."""
        by_itself = key.kind == "index" or stands_on_index(self._b[key])
        return by_itself or self._b.is_adopted(key)

    def _comes_along(self, key: Key) -> bool:
        """Whether *key* comes to a partition when that is attached, or later."""
        foreign = self._is_foreign(key, self._b) and not self._b.is_adopted(key)
        return key in self._b.brought and (foreign or key.kind == "trigger")

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
        by_itself = whole in self._work.unset or self._scene.is_by_itself(whole)
        by_itself = by_itself or (above is not None and self._scene.is_left_to_children(above))
        if above in dropped and goes_with and (not by_itself or self._is_foreign_key(key)):
            assert above is not None  # noqa: S101  it is among those that are dropped
            return self._dropped_with(above)
        if whole is not None and whole in dropped and not self._leads_elsewhere(key):
            return whole if key.kind != "user mapping" else key
        return key

    def _is_foreign_key(self, key: Key) -> bool:
        return self._is_foreign(key, self._a)

    @staticmethod
    def _is_foreign(key: Key, side: Side) -> bool:
        return key.kind == "constraint" and side[key].attributes["type"] == "foreign key"

    def _leads_elsewhere(self, key: Key) -> bool:
        """Whether *key* needs another table than its own: two of them may make a circle.

        A foreign key that leads to its own partitioned table leads to the partitions of that, too.
        So does what calls a function that takes rows of its own table.
        """
        routines = [n for n in self._a[key].depends & self._dropped if n.kind == "function"]
        if any(self._a.wholes.get(key) in self._a[needed].depends for needed in routines):
            return True
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
        for index in (*self._work.renewed, *self._scene.replaced):
            table = self._b.wholes.get(index)
            if table is not None and self._scene.loses_named_index(table):
                yield table
        for key, names in self._work.changed.items():
            moved = names & {"partition_of", "partition_bound"}
            attached = moved and self._b[key].attributes["partition_of"]
            named = names & {"replica_identity", "clustered_on", "inherits", "of_type"}
            if named or attached or self._changes_owner(key):
                yield key

    def _changes_owner(self, key: Key) -> bool:
        """Whether a sequence that stays is given to another column, when that is there."""
        changed = "owned_by" in self._work.changed.get(key, ())
        return changed and self._b[key].attributes["owned_by"] is not None

    # --- edges -------------------------------------------------------------------------------

    def _edge(self, first: Step | None, then: Step | None) -> None:
        if first is None or then is None or first == then:
            return
        if first in self.steps and then in self.steps:
            self._after[first].add(then)

    def _edge_if_free(self, first: Step | None, then: Step | None) -> None:
        """Add an edge that no server asks for, unless *first* has to wait for *then*."""
        if first is not None and then is not None and first not in reached([then], self._after):
            self._edge(first, then)

    def _connect(self) -> None:
        for key in self._made:
            self._connect_made(key)
        for key in self._dropped:
            self._connect_dropped(key)
        for key in self._work.changed:
            self._connect_changed(key)
        for key in self._work.unset:
            self._connect_unset(key)
        self._connect_names()
        self._connect_ties()
        self._connect_order()
        self._connect_prepared()
        self._connect_remade()
        for key in self._work.renewed:
            if key.kind == "table":
                self._connect_copied(key)
        self._connect_mentioned()

    def _connect_mentioned(self) -> None:
        for named, key in mentions(self._made, self._b):
            self._edge_if_free(self._maker(named), self._creators[key])
        for check, user in checked_first(self._made, self._b):
            self._edge_if_free(self._creators[check], self._maker(user))

    def _connect_unset(self, key: Key) -> None:
        """What stands aside does so before what it needs changes, and is back after that."""
        first, last = Step(Verb.UNSET, key), Step(Verb.SET, key)
        for needed in self._a[key].depends:
            self._edge(first, self._droppers.get(needed))
        for needed in self._b[key].depends:
            self._edge(self._maker(needed), last)
        self._edge(first, self._alterer(key))
        self._edge(self._alterer(key), last)
        if key in self._scene.untyped:
            self._connect_untyped(key)
        elif key.kind == "table":
            self._connect_referring(key)
        for part in self._a.parts.get(key, ()):
            above = self._a.brought.get(part, part)
            gone = self._droppers.get(part)
            if gone and self._is_foreign(part, self._a) and gone == self._droppers.get(above):
                self._edge(gone, first)  # while the table is a partition it goes with the whole's
                continue
            self._edge(first, gone)
            self._edge(first, self._alterer(part))
            self._edge(first, self._droppers.get(above))

    def _connect_referring(self, table: Key) -> None:
        """A partition that rows refer to is detached when no foreign key says so."""
        for side, step in ((self._a, Step(Verb.UNSET, table)), (self._b, Step(Verb.TIE, table))):
            for key in (key for whole in side.above(table) for key in side.referring(whole)):
                if side is self._a:
                    self._edge(self._droppers.get(key), step)
                else:
                    self._edge(step, self._creators.get(key))

    def _connect_untyped(self, table: Key) -> None:
        """A table is of no type while its columns and those of the type become others."""
        first, last = Step(Verb.UNSET, table), Step(Verb.TIE, table)
        for side in (self._a, self._b):
            type_ = side.type_of(table)
            parts = (*side.parts.get(table, ()), *side.parts.get(type_, ())) if type_ else ()
            for key in (*parts, type_):
                if key is not None and key.kind in {"column", "attribute", "composite"}:
                    for step in (self._droppers.get(key), self._maker(key)):
                        self._edge(first, step)
                        self._edge(step, last)

    def _connect_declared(self, key: Key) -> None:
        """A type is declared before the functions that it is made of."""
        declared = Step(Verb.DECLARE, key)
        self._edge(self._maker(Key("schema", None, key.schema or "")), declared)
        self._edge(self._droppers.get(key), declared)
        self._edge(declared, self._creators[key])

    def _connect_order(self) -> None:
        """Columns are added in the order of side b, tables logged in that of foreign keys."""
        for first, then in logged_in_order(self._work, self._a, self._b):
            self._edge(self._droppers.get(first) or self._alterer(first), self._maker(then))
        if self._scene.strict:
            for first, then in added_in_order(self._work, self._b):
                self._edge(self._creators[first], self._creators[then])

    def _maker(self, key: Key) -> Step | None:
        """Return the step after which *key* is as on side b."""
        if key in self._creators:
            return self._creators[key]
        return self._changer(key)

    def _changer(self, key: Key) -> Step | None:
        """Return the step that changes *key*, a column of a partition with the one above it."""
        while key.kind == "column" and key not in self._work.changed:
            above = self._a.brought.get(key)
            if above is None or self._b.brought.get(key) != above:
                return None
            if self._scene.is_by_itself(self._b.wholes.get(key)):
                return None
            key = above
        return self._alterer(key) if key in self._work.changed else None

    def _needs(self, key: Key, side: Side) -> set[Key]:
        """Return what *key* cannot be without: what it depends on, its whole, its schema."""
        found = set(side[key].depends)
        whole = side.wholes.get(key)
        if whole is not None and key.kind != "sequence":
            found.add(whole)
        schema = side[key].attributes["schema"] if key.kind == "extension" else key.schema
        if schema is not None:
            found.add(Key("schema", None, str(schema)))
        if (extension := side[key].extension) is not None:
            found.add(Key("extension", None, extension))
        return found - {key}

    def _connect_made(self, key: Key) -> None:
        step = self._creators[key]
        self._connect_declared(key)
        self._edge(self._creators.get(self._b.brought.get(key, key)), step)
        for needed in self._needs(key, self._b):
            if key in functions_of(needed, self._b):
                self._edge(Step(Verb.DECLARE, needed), step)
                continue
            self._edge(self._maker(needed), step)
            self._connect_type(needed, key, step)
            if needed != self._b.brought.get(key):
                for part in self._b.below(needed) if needed.kind != "column" else ():
                    self._edge(self._maker(part), step)
        self._connect_brought(key)
        if self._b[key].attributes.get("inherits"):
            self._connect_child(key)
        if key in self._droppers:
            self._edge(self._droppers[key], step)
            if key.kind == "sequence" and self._b[key].attributes["identity"]:
                column = self._b[key].owning_column
                self._edge(self._droppers[key], self._alterer(column) if column else None)

    def _connect_type(self, type_: Key, key: Key, step: Step) -> None:
        """What a type is made of changes before anything new is of the type."""
        if type_.kind != "composite" or key.kind == "attribute":
            return
        new = key not in self._a or type_ not in self._a[key].depends
        for side in (self._a, self._b) if new else ():
            for part in side.parts.get(type_, ()):
                self._edge(self._droppers.get(part), step)
                self._edge(self._maker(part), step)

    def _connect_brought(self, key: Key) -> None:
        """What a parent brings is there after that; of a partition, when that is attached."""
        step, above, table = self._creators[key], self._b.brought.get(key), self._b.wholes.get(key)
        if table is None:
            return
        if self._comes_along(key):
            self._edge(self._creators.get(self._b.brought[key]), step)
            self._edge(Step(Verb.TIE, table), step)
            return
        attached = self._is_attached(key)
        if above is not None and not attached and not self._scene.is_by_itself(table):
            self._edge(self._creators.get(above), step)
        if self._is_moved_table(key):
            tie = Step(Verb.TIE, table)
            self._edge(*((step, tie) if above is not None else (tie, step)))
        if attached and table in self._a and self._a.is_partitioned(table):
            for part in self._a.partitions(table):  # it is valid when all that there are have it
                self._edge(self._droppers.get(part), step)

    def _is_moved_table(self, key: Key) -> bool:
        table = self._b.wholes.get(key)
        return self._scene.is_moved(table) and key.kind in {"index", "constraint"}

    def _connect_dropped(self, key: Key) -> None:
        step = self._droppers[key]
        for needed in self._needs(key, self._a):
            self._edge(step, self._droppers.get(needed))
            changer = self._changer(needed)
            if changer is not None and self._disturbs(changer.key, key):
                self._edge(step, changer)
        users = self._a.dependants.get(key, frozenset())
        attributes = (self._a.wholes.get(user) for user in users if user.kind == "attribute")
        for dependant in (*users, *filter(None, attributes)):  # a type may be replaced as a whole
            detached = self._a.brought.get(dependant) == key and self._is_moved_table(dependant)
            if dependant in self._work.changed and dependant not in self._work.unset:
                self._edge(self._alterer(dependant) if not detached else None, step)
                self._edge(Step(Verb.CLEAR, dependant), step)
        for part in self._a.parts.get(key, ()):
            if part.kind == "sequence" and part in self._work.changed:
                self._edge(self._alterer(part), step)
        for part in self._owned_by(key):
            self._edge(self._alterer(part), step)
        for above in self._inherited_from(key) if step.key == key else ():
            self._edge(self._droppers.get(above), step)

    def _disturbs(self, key: Key, dependant: Key) -> bool:
        """Whether a change of *key* could not be made under what needs it."""
        if key.kind == "column":
            names, kind = self._work.changed[key], self._a[dependant].attributes.get("type")
            return not names <= QUIET or ("not_null" in names and kind == "primary key")
        return key.kind not in {"table", "sequence"}

    def _inherited_from(self, key: Key) -> Iterable[Key]:
        """Yield what a parent table has under the same name: a child's own goes after it."""
        above = self._a.brought.get(key)
        if above is not None and not self._scene.is_left_to_children(above):
            return
        table = self._a.wholes.get(key) if key.kind in {"column", "constraint"} else None
        for parent in sorted(self._a[table].depends) if table is not None else ():
            if parent.kind in RELATIONS:
                yield Key(key.kind, parent.schema, key.name, parent.name)

    def _owned_by(self, column: Key) -> Iterable[Key]:
        """Yield the sequences of a column that stay, so that they are let go of before it goes."""
        whole = self._a.wholes.get(column) if column.kind == "column" else None
        for part in self._a.parts.get(whole, ()) if whole is not None else ():
            sequence = part.kind == "sequence" and part in self._work.changed
            if sequence and self._a[part].owning_column == column:
                yield part

    def _connect_changed(self, key: Key) -> None:
        step = self._alterer(key)
        if key.kind == "extension":
            self._connect_moved(key)
        elif key.kind == "sequence" and self._is_narrowed(key):
            self._connect_narrowed(key)
        if not self._scene.is_by_itself(self._b.wholes.get(key)):
            for above in self._a.parents_of(key):
                self._edge(self._alterer(above), step)
        for needed in self._needs_when_changed(key):
            self._connect_type(needed, key, step)
            if needed in self._creators:
                if key not in self._work.unset or needed.kind != "sequence":
                    self._edge(self._creators[needed], step)
            elif self._b[needed].owning_column == key if needed in self._b else False:
                continue  # it comes after its column, as an owned one has to
            elif needed in self._work.changed and needed.kind not in {"table", "foreign table"}:
                self._edge(self._alterer(needed), step)

    def _needs_when_changed(self, key: Key) -> set[Key]:
        """Return what *key* needs; the column that a sequence is given to later is not among it."""
        needs = self._needs(key, self._b)
        if self._is_moved_table(key):
            needs -= {self._b.brought.get(key, key)}  # which takes it when its table is attached
        column = self._b[key].owning_column
        if column is None:
            return needs
        if self._changes_owner(key) or self._is_narrowed(key):
            return needs - {column, self._b.wholes.get(key)}
        return needs | {column}

    def _is_narrowed(self, key: Key) -> bool:
        """Whether an identity column takes its sequence to a smaller type, which its bounds fit."""
        column = self._a[key].owning_column
        if column is None or column not in self._a or column not in self._b:
            return False
        types = [str(side[column].attributes["type"]) for side in (self._a, self._b)]
        smaller = _INTEGERS.find(types[0]) > _INTEGERS.find(types[1])
        return smaller and is_identity(self._a[key]) and is_identity(self._b[key])

    def _connect_narrowed(self, sequence: Key) -> None:
        column = self._b[sequence].owning_column
        self._edge(self._alterer(sequence), self._alterer(column) if column is not None else None)

    def _connect_moved(self, extension: Key) -> None:
        """An extension leaves its schema before that goes."""
        for needed in self._needs(extension, self._a):
            self._edge(self._alterer(extension), self._droppers.get(needed))

    def _connect_names(self) -> None:
        """What gives a name free comes before what takes it."""
        free: dict[tuple[str, str | None, str], list[Step]] = {}
        for key, step in self._droppers.items():
            for place in places(key, self._a):
                free.setdefault(place, []).append(step)
        for key, step in self._creators.items():
            for place in places(key, self._b):
                for before in free.get(place, ()):
                    self._edge(before, step)

    def _connect_prepared(self) -> None:
        """What is made beside is there before anything stands back for it."""
        for key in self._scene.replaced:
            step = Step(Verb.PREPARE, key)
            self._edge(step, self._droppers.get(key))
            above = self._b.brought.get(key)
            self._edge(Step(Verb.PREPARE, above) if above else None, step)
            for dependant in self._a.dependants.get(key, ()):
                self._edge(step, self._droppers.get(dependant))
        for key in self._scene.proven:
            self._edge(Step(Verb.PREPARE, key), Step(Verb.UNSET, key))
        for first, columns in self._scene.swaps.items():
            step, table = Step(Verb.PREPARE, first), self._a.wholes[first]
            self._edge(step, self._alterer(first))
            self._edge(self._alterer(first), Step(Verb.TIE, table))
            for column in columns:
                self._connect_swapped(column, step)

    def _connect_swapped(self, column: Key, step: Step) -> None:
        needs = set(self._b[column].depends)
        columns = (column, *self._a.below(column))
        dependants = {key for one in columns for key in self._a.dependants.get(one, ())}
        for dependant in dependants:
            if dependant in self._b and dependant in self._work.renewed:
                self._edge(step, self._droppers.get(dependant))
            elif dependant in self._b:
                needs |= self._b[dependant].depends
                needs -= {dependant}
        for needed in needs:
            self._connect_type(needed, column, step)
            if needed in self._scene.twins:
                self._edge(Step(Verb.PREPARE, needed), step)
                self._edge(step, self._alterer(needed))
            elif needed.kind in {"table", "sequence", "index", "constraint"}:
                continue  # what is carried is attached by the step itself
            elif self._b.top_of(needed) not in self._leaders:
                self._edge(self._maker(needed), step)

    def _connect_remade(self) -> None:
        """The old form of a type goes when all has come to the new one."""
        for key in self._work.remade:
            last = Step(Verb.CLEAR, key)
            for part in self._b.parts.get(key, ()):
                for needed in self._b[part].depends:
                    self._edge(self._maker(needed), self._alterer(key))
            self._edge(self._alterer(key), last)
            for user in self._a.dependants.get(key, ()):
                self._edge(self._alterer(user), last)
                self._edge(Step(Verb.CLEAR, self._a.wholes.get(user, user)), last)
                self._edge(Step(Verb.UNSET, user), last)
                if user.kind == "column":
                    self._edge(Step(Verb.LOAD, self._a.wholes[user]), last)
        for key in self._scene.twins:
            step = Step(Verb.PREPARE, key)
            self._edge(step, self._alterer(key))
            for needed in self._b[key].depends:
                twin = needed in self._scene.twins
                self._edge(Step(Verb.PREPARE, needed) if twin else self._maker(needed), step)

    def _connect_copied(self, key: Key) -> None:
        """Rows are put aside before all else, and come back before anything acts on them."""
        first, last = Step(Verb.SAVE, key), Step(Verb.LOAD, key)
        self._edge(first, self._droppers[key])
        self._edge(self._creators[key], last)
        self._edge(Step(Verb.TIE, key), last)
        for part in self._a.parts.get(key, ()):
            if not self._is_foreign(part, self._a):  # of partitions, too, which may be first
                self._edge(first, self._droppers.get(part))
        self._connect_copied_child(key)
        for child in self._a.dependants.get(key, ()):
            if child.kind == "table" and self._a[child].attributes["partition_of"] == key.path:
                # what goes on being a table keeps its rows, or has them put aside itself
                self._edge(Step(Verb.UNSET, child), first)
                stays = child in self._work.renewed
                gone = self._droppers.get(child)
                self._edge(*((gone, first) if stays else (first, gone)))
            else:
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

    def _connect_copied_child(self, key: Key) -> None:
        """A child is put aside before its parents are changed."""
        for part in self._a.parts.get(key, ()):
            for above in self._a.parents_of(part):
                self._edge(self._droppers[key], self._droppers.get(above))
                self._edge(self._droppers[key], self._alterer(above))

    def _connect_child(self, key: Key) -> None:
        """A child is made when its parents have all that it inherits, and nothing else."""
        for part in self._b.parts.get(key, ()):
            for above in self._b.parents_of(part):
                self._edge(self._maker(above), self._creators[key])
        for parent in self._b[key].depends:
            for part in self._a.parts.get(parent, ()):
                if part.kind in {"column", "constraint"}:
                    self._edge(self._droppers.get(part), self._creators[key])

    def _connect_ties(self) -> None:
        for step in [s for s in self.steps if s.verb is Verb.TIE]:
            key = step.key
            self._edge(self._creators.get(key), step)
            self._edge(self._alterer(key), step)
            if key.kind == "sequence":
                self._connect_ownership(step)
            else:
                self._connect_attachment(step)

    def _connect_ownership(self, step: Step) -> None:
        """A sequence is given to its column when the column is there and all that uses it."""
        key = step.key
        waited: set[Key | None] = {*self._b[key].depends, *self._b.dependants.get(key, ())}
        waited |= {self._b.wholes.get(key), self._b[key].owning_column}
        for other in filter(None, waited):
            self._edge(self._maker(other), step)

    def _connect_attachment(self, step: Step) -> None:
        """A partition is attached with its constraints and indexes, the tree from the top down."""
        key = step.key
        for part in self._b.parts.get(key, ()):
            waits = part in self._b.brought or not self._is_moved_table(part)
            comes = not self._comes_along(part) and not self._is_incomplete(part)
            if part.kind in {"constraint", "index"} and waits and comes:
                self._edge(self._maker(part), step)
        self._connect_parents(key)
        self._clear_the_way(step)
        for needed in self._b[key].depends:
            self._edge(self._maker(needed), step)
            for part in self._b.parts.get(needed, ()) if needed.kind == "table" else ():
                if part.kind == "index" or self._is_attached(part):
                    made = self._creators.get(part)
                    # ATTACH would make what is missing of an index that is there
                    self._edge(*((step, made) if self._lacks(key, part) else (made, step)))
        # what stands on a partition tree waits until the tree stands
        for dependant in self._b.dependants.get(key, ()):
            if dependant.kind == "table":
                self._edge(step, Step(Verb.TIE, dependant))

    def _clear_the_way(self, attachment: Step) -> None:
        """What goes is gone before a partition comes: indexes like its own, other bounds."""
        for above in self._b.above(attachment.key):
            for part in self._a.parts.get(above, ()):
                if part.kind in {"constraint", "index"}:
                    self._edge(self._droppers.get(part), attachment)
        for sibling in self._old_parts(self._b.whole_of(attachment.key)):
            self._edge(Step(Verb.UNSET, sibling), attachment)
            self._edge(self._droppers.get(sibling), attachment)

    def _lacks(self, table: Key, index: Key) -> bool:
        """Whether a partition has nothing of an index of the table that it is attached to."""
        brought = (self._b.wholes.get(below) for below in self._b.below(index))
        return index.kind == "index" and table not in brought

    def _is_incomplete(self, index: Key) -> bool:
        """Whether some partitions lack an index of their table, which stands by itself."""
        if index.kind != "index" or index in self._b.brought:
            return False
        table = self._b.wholes[index]
        users = (u for u in self._b.dependants.get(table, ()) if u.kind == "table")
        return any(self._b.whole_of(u) == table and self._lacks(u, index) for u in users)

    def _old_parts(self, whole: Key | None) -> Iterable[Key]:
        """Yield what is a partition of *whole* on side a."""
        if whole is not None:
            for child in self._a.dependants.get(whole, ()):
                if self._a[child].attributes.get("partition_of") == whole.path:
                    yield child

    def _connect_parents(self, table: Key) -> None:
        if self._scene.is_moved(table):
            for column in self._b.columns(table):
                self._connect_with_whole(column.key, table)
        if self._scene.is_apart(table):
            self._connect_apart(table)
        if self._scene.is_uprooted(table):
            self._connect_uprooted(table)

    def _connect_uprooted(self, table: Key) -> None:
        """A child lets go of its parents first, and goes to others with all that they bring."""
        first, last = self._alterer(table), Step(Verb.TIE, table)
        for part in self._a.parts.get(table, ()):
            self._edge(first, self._droppers.get(part))
            for above in self._a.parents_of(part):
                self._edge(first, self._droppers.get(above))
                self._edge(first, self._alterer(above))
        for part in self._b.parts.get(table, ()):
            if part.kind in {"column", "constraint"}:
                self._edge(self._maker(part), last)
                for above in self._b.parents_of(part):
                    self._edge(self._maker(above), last)

    def _connect_apart(self, table: Key) -> None:
        """A partition gets all that its whole brings before it is attached to it."""
        first, last = Step(Verb.UNSET, table), Step(Verb.TIE, table)
        for part in self._b.parts.get(table, ()):
            brought = part in self._b.brought and not self._is_foreign(part, self._b)
            if part.kind == "column" or (part.kind == "constraint" and brought):
                self._edge(first, self._maker(part))
                self._edge(self._maker(part), last)
        for part in self._a.parts.get(table, ()):
            foreign = self._is_foreign(part, self._a)  # which may go with that of the whole
            if part.kind in {"column", "constraint"} and part not in self._b and not foreign:
                self._edge(first, self._droppers.get(part))
                self._edge(self._droppers.get(part), last)

    def _connect_with_whole(self, column: Key, table: Key) -> None:
        """While a partition is by itself, its columns and those of its whole become the same."""
        tie, above = Step(Verb.TIE, table), self._b.brought.get(column)
        for key in (column, above) if above is not None else (column,):
            alter = self._alterer(key)
            self._edge(Step(Verb.UNSET, table), alter)
            self._edge(alter, tie)
        if above is not None and table in self._work.renewed:
            self._edge(self._droppers[table], self._alterer(above))
