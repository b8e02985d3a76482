# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a revision's locks: the findings of one revision, then those of several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion, Finding, Method, Severity
from bedstone.prove.locks import order, refused, words
from bedstone.prove.locks.forms import Scene, apart, safe_form
from bedstone.prove.locks.holding import read_holding, tables_of
from bedstone.prove.locks.reader import read_effects
from bedstone.prove.locks.reading import short
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bedstone.findings import Example
    from bedstone.prove.locks.effects import Doubt, Effect, Grip, Work
    from bedstone.prove.locks.forms import Form
    from bedstone.prove.locks.ground import Seat
    from bedstone.prove.locks.holding import Brief, Holding, Long, Waiting
    from bedstone.prove.locks.traced import Traced

_OF_BRANCH = (
    "It is made by {maker}, which is new as well: where both go out together, it is still empty."
)


_TIMEOUT = (
    "Set it in env.py or first in the revision: op.execute(\"set lock_timeout = '5s'\"); run it "
    "again when it gives up."
)
_TIMEOUT_IN_SQL = (
    "Set it first in the file: set lock_timeout = '5s'; run it again when it gives up."
)
_VERBS = {
    "update": "updates",
    "delete": "deletes from",
    "insert": "inserts into",
    "merge": "merges into",
}


@dataclass(frozen=True)
class Judged:
    """One revision: its statements' effects, what is found, and what nobody can tell."""

    traced: Traced
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    unclear: tuple[Exclusion, ...]


def judge(
    traced: Traced,
    *,
    small: Collection[int] = (),
    makers: Mapping[int, str] | None = None,
) -> Judged:
    """Judge one revision. *makers* are the new revisions by the tables that they made."""
    effects = read_effects(traced, small=small)
    judging = _Judging(traced, effects, makers or {})
    unclear = tuple(
        Exclusion(f"{traced.revision}: {short(effect.text)}", str(doubt))
        for effect in effects
        for doubt in effect.doubts
        if judging.matters(effect, doubt)
    )
    return Judged(traced, effects, tuple(judging.findings()), unclear)


