# SPDX-License-Identifier: Apache-2.0
"""Columns of another type: beside the old ones, filled in batches, swapped in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.catalog import Attributes
from bedstone.plan.annotations import annotate
from bedstone.plan.backfill import backfill, may_go_past
from bedstone.plan.coercion import depends_on_settings
from bedstone.plan.kinds.beside import Beside
from bedstone.plan.kinds.columns import (
    add_not_null,
    alter_column,
    definition,
    extras,
    own_values,
)
from bedstone.plan.kinds.constraints import add_alone, attach_key, build_key, take_index
from bedstone.plan.kinds.indexes import attach_index, build_index, rename_index, set_statistics
from bedstone.plan.kinds.sequences import go_on, identity_options
from bedstone.plan.kinds.tables import late
from bedstone.plan.side import identity_sequence
from bedstone.plan.spelling import dollar_quoted, path
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedstone.catalog import Key, Object, Value
    from bedstone.plan.change import Scene
    from bedstone.plan.kinds.beside import Pair

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
#: What of a column no definition says, and partitions take over from the table above.
_OF_STORAGE = ("storage", "statistics", "options")
#: What a text or a moment means is decided by settings: those of whoever runs the plan hold.
_SETTINGS = (
    "timezone", "datestyle", "intervalstyle", "bytea_output", "extra_float_digits", "lc_monetary",
)  # fmt: skip


@dataclass(frozen=True)
class Swap(Beside):
    """The columns of one table that change together: how the new ones come, and take over."""

    # --- before -------------------------------------------------------------------------------

    def prepare(self) -> Iterator[Statement]:
        """Write what makes the columns beside, with their values and indexes."""
        first = self.columns[0]
        if self.past_triggers and not self.is_filled:
            yield may_go_past(first)
        if not self.is_begun:
            yield from self._begin()
        if not self.is_filled:
            yield self._fill()
        yield from self._prove()
        yield from self._build()
        names = ", ".join(quote_identifier(pair.name) for pair in self.pairs)
        yield Statement(
            f"analyze {self.path} ({names})", first, "plans are as good as before from the start",
            _SHARED, self.path, transaction=Transaction.OWN,
        )  # fmt: skip

    def _begin(self) -> Iterator[Statement]:
        for pair in self.pairs:
            column = pair.beside(self.scene)
            yield Statement(
                f"alter table {self.path} add column {definition(column, self.scene.b)}",
                pair.new.key, "beside the old column, whose rewrite would keep everybody out",
                _EXCLUSIVE, self.path,
            )  # fmt: skip
            yield from extras(column)
        yield from self._keep_up()

    def _keep_up(self) -> Iterator[Statement]:
        first = self.columns[0]
        body = dollar_quoted(self.body)
        yield Statement(
            f"create function {self.function}() returns trigger language plpgsql {self._settings} "
            f"as {body}",
            first, "keeps both columns in step until the swap",
        )  # fmt: skip
        yield Statement(
            f"create trigger {self._trigger} before insert or update on {self.path} "
            f"for each row execute function {self.function}()",
            first, "the last by its name, so that it sees what others leave",
            LockMode.SHARE_ROW_EXCLUSIVE, self.path,
        )  # fmt: skip
        yield Statement(
            f"alter table {self.path} enable always trigger {self._trigger}", first,
            "rows that come by replication, too", LockMode.SHARE_ROW_EXCLUSIVE, self.path,
        )  # fmt: skip

    @property
    def _settings(self) -> str:
        """What the function runs with, whoever writes: it would cost every row to say too much."""
        found, a, b = "set search_path = ''", self.scene.a, self.scene.b
        types = (
            (str(pair.old.attributes["type"]), str(pair.new.attributes["type"]))
            for pair in self.pairs
        )
        if any(depends_on_settings(old, new, a, b) for old, new in types):
            found += "".join(f" set {name} from current" for name in _SETTINGS)
        return found

    def _fill(self) -> Statement:
        values, left, hazards = {}, [], [Hazard.MAY_FAIL]
        for pair in self.pairs:
            found, name = pair.conversion(self.scene), quote_identifier(pair.name)
            values[name] = str(found.using)
            left.append(f"{name} is null and {quote_identifier(pair.old.key.name)} is not null")
            if not found.exact and Hazard.CHANGES_VALUES not in hazards:
                hazards.insert(0, Hazard.CHANGES_VALUES)
        return backfill(
            self.columns[0], self.path, values, " or ".join(left),
            "rows that are there get their value in batches", past_triggers=self.past_triggers,
            spread=self.is_tree, hazards=tuple(hazards),
        )  # fmt: skip

    def _prove(self) -> Iterator[Statement]:
        """No row may be left out, whatever hid it; NOT NULL then believes the same check."""
        for pair in self.pairs:
            name = quote_identifier(pair.name)
            condition = f"({name} is null) = ({quote_identifier(pair.new.key.name)} is null)"
            if pair.is_required:
                condition = f"{name} is not null"
            if self.left_check(pair) is None:
                yield Statement(
                    f"alter table {self.path} add constraint {self._check(pair)} "
                    f"check ({condition}) not valid",
                    pair.new.key, "no row may be left out", _EXCLUSIVE, self.path,
                )  # fmt: skip
        for pair in self.pairs:
            left = self.left_check(pair)
            if left is None or not left.attributes["validated"]:
                yield Statement(
                    f"alter table {self.path} validate constraint {self._check(pair)}",
                    pair.new.key, "reads the rows, writers go on", _SHARED, self.path,
                    (Hazard.MAY_FAIL,), Transaction.OWN,
                )  # fmt: skip

    @property
    def _trigger(self) -> str:
        return quote_identifier(self.trigger_name)

    def _check(self, pair: Pair) -> str:
        return quote_identifier(self.check_name(pair))

    def _build(self) -> Iterator[Statement]:
        """Build every index and key on the new columns, while others write."""
        scene = self.scene
        for key, name in self.carried.items():
            left = key._replace(kind="index", name=name) in scene.left
            if left or scene.b.is_partitioned(scene.b.wholes[key]):
                continue  # that of the whole comes with the swap, and takes those of its parts
            item = self.carried_form(key)
            if key.kind == "index":
                yield build_index(item, scene, quote_identifier(name))
            else:
                yield build_key(item, quote_identifier(name))

    # --- the swap -----------------------------------------------------------------------------

    def swap(self) -> Iterator[Statement]:
        """Write the moment in which the new columns take the place of the old ones."""
        first, scene = self.columns[0], self.scene
        if self.is_tree:  # DROP TRIGGER would lock the partitions first: writers go the other way
            yield Statement(
                f"lock table {self.path} in access exclusive mode", first,
                "the whole before its partitions, as writers do", _EXCLUSIVE, self.path,
            )  # fmt: skip
        yield Statement(
            f"drop trigger {self._trigger} on {self.path}", first, "the swap: nobody writes now",
            _EXCLUSIVE, self.path,
        )  # fmt: skip
        yield Statement(f"drop function {self.function}()", first, "the trigger is gone")
        for pair in self.pairs:
            yield from self._replace(pair)
        for key, name in self.carried.items():
            yield from self._take(key, quote_identifier(name))
        yield from self._name_again()
        for pair in self.pairs:
            yield from annotate(pair.new, scene)
            for below in scene.b.below(pair.new.key):
                yield from self._own(scene.b[below])
            if (sequence := identity_sequence(pair.new.key, scene.b)) is not None:
                yield from annotate(sequence, scene)

    def _replace(self, pair: Pair) -> Iterator[Statement]:
        key, attributes = pair.new.key, pair.new.attributes
        name, beside = quote_identifier(key.name), quote_identifier(pair.name)
        yield from self._let_go(pair)
        yield Statement(
            f"alter table {self.path} drop column {name}", key,
            "the values are in the new column, and so are the indexes", _EXCLUSIVE, self.path,
        )  # fmt: skip
        yield Statement(
            f"alter table {self.path} rename column {beside} to {name}", key,
            "it comes last among the columns", _EXCLUSIVE, self.path, (Hazard.BREAKS_CLIENTS,),
        )  # fmt: skip
        yield from self._require(pair)
        if pair.is_required:  # the check of the other form went with the old column
            yield Statement(
                f"alter table {self.path} drop constraint {self._check(pair)}", key,
                "it was there for the swap", _EXCLUSIVE, self.path,
            )  # fmt: skip
        if attributes["default"] is not None and key not in self.scene.detached:
            yield alter_column(
                key, f"set default {attributes['default']}", _EXCLUSIVE, reason="its default"
            )
        if attributes["identity"]:
            yield from self._identify(pair)

    def _let_go(self, pair: Pair) -> Iterator[Statement]:
        """Keep what would go with the old column: its sequences, and where they are."""
        column, a = pair.old.key, self.scene.a
        parts = [part for table in self.tree for part in a.parts.get(table, ())]
        for part in parts:
            owner = a[part].owning_column if part.kind == "sequence" else None
            if owner is None or owner not in {column, *a.below(column)}:
                continue
            if part in self.scene.renewed:
                continue  # it was dropped before, to give its name free
            if not a[part].attributes["identity"]:
                yield Statement(
                    f"alter sequence {path(part)} owned by "
                    f"{quote_identifier(owner.schema or '', owner.parent or '', pair.name)}",
                    part, "it would go with the old column", LockMode.SHARE_ROW_EXCLUSIVE,
                    path(part),
                )  # fmt: skip
            elif pair.new.attributes["identity"]:
                yield Statement(
                    "select pg_catalog.set_config('bedstone.last_value', last_value::text, true), "
                    "pg_catalog.set_config('bedstone.is_called', is_called::text, true) "
                    f"from {path(part)}",
                    part, "the next value is to be the same", LockMode.ACCESS_SHARE, path(part),
                )  # fmt: skip

    def _require(self, pair: Pair) -> Iterator[Statement]:
        item, attributes = pair.new, pair.new.attributes
        if not attributes["not_null"]:
            return
        if not attributes["not_null_validated"]:
            yield add_not_null(item, "not valid")
        elif _is_named(attributes, self.scene):
            yield add_not_null(item, "", reason="believes the validated check")
        else:
            yield alter_column(
                item.key, "set not null", _EXCLUSIVE, reason="believes the validated check"
            )

    def _identify(self, pair: Pair) -> Iterator[Statement]:
        key = pair.new.key
        sequence = identity_sequence(key, self.scene.b)
        table = self.scene.b[self.table]
        inner = identity_options(sequence, table) if sequence is not None else ""
        kind = pair.new.attributes["identity"]
        yield alter_column(
            key, f"add generated {kind} as identity{inner}", _EXCLUSIVE, reason="its identity"
        )
        if sequence is None:
            return
        if pair.old.attributes["identity"]:
            yield Statement(
                f"select pg_catalog.setval({quote_literal(path(sequence.key))}, "
                "pg_catalog.current_setting('bedstone.last_value')::bigint, "
                "pg_catalog.current_setting('bedstone.is_called')::boolean)",
                sequence.key, "the next value is the same",
            )  # fmt: skip
        else:
            yield go_on(sequence.key, key, self.scene)

    def _take(self, key: Key, name: str) -> Iterator[Statement]:
        """Give an index its name, or make a key of it; the old one went with its column."""
        item, side = self.scene.b[key], self.scene.b
        whole = side.is_partitioned(side.wholes[key])
        if key.kind == "index":
            made = build_index(item, self.scene, quote_identifier(key.name))
            yield made if whole else rename_index(key, name)
            if key in side.brought:
                yield attach_index(item)
        else:
            yield add_alone(item) if whole else take_index(item, name)
            yield from attach_key(key, self.scene)
        yield from set_statistics(key, None, item.attributes["statistics"])
        yield from annotate(item, self.scene)

    def _own(self, item: Object) -> Iterator[Statement]:
        """Write what a partition's column has otherwise than that of the table above."""
        side = self.scene.b
        yield from own_values(item, self.scene)
        above = side[side.brought[item.key]].attributes
        if any(item.attributes[name] != above[name] for name in _OF_STORAGE):
            yield from extras(item)
        yield from annotate(item, self.scene)

    def _name_again(self) -> Iterator[Statement]:
        """Name the index of replica identity and clustering anew, which went with the column."""
        gone = {(key.schema, key.parent, key.name) for key in self.carried}
        for table in self.tree:
            item = self.scene.a[table]
            names = {name for *whole, name in gone if whole == [table.schema, table.name]}
            left = dict(item.attributes)
            if left["replica_identity"] in {f"index {quote_identifier(name)}" for name in names}:
                left["replica_identity"] = "default"
            if left["clustered_on"] in names:
                left["clustered_on"] = None
            yield from late(item, Attributes.of("table", left))


def _is_named(attributes: Mapping[str, Value], scene: Scene) -> bool:
    """Whether NOT NULL is a constraint that SET NOT NULL would not make as it is to be."""
    if attributes["not_null_no_inherit"] or attributes["constraint_comment"] is not None:
        return True
    return bool(attributes["not_null_name"]) and scene.options.lowest >= 18
