# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL refuses in a transaction, or will once there are rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.findings import Finding, Method, Severity
from bedstone.prove.locks import words
from bedstone.prove.locks.forms.form import Form, brief, long
from bedstone.prove.locks.reading import sentences, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedstone.prove.locks.effects import Effect
    from bedstone.prove.locks.traced import Traced
    from bedstone.trace import StatementFacts

_UNSAFE_NEW_VALUE = "55P04"
_IN_TRANSACTION = "25001"
_OUTSIDE = "run it outside of a transaction block"


def check(traced: Traced, effects: Sequence[Effect]) -> Iterator[Finding]:
    """Yield what was refused, and what passes only as long as there is no row."""
    yield from _new_values(traced)
    yield from _in_transaction(traced)
    yield from _invalid_indexes(traced, effects)


def _new_values(traced: Traced) -> Iterator[Finding]:
    added: dict[tuple[int, int | None], list[tuple[str, StatementFacts]]] = {}
    made: set[str] = set()
    for statement in traced.trace.statements:
        key = (statement.session, statement.transaction)
        error = statement.error.sqlstate if statement.error else None
        here = added.get(key, [])
        if error == _UNSAFE_NEW_VALUE and here:
            yield _enum(traced, statement, here[-1], certain=True)
        elif error is None and statement.transaction is not None:
            used = next((item for item in here if _casts_to(statement, item[0])), None)
            if used is not None:
                yield _enum(traced, statement, used, certain=False)
        for sentence in sentences(statement):
            if sentence.node is None:
                continue
            if sentence.kind == "create_enum":
                made.add(sentence.node.type_name[-1].string.sval)
            elif sentence.kind == "alter_enum" and sentence.node.new_val:
                name = sentence.node.type_name[-1].string.sval
                if name not in made and not sentence.node.old_val:
                    added.setdefault(key, []).append((name, statement))


def _casts_to(statement: StatementFacts, name: str) -> bool:
    """Whether the text casts something that is no constant to the type."""
    quoted = rf'(?:"?\w+"?\.)?"?{re.escape(name)}"?(?!\w)'
    cast = rf"(?<!')(?<!\$\d)::\s*{quoted}|\bas\s+{quoted}\s*\)"
    return any(re.search(cast, text, re.IGNORECASE) for text in statement.sql)


def _enum(
    traced: Traced,
    statement: StatementFacts,
    added: tuple[str, StatementFacts],
    *,
    certain: bool,
) -> Finding:
    name, adding = added
    form = Form(
        "add the value in a transaction of its own, before the revision's own one",
        (brief(*adding.sql), long(*statement.sql)),
    )
    how = "uses" if certain else "may use, once there are rows,"
    return Finding(
        "BED367",
        Severity.ERROR if certain else Severity.WARNING,
        f"{traced.revision} {how} a value of {name} in the transaction that adds it"
        f"{words.where(statement)}",
        revision=traced.revision,
        object=f"type {name}",
        cause=words.cause(statement),
        detail="PostgreSQL refuses it with 55P04 until the value is committed.",
        hint=words.hint(form),
        evidence=words.seen(statement),
        method=Method.MEASURED if certain else Method.DERIVED,
        examples=words.examples(form, is_sql=traced.is_sql),
    )


def _in_transaction(traced: Traced) -> Iterator[Finding]:
    for statement in traced.trace.statements:
        if statement.error is None or statement.error.sqlstate != _IN_TRANSACTION:
            continue
        form = Form(_OUTSIDE, (long(*statement.sql),))
        yield Finding(
            "BED369",
            Severity.ERROR,
            f"{traced.revision} has in a transaction what cannot run in one: "
            f"{statement.error.message or short(statement.sql[0])}{words.where(statement)}",
            revision=traced.revision,
            cause=words.cause(statement),
            hint=words.hint(form),
            evidence=words.seen(statement),
            method=Method.MEASURED,
            examples=words.examples(form, is_sql=traced.is_sql),
        )


def _invalid_indexes(traced: Traced, effects: Sequence[Effect]) -> Iterator[Finding]:
    """Indexes that are not valid after the revision and were not there, or valid, before it."""
    for oid, seat in traced.after.seats.items():
        before = traced.before.seats.get(oid)
        if seat.is_valid or (before is not None and not before.is_valid):
            continue
        table = traced.after.seats.get(seat.owner or 0)
        if table is None:
            continue
        made = next((e for e in effects if any(r.oid == oid for r in e.statement.created)), None)
        partitioned = seat.kind == "I"
        name = str(seat)
        form = (
            Form("build it on each partition and ATTACH it; PostgreSQL then calls it valid")
            if partitioned
            else Form(
                "build it again, or drop it",
                (long(f"REINDEX INDEX CONCURRENTLY {name}"),),
            )
        )
        yield Finding(
            "BED368",
            Severity.WARNING if partitioned else Severity.ERROR,
            f"{traced.revision} leaves {name} on {table} invalid"
            f"{words.where(made.statement) if made else ''}",
            revision=traced.revision,
            object=f"index {name}",
            detail="PostgreSQL keeps it up at every write and uses it for no query.",
            hint=words.hint(form),
            evidence=words.evidence(made) if made else {},
            method=Method.MEASURED,
            examples=words.examples(form, is_sql=traced.is_sql),
        )
