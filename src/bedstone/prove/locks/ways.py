# SPDX-License-Identifier: Apache-2.0
"""A plan, read: the tables that it goes through from one end to the other, and those it writes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    #: A table by its schema and name.
    Name = tuple[str, str]

_INDEX_SCANS = frozenset({"Index Scan", "Index Only Scan", "Bitmap Index Scan"})
#: What reads all that is below it before it gives the first row.
_BLOCKING = frozenset({"Sort", "Aggregate", "Hash", "Materialize", "WindowAgg", "SetOp"})
_CONDITIONS = ("Filter", "Join Filter", "Recheck Cond", "Index Cond", "One-Time Filter")
#: What an index of texts serves only where the pattern is known.
_PATTERN = re.compile(r"~")
#: A condition that the planner can prove without knowing any value.
_NULLS = re.compile(r"[\s()]*(?:[\w.\"]+ IS (?:NOT )?NULL[\s()]*(?:AND[\s()]*)?)+")
#: Access methods that look up any column of theirs as well as the first.
_ANY_COLUMN = frozenset({"gin", "brin", "bloom"})


class Way(IntEnum):
    """How a table is read: found by an index, nobody knows, or from one end to the other."""

    SERVED = 0
    UNSURE = 1
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Server:
    """An index, and which condition it can serve; *leading* is the first column of its key."""

    schema: str
    name: str
    table_name: str
    method: str
    leading: str | None
    condition: str | None
    expressions: str | None
    is_plain: bool

    def may_serve(self, text: str) -> bool:
        """Whether it might, with the values known, serve a condition that it cannot as it is."""
        if "$" not in text:
            return False
        named = set(re.findall(r"\w+", f"{self.condition or ''} {self.expressions or ''}"))
        by_nulls = self.condition is None or _NULLS.fullmatch(self.condition) is not None
        if not by_nulls or self.expressions is not None:
            return any(_mentions(text, name) for name in named | {self.leading or ""} if name)
        special = not self.is_plain or self.method != "btree" or _PATTERN.search(text)
        return bool(special) and self.leading is not None and _mentions(text, self.leading)


@dataclass(frozen=True, slots=True)
class Target:
    """A table that rows are written to.

    *operation* is ``insert``, ``update``, ``delete`` or ``merge``. *sources* are the tables that
    are gone through to find the rows, so that the more they have, the more are written.
    """

    table: Name
    operation: str
    sources: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How a statement is done: each table it names, how that is read, and what is written."""

    ways: Mapping[Name, Way] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    def __or__(self, other: Plan) -> Plan:
        """Return both."""
        ways = {
            name: max(plan.ways[name] for plan in (self, other) if name in plan.ways)
            for name in (*self.ways, *other.ways)
        }
        return Plan(ways, self.targets + other.targets)


def read_plan(node: Any, servers: Sequence[Server]) -> Plan:
    """Read what EXPLAIN says of a statement."""
    reader = _Reader(servers, dict(_common(node)))
    ways: dict[Name, Way] = {}
    for table, way in reader.ways(node):
        ways[table] = max(way, ways.get(table, way))
    return Plan(ways, tuple(reader.targets(node)))


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text) is not None


