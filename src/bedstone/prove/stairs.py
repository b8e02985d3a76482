# SPDX-License-Identifier: Apache-2.0
"""Each revision alone, in a process of its own: up, down, and up again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion
from bedstone.prove.chain import disagreement
from bedstone.prove.obstacle import is_refusal

if TYPE_CHECKING:
    from bedstone.catalog import Catalog, Key
    from bedstone.history import Revision, Run, StepError
    from bedstone.prove.evidence import Differences, Evidence
    from bedstone.prove.observer import Dump


@dataclass(frozen=True, slots=True)
class Stair:
    """What one revision showed when it was run alone.

    *alone* is false where the upgrade failed in a process of its own and passed in one run with
    everything before it; *error* is then the error of the first. *dropped* is what the upgrade took
    away, which its downgrade has to bring back. *left* compares the state before
    the upgrade with the one after the downgrade, *again* the first upgrade with the second. A
    repeatable revision has no way down: it is run a second time right away.
    """

    revision: Revision
    up: Run
    alone: bool = True
    error: StepError | None = None
    changes: Differences | None = None
    dropped: frozenset[Key] = frozenset()
    down: Run | None = None
    refuses: bool = False
    left: Differences | None = None
    second: Run | None = None
    again: Differences | None = None
    disagreement: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether the state after the upgrade could be made at all."""
        return self.up.ok

    @property
    def is_clean(self) -> bool:
        """Whether the database stands exactly where the first upgrade left it."""
        differences = (self.again,) if self.revision.is_repeatable else (self.left, self.again)
        exact = [d is not None and not d.meaningful for d in differences]
        return all(exact) and self.again is not None and not self.again.cosmetic

    @property
    def is_empty(self) -> bool:
        """Whether the upgrade changes nothing that a catalog holds."""
        return self.changes is not None and not self.changes.meaningful


@dataclass(frozen=True, slots=True)
class Stairs:
    """Every revision alone, as far as the history can be climbed, and where that led.

    *lost* is what failed where a state that was there before could not be made a second time.
    """

    steps: tuple[Stair, ...]
    head: Catalog | None
    unreached: tuple[Revision, ...] = ()
    lost: StepError | None = None

    @property
    def not_climbed(self) -> tuple[Exclusion, ...]:
        """The revisions that were not reached, with the reason."""
        reason = "a revision before it cannot be upgraded"
        if self.lost is not None:
            reason = "the state before it could not be made a second time"
        return tuple(Exclusion(revision.id, reason) for revision in self.unreached)


@dataclass(frozen=True, slots=True)
class _Floor:
    """What the state that a revision starts from looks like, and how many are below it."""

    height: int
    catalog: Catalog
    dump: Dump | None


def climb(evidence: Evidence) -> Stairs:
    """Run each selected revision up, down and up, the next from the state that one leads to.

    A failure never spoils what follows: after each, the next revision starts from a fresh copy.
    """
    origin = evidence.origin
    assert origin.catalog is not None  # noqa: S101  the caller asked origin.error
    floor = _Floor(0, origin.catalog, origin.dump)
    evidence.ladder.come_to(0)
    steps: list[Stair] = []
    for number, revision in enumerate(evidence.selected):
        evidence.progress(revision.id, number, len(evidence.selected))
        stair, above = _climb_one(evidence, revision, floor)
        steps.append(stair)
        again = None
        if above is not None and not stair.is_clean:
            again = evidence.ladder.come_to(above.height)
        if above is None or (again is not None and not again.ok):
            lost = again.error if again is not None else None
            return Stairs(tuple(steps), None, evidence.selected[number + 1 :], lost)
        floor = above
    return Stairs(tuple(steps), floor.catalog)


def _climb_one(
    evidence: Evidence, revision: Revision, floor: _Floor
) -> tuple[Stair, _Floor | None]:
    stair = _go_up(evidence, revision, floor)
    if not stair.reached:
        return stair, None
    catalog, dump = evidence.observe()
    stair = replace(
        stair,
        changes=evidence.differences(floor.catalog, catalog),
        dropped=frozenset(floor.catalog.objects.keys() - catalog.objects.keys()),
    )
    above = _Floor(floor.height + 1, catalog, dump)
    return _go_down_and_up(evidence, stair, floor, above), above


def _go_up(evidence: Evidence, revision: Revision, floor: _Floor) -> Stair:
    """Upgrade alone; where that fails, in one run with all that comes before."""
    alone = evidence.history.step(evidence.scratch, revision.id, "up")
    if alone.ok:
        return Stair(revision, alone)
    together = evidence.ladder.come_to(floor.height + 1)
    return Stair(revision, together, alone=False, error=alone.error)


def _go_down_and_up(evidence: Evidence, stair: Stair, floor: _Floor, above: _Floor) -> Stair:
    revision = stair.revision
    if revision.is_repeatable:
        return _go_up_again(evidence, stair, above)
    down = evidence.history.step(evidence.scratch, revision.id, "down")
    if down.error is not None:
        return replace(stair, down=down, refuses=is_refusal(down.error, revision.path))
    catalog, dump = evidence.observe()
    left = evidence.differences(floor.catalog, catalog)
    seen = () if left.meaningful else disagreement(floor.dump, dump)
    stair = replace(stair, down=down, left=left, disagreement=seen)
    return _go_up_again(evidence, stair, above)


def _go_up_again(evidence: Evidence, stair: Stair, above: _Floor) -> Stair:
    second = evidence.history.step(evidence.scratch, stair.revision.id, "up")
    if not second.ok:
        return replace(stair, second=second)
    again = evidence.differences(above.catalog, evidence.read())
    return replace(stair, second=second, again=again)
