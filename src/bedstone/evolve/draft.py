# SPDX-License-Identifier: Apache-2.0
"""A plan made into revisions, each with its way back, tried statement by statement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg

from bedstone.catalog import Attributes
from bedstone.errors import RevisionMismatch
from bedstone.evolve.step import Step, cut_for_alembic, cut_for_files, steps_of
from bedstone.plan import Hazard, Options, Plan, plan

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
    ups = cut(steps_of(made.statements))
    states = [before, *_climb(evidence, ups)]
    left = plan_way(states[-1], wanted, options).statements
    if left:
        raise RevisionMismatch(
            f"the plan does not lead to what is wanted: {left[0].sql.splitlines()[0]} is left",
            detail="It was tried on a scratch database; nothing was written.",
            hint="Please report it with both schemas; --to FILE.sql can name another one.",
        )
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
    steps = steps_of(plan_way(upper, lower, options).statements)
    if len(cut(steps)) <= 1:
        return steps
    at_once = steps_of(plan_way(upper, lower, replace(options, online=False)).statements)
    return at_once if len(cut(at_once)) <= 1 else steps


def _climb(evidence: Evidence, parts: Sequence[Sequence[Step]]) -> list[Catalog]:
    """Run *parts* on the scratch database, and read what each leads to."""
    evidence.ladder.come_to(len(evidence.selected))
    found = []
    for number, part in enumerate(parts):
        evidence.progress("statements of the plan", number, len(parts))
        with evidence.scratch.connect(autocommit=True) as connection:
            for step in part:
                _run(connection, step)
            if connection.info.transaction_status:
                connection.execute("commit")
        found.append(without_owner(evidence.read(), evidence.scratch.workspace.server.dsn.user))
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


def without_owner(catalog: Catalog, *owners: str | None) -> Catalog:
    """Return *catalog* without the owner of what one of *owners* owns, or of all where none is.

    On a scratch database that is whoever made it, which says nothing.
    """
    objects = dict(catalog.objects)
    for key, item in catalog.objects.items():
        owner = item.attributes.get("owner")
        if owner is None or (owners and owner not in owners):
            continue
        shape, row = item.attributes.shape, list(item.attributes.row)
        row[shape.index["owner"]] = None
        objects[key] = replace(item, attributes=Attributes(shape, tuple(row)))
    return replace(catalog, objects=objects)
