# SPDX-License-Identifier: Apache-2.0
"""The three schemas of a project, held against each other; and the way back to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bedstone.catalog import compare, is_named, without_managed
from bedstone.errors import SideUnusable
from bedstone.findings import Severity
from bedstone.prove.deviation import Compared, find_deviations, meaningful
from bedstone.prove.modelled import judge_models, table_of
from bedstone.prove.ownership import owned_by_nobody, with_owners_of
from bedstone.prove.side import within
from bedstone.prove.wanted import is_accepted, is_drift, models_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bedstone.catalog import Catalog, Key
    from bedstone.history import Revision, Standing
    from bedstone.prove.deviation import Deviation
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.modelled import Judged
    from bedstone.prove.sides_of_project import ProjectSides


@dataclass(frozen=True, slots=True)
class Drift:
    """What the models, the history and the live database differ in.

    *history* and *live* are what was compared, without what is ignored; *history* is the state at
    the live database's own revision. *behind* are revisions that it has not applied: no drift.
    *unknown* are those that it has and this history has not, *amiss* what its version table says
    against the history. *not_checked* says what could not be compared, and why.
    """

    objects: tuple[Deviation, ...]
    history: Catalog
    live: Catalog | None
    current: tuple[str, ...] = ()
    behind: tuple[Revision, ...] = ()
    unknown: tuple[str, ...] = ()
    amiss: tuple[str, ...] = ()
    ignored: int = 0
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs that is more than a question."""
        errors = [item for item in self.objects if item.severity is Severity.ERROR]
        return not errors and not self.unknown and not self.amiss

    def repair(self, side: Literal["live", "history"]) -> tuple[Catalog, Catalog]:
        """Return from where to where a plan leads that ends the drift between the two.

        ``"live"`` takes the live database back to its revision; ``"history"`` is what a revision
        has to do so that the history has what was done by hand.

        Raises:
            SideUnusable: no live database was compared.
        """
        if self.live is None:
            raise SideUnusable(
                "there is nothing to repair: no live database was compared",
                detail="; ".join(self.not_checked) or None,
                hint="Name it: --database, or BEDSTONE_DATABASE",
            )
        if side == "live":
            return self.live, self.history
        return owned_by_nobody(self.history), owned_by_nobody(self.live)


def find_drift(sides: ProjectSides, *, ignore: Sequence[str] = ()) -> Drift:
    """Compare the three schemas of a project as far as there are three.

    The live database is read first and let go. *ignore* are patterns such as
    ``table public.tmp_*``; the parts of an object go with it.

    Raises:
        SideUnusable: the history does not run, or the models cannot be built.
        BedstoneError: the live database cannot be read.
    """
    return _Comparison(sides, ignore).drift()


