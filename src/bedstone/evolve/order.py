# SPDX-License-Identifier: Apache-2.0
"""Statements brought together by the transaction they need, so that fewer revisions hold them.

Statements that have nothing to do with one another may change places; on one table only a build or
a validation may go before others, and none goes after what followed it: it may be a part of a way
that goes on while rows are written. What has to do with what is told by names, which is a guess:
who uses the order tries it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import postgast

from bedstone.plan import Hazard, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedstone.catalog import Catalog, Key
    from bedstone.plan import Statement

_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "sequence"})


def brought_together(
    statements: Sequence[Statement], *catalogs: Catalog
) -> tuple[Statement, ...] | None:
    """Return *statements* in an order with fewer changes of transaction; ``None`` without one.

    *catalogs* have the objects that they name.
    """
    if any(Hazard.BLOCKS in statement.hazards for statement in statements):
        return None  # others' locks would be held while it works
    names = _Names(catalogs)
    touched = [names.of(statement) for statement in statements]
    ranks: list[int] = []
    for number, statement in enumerate(statements):
        rank = 0
        for before in range(number):
            if names.have_to_do(statements[before], touched[before], statement, touched[number]):
                is_after = _stands_alone(statement) and not _stands_alone(statements[before])
                rank = max(rank, ranks[before] + is_after)
        ranks.append(rank)
    order = sorted(
        range(len(statements)), key=lambda n: (ranks[n], not _stands_alone(statements[n]), n)
    )
    found = tuple(statements[number] for number in order)
    return found if found != tuple(statements) else None


def _stands_alone(statement: Statement) -> bool:
    return statement.transaction is not Transaction.SHARED


class _Names:
    """The names of all objects, those of relations, columns and schemas apart."""

    def __init__(self, catalogs: Iterable[Catalog]) -> None:
        keys: set[Key] = set()
        for catalog in catalogs:
            keys |= catalog.objects.keys()
        self._relations = {key.name for key in keys if key.kind in _RELATIONS}
        self._columns = _only("column", keys)
        self._schemas = _only("schema", keys)

    def of(self, statement: Statement) -> frozenset[str]:
        """Return the names in *statement* that may tell what it is about."""
        data = statement.sql.encode()
        try:
            tokens = postgast.scan(statement.sql).tokens
        except postgast.PgQueryError:
            return frozenset()
        names: set[str] = set()
        before, word = "", ""
        for token in tokens:
            before, word = word, data[token.start : token.end].decode()
            if before == "constraint":
                names.add(f"constraint {word}")
            elif word.startswith('"'):
                names.add(word[1:-1].replace('""', '"'))
            elif word.startswith("$"):
                names |= set(re.findall(r"\w+", word))  # a body
            elif word[0].isalpha() or word[0] == "_":
                names.add(word)
        return frozenset(names) - self._schemas

    def have_to_do(
        self, a: Statement, names_of_a: frozenset[str], b: Statement, names_of_b: frozenset[str]
    ) -> bool:
        """Whether *b*, which comes after *a*, has to stay after it."""
        if not names_of_a or not names_of_b or a.subject == b.subject:
            return True
        shared = (names_of_a & names_of_b) - _KEYWORDS
        relations = shared & self._relations
        in_tables = {n for n in shared if n in self._columns or n.startswith("constraint ")}
        if shared - relations - in_tables:
            return True
        if not relations:
            return False  # columns and constraints of the same name, of different tables
        about = {s.subject.name for s in (a, b) if s.subject.kind in _RELATIONS}
        may_go_first = _stands_alone(b) and not _stands_alone(a) and _READS.match(b.sql)
        return bool(relations & about) or shared != relations or not may_go_first


def _only(kind: str, keys: Iterable[Key]) -> frozenset[str]:
    """Return the names that objects of *kind* have and no others."""
    others = {key.name for key in keys if key.kind != kind}
    return frozenset(key.name for key in keys if key.kind == kind) - others


#: What only reads a table and makes something of it.
_READS = re.compile(r"create (?:unique )?index concurrently |alter table \S+ validate constraint ")

#: The words of the statements themselves, and of what stands in them most often.
_KEYWORDS = frozenset(
    """
    add alter and array as asc begin bigint boolean by cache cascade check column comment
    concurrently constraint create current cycle data default deferrable desc domain drop else end
    enum exists extension for foreign from function generated grant identity if in include
    increment index insert int integer into is key language like materialized maxvalue minvalue
    name no not null numeric of on only or order owned owner parallel policy primary procedure
    references rename replace restrict return returns revoke role schema select sequence set
    start table text then timestamp to trigger type unique update using uuid valid validate value
    values varchar varying view when where with
    """.split()  # noqa: SIM905  reads better
)