class _Judging:
    """The findings of one revision."""

    def __init__(
        self, traced: Traced, effects: Sequence[Effect], makers: Mapping[int, str]
    ) -> None:
        self._traced = traced
        self._effects = effects
        self._makers = makers
        self._holding: Holding = read_holding(effects)

    def matters(self, effect: Effect, doubt: Doubt) -> bool:
        """Whether it would make a difference if the statement read a whole table."""
        unit = [other for other in self._effects if other.unit == effect.unit]
        if doubt.always or any(other.grips for other in unit):
            return True
        number = effect.statement.number
        rows = {
            oid for other in unit if other.statement.number <= number for oid in other.row_locked
        }
        return bool(effect.row_locked) or (doubt.table is not None and doubt.table.oid in rows)

    def findings(self) -> Iterator[Finding]:
        """Yield them, the weightiest first."""
        yield from map(self._long, self._holding.long)
        yield from map(self._waiting, self._holding.waiting)
        yield from self._rows()
        yield from refused.check(self._traced, self._effects)
        yield from order.several_tables(self._traced, self._effects)
        yield from self._brief()
        yield from self._without_timeout()

    def _long(self, long: Long) -> Finding:
        grip, effect = long.grips[0], long.effect
        form = safe_form(Scene(self._traced, effect))
        message = (
            f"{self._traced.revision} holds {grip.mode} on {words.named(tables_of(long.grips))} "
            f"while {_of(long.work, grip)}{words.where(effect.statement)}"
        )
        finding = Finding(
            "BED360",
            Severity.ERROR,
            message,
            revision=self._traced.revision,
            object=words.called(grip.place),
            cause=words.cause(effect.statement),
            detail=f"{words.blocks(grip)} until that has ended: the more rows, the longer.",
            hint=words.hint(form),
            evidence=words.evidence(effect, long.grips),
            method=words.weakest([*(g.method for g in long.grips), long.work.method]),
            examples=self._examples(form),
        )
        return self._of_branch(finding, {long.work.table.oid})

    def _waiting(self, waiting: Waiting) -> Finding:
        holder, grip, worker, work = waiting.holder, waiting.grip, waiting.worker, waiting.work
        form = apart(Scene(self._traced, holder), Scene(self._traced, worker))
        reads = all(kind == "select" for kind in worker.statement.kinds)
        message = (
            f"{self._traced.revision} still holds {grip.mode} on {grip.place}"
            f"{words.where(holder.statement)} while "
            f"{_of(work, grip)}{words.where(worker.statement)}"
        )
        detail = f"{words.blocks(grip)} until the transaction ends: the lock was taken by "
        finding = Finding(
            "BED361",
            Severity.WARNING if reads else Severity.ERROR,
            message,
            revision=self._traced.revision,
            object=words.called(grip.place),
            cause=words.cause(worker.statement),
            detail=f"{detail}{short(holder.text)}",
            hint=words.hint(form),
            evidence=words.evidence(worker, (grip,)) | {"held since": words.evidence(holder)},
            method=words.weakest([grip.method, work.method]),
            examples=self._examples(form),
        )
        return self._of_branch(finding, {work.table.oid})

    def _rows(self) -> Iterator[Finding]:
        told = {item.worker.statement.number for item in self._holding.waiting}
        told |= {item.effect.statement.number for item in self._holding.long}
        for effect in self._effects:
            if effect.statement.number in told:
                continue
            for written in effect.written:
                seat, work = written.table, written.work
                form = safe_form(Scene(self._traced, effect))
                is_other = work.table.oid != self._top(seat)
                reason = f"in {work.place}, {work.reason}" if is_other else work.reason
                finding = Finding(
                    "BED362",
                    Severity.WARNING,
                    f"{self._traced.revision} {_VERBS[written.operation]} {seat} in one "
                    f"transaction: {reason}{words.where(effect.statement)}",
                    revision=self._traced.revision,
                    object=words.called(seat),
                    cause=words.cause(effect.statement),
                    detail="Each row it changes stays locked until it is committed, and so long "
                    "nothing that it leaves behind can be cleaned up.",
                    hint=words.hint(form),
                    evidence=words.evidence(effect),
                    method=work.method,
                    examples=self._examples(form),
                )
                yield self._of_branch(finding, {work.table.oid})

    def _top(self, seat: Seat) -> int | None:
        top = self._traced.before.top(seat)
        return None if top is None else top.oid

    def _examples(self, form: Form | None) -> tuple[Example, ...]:
        return words.examples(form, is_sql=self._traced.is_sql)

    def _brief(self) -> Iterator[Finding]:
        brief: dict[int, Brief] = {}
        for item in self._holding.brief:
            if item.grip.mode < LockMode.ACCESS_EXCLUSIVE:
                continue  # readers notice nothing of it
            brief.setdefault(item.grip.table.oid, item)
        for item in brief.values():
            form = safe_form(Scene(self._traced, item.effect)) if _is_weaker(item.effect) else None
            yield Finding(
                "BED363",
                Severity.NOTE,
                f"{self._traced.revision} holds {item.grip.mode} on {item.grip.place} for a moment"
                f"{words.where(item.effect.statement)}",
                revision=self._traced.revision,
                object=words.called(item.grip.place),
                cause=words.cause(item.effect.statement),
                detail="No work that grows with the table was seen.",
                hint=words.hint(form),
                evidence=words.evidence(item.effect, (item.grip,)),
                method=item.grip.method,
                examples=self._examples(form),
            )

    def _without_timeout(self) -> Iterator[Finding]:
        long = {item.effect.statement.number for item in self._holding.long}
        waits = [
            (effect, grip)
            for effect in self._effects
            for grip in effect.grips
            if effect.statement.lock_timeout == "0"
            and (grip.mode is LockMode.ACCESS_EXCLUSIVE or effect.statement.number in long)
        ]
        if not waits:
            return
        tables = tables_of(grip for _, grip in waits)
        first = waits[0][0]
        yield Finding(
            "BED364",
            Severity.WARNING,
            f"{self._traced.revision} waits for {words.named(tables)} without lock_timeout"
            f"{words.where(first.statement)}",
            revision=self._traced.revision,
            detail="While it waits behind one long query, everybody else waits behind it. The "
            "session itself was asked when the statement had ended: lock_timeout is 0. What is "
            "set for your role or database on another server is not seen here.",
            hint=_TIMEOUT_IN_SQL if self._traced.is_sql else _TIMEOUT,
            evidence=words.evidence(first, first.grips),
            method=Method.MEASURED,
        )

    def _of_branch(self, finding: Finding, tables: set[int]) -> Finding:
        """Say less where the table comes with the same branch."""
        makers = {self._makers[oid] for oid in tables if oid in self._makers}
        if len(makers) != 1 or finding.severity is not Severity.ERROR:
            return finding
        detail = f"{finding.detail} {_OF_BRANCH.format(maker=makers.pop())}"
        return replace(finding, severity=Severity.WARNING, detail=detail)


def _of(work: Work, grip: Grip) -> str:
    """Say what goes on, and on which table where it is not the one that is locked."""
    return work.reason if work.table.oid == grip.table.oid else f"in {work.place}, {work.reason}"


def _is_weaker(effect: Effect) -> bool:
    """Whether there is a form that takes a weaker lock, though this one is brief as well."""
    text = effect.text.lower()
    return "drop" in effect.statement.kinds or " detach " in text
