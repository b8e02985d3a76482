# SPDX-License-Identifier: Apache-2.0
"""A verdict as JSON: everything, in a documented shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedstone import __version__

if TYPE_CHECKING:
    from bedstone.findings import Finding
    from bedstone.prove import Proof, Verdict

#: Raised when a field changes its meaning or goes; new fields do not raise it.
FORMAT = 1


def render_json(verdict: Verdict) -> str:
    """Return *verdict* as a JSON object, indented, in a fixed order."""
    return json.dumps(as_data(verdict), indent=2, ensure_ascii=False, default=str) + "\n"


def as_data(verdict: Verdict) -> dict[str, Any]:
    """Return *verdict* in plain JSON values."""
    return {
        "format": FORMAT,
        "bedstone": __version__,
        "target": verdict.project,
        "server": verdict.server,
        "revisions": verdict.revisions,
        "new": verdict.new,
        "since": verdict.since,
        "exit": int(verdict.exit_status),
        "seconds": round(verdict.seconds, 3),
        "startup_seconds": round(verdict.startup_seconds, 3),
        "notes": list(verdict.notes),
        "proofs": [_proof(proof) for proof in verdict.proofs],
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "name": proof.name,
        "status": proof.status.value,
        "summary": proof.summary,
        "eligible": proof.eligible,
        "checked": proof.checked,
        "excluded": [{"object": e.object, "reason": e.reason} for e in proof.excluded],
        "failed": proof.failed,
        "seconds": round(proof.seconds, 3),
        "findings": [finding_data(finding) for finding in proof.findings],
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return one finding in plain JSON values."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "revision": finding.revision,
        "object": finding.object,
        "cause": finding.cause,
        "message": finding.message,
        "detail": finding.detail,
        "hint": finding.hint,
        "evidence": finding.evidence,
        "method": finding.method.value,
        "baseline": finding.baseline,
        "examples": [{"language": e.language, "code": e.code} for e in finding.examples],
    }
