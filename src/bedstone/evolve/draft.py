# SPDX-License-Identifier: Apache-2.0
"""A plan made into revisions, each with its way back, tried statement by statement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg

from bedstone.errors import RenameUnfounded, RevisionMismatch
from bedstone.evolve.again import cut
from bedstone.evolve.order import brought_together
from bedstone.evolve.step import Step, steps_of
from bedstone.plan import Hazard, Options, Plan, is_there, rename
from bedstone.prove.ownership import unowned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bedstone.catalog import Catalog
    from bedstone.plan import Candidate, Rename, Renaming, Statement
    from bedstone.prove import Evidence
    from bedstone.server import Server

    #: The steps of each revision to be.
    Parts = tuple[tuple[Step, ...], ...]


_LOSING = frozenset({Hazard.LOSES_DATA, Hazard.CHANGES_VALUES})


@dataclass(frozen=True, slots=True)
class Part:
    """One revision to be: its way up and its way down."""

    up: tuple[Step, ...]
    down: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """The way from *before* to *after*, in *parts*; none where there is nothing to do.

    *candidates* are dropped and made on the way, and may only have another name.
    """

    plan: Plan
    before: Catalog
    after: Catalog
    parts: tuple[Part, ...] = ()
    candidates: tuple[Candidate, ...] = ()

    @property
    def losses(self) -> tuple[Statement, ...]:
        """The statements on the way up after which rows or values are gone."""
        return tuple(s for s in self.plan.statements if _LOSING & {*s.hazards})


#: Kinds of objects that a way may lean on and that hold or keep values.
_MEANS = frozenset({"column", "trigger"})


@dataclass(frozen=True, slots=True)
class Planner:
    """How ways are planned: the one place where revisions get their plans.

    *renames* are those of which the side that a way begins at may have the old names.
    """

    options: Options
    server: Server
    renames: tuple[Rename, ...] = ()

    def way(self, before: Catalog, wanted: Catalog) -> Renaming:
        """Return both sides with the renames between them."""
        here = [item for item in self.renames if is_there(item.key, before)]
        try:
            return rename(before, wanted, here, self.server)
        except RenameUnfounded:  # on the way back from a part that has no renames
            return rename(before, wanted, (), self.server)

    def plan(self, before: Catalog, wanted: Catalog) -> Plan:
        """Plan the way from *before* to *wanted*."""
        return self.way(before, wanted).plan(self.options)

    def turned(self, way: Renaming) -> Planner:
        """Return one for the ways back."""
        return replace(self, renames=tuple(way.undone(self.renames)))


def make_draft(evidence: Evidence, before: Catalog, wanted: Catalog, planner: Planner) -> Draft:
    """Plan the way from *before*, which the history leads to, to *wanted*.

    Each part is run on the scratch database to see the schema that it leads to, and what may be
    repeated is.

    Raises:
        NotPlannable: there is no way.
        RevisionMismatch: a statement fails, or they lead elsewhere.
    """
    way = planner.way(before, wanted)
    made = way.plan(planner.options)
    draft = Draft(made, before, wanted, candidates=way.candidates)
    if not made.statements:
        return draft
    ups, states = _tried(made, draft, _Trial(evidence, wanted, planner))
    back = planner.turned(way)
    downs = [_way_down(upper, lower, back) for lower, upper in pairwise((before, *states))]
    parts = tuple(Part(up, down) for up, down in zip(ups, downs, strict=True))
    return replace(draft, after=states[-1], parts=parts)


def _tried(made: Plan, draft: Draft, trial: _Trial) -> tuple[Parts, list[Catalog]]:
    """Return the best of the ways to cut the plan that do what they should.

    That is the one of the fewest parts; but none may end where something stands that is only a
    means: the way back would have to make it again, with its values.
    """
    second: tuple[Parts, list[Catalog]] | None = None
    trouble: RevisionMismatch | None = None
    for parts in _candidates(made, draft, is_bounded=trial.planner.options.online):
        try:
            states = trial.climb(parts)
        except RevisionMismatch as error:
            trouble = trouble or error
            continue
        if not _has_means(states[:-1], draft):
            return parts, states
        second = second or (parts, states)
    if second is None:
        assert trouble is not None  # noqa: S101  there is always a candidate
        raise trouble
    return second


def _candidates(made: Plan, draft: Draft, *, is_bounded: bool) -> Iterator[Parts]:
    orders = [made.statements]
    together = brought_together(made.statements, draft.before, draft.after)
    orders += [together] if together is not None else []
    plain = [steps_of(order, draft.before, is_bounded=is_bounded) for order in orders]
    for with_foreign_keys in (False, True):
        found = [cut(steps, with_foreign_keys=with_foreign_keys) for steps in plain]
        yield from sorted(dict.fromkeys(found), key=len)


def _has_means(states: Iterable[Catalog], draft: Draft) -> bool:
    """Whether a column or trigger stands in *states* that neither end of the way has."""
    return any(
        key.kind in _MEANS and key not in draft.before and key not in draft.after
        for state in states
        for key in state.objects
    )


def _way_down(upper: Catalog, lower: Catalog, planner: Planner) -> tuple[Step, ...]:
    """Return the way back of one revision: online where it stays resumable, else in one piece."""
    found: tuple[Step, ...] = ()
    way, options = planner.way(upper, lower), planner.options
    for chosen in (options, replace(options, online=False)):
        statements = way.plan(chosen).statements
        steps = steps_of(statements, upper, is_bounded=options.online)
        parts = cut(steps)
        if len(parts) <= 1:
            return parts[0] if parts else ()
        found = found or steps
    return found


@dataclass(frozen=True, slots=True)
class _Trial:
    """Where statements lead that are run on the scratch database, from the history's head."""

    evidence: Evidence
    wanted: Catalog
    planner: Planner

    def climb(self, parts: Sequence[Sequence[Step]]) -> list[Catalog]:
        """Run *parts* and return what each leads to; what would be repeated is run twice.

        Raises:
            RevisionMismatch: a statement fails, or the last does not lead to what is wanted.
        """
        evidence, user = self.evidence, self.evidence.workspace.server.dsn.user
        evidence.ladder.come_to(len(evidence.selected))
        found = []
        for number, part in enumerate(parts):
            evidence.progress("statements of the plan", number, len(parts))
            alone = [place for place, step in enumerate(part, 1) if step.alone]
            with evidence.scratch.connect(autocommit=True) as connection:
                for step in (*part[: alone[-1] if alone else 0], *part):
                    _run(connection, step)
                if connection.info.transaction_status:
                    connection.execute("commit")
            found.append(unowned(evidence.read(), user))
        left = self.planner.plan(found[-1], self.wanted).statements
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
