# SPDX-License-Identifier: Apache-2.0
"""Objects that are no relations: types, functions, triggers, policies, constraints and so on.

A row of a catalog that the transaction itself wrote is an object that it made or changed. What
comes with another object is not told: the array type of a type, the trigger of a foreign key, the
members of an extension.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import postgast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Those of which pg_identify_object() knows the names, and anybody may read.
_CATALOGS = """
    pg_type pg_proc pg_trigger pg_policy pg_namespace pg_extension pg_constraint pg_rewrite
    pg_statistic_ext pg_cast pg_operator pg_opclass pg_opfamily pg_collation pg_conversion
    pg_language pg_transform pg_am pg_foreign_data_wrapper pg_foreign_server pg_event_trigger
    pg_publication pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template
"""
EVERYTHING = frozenset(_CATALOGS.split())
#: What else than everything a statement of this kind writes to.
_WRITTEN = {
    "create": ("pg_constraint",),
    "create_foreign_table": ("pg_constraint",),
    "create_enum": ("pg_type",),
    "alter_enum": ("pg_type",),
    "create_domain": ("pg_type", "pg_constraint"),
    "alter_domain": ("pg_type", "pg_constraint"),
    "composite_type": ("pg_type",),
    "create_range": ("pg_type",),
    "alter_type": ("pg_type",),
    "create_function": ("pg_proc",),
    "alter_function": ("pg_proc",),
    "create_trig": ("pg_trigger",),
    "create_policy": ("pg_policy",),
    "alter_policy": ("pg_policy",),
    "create_schema": ("pg_namespace",),
    "create_extension": ("pg_extension",),
    "alter_extension": ("pg_extension",),
    "rule": ("pg_rewrite",),
    "create_stats": ("pg_statistic_ext",),
    "alter_stats": ("pg_statistic_ext",),
}
_OTHERS = frozenset(
    """
    do call execute unknown define rename alter_object_schema alter_owner drop drop_owned
    reassign_owned create_cast create_conversion create_op_class create_op_family alter_op_family
    create_am create_plang create_transform create_fdw alter_fdw create_foreign_server
    alter_foreign_server create_publication alter_publication create_event_trig alter_event_trig
    alter_operator alter_tsdictionary alter_tsconfiguration alter_collation
    alter_extension_contents import_foreign_schema
    """.split()  # noqa: SIM905  reads better
)
#: What writes to no catalog, unless by a function that it calls.
DATA_KINDS = frozenset({"select", "insert", "update", "delete", "merge", "copy", "explain"})
_DROPPING = frozenset({"do", "call", "execute", "unknown", "drop", "drop_owned"})
#: What of ALTER TABLE makes, changes or drops constraints; from 18 on NOT NULL is one.
_DROPPING_COMMANDS = frozenset({"AT_DropConstraint", "AT_DropColumn", "AT_DropNotNull"})
_CONSTRAINING = _DROPPING_COMMANDS | {
    "AT_AddConstraint", "AT_AlterConstraint", "AT_ValidateConstraint", "AT_AddIndexConstraint",
    "AT_SetNotNull", "AT_AttachPartition", "AT_DetachPartition", "AT_AddInherit",
}  # fmt: skip
_RELATIONS = frozenset({"TABLE", "INDEX", "VIEW", "MATVIEW", "SEQUENCE", "FOREIGN_TABLE"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The catalogs that a statement may have written to; *left* says that it may have deleted."""

    catalogs: frozenset[str] = frozenset()
    left: bool = False

    def __or__(self, other: Asked) -> Asked:
        return Asked(self.catalogs | other.catalogs, self.left or other.left)


#: Nobody knows what a function does.
BY_FUNCTION = Asked(EVERYTHING, left=True)
#: Nothing: rows are read or written, or relations alone.
NO_OBJECTS = Asked()


def read_asked(kind: str, stmt: Any) -> Asked:
    """Return which objects are to be asked for after a statement."""
    if kind == "create_schema" and stmt.schema_elts:
        return Asked(EVERYTHING)
    if kind == "alter_table":
        return _asked_of_table([item.alter_table_cmd for item in stmt.cmds])
    if kind in _WRITTEN:
        return Asked(frozenset(_WRITTEN[kind]), kind == "alter_domain")
    if kind == "drop":
        name = postgast.pg_query_pb2.ObjectType.Name(stmt.remove_type).removeprefix("OBJECT_")
        return NO_OBJECTS if name in _RELATIONS else Asked(EVERYTHING, left=True)
    return Asked(EVERYTHING, kind in _DROPPING) if kind in _OTHERS else NO_OBJECTS


def _asked_of_table(commands: list[Any]) -> Asked:
    names = {postgast.pg_query_pb2.AlterTableType.Name(command.subtype) for command in commands}
    added = [getattr(command, "def").column_def for command in commands]
    if names & _CONSTRAINING or any(column.constraints for column in added):
        return Asked(frozenset({"pg_constraint"}), bool(names & _DROPPING_COMMANDS))
    return NO_OBJECTS


#: Class and number.
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """An object: what it is, and its name, qualified and quoted.

    *row* is where it is kept; *whole* is the type that a value is one of.
    """

    kind: str
    name: str
    row: str = ""
    whole: Key | None = None


@dataclass(frozen=True, slots=True)
class Objects:
    """A session's answer: what its transaction wrote, and all keys where those were asked for.

    *classes* are the catalogs that were asked about.
    """

    written: dict[Key, Named]
    left: frozenset[Key] | None
    classes: frozenset[int]


@dataclass
class Writings:
    """What one transaction is known to have written."""

    _known: dict[Key, Named] = field(default_factory=dict)
    _made: set[Key] = field(default_factory=set)
    _gone: set[Key] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self._known or self._gone)

    def news(self, objects: Objects) -> dict[Key, Named]:
        """Return what was written since the last answer."""
        return {k: o for k, o in objects.written.items() if self._known.get(k) != o}

    def compare(
        self, objects: Objects, existing: Iterable[Key], missing: Mapping[Key, Named]
    ) -> list[tuple[str, Named]]:
        """Return what was created, changed and dropped since the last answer.

        *existing* are those of the news that are there for everybody, *missing* what everybody
        sees and the transaction does not.
        """
        news = self.news(objects)
        present = set(existing)
        before = self._known.keys()
        self._made |= {key for key in news if key not in present and key not in before}
        found = [
            ("created" if key in self._made and key not in before else "changed", named)
            for key, named in news.items()
            if named.whole not in news or named.whole in before
        ]
        self._known |= news
        if objects.left is not None:
            made = {k: o for k, o in self._known.items() if k in self._made}
            for key, named in (made | dict(missing)).items():
                if key[0] in objects.classes and key not in objects.left | self._gone:
                    self._gone.add(key)
                    found.append(("dropped", named))
        return found

    def go_back(self, objects: Objects) -> None:
        """Remember what is left after ROLLBACK TO SAVEPOINT."""
        left = objects.left or frozenset()
        self._known = dict(objects.written)
        self._made &= self._known.keys()
        self._gone -= left
