# SPDX-License-Identifier: Apache-2.0
"""Statements brought together by the transaction they need, so that fewer revisions hold them.

A statement that stands alone goes before those in a transaction that have nothing to do with it.
What has to do with what is told by names, which is a guess: who uses the order tries it.
"""

from __future__ import annotations

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
    """The names of all objects, those of relations and schemas apart."""

    def __init__(self, catalogs: Iterable[Catalog]) -> None:
        keys: set[Key] = set()
        for catalog in catalogs:
            keys |= catalog.objects.keys()
        self._relations = {key.name for key in keys if key.kind in _RELATIONS}
        schemas = {key.name for key in keys if key.kind == "schema"}
        self._schemas = schemas - {key.name for key in keys if key.kind != "schema"}

    def of(self, statement: Statement) -> frozenset[str]:
        """Return the names in *statement* that may tell what it is about."""
        data = statement.sql.encode()
        try:
            tokens = postgast.scan(statement.sql).tokens
        except postgast.PgQueryError:
            return frozenset()
        words = (data[token.start : token.end].decode() for token in tokens)
        names = (w[1:-1].replace('""', '"') if w.startswith('"') else w for w in words)
        return frozenset(n for n in names if n[:1].isalpha() or n[:1] == "_") - self._schemas

    def have_to_do(
        self, a: Statement, names_of_a: frozenset[str], b: Statement, names_of_b: frozenset[str]
    ) -> bool:
        """Whether *b* may need what *a* does, or the other way round."""
        if not names_of_a or not names_of_b or a.subject == b.subject:
            return True
        shared = (names_of_a & names_of_b) - _KEYWORDS
        if shared - self._relations:
            return True
        about = {s.subject.name for s in (a, b) if s.subject.kind in _RELATIONS}
        return bool(shared & about)


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
