# SPDX-License-Identifier: Apache-2.0
"""The chain in one run: up, down to where it started, up again, and the same schema comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.findings import Exclusion, Finding, Severity
from bedstone.prove.finding import (
    by_object,
    cause_of,
    cite,
    differences_evidence,
    sentence,
    step_evidence,
    worded,
)
from bedstone.prove.models import MISSING
from bedstone.prove.obstacle import is_refusal, obstacle_in
from bedstone.prove.proof import Proof, Status, concluded, not_checked
from bedstone.prove.proofs import downgrades

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.history import StepError
    from bedstone.prove.chain import Chain
    from bedstone.prove.evidence import Evidence

NAME = "round-trip"
ORDER = 10

_NO_WAY_BACK = "it is repeatable: it has no way back, and is run twice instead"
_BOOTSTRAP = 'Say what the first revision expects: bootstrap = "…" in bedstone.toml.'


def check(evidence: Evidence) -> Proof:
    """Run the chain up, down and up, and compare both ends with what they were."""
    eligible, skipped = len(evidence.chosen), evidence.origin.skipped
    if evidence.origin.error is not None:
        return _not_started(evidence, evidence.origin.error)
    ends = list(_end_of_bootstrap(evidence))
    if eligible and not evidence.selected:
        summary = skipped[0].reason
        return concluded(NAME, summary, eligible=eligible, findings=ends, excluded=skipped)
    if not eligible:
        return concluded(NAME, "there is no revision to prove", eligible=0)
    chain = evidence.chain
    if chain.up.error is not None:
        return _not_up(evidence, chain.up.error, ends)
    single = [f for stair in evidence.stairs.steps for f in downgrades.check_stair(stair)]
    findings = ends + list(_check_chain(evidence, chain, single))
    once = [Exclusion(r.id, _NO_WAY_BACK) for r in evidence.selected if r.is_repeatable]
    excluded = [*skipped, *once] + [
        Exclusion(r.id, f"the way down ends at {chain.floor.id}")
        for r in evidence.selected
        if chain.floor is not None and r not in chain.above and not r.is_repeatable
    ]
    if chain.floor is not None and not chain.above and not _refuses(chain):
        # the failing downgrade is the answer; nothing else was left unasked
        excluded = [*skipped, *once]
    vacuous = chain.unchanged and bool(evidence.stairs.steps) and not findings
    return concluded(
        NAME,
        _summary(evidence, chain),
        eligible=eligible,
        findings=findings,
        excluded=excluded,
        vacuous=vacuous,
    )


def _summary(evidence: Evidence, chain: Chain) -> str:
    total, above = len(evidence.selected), len(chain.above)
    if all(revision.is_repeatable for revision in evidence.selected):
        return f"{total} up: repeatable, so there is no way down"
    dumped = ", pg_dump agrees" if chain.dumped and not chain.disagreement else ""
    dumped = dumped or (", pg_dump out of reach" if not chain.dumped else "")
    if chain.floor is not None and not above:
        how = "refuses on purpose" if _refuses(chain) else "fails"
        return f"{total} up; the first downgrade, of {chain.floor.id}, {how}"
    same = chain.again is not None and not chain.again.meaningful
    verdict = f"identical{dumped}" if same else "not the same again"
    if chain.unchanged and not all(step.is_empty for step in evidence.stairs.steps):
        verdict = "the way down undoes nothing, so the second way up had nothing to do"
    ways = f"{above} up, {above} down, {above} up: {verdict}"
    if chain.second is not None and chain.second.error is not None:
        at = chain.second.error.at
        ways = f"{above} up, {above} down; the second way up fails at {at}"
    return ways if chain.floor is None else f"{ways}; below, {chain.floor.id} does not go down"


def _refuses(chain: Chain) -> bool:
    """Whether the way down ends at a revision that is irreversible on purpose."""
    error = chain.down.error if chain.down is not None else None
    return error is not None and chain.floor is not None and is_refusal(error, chain.floor.path)


def _end_of_bootstrap(evidence: Evidence) -> Iterator[Finding]:
    """Say where the way down from a bootstrap that is at the head ends."""
    error = evidence.origin.end
    if error is None:
        return
    path = next((r.path for r in evidence.chosen if r.id == error.revision), None)
    refuses = is_refusal(error, path)
    yield Finding(
        "BED314" if refuses else "BED321",
        Severity.NOTE if refuses else Severity.ERROR,
        f"the way down from the bootstrap ends at {error.at}: {worded(error)}",
        revision=error.revision,
        detail="The bootstrap is at the head, so the revisions can be run only after going down.",
        evidence=step_evidence(error),
    )


def _not_started(evidence: Evidence, error: StepError) -> Proof:
    lack = obstacle_in(error)
    if lack is not None:
        return not_checked(
            NAME, lack.lacks, eligible=max(len(evidence.selected), 1), environment=True
        )
    revision = error.revision
    finding = Finding(
        "BED302",
        Severity.ERROR,
        f"the history cannot start from an empty database, at {revision or 'its bootstrap'}: "
        f"{worded(error)}",
        revision=revision,
        detail="The revisions before the new ones must run for the new ones to be tried.",
        hint=error.hint or _BOOTSTRAP,
        evidence=step_evidence(error),
    )
    eligible = max(len(evidence.selected), 1)
    return Proof(NAME, Status.FAILED, "the history does not start", eligible, 0, (finding,))


def _not_up(evidence: Evidence, error: StepError, ends: list[Finding]) -> Proof:
    eligible = len(evidence.chosen)
    lack = obstacle_in(error)
    if lack is not None:
        return not_checked(
            NAME, f"{lack.lacks} (at {error.revision})", eligible=eligible, environment=True
        )
    first = _is_at_start(evidence, error)
    code, words = ("BED302", "the history cannot start from an empty database, at")
    if not first:
        code, words = "BED301", "upgrade fails at"
    finding = Finding(
        code,
        Severity.ERROR,
        f"{words} {error.at}: {worded(error)}",
        revision=error.revision,
        hint=error.hint or (_BOOTSTRAP if first else _mend(evidence, error)),
        evidence=step_evidence(error),
    )
    place = next((i for i, r in enumerate(evidence.selected) if r.id == error.revision), 0)
    excluded = [*evidence.origin.skipped] + [
        Exclusion(r.id, f"{error.revision} before it cannot be upgraded")
        for r in evidence.selected[place + 1 :]
    ]
    return concluded(
        NAME, finding.message, eligible=eligible, findings=[*ends, finding], excluded=excluded
    )


def _mend(evidence: Evidence, error: StepError) -> str:
    ways = {r.id: r.way_up for r in evidence.selected}
    return f"Mend {ways.get(error.revision or '', 'upgrade()')}."


def _is_at_start(evidence: Evidence, error: StepError) -> bool:
    """Whether nothing was made before *error*: at a base, or after revisions that change nothing.

    The latter only where something is not there: then it is something that no revision makes.
    """
    if evidence.before:
        return False
    if error.revision in {r.id for r in evidence.history.bases}:
        return True
    below = [stair for stair in evidence.stairs.steps if stair.reached]
    return error.sqlstate in MISSING and all(stair.is_empty for stair in below)


def _check_chain(evidence: Evidence, chain: Chain, single: list[Finding]) -> Iterator[Finding]:
    if chain.down is not None and chain.down.error is not None and not _refuses(chain):
        alone = {s.revision.id for s in evidence.stairs.steps if s.down is not None and s.down.ok}
        yield from _not_down(chain.down.error, single, alone)
    yield from _left_at_base(chain, single)
    if chain.second is not None and chain.second.error is not None:
        error = chain.second.error
        yield Finding(
            "BED320",
            Severity.ERROR,
            f"after the way down, the second upgrade fails at {error.revision}: {worded(error)}",
            revision=error.revision,
            cause=cause_of(error.message, single, error.revision),
            hint="Mend what the cause names, and this goes with it.",
            evidence=step_evidence(error),
        )
    for group in by_object(chain.again):
        yield Finding(
            "BED320",
            Severity.ERROR,
            f"up, down and up gives another schema: {sentence(group)}",
            object=str(group[0].key),
            cause=_cause_of_object(str(group[0].key), single),
            evidence=differences_evidence(group),
        )
    if chain.disagreement:
        yield Finding(
            "BED350",
            Severity.ERROR,
            "pg_dump sees what the catalog does not: " + "; ".join(chain.disagreement[:3]),
            detail="The two observers disagree, so nothing is called identical.",
            evidence={"entries": list(chain.disagreement)},
        )
    yield from _made_at_once(evidence)


def _not_down(error: StepError, single: list[Finding], alone: set[str]) -> Iterator[Finding]:
    same = [f for f in single if f.revision == error.revision and f.code in {"BED303", "BED314"}]
    if same and same[0].code == "BED314":
        return
    yield Finding(
        "BED321",
        Severity.ERROR,
        f"the way down ends at {error.revision}: {worded(error)}",
        revision=error.revision,
        cause=_cause_of_end(error, same, single),
        detail="Right after its own upgrade it passes." if error.revision in alone else None,
        evidence=step_evidence(error),
    )


def _cause_of_end(error: StepError, same: list[Finding], single: list[Finding]) -> str | None:
    """Cite the revision's own fault, and the one above that changes what it fails with."""
    if not same:
        return cause_of(error.message, single, error.revision)
    if same[0].message.endswith(f": {error.message}"):
        return cite(same[0])
    others = [f for f in single if f.revision != error.revision]
    above = cause_of(error.message, others, None)
    return f"{cite(same[0])}; {above}" if above else cite(same[0])


