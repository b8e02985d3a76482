# SPDX-License-Identifier: Apache-2.0
"""The outcome of one family of claims."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable


class Status(StrEnum):
    """What a proof came to.

    ``vacuous`` is not a pass: the claims ran and there was nothing they could have caught.
    ``not-checked`` is not a pass either: they could not run, and the exclusions say why.
    """

    PASSED = "passed"
    FAILED = "failed"
    VACUOUS = "vacuous"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True)
class Proof:
    """One family of claims, executed.

    Of *eligible* claims, *checked* were executed and each of the others is in *excluded*.
    *seconds* is the time this proof itself took; what several proofs share counts for the first.
    """

    name: str
    status: Status
    summary: str
    eligible: int
    checked: int
    findings: tuple[Finding, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    seconds: float = 0.0
    environment: bool = False

    @property
    def failed(self) -> int:
        """How many new errors there are; what the baseline knows is not counted."""
        return sum(f.severity is Severity.ERROR and not f.baseline for f in self.findings)

    def judged(self, known: frozenset[tuple[str, str, str, str]], old: frozenset[str]) -> Proof:
        """Return the proof with what is known or old moved to the baseline.

        *known* holds the keys of accepted findings, *old* the revisions that are not new.
        """
        findings = tuple(
            replace(f, baseline=True) if f.key in known or f.revision in old else f
            for f in self.findings
        )
        judged = replace(self, findings=findings)
        number = sum(finding.baseline for finding in findings)
        if number:
            judged = replace(judged, summary=f"{self.summary} ({number} known)")
        if self.status is Status.FAILED and not judged.failed:
            return replace(judged, status=Status.PASSED)
        return judged


def concluded(
    name: str,
    summary: str,
    *,
    eligible: int,
    findings: Iterable[Finding] = (),
    excluded: Iterable[Exclusion] = (),
    vacuous: bool = False,
) -> Proof:
    """Build the proof that its findings and exclusions amount to."""
    findings, excluded = tuple(findings), tuple(excluded)
    checked = eligible - len(excluded)
    if any(f.severity is Severity.ERROR for f in findings):
        status = Status.FAILED
    elif eligible and not checked:
        status = Status.NOT_CHECKED
    elif vacuous or not eligible:
        status = Status.VACUOUS
    else:
        status = Status.PASSED
    return Proof(name, status, summary, eligible, max(checked, 0), findings, excluded)


def not_checked(name: str, reason: str, *, eligible: int = 1, environment: bool = False) -> Proof:
    """Build the proof that could not run because of *reason*.

    *environment* says that the machine or server is the obstacle, not the project's choice.
    """
    return Proof(
        name,
        Status.NOT_CHECKED,
        reason,
        eligible,
        0,
        excluded=(Exclusion(name, reason),),
        environment=environment,
    )
