# SPDX-License-Identifier: Apache-2.0
"""Each revision alone, in a process of its own: up, down, and up again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedstone.prove.chain import disagreement
from bedstone.prove.obstacle import is_refusal
from bedstone.prove.rows import RowsTried, try_with_rows

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.history import Revision, Run, StepError
    from bedstone.prove.evidence import Differences, Evidence
    from bedstone.prove.observer import Dump
    from bedstone.server import Template


@dataclass(frozen=True, slots=True)
class Stair:
    """What one revision showed when it was run alone.

    *alone* is false where the upgrade failed in a process of its own and passed in one run with
    everything before it; *error* is then the error of the first. *left* compares the state before
    the upgrade with the one after the downgrade, *again* the first upgrade with the second.
    """

    revision: Revision
    up: Run
    alone: bool = True
    error: StepError | None = None
    changes: Differences | None = None
    down: Run | None = None
    refuses: bool = False
    left: Differences | None = None
    second: Run | None = None
    again: Differences | None = None
    disagreement: tuple[str, ...] = ()
    rows: RowsTried | None = None

    @property
    def reached(self) -> bool:
        """Whether the state after the upgrade could be made at all."""
        return self.up.ok

    @property
    def is_empty(self) -> bool:
        """Whether the upgrade changes nothing that a catalog holds."""
        return self.changes is not None and not self.changes.meaningful


@dataclass(frozen=True, slots=True)
class Stairs:
    """Every revision alone, as far as the history can be climbed, and where that led."""

    steps: tuple[Stair, ...]
    head: Catalog | None
    unreached: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class _Floor:
    """The state that a revision starts from."""

    template: Template | None
    catalog: Catalog
    dump: Dump | None


def climb(evidence: Evidence) -> Stairs:
    """Run each selected revision up, down and up, the next from the state that one leads to.

    A failure never spoils what follows: after each, the next revision starts from a fresh copy.
    """
    origin = evidence.origin
    assert origin.catalog is not None  # noqa: S101  the caller asked origin.error
    floor = _Floor(origin.template, origin.catalog, origin.dump)
    evidence.at(origin.template)
    steps: list[Stair] = []
    for number, revision in enumerate(evidence.selected):
        evidence.progress(revision.id, number, len(evidence.selected))
        stair, above = _climb_one(evidence, revision, floor)
        steps.append(stair)
        if above is None:
            return Stairs(tuple(steps), None, evidence.selected[number + 1 :])
        if floor.template is not None and floor.template is not origin.template:
            floor.template.drop()
        floor = above
    return Stairs(tuple(steps), floor.catalog)


def _climb_one(
    evidence: Evidence, revision: Revision, floor: _Floor
) -> tuple[Stair, _Floor | None]:
    stair = _go_up(evidence, revision)
    if not stair.reached:
        return stair, None
    catalog, dump = evidence.read(), evidence.dump()
    stair = replace(stair, changes=evidence.differences(floor.catalog, catalog))
    above = _Floor(evidence.scratch.save("stair"), catalog, dump)
    stair = _go_down_and_up(evidence, stair, floor, above)
    if evidence.rows and stair.alone:
        stair = replace(stair, rows=try_with_rows(evidence, stair, floor.template, floor.catalog))
    clean = stair.again is not None and not stair.again.meaningful and not stair.again.cosmetic
    if not clean or stair.rows is not None:
        evidence.at(above.template)
    return stair, above


def _go_up(evidence: Evidence, revision: Revision) -> Stair:
    """Upgrade alone; where that fails, in one run with all that comes before."""
    alone = evidence.history.step(evidence.scratch, revision.id, "up")
    if alone.ok:
        return Stair(revision, alone)
    evidence.at(evidence.origin.template)
    selected = evidence.selected
    upto = selected[: selected.index(revision) + 1]
    together = evidence.history.upgrade(evidence.scratch, [r.id for r in upto])
    return Stair(revision, together, alone=False, error=alone.error)


def _go_down_and_up(evidence: Evidence, stair: Stair, floor: _Floor, above: _Floor) -> Stair:
    revision = stair.revision
    down = evidence.history.step(evidence.scratch, revision.id, "down")
    if down.error is not None:
        return replace(stair, down=down, refuses=is_refusal(down.error, revision.path))
    after = evidence.read()
    left = evidence.differences(floor.catalog, after)
    seen = () if left.meaningful else disagreement(floor.dump, evidence.dump())
    stair = replace(stair, down=down, left=left, disagreement=seen)
    second = evidence.history.step(evidence.scratch, revision.id, "up")
    if not second.ok:
        return replace(stair, second=second)
    again = evidence.differences(above.catalog, evidence.read())
    return replace(stair, second=second, again=again)