def _left_at_base(chain: Chain, single: list[Finding]) -> Iterator[Finding]:
    """Name what the way down leaves or takes; what a single revision is guilty of is cited."""
    for group in by_object(chain.left):
        name, change = str(group[0].key), group[0].change
        words = {
            "added": f"{name} is left at base",
            "removed": f"{name} was there before the first upgrade and is gone at base",
            "changed": f"at base, {sentence(group)}",
        }
        yield Finding(
            "BED322",
            Severity.ERROR,
            words[change],
            object=name,
            cause=_cause_of_object(name, single),
            evidence=differences_evidence(group),
        )


def _cause_of_object(name: str, single: list[Finding]) -> str | None:
    return next((cite(f) for f in single if f.object == name), None)


def _made_at_once(evidence: Evidence) -> Iterator[Finding]:
    """Say so where one revision builds all of today's models and the others change nothing."""
    steps = [s for s in evidence.stairs.steps if not s.revision.is_merge]
    if len(steps) < 3 or evidence.before or steps[0].is_empty:
        return
    if all(step.is_empty for step in steps[1:]):
        first = steps[0].revision.id
        yield Finding(
            "BED323",
            Severity.WARNING,
            f"{first} builds the whole schema of today: the {len(steps) - 1} revisions after it "
            "change nothing, so none of their statements was tried",
            revision=first,
            detail="Usually the first revision calls create_all() on models that have moved on.",
            hint="Write the first revision's tables out as they were then.",
        )
