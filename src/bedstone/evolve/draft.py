# SPDX-License-Identifier: Apache-2.0
"""A plan made into revisions, each with its way back, tried statement by statement."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg

from bedstone.errors import RevisionMismatch
from bedstone.evolve.order import brought_together
from bedstone.evolve.step import Step, cut_for_alembic, cut_for_files, steps_of
from bedstone.plan import Hazard, Options, Plan, plan
from bedstone.prove.ownership import unowned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bedstone.catalog import Catalog
    from bedstone.history.writing import Language
    from bedstone.plan import Statement
    from bedstone.prove import Evidence


@dataclass(frozen=True, slots=True)
class Part:
    """One revision to be: its way up and its way down."""

    up: tuple[Step, ...]
    down: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """The way from *before* to *after*, in *parts*; none where there is nothing to do."""

    plan: Plan
    before: Catalog
    after: Catalog
    parts: tuple[Part, ...] = ()

    @property
    def losses(self) -> tuple[Statement, ...]:
        """The statements on the way up after which rows or values are gone."""
        return tuple(s for s in self.plan.statements if Hazard.LOSES_DATA in s.hazards)


def plan_way(before: Catalog, wanted: Catalog, options: Options) -> Plan:
    """Plan the way from *before* to *wanted*: the one place where revisions get their plans."""
    return plan(before, wanted, options)


def make_draft(
    evidence: Evidence, before: Catalog, wanted: Catalog, options: Options, language: Language
) -> Draft:
    """Plan the way from *before*, which the history leads to, to *wanted*.

    Each part is run on the scratch database to see the schema that it leads to.

    Raises:
        NotPlannable: there is no way.
        RevisionMismatch: a statement fails, or they lead elsewhere.
    """
    made = plan_way(before, wanted, options)
    draft = Draft(made, before, wanted)
    if not made.statements:
        return draft
    cut = cut_for_alembic if language == "python" else cut_for_files
    trial = _Trial(evidence, wanted, options)
    ups = cut(steps_of(made.statements, before, is_bounded=options.online))
    together = brought_together(made.statements, before, wanted) if len(ups) > 2 else None
    states: list[Catalog] = []
    if together is not None:
        fewer = cut(steps_of(together, before, is_bounded=options.online))
        with suppress(RevisionMismatch):
            states = trial.climb(fewer) if len(fewer) < len(ups) else []
        ups = fewer if states else ups
    states = [before, *(states or trial.climb(ups))]
    downs = [_way_down(upper, lower, options, cut) for lower, upper in pairwise(states)]
    parts = tuple(Part(up, down) for up, down in zip(ups, downs, strict=True))
    return replace(draft, after=states[-1], parts=parts)


def _way_down(
    upper: Catalog,
    lower: Catalog,
    options: Options,
    cut: Callable[[Iterable[Step]], tuple[tuple[Step, ...], ...]],
) -> tuple[Step, ...]:
    """Return the way back of one revision: online where it stays resumable, else in one piece."""
    online = options.online
    way = plan_way(upper, lower, options)
    steps = steps_of(way.statements, upper, is_bounded=online)
    if len(cut(steps)) <= 1:
        return steps
    short = plan_way(upper, lower, replace(options, online=False))
    at_once = steps_of(short.statements, upper, is_bounded=online)
    return at_once if len(cut(at_once)) <= 1 else steps


@dataclass(frozen=True, slots=True)
class _Trial:
    """Where statements lead that are run on the scratch database, from the history's head."""

    evidence: Evidence
    wanted: Catalog
    options: Options

    def climb(self, parts: Sequence[Sequence[Step]]) -> list[Catalog]:
        """Run *parts* and return what each leads to.

        Raises:
            RevisionMismatch: a statement fails, or the last does not lead to what is wanted.
        """
        evidence, user = self.evidence, self.evidence.workspace.server.dsn.user
        evidence.ladder.come_to(len(evidence.selected))
        found = []
        for number, part in enumerate(parts):
            evidence.progress("statements of the plan", number, len(parts))
            with evidence.scratch.connect(autocommit=True) as connection:
                for step in part:
                    _run(connection, step)
                if connection.info.transaction_status:
                    connection.execute("commit")
            found.append(unowned(evidence.read(), user))
        left = plan_way(found[-1], self.wanted, self.options).statements
        if left:
            raise RevisionMismatch(
                f"the plan does not lead to what is wanted: {left[0].sql.splitlines()[0]} is left",
                detail="It was tried on a scratch database; nothing was written.",
                hint="Please report it with both schemas; --to FILE.sql can name another one.",
            )
        return found


def _run(connection: psycopg.Connection, step: Step) -> None:
    is_open = bool(connection.info.transaction_status)
    try:
        if step.alone is is_open:
            connection.execute("commit" if is_open else "begin")
        connection.execute(step.sql.encode())
    except psycopg.Error as error:
        said = str(error).strip().partition("\n")[0]
        raise RevisionMismatch(
            f"a statement of the plan does not run: {said}",
            detail=step.sql,
            hint="Nothing was written; please report it with both schemas.",
        ) from error
