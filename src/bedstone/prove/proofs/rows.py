# SPDX-License-Identifier: Apache-2.0
"""An upgrade that gives a column to a table also works when the table has rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion, Finding, Severity
from bedstone.prove.finding import step_evidence, worded
from bedstone.prove.obstacle import is_slip
from bedstone.prove.proof import Proof, concluded, not_checked

if TYPE_CHECKING:
    from bedstone.history import StepError
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.rows import RowsTried
    from bedstone.prove.stairs import Stair

NAME = "rows"
ORDER = 25

#: The statement that adds the column is the one that fails; COLUMN itself may be left out.
_ADDS_COLUMN = re.compile(
    r"\balter\s+table\b.*\badd\s+(?!constraint\b|check\b|unique\b|primary\b|foreign\b|exclude\b)",
    re.IGNORECASE | re.DOTALL,
)


def check(evidence: Evidence) -> Proof:
    """Run the upgrades that add or change columns again, with a row in each of those tables."""
    if evidence.origin.error is not None:
        return not_checked(NAME, "the revisions before could not be run")
    tried = evidence.with_rows
    findings: list[Finding] = []
    excluded: list[Exclusion] = []
    for one in tried:
        finding, exclusion = _judge(one)
        findings += [finding] if finding else []
        excluded += [exclusion] if exclusion else []
    done = len(tried) - len(excluded)
    summary = f"{done} of {len(tried)} revisions that change columns tried with rows"
    if not tried:
        summary = "no revision changes a column of a table that was there"
    return concluded(NAME, summary, eligible=len(tried), findings=findings, excluded=excluded)


def _judge(rows: RowsTried) -> tuple[Finding | None, Exclusion | None]:
    revision = rows.stair.revision.id
    error = rows.up.error if rows.up is not None else None
    if reason := _unanswered(rows):
        return None, Exclusion(revision, reason)
    if error is None:
        return None, None
    if is_slip(error, rows.stair.revision.path):
        return _slip(rows.stair, error), None
    added = _added_column(rows.stair, error.message)
    if error.sqlstate != "23502" or added is None:
        why = error.sqlstate or error.exception
        words = f"the generated rows do not suit it ({why}): it depends on your data"
        return None, Exclusion(revision, words)
    certain = _ADDS_COLUMN.search(error.statement or "") is not None
    detail = "On an empty table it passes. PostgreSQL has no value for the rows that are there."
    if not certain:
        detail = "The column is new; what the revision fills it from had nothing for this row."
    return (
        Finding(
            "BED306",
            Severity.ERROR if certain else Severity.WARNING,
            f"upgrade of {revision} fails on a table with rows: {worded(error)}",
            revision=revision,
            object=added,
            detail=detail,
            hint="Give the column a server default, or fill every row before SET NOT NULL.",
            evidence=step_evidence(error),
        ),
        None,
    )


def _unanswered(rows: RowsTried) -> str | None:
    """Return why nothing is known of a revision with rows."""
    if not rows.stair.alone:
        return "it fails in a run of its own, with or without rows"
    if not rows.filled.tables or rows.up is None:
        reasons = "; ".join(f"{table}: {reason}" for table, reason in rows.filled.skipped)
        return f"no row could be made ({reasons})"
    if rows.up.error is not None and rows.up.error.timed_out:
        return f"with rows, {rows.up.error.message}"
    return None


def _slip(stair: Stair, error: StepError) -> Finding:
    """Word an exception of the revision's own Python, which only rows bring it to."""
    return Finding(
        "BED306",
        Severity.WARNING,
        f"upgrade of {stair.revision.id} fails on a table with rows: {worded(error)}",
        revision=stair.revision.id,
        detail="Without rows the line is never reached. PostgreSQL did not refuse anything: it is "
        "the revision's own Python.",
        hint="Try the line with a row; generated ones were used here.",
        evidence=step_evidence(error),
    )


def _added_column(stair: Stair, message: str) -> str | None:
    """Return the column that the upgrade adds and the server's message names."""
    for difference in stair.changes.meaningful if stair.changes else ():
        key = difference.key
        if key.kind == "column" and difference.change == "added" and f'"{key.name}"' in message:
            return str(key)
    return None
