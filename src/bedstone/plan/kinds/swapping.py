# SPDX-License-Identifier: Apache-2.0
"""Columns of another type: beside the old ones, filled in batches, swapped in a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from bedstone.catalog import Attributes
from bedstone.plan.annotations import annotate
from bedstone.plan.backfill import backfill, has_triggers, may_go_past
from bedstone.plan.kinds.columns import (
    add_not_null,
    alter_column,
    definition,
    extras,
    identity_sequence,
)
from bedstone.plan.kinds.constraints import build_key, take_index
from bedstone.plan.kinds.indexes import build_index, rename_index, set_statistics
from bedstone.plan.kinds.recasting import by_twins, in_twins, recast
from bedstone.plan.kinds.retyping import LAST, is_carried
from bedstone.plan.kinds.sequences import go_on, identity_options
from bedstone.plan.kinds.tables import late
from bedstone.plan.references import renamed
from bedstone.plan.side import words
from bedstone.plan.spelling import dollar_quoted, path
from bedstone.plan.stand_in import made_name, part_name, parts_of, relation_name, routine_name
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedstone.catalog import Key, Object, Value
    from bedstone.plan.casts import Conversion
    from bedstone.plan.change import Scene

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
#: What a text or a moment means is decided by settings: those of whoever runs the plan hold.
_SETTINGS = "set search_path = '' set timezone from current set datestyle from current"


class _Pair(NamedTuple):
    """A column before and after, and the name of the new one while both are there."""

    old: Object
    new: Object
    name: str

    def beside(self, scene: Scene) -> Object:
        """The new column as it is added: without NOT NULL, default and identity."""
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
        found = recast(name, self.old, self.new, scene, written=self.type(scene))
        assert found is not None  # noqa: S101  else it could not be altered
        return found._replace(using=found.using or name)


@dataclass(frozen=True)
class Swap:
    """The columns of one table that change together."""

    columns: tuple[Key, ...]
    scene: Scene

    @cached_property
    def _table(self) -> Key:
        table = self.scene.a.table_of(self.columns[0])
        assert table is not None  # noqa: S101  a column is of a table
        return table

    @cached_property
    def _path(self) -> str:
        return path(self._table)

    @cached_property
    def _pairs(self) -> list[_Pair]:
        a, b = self.scene.a, self.scene.b
        return [
            _Pair(a[key], b[key], part_name(self._table, "column", key.name, self.scene))
            for key in self.columns
        ]

    @cached_property
    def _carried(self) -> dict[Key, str]:
        """The indexes and keys over the columns, each with its name for a while."""
        dependants = self.scene.a.dependants
        found = {key for column in self.columns for key in dependants.get(column, ())}
        return {
            key: relation_name(key, self.scene)
            for key in sorted(found)
            if is_carried(key, self.scene)
        }

    @cached_property
    def _trigger(self) -> str:
        taken = parts_of(self._table, "trigger", self.scene)
        return quote_identifier(made_name(self._table.name, taken, word=LAST))

    @cached_property
    def _function(self) -> str:
        name = f"sync_{self._table.name}"
        schema = self._table.schema
        return quote_identifier(schema or "", routine_name(schema, name, self.scene))

    @cached_property
    def _past_triggers(self) -> bool:
        return has_triggers(self._table, self.scene.a)

    # --- before -------------------------------------------------------------------------------

    def prepare(self) -> Iterator[Statement]:
        """Write what makes the columns beside, with their values and indexes."""
        first = self.columns[0]
        if self._past_triggers:
            yield may_go_past(first)
        for pair in self._pairs:
            yield Statement(
                f"alter table {self._path} add column {definition(pair.beside(self.scene), self.scene.b)}",
                pair.new.key, "beside the old column, whose rewrite would keep everybody out",
                _EXCLUSIVE, self._path,
            )  # fmt: skip
            yield from extras(pair.beside(self.scene))
        yield from self._keep_up()
        yield self._fill()
        for pair in self._pairs:
            yield from self._prove(pair)
        yield from self._build()
        names = ", ".join(quote_identifier(pair.name) for pair in self._pairs)
        yield Statement(
            f"analyze {self._path} ({names})", first, "plans are as good as before from the start",
            _SHARED, self._path, transaction=Transaction.OWN,
        )  # fmt: skip

    def _keep_up(self) -> Iterator[Statement]:
        first = self.columns[0]
        values = "".join(
            f"    new.{quote_identifier(pair.name)} := "
            f"{pair.conversion(self.scene, 'new.').using};\n"
            for pair in self._pairs
        )
        body = dollar_quoted(f"\nbegin\n{values}    return new;\nend\n")
        yield Statement(
            f"create function {self._function}() returns trigger language plpgsql {_SETTINGS} "
            f"as {body}",
            first, "keeps both columns in step until the swap",
        )  # fmt: skip
        yield Statement(
            f"create trigger {self._trigger} before insert or update on {self._path} "
            f"for each row execute function {self._function}()",
            first, "the last by its name, so that it sees what others leave",
            LockMode.SHARE_ROW_EXCLUSIVE, self._path,
        )  # fmt: skip
        yield Statement(
            f"alter table {self._path} enable always trigger {self._trigger}", first,
            "rows that come by replication, too", LockMode.SHARE_ROW_EXCLUSIVE, self._path,
        )  # fmt: skip

    def _fill(self) -> Statement:
        values, left, hazards = {}, [], [Hazard.MAY_FAIL]
        for pair in self._pairs:
            found, name = pair.conversion(self.scene), quote_identifier(pair.name)
            values[name] = str(found.using)
            left.append(f"{name} is null and {quote_identifier(pair.old.key.name)} is not null")
            if not found.exact and Hazard.CHANGES_VALUES not in hazards:
                hazards.insert(0, Hazard.CHANGES_VALUES)
        return backfill(
            self.columns[0], self._path, values, " or ".join(left),
            "rows that are there get their value in batches", past_triggers=self._past_triggers,
            hazards=tuple(hazards),
        )  # fmt: skip

    def _prove(self, pair: _Pair) -> Iterator[Statement]:
        """No row may be left out, whatever hid it; NOT NULL then believes the same check."""
        key, name = pair.new.key, quote_identifier(pair.name)
        condition = f"({name} is null) = ({quote_identifier(key.name)} is null)"
        if self._is_required(pair):
            condition = f"{name} is not null"
        check = self._check(pair)
        yield Statement(
            f"alter table {self._path} add constraint {check} check ({condition}) not valid",
            key, "no row may be left out", _EXCLUSIVE, self._path,
        )  # fmt: skip
        yield Statement(
            f"alter table {self._path} validate constraint {check}", key,
            "reads the rows, writers go on", _SHARED, self._path, (Hazard.MAY_FAIL,),
            Transaction.OWN,
        )  # fmt: skip

    @staticmethod
    def _is_required(pair: _Pair) -> bool:
        attributes = pair.new.attributes
        return bool(attributes["not_null"] and attributes["not_null_validated"])

    def _check(self, pair: _Pair) -> str:
        return quote_identifier(
            part_name(self._table, "constraint", f"{pair.new.key.name}_kept", self.scene)
        )

    def _build(self) -> Iterator[Statement]:
        """Build every index and key on the new columns, while others write."""
        names = {pair.new.key.name: pair.name for pair in self._pairs}
        for key, name in self._carried.items():
            item = _with_names(self.scene.b[key], names, self.scene)
            if key.kind == "index":
                yield build_index(item, self.scene, quote_identifier(name))
            else:
                yield build_key(item, quote_identifier(name))

    # --- the swap -----------------------------------------------------------------------------

    def swap(self) -> Iterator[Statement]:
        """Write the moment in which the new columns take the place of the old ones."""
        first, scene = self.columns[0], self.scene
        yield Statement(
            f"drop trigger {self._trigger} on {self._path}", first, "the swap: nobody writes now",
            _EXCLUSIVE, self._path,
        )  # fmt: skip
        yield Statement(f"drop function {self._function}()", first, "the trigger is gone")
        for pair in self._pairs:
            yield from self._replace(pair)
        for key, name in self._carried.items():
            yield from self._take(key, quote_identifier(name))
        yield from self._name_again()
        for pair in self._pairs:
            yield from annotate(pair.new, scene)
            if (sequence := identity_sequence(pair.new.key, scene.b)) is not None:
                yield from annotate(sequence, scene)

    def _replace(self, pair: _Pair) -> Iterator[Statement]:
        key, attributes = pair.new.key, pair.new.attributes
        name, beside = quote_identifier(key.name), quote_identifier(pair.name)
        yield from self._let_go(pair)
        yield Statement(
            f"alter table {self._path} drop column {name}", key,
            "the values are in the new column, and so are the indexes", _EXCLUSIVE, self._path,
        )  # fmt: skip
        yield Statement(
            f"alter table {self._path} rename column {beside} to {name}", key,
            "it comes last among the columns", _EXCLUSIVE, self._path, (Hazard.BREAKS_CLIENTS,),
        )  # fmt: skip
        yield from self._require(pair)
        if self._is_required(pair):  # the check of the other form went with the old column
            yield Statement(
                f"alter table {self._path} drop constraint {self._check(pair)}", key,
                "it was there for the swap", _EXCLUSIVE, self._path,
            )  # fmt: skip
        if attributes["default"] is not None and key not in self.scene.detached:
            yield alter_column(
                key, f"set default {attributes['default']}", _EXCLUSIVE, reason="its default"
            )
        if attributes["identity"]:
            yield from self._identify(pair)

    def _let_go(self, pair: _Pair) -> Iterator[Statement]:
        """Keep what would go with the old column: its sequences, and where they are."""
        column, a = pair.old.key, self.scene.a
        for part in a.parts.get(self._table, ()):
            if part.kind != "sequence" or a[part].owning_column != column:
                continue
            if part in self.scene.renewed:
                continue  # it was dropped before, to give its name free
            if not a[part].attributes["identity"]:
                yield Statement(
                    f"alter sequence {path(part)} owned by "
                    f"{self._path}.{quote_identifier(pair.name)}",
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

    def _require(self, pair: _Pair) -> Iterator[Statement]:
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

    def _identify(self, pair: _Pair) -> Iterator[Statement]:
        key = pair.new.key
        sequence = identity_sequence(key, self.scene.b)
        table = self.scene.b[self._table]
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
        item = self.scene.b[key]
        if key.kind == "index":
            yield rename_index(key, name)
        else:
            yield take_index(item, name)
        yield from set_statistics(key, None, item.attributes["statistics"])
        yield from annotate(item, self.scene)

    def _name_again(self) -> Iterator[Statement]:
        """Name the index of replica identity and clustering anew, which went with the column."""
        table = self.scene.a[self._table]
        gone = {key.name for key in self._carried}
        left = dict(table.attributes)
        if left["replica_identity"] in {f"index {quote_identifier(name)}" for name in gone}:
            left["replica_identity"] = "default"
        if left["clustered_on"] in gone:
            left["clustered_on"] = None
        yield from late(table, Attributes.of("table", left))


def _is_named(attributes: Mapping[str, Value], scene: Scene) -> bool:
    """Whether NOT NULL is a constraint that SET NOT NULL would not make as it is to be."""
    if attributes["not_null_no_inherit"] or attributes["constraint_comment"] is not None:
        return True
    return bool(attributes["not_null_name"]) and scene.options.lowest >= 18


def _with_names(item: Object, names: dict[str, str], scene: Scene) -> Object:
    """Return an index or key over columns that have other names, and types that have twins."""
    attributes = dict(item.attributes)
    columns = attributes["columns"]
    assert isinstance(columns, tuple)  # noqa: S101  an index has some
    if item.key.kind == "index":
        attributes["columns"] = tuple(
            (in_twins(renamed(str(part[0]), names), scene), *part[1:])
            if isinstance(part, tuple) else part
            for part in columns
        )
        if attributes["where"]:
            attributes["where"] = in_twins(renamed(str(attributes["where"]), names), scene)
    else:
        attributes["columns"] = tuple(names.get(str(name), name) for name in columns)
    included = words(attributes["include"])
    attributes["include"] = tuple(names.get(name, name) for name in included) or None
    return replace(item, attributes=Attributes.of(item.key.kind, attributes))