class _Comparison:
    def __init__(self, sides: ProjectSides, ignore: Sequence[str]) -> None:
        self._sides = sides
        self._evidence: Evidence = sides.evidence
        self._ignore = ignore
        self._not_checked: list[str] = []
        self._notes: list[str] = []

    def drift(self) -> Drift:
        """Read what is there, and compare it."""
        live, standing = self._live()
        head = self._sides.history()
        state, unsettled = self._at(standing, head) if live is not None else (head, frozenset())
        has_history = bool(self._evidence.history.revisions)
        if live is not None:
            user = self._evidence.workspace.server.dsn.user
            state = without_managed(with_owners_of(live, state, user), live)
            live = without_managed(live, state)
        if not has_history:
            self._not_checked.append("history: the project has no revision")
        other = head if has_history or live is None else live
        models = self._models(other)
        judged = self._judged(models, other) if models is not None else ()
        pending = frozenset(d.key for d in compare(state, head))
        compared = Compared(
            history=self._kept(state),
            live=self._kept(live) if live is not None and has_history else None,
            models=models,
            judged=tuple(j for j in judged if not self._is_ignored(j.key, other)),
            pending=pending,
            unsettled=unsettled,
            early=frozenset(k for k in pending if live is not None and _same(k, live, head)),
            has_history=has_history,
        )
        objects = find_deviations(compared)
        applied = standing.applied if standing is not None else None
        known = standing is not None and not standing.unknown
        behind = self._evidence.history.revisions if known else ()
        return Drift(
            objects,
            history=compared.history,
            live=self._kept(live) if live is not None else None,
            current=standing.current if standing is not None else (),
            behind=tuple(r for r in behind if applied is not None and r.id not in applied),
            unknown=standing.unknown if standing is not None else (),
            amiss=tuple(e.message for e in standing.amiss) if standing is not None else (),
            ignored=self._ignored(state, live, judged, other),
            not_checked=tuple(self._not_checked),
            notes=tuple(self._notes),
        )

    # -- what is compared -----------------------------------------------------------------------

    def _live(self) -> tuple[Catalog | None, Standing | None]:
        if not self._sides.has_live and self._evidence.history.revisions:
            self._not_checked.append("live: no database is named (--database, BEDSTONE_DATABASE)")
            return None, None
        looked = self._sides.looked_at
        catalog, standing = looked.catalog, looked.standing
        self._notes += [f"not compared, {what}" for what in catalog.unmodelled]
        if looked.unread is not None:
            self._notes.append(f"compared with the history's head: {looked.unread.message}")
        elif standing is not None and standing.unknown:
            names = ", ".join(standing.unknown)
            self._not_checked.append(f"live: it has revisions that are not in the history: {names}")
            return None, standing
        elif standing is not None and not standing.applied:
            self._notes.append("live has no revision applied: compared with the history's head")
            standing = None
        return catalog, standing

    def _at(self, standing: Standing | None, head: Catalog) -> tuple[Catalog, frozenset[Key]]:
        """Return the history's schema at *standing*, and what a pending repeatable file makes.

        What such a file made when it was other than today nobody knows.
        """
        history = self._evidence.history
        if standing is None or standing.applied is None:
            return head, frozenset()
        applied = standing.applied
        if applied >= {r.id for r in history.revisions}:
            return head, frozenset()
        again = {r.id for r in history.revisions if r.is_repeatable} - applied
        state = state_after(self._evidence, applied)
        if not again:
            return state, frozenset()
        repeated = state_after(self._evidence, applied | again)
        return state, frozenset(d.key for d in compare(state, repeated))

    def _models(self, other: Catalog) -> Catalog | None:
        if not self._evidence.history.has_models:
            self._not_checked.append(
                "models: neither env.py nor the settings name models with a table in them"
            )
            return None
        return models_of(self._evidence, other)

    def _judged(self, models: Catalog, other: Catalog) -> tuple[Judged, ...]:
        found = []
        for judged in judge_models(self._evidence, models, other).objects:
            if not is_drift(judged):
                continue
            if is_accepted(judged, self._sides.accepted):
                self._notes.append(f"{judged.key}: bedstone.lock accepts that the models differ")
            else:
                found.append(judged)
        return tuple(found)

    # -- what is ignored ------------------------------------------------------------------------

    def _kept(self, catalog: Catalog) -> Catalog:
        return within(catalog, (), self._ignore)

    def _is_ignored(self, key: Key, other: Catalog) -> bool:
        whole = table_of(key) or other.parent_of(key)
        return any(is_named(one, self._ignore) for one in (key, whole) if one is not None)

    def _ignored(
        self, state: Catalog, live: Catalog | None, judged: Sequence[Judged], other: Catalog
    ) -> int:
        """Count the objects that differ and are not told."""
        if not self._ignore:
            return 0
        keys = {j.key for j in judged if self._is_ignored(j.key, other)}
        if live is not None and self._evidence.history.revisions:
            found = {d.key for d in meaningful(state, live)}
            keys |= found - {d.key for d in meaningful(self._kept(state), self._kept(live))}
        return len(keys)


def _same(key: Key, a: Catalog, b: Catalog) -> bool:
    """Whether both have the object, and as far as weighs the same one."""
    return key in a and key in b and a[key].attributes.digest == b[key].attributes.digest


def state_after(evidence: Evidence, applied: Collection[str]) -> Catalog:
    """Return what the history makes of an empty database by the revisions *applied*.

    Raises:
        SideUnusable: one of them fails.
    """
    ids = [r.id for r in evidence.selected if r.id in applied]
    if ids == [r.id for r in evidence.selected[: len(ids)]]:
        run = evidence.ladder.come_to(len(ids))
    else:
        run = evidence.history.upgrade(evidence.at(evidence.origin.template), ids)
    if run.error is not None:
        raise SideUnusable(
            f"the history does not come to where the live database is, at {run.error.revision}: "
            f"{run.error.message}",
            hint="bedstone prove . -v",
        )
    return evidence.read()
