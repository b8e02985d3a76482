# SPDX-License-Identifier: Apache-2.0
"""Each downgrade undoes exactly its upgrade, and the upgrade then works again."""

from __future__ import annotations

from dataclasses import replace
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
from bedstone.prove.names import same_but_for_the_name
from bedstone.prove.obstacle import has_no_downgrade, obstacle_in
from bedstone.prove.proof import Proof, concluded, not_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Difference
    from bedstone.history import StepError
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.stairs import Stair

NAME = "downgrades"
ORDER = 20

_CODES = {"added": "BED310", "removed": "BED311", "changed": "BED312"}


def check(evidence: Evidence) -> Proof:
    """Compare the catalog before each upgrade with the one after its downgrade."""
    if evidence.origin.error is not None:
        return not_checked(NAME, "the revisions before could not be run")
    stairs = evidence.stairs
    findings: list[Finding] = []
    excluded: list[Exclusion] = [*evidence.origin.skipped]
    for stair in stairs.steps:
        if not stair.reached:
            excluded.append(Exclusion(stair.revision.id, "its upgrade fails"))
            continue
        if stair.down is not None and stair.down.error and obstacle_in(stair.down.error):
            lack = obstacle_in(stair.down.error)
            excluded.append(Exclusion(stair.revision.id, lack.lacks if lack else ""))
            continue
        findings += check_stair(stair)
    excluded += stairs.not_climbed
    if stairs.lost is not None and evidence.chain.up.ok:
        findings.append(_not_repeatable(stairs.lost))
    eligible = len(evidence.chosen)
    steps = stairs.steps
    undone = sum(_is_undone(stair) for stair in steps)
    refused = sum(stair.refuses for stair in steps)
    empty = sum(stair.is_empty for stair in steps)
    summary = f"{undone} of {eligible} undo exactly their upgrade"
    summary += f", {refused} refuse on purpose" if refused else ""
    summary += f", {empty} change no schema" if empty else ""
    twice = sum(s.revision.is_repeatable and s.second is not None and s.second.ok for s in steps)
    summary += f", {twice} run twice" if twice else ""
    vacuous = bool(eligible) and empty == eligible
    return concluded(
        NAME, summary, eligible=eligible, findings=findings, excluded=excluded, vacuous=vacuous
    )


def _is_undone(stair: Stair) -> bool:
    return stair.left is not None and not stair.left.meaningful


def check_stair(stair: Stair) -> Iterator[Finding]:
    """Yield what is wrong with one revision's downgrade, or with a repeatable one's second run."""
    if stair.revision.is_repeatable:
        yield from _repeated(stair)
    if stair.down is None:
        return
    if stair.down.error is not None:
        yield _refusal(stair) if stair.refuses else _failure(stair)
        return
    differences = _undone(stair)
    yield from differences
    yield from _observed(stair)
    if stair.second is not None and stair.second.error is not None and not differences:
        error = stair.second.error
        yield Finding(
            "BED304",
            Severity.ERROR,
            f"upgrade, downgrade, upgrade of {stair.revision.id} fails: {worded(error)}",
            revision=stair.revision.id,
            detail="The downgrade left nothing that a catalog shows, and yet the second upgrade "
            "fails.",
            hint="Make the downgrade undo all that the upgrade does.",
            evidence=step_evidence(error),
        )
    elif stair.again is not None and not differences:
        yield from (_again(stair, group) for group in by_object(stair.again))


def _repeated(stair: Stair) -> Iterator[Finding]:
    """Yield what a second run of a repeatable revision brings to light."""
    if stair.second is not None and stair.second.error is not None:
        error = stair.second.error
        yield Finding(
            "BED315",
            Severity.ERROR,
            f"{stair.revision.id} is repeatable and fails when it is run again: {worded(error)}",
            revision=stair.revision.id,
            detail="It is run again whenever its file changes.",
            hint="Let it replace what is there: CREATE OR REPLACE, or DROP … IF EXISTS first.",
            evidence=step_evidence(error),
        )
    for group in by_object(stair.again):
        yield _again(stair, group)


