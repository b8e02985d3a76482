# SPDX-License-Identifier: Apache-2.0
"""No new upgrade keeps the others waiting for longer than a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import is_named
from bedstone.findings import Exclusion, Severity
from bedstone.prove.locks import judge
from bedstone.prove.locks.ground import TABLES
from bedstone.prove.locks.one_run import check_together
from bedstone.prove.locks.order import opposite_orders
from bedstone.prove.proof import Proof, concluded, not_checked
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from bedstone.findings import Finding
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.locks import Climbed, Judged
    from bedstone.prove.locks.traced import Traced

NAME = "locks"
ORDER = 27

_OLD = "what has been applied cannot be mended: --since BRANCH judges what is new, --only locks all"


def check(evidence: Evidence) -> Proof:
    """Run each new upgrade through the observer and judge the locks that it took.

    Without a branch to compare with, only where it is asked for by name.
    """
    if evidence.new is None and NAME not in evidence.only:
        return not_checked(NAME, _OLD)
    if evidence.origin.error is not None:
        return not_checked(NAME, "the revisions before could not be run")
    eligible = len(evidence.chosen)
    if not eligible:
        return concluded(NAME, "there is no revision to judge", eligible=0)
    climbed = evidence.climbed
    judged = _judge(evidence, climbed)
    findings = [finding for one in judged for finding in one.findings]
    findings += opposite_orders((one.traced.revision, one.effects) for one in judged)
    findings += check_together(climbed, judged)
    unseen = {exclusion.object for exclusion in climbed.excluded}
    excluded = [*evidence.origin.skipped, *climbed.excluded]
    excluded += [_in_part(o) for o in judged if o.unclear and o.traced.revision not in unseen]
    return concluded(
        NAME,
        _summary(judged, findings, unseen),
        eligible=eligible,
        findings=findings,
        excluded=excluded,
    )


def _judge(evidence: Evidence, climbed: Climbed) -> list[Judged]:
    makers: dict[tuple[str, str], str] = {}
    judged = []
    for traced in climbed.traced:
        seats = traced.before.seats.values()
        small = {
            seat.oid
            for seat in seats
            if is_named(quote_identifier(seat.schema, seat.name), evidence.small_tables)
        }
        made = {s.oid: makers[s.schema, s.name] for s in seats if (s.schema, s.name) in makers}
        judged.append(judge(traced, small=small, makers=made))
        if evidence.new is not None:
            makers |= _made(traced)
    return judged


def _made(traced: Traced) -> dict[tuple[str, str], str]:
    """Return the tables that a revision made."""
    return {
        (seat.schema, seat.name): traced.revision
        for oid, seat in traced.after.seats.items()
        if oid not in traced.before.seats and seat.kind in TABLES
    }


def _in_part(judged: Judged) -> Exclusion:
    reasons = "; ".join(f"{e.object.partition(': ')[2]}: {e.reason}" for e in judged.unclear)
    return Exclusion(judged.traced.revision, f"judged in part, not {reasons}")


def _summary(judged: list[Judged], findings: list[Finding], unseen: set[str]) -> str:
    names = [one.traced.revision for one in judged if one.traced.revision not in unseen]
    bad = {f.revision for f in findings if f.severity is Severity.ERROR}
    quiet = sum(name not in bad for name in names)
    summary = f"{quiet} of {len(names)} upgrades keep nobody waiting for longer than a moment"
    part = sum(bool(one.unclear) for one in judged)
    return summary + (f", {part} judged in part" if part else "")
