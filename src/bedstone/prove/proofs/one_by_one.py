# SPDX-License-Identifier: Apache-2.0
"""The chain in one run and revision by revision, in separate processes, give the same schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.findings import Exclusion, Finding, Severity
from bedstone.prove.finding import by_object, differences_evidence, sentence, step_evidence, worded
from bedstone.prove.proof import Proof, concluded, not_checked

if TYPE_CHECKING:
    from bedstone.prove.evidence import Evidence

NAME = "one-by-one"
ORDER = 30


def check(evidence: Evidence) -> Proof:
    """Compare the head of one run with the head of as many processes as there are revisions."""
    if evidence.origin.error is not None:
        return not_checked(NAME, "the revisions before could not be run")
    stairs, chain = evidence.stairs, evidence.chain
    eligible = len(evidence.chosen)
    findings = [
        Finding(
            "BED330",
            Severity.ERROR,
            f"{stair.revision.id} upgrades in one run with those before it, but fails in a run of "
            f"its own: {worded(stair.error)}",
            revision=stair.revision.id,
            detail="Who deploys release by release meets this; who sets up a new database does "
            "not.",
            hint="Do not lean on what an earlier revision of the same run did in memory.",
            evidence=step_evidence(stair.error),
        )
        for stair in stairs.steps
        if stair.error is not None and stair.reached
    ]
    excluded = (
        [*evidence.origin.skipped]
        + [
            Exclusion(stair.revision.id, "its upgrade fails")
            for stair in stairs.steps
            if not stair.reached
        ]
        + [*stairs.not_climbed]
    )
    if chain.head is not None and stairs.head is not None:
        findings += [
            Finding(
                "BED331",
                Severity.ERROR,
                f"one by one the revisions give another schema than in one run: {sentence(group)}",
                object=str(group[0].key),
                evidence=differences_evidence(group),
            )
            for group in by_object(evidence.differences(chain.head, stairs.head))
        ]
    alone = sum(stair.alone and stair.reached for stair in stairs.steps)
    summary = f"{alone} of {eligible} revisions run in a process of their own"
    if not findings and not excluded:
        summary += ", same schema as in one run"
    return concluded(NAME, summary, eligible=eligible, findings=findings, excluded=excluded)