def _common(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the plans of WITH by their names."""
    for child in node.get("Plans", ()):
        if child.get("Subplan Name", "").startswith("CTE "):
            yield child["Subplan Name"].removeprefix("CTE "), child
        yield from _common(child)


def _is_apart(node: Any) -> bool:
    """Whether a plan is asked for a value, and gives the one above it no rows."""
    return node.get("Parent Relationship") in {"InitPlan", "SubPlan"}


def _asks_whether_any(node: Any) -> bool:
    """Whether a plan is that of an EXISTS, of which one row is asked, and no column."""
    return _is_apart(node) and "Output" not in node and not _conditions(node)


def _conditions(node: Any) -> str:
    return " ".join(str(node[name]) for name in _CONDITIONS if name in node)


class _Reader:
    def __init__(self, servers: Sequence[Server], common: Mapping[str, Any]) -> None:
        self._servers = servers
        self._common = common

    def ways(
        self, node: Any, *, limited: bool = False, above: str = ""
    ) -> Iterator[tuple[Name, Way]]:
        """Yield how each table is read; what a LIMIT or an EXISTS stands above, not to the end."""
        kind = node["Node Type"]
        limited = (limited or kind == "Limit" or _asks_whether_any(node)) and kind not in _BLOCKING
        conditions = f"{above} {_conditions(node)}"
        if kind == "ModifyTable":
            yield (node["Schema"], node["Relation Name"]), Way.SERVED
        elif "Relation Name" in node:
            way = Way.SERVED if limited else self._way(node, conditions)
            yield (node["Schema"], node["Relation Name"]), way
            return
        joins = conditions if "Join Filter" in node or "Append" in kind else above
        for child in node.get("Plans", ()):
            yield from self.ways(child, limited=limited, above=joins)

    def _way(self, node: Any, conditions: str) -> Way:
        if self._is_served(node, node["Schema"], node["Relation Name"]):
            return Way.SERVED
        own = (
            server
            for server in self._servers
            if (server.schema, server.table_name) == (node["Schema"], node["Relation Name"])
        )
        unsure = any(server.may_serve(conditions) for server in own)
        return Way.UNSURE if unsure else Way.WHOLE

    def _is_served(self, node: Any, schema: str, table: str) -> bool:
        kind, below = node["Node Type"], [c for c in node.get("Plans", ()) if not _is_apart(c)]
        if kind in _INDEX_SCANS:
            return self._is_sought(node, schema)
        if kind in {"BitmapAnd", "Bitmap Heap Scan"}:
            return any(self._is_served(child, schema, table) for child in below)
        if kind == "BitmapOr":
            return all(self._is_served(child, schema, table) for child in below)
        return str(kind) not in {"Seq Scan", "Sample Scan"}

    def _is_sought(self, node: Any, schema: str) -> bool:
        """Whether an index is entered at a key, and not read from one end to the other."""
        found = (s for s in self._servers if (s.schema, s.name) == (schema, node["Index Name"]))
        server = next(found, None)
        if server is not None and server.condition is not None:
            return True
        condition = node.get("Index Cond")
        if condition is None:
            return False
        if server is None or server.leading is None or server.method in _ANY_COLUMN:
            return True
        return _mentions(str(condition), server.leading)

    def targets(self, node: Any) -> Iterator[Target]:
        """Yield what is written, the plans of WITH among it."""
        below = node.get("Plans", ())
        if node["Node Type"] == "ModifyTable":
            sources = {
                table
                for child in below
                if not _is_apart(child)
                for table, way in self._sources(child, limited=False)
                if way is Way.WHOLE
            }
            table = (node["Schema"], node["Relation Name"])
            yield Target(table, node["Operation"].lower(), tuple(sorted(sources)))
        for child in below:
            yield from self.targets(child)

    def _sources(self, node: Any, *, limited: bool, above: str = "") -> Iterator[tuple[Name, Way]]:
        """Yield the tables that give rows; what is asked for a value only gives none."""
        kind = node["Node Type"]
        limited = limited or kind == "Limit" or _is_single(node)
        conditions = f"{above} {_conditions(node)}"
        if "Relation Name" in node and kind != "ModifyTable":
            way = Way.SERVED if limited else self._way(node, conditions)
            yield (node["Schema"], node["Relation Name"]), way
            return
        if kind == "CTE Scan" and node["CTE Name"] in self._common:
            common = self._common[node["CTE Name"]]
            yield from self._sources(common, limited=limited)
        joins = conditions if "Join Filter" in node or "Append" in kind else above
        for child in node.get("Plans", ()):
            if not _is_apart(child):
                yield from self._sources(child, limited=limited, above=joins)


def _is_single(node: Any) -> bool:
    """Whether it gives one row whatever is below it."""
    return bool(node["Node Type"] == "Aggregate" and node.get("Strategy") == "Plain")