def _not_repeatable(error: StepError) -> Finding:
    return Finding(
        "BED305",
        Severity.ERROR,
        f"{error.at} upgrades once, and fails when the history is run again from "
        f"the same start: {worded(error)}",
        revision=error.revision,
        hint="Make it depend on nothing but the database: no roles, files or times of day.",
        evidence=step_evidence(error),
    )


def _failure(stair: Stair) -> Finding:
    assert stair.down is not None and stair.down.error is not None  # noqa: S101, PT018
    error = stair.down.error
    return Finding(
        "BED303",
        Severity.ERROR,
        f"downgrade of {stair.revision.id} fails: {worded(error)}",
        revision=stair.revision.id,
        detail="Whoever has to go back from this revision is stopped here.",
        hint=error.hint
        or (
            f"Mend {stair.revision.way_down} of {stair.revision.path.name}."
            if stair.revision.path
            else "Mend its downgrade()."
        ),
        evidence=step_evidence(error),
    )


def _refusal(stair: Stair) -> Finding:
    assert stair.down is not None and stair.down.error is not None  # noqa: S101, PT018
    error = stair.down.error
    why = "it has no downgrade()" if has_no_downgrade(error) else worded(error)
    return Finding(
        "BED314",
        Severity.NOTE,
        f"{stair.revision.id} is irreversible on purpose: {why}",
        revision=stair.revision.id,
        hint="bedstone accept",
        evidence=step_evidence(error),
    )


def _undone(stair: Stair) -> list[Finding]:
    """Return one finding for each object that the downgrade does not give back as it was."""
    groups = list(by_object(stair.left))
    renamed = same_but_for_the_name(groups)
    findings = []
    for group in groups:
        other = renamed.get(group[0].key)
        if other is None:
            findings.append(_left(stair, group))
        elif group[0].change == "removed":
            findings.append(_left(stair, group, called=other.name))
    if stair.second is not None and stair.second.error is not None:
        return _with_consequence(findings, stair.second.error)
    return findings


def _with_consequence(findings: list[Finding], error: StepError) -> list[Finding]:
    """Tell what the second upgrade fails with at the object it names, or at the first one."""
    guilty = cause_of(error.message, findings, None)
    place = next((i for i, f in enumerate(findings) if cite(f) == guilty), 0)
    for finding in findings[place : place + 1]:
        findings[place] = replace(
            finding,
            detail=f"Upgrading again then fails: {worded(error)}",
            evidence=finding.evidence | {"second upgrade": step_evidence(error)},
        )
    return findings


def _left(stair: Stair, group: tuple[Difference, ...], *, called: str | None = None) -> Finding:
    first = group[0]
    code = _CODES[first.change]
    words = {
        "added": f"leaves {first.key} behind",
        "removed": f"takes {first.key} away, which was there before the upgrade",
        "changed": f"does not restore {sentence(group)}",
    }
    said = words[first.change]
    if called is not None:
        code, said = "BED312", f"gives {first.key} back under another name: {called}"
    elif first.change == "removed" and first.key in stair.dropped:
        code, said = "BED312", f"does not bring {first.key} back, which the upgrade drops"
    evidence = differences_evidence(group)
    if called is not None:
        evidence = {"change": "changed", "attributes": {"name": [first.key.name, called]}}
    return Finding(
        code,
        Severity.ERROR,
        f"downgrade of {stair.revision.id} {said}",
        revision=stair.revision.id,
        object=str(first.key),
        hint=f"Undo it in {stair.revision.way_down}, or accept it: bedstone accept",
        evidence=evidence,
    )


def _again(stair: Stair, group: tuple[Difference, ...]) -> Finding:
    return Finding(
        "BED313",
        Severity.ERROR,
        f"the second upgrade of {stair.revision.id} gives another schema: {sentence(group)}",
        revision=stair.revision.id,
        object=str(group[0].key),
        hint="Make the upgrade build the same schema each time it runs.",
        evidence=differences_evidence(group),
    )


def _observed(stair: Stair) -> Iterator[Finding]:
    if not stair.disagreement:
        return
    yield Finding(
        "BED350",
        Severity.ERROR,
        f"pg_dump sees what the catalog does not after the downgrade of {stair.revision.id}: "
        + "; ".join(stair.disagreement[:3]),
        revision=stair.revision.id,
        detail="The two observers disagree, so nothing is called identical.",
        evidence={"entries": list(stair.disagreement)},
    )
