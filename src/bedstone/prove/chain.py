# SPDX-License-Identifier: Apache-2.0
"""All revisions in one run: up, down to where they started, and up again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.catalog import Catalog, Key
    from bedstone.history import Revision, Run
    from bedstone.prove.evidence import Differences, Evidence
    from bedstone.prove.observer import Dump


@dataclass(frozen=True, slots=True)
class Chain:
    """What one run of the selected revisions showed, as far as each part was reached.

    Repeatable revisions have no way down: what they make is there while the others go down, and
    is not held against these.

    Where a downgrade fails, *floor* is its revision and the round trip is that of the revisions
    above it. *left* compares the state at the start with the one after the way down, *again* the
    head with the head after the second way up.
    """

    up: Run
    head: Catalog | None = None
    down: Run | None = None
    floor: Revision | None = None
    above: tuple[Revision, ...] = ()
    left: Differences | None = None
    second: Run | None = None
    again: Differences | None = None
    unchanged: bool = False
    disagreement: tuple[str, ...] = ()
    dumped: bool = False


def run_chain(evidence: Evidence) -> Chain:
    """Run the selected revisions up, down and up again, each way in one run."""
    stays = _stays(evidence)
    scratch, revisions = evidence.at(evidence.origin.template), evidence.selected
    evidence.progress("up in one run", 0, len(revisions))
    up = evidence.history.upgrade(scratch, _ids(revisions))
    if not up.ok:
        return Chain(up)
    head, head_dump = evidence.observe()
    chain = Chain(up, head, dumped=head_dump is not None)
    if not _two_way(revisions):
        return chain
    chain = _go_down(evidence, chain, stays)
    if not chain.above:
        return chain
    evidence.progress("up again in one run", 0, len(chain.above))
    again = [r for r in revisions if r in chain.above or r.is_repeatable]
    second = evidence.history.upgrade(scratch, _ids(again))
    if not second.ok:
        return replace(chain, second=second)
    catalog, dump = evidence.observe()
    differences = evidence.differences(head, catalog)
    seen = () if differences.meaningful else disagreement(head_dump, dump)
    seen = (*chain.disagreement, *seen)
    return replace(chain, second=second, again=differences, disagreement=seen)


def _two_way(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """Return those that have a way down; a repeatable revision has none, and stays."""
    return tuple(r for r in revisions if not r.is_repeatable)


def _stays(evidence: Evidence) -> frozenset[Key]:
    """Return what repeatable revisions make, which no way down takes away. Spoils the scratch."""
    if len(_two_way(evidence.selected)) == len(evidence.selected):
        return frozenset()
    changes = [s.changes for s in evidence.stairs.steps if s.revision.is_repeatable and s.changes]
    return frozenset(d.key for c in changes for d in (*c.meaningful, *c.cosmetic))


def _go_down(evidence: Evidence, chain: Chain, stays: frozenset[Key]) -> Chain:
    """Run down to the origin, or as far as the project's own downgrades go."""
    revisions = _two_way(evidence.selected)
    evidence.progress("down in one run", 0, len(revisions))
    down = evidence.history.downgrade(evidence.scratch, _ids(reversed(revisions)))
    if not down.ok:
        return _stop_above(evidence, replace(chain, down=down))
    (bottom, dump), origin = evidence.observe(), evidence.origin
    assert origin.catalog is not None and chain.head is not None  # noqa: S101, PT018
    left = evidence.differences(origin.catalog, bottom).without(stays)
    seen = () if left.meaningful or stays else disagreement(origin.dump, dump)
    unchanged = bottom.fingerprint == chain.head.fingerprint
    return replace(
        chain, down=down, above=revisions, left=left, unchanged=unchanged, disagreement=seen
    )


def _stop_above(evidence: Evidence, chain: Chain) -> Chain:
    """Find the revision whose downgrade fails and go down to just above it, from a fresh copy."""
    assert chain.down is not None and chain.down.error is not None  # noqa: S101, PT018
    failing = chain.down.error.revision
    downwards = list(reversed(_two_way(evidence.selected)))
    place = next((i for i, r in enumerate(downwards) if r.id == failing), None)
    if place is None:
        return chain
    chain = replace(chain, floor=downwards[place])
    if not place or not evidence.ladder.come_to(len(evidence.selected)).ok:
        return chain
    if not evidence.history.downgrade(evidence.scratch, _ids(downwards[:place])).ok:
        return chain
    return replace(chain, above=tuple(reversed(downwards[:place])))


def disagreement(a: Dump | None, b: Dump | None) -> tuple[str, ...]:
    """Return what ``pg_dump`` sees in one database only, where the catalogs are the same."""
    if a is None or b is None:
        return ()
    return (*a.missing_from(b), *b.missing_from(a))


def _ids(revisions: Iterable[Revision]) -> list[str]:
    return [revision.id for revision in revisions]
