# SPDX-License-Identifier: Apache-2.0
"""The safe form of a statement: steps, each a transaction of its own, as SQL and in Alembic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How long a brief lock may be waited for; while it waits, everybody waits behind it.
TIMEOUT = "5s"
_MASKED = ("'…'", "$1")


@dataclass(frozen=True, slots=True)
class Step:
    """Statements that make one transaction.

    *waits* says that it takes a strong lock for a moment, so that the wait for it is bounded.
    """

    sql: tuple[str, ...]
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How to do the same without holding anybody up.

    *words* say it in a line. *remark* is what to know before using it; *same* is false where
    another schema comes of it. No steps: PostgreSQL has no such form.
    """

    words: str
    steps: tuple[Step, ...] = ()
    remark: str | None = None
    same: bool = True

    def then(self, other: Form) -> Form:
        """Return both, one after the other."""
        remarks = [r for r in (self.remark, other.remark) if r]
        return Form(
            self.words if other.words in self.words else f"{self.words}; {other.words}",
            self.steps + other.steps,
            " ".join(dict.fromkeys(remarks)) or None,
            self.same and other.same,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known before using it."""
        text = " ".join(sql for step in self.steps for sql in step.sql)
        masked = any(mark in text for mark in _MASKED)
        values = "'…' and $1 stand for values of yours, which are not shown." if masked else None
        return tuple(note for note in (self.remark, values) if note)


def brief(*sql: str) -> Step:
    """Return a step that takes a strong lock for a moment."""
    return Step(sql, waits=True)


def long(*sql: str) -> Step:
    """Return a step that may take long and holds nobody up meanwhile."""
    return Step(sql)


def render_sql(form: Form) -> str:
    """Return the form as a script for ``psql``, outside of any transaction."""
    lines = [f"-- {note}" for note in form.notes]
    limited = False
    for step in form.steps:
        lines += _limit(step, limited)
        limited = step.waits
        many = len(step.sql) > 1
        lines += [*(["begin;"] if many else []), *(f"{sql};" for sql in step.sql)]
        lines += ["commit;"] if many else []
    lines += ["reset lock_timeout;"] if limited else []
    return "\n".join(lines)


def _limit(step: Step, limited: bool) -> list[str]:
    if step.waits and not limited:
        return [f"set lock_timeout = '{TIMEOUT}';"]
    return ["reset lock_timeout;"] if limited and not step.waits else []


def render_alembic(form: Form) -> str:
    """Return the form as the body of an Alembic revision's ``upgrade``.

    Steps of one statement run in an autocommit block; several are one transaction after it.
    """
    lines = [f"# {note}" for note in form.notes]
    limited, inside = False, False
    for step in form.steps:
        if len(step.sql) > 1:
            lines += ["    " + _execute("reset lock_timeout")] if limited else []
            limited = inside = False
            lines += [_execute(f"set local lock_timeout = '{TIMEOUT}'")] if step.waits else []
            lines += [_execute(sql) for sql in step.sql]
            continue
        if not inside:
            lines.append("with op.get_context().autocommit_block():")
            inside = True
        for sql in (*(s.rstrip(";") for s in _limit(step, limited)), *step.sql):
            lines.append("    " + _execute(sql))
        limited = step.waits
    lines += ["    " + _execute("reset lock_timeout")] if limited else []
    return "\n".join(lines)


def _execute(sql: str) -> str:
    quote = '"""' if '"' in sql or "\n" in sql else '"'
    text = sql.replace("\\", "\\\\")
    return (
        f"op.execute({quote}{text}{quote})"
        if not text.endswith('"')
        else (f"op.execute('''{text}''')")
    )


def joined(forms: Iterable[Form]) -> Form | None:
    """Return several forms as one, ``None`` where there is none."""
    found: Form | None = None
    for form in forms:
        found = form if found is None else found.then(form)
    return found
