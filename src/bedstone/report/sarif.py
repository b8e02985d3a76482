# SPDX-License-Identifier: Apache-2.0
"""A verdict as SARIF 2.1.0, which code hosts show beside the changed lines."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedstone import __version__
from bedstone.findings import Severity
from bedstone.prove.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedstone.findings import Finding
    from bedstone.prove import Verdict

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render_sarif(verdict: Verdict, *, root: Path, paths: Mapping[str, Path]) -> str:
    """Return *verdict* as SARIF; *paths* leads from a revision to its file.

    A finding of no revision is placed at the project's settings, since SARIF wants a place.
    """
    rules = sorted({finding.code for finding in verdict.findings})
    run = {
        "tool": {
            "driver": {
                "name": "bedstone",
                "version": __version__,
                "rules": [_rule(code) for code in rules],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": [_result(f, root, paths) for f in verdict.findings],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    document = {"$schema": schema, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _rule(code: str) -> dict[str, Any]:
    meaning = CODES[code]
    return {
        "id": code,
        "name": meaning.slug,
        "shortDescription": {"text": meaning.says},
        "help": {"text": meaning.do},
    }


def _result(finding: Finding, root: Path, paths: Mapping[str, Path]) -> dict[str, Any]:
    text = " ".join(t for t in (finding.message, finding.detail, finding.hint) if t)
    digest = sha256("\0".join(finding.key).encode()).hexdigest()
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding, root, paths)],
        "partialFingerprints": {"bedstone/v1": digest},
        "baselineState": "unchanged" if finding.baseline else "new",
    }
    if finding.baseline:
        result["suppressions"] = [{"kind": "external", "justification": "in the baseline"}]
    return result


def _location(finding: Finding, root: Path, paths: Mapping[str, Path]) -> dict[str, Any]:
    path = paths.get(finding.revision or "")
    line = 1
    file = finding.evidence.get("file")
    if path is not None and file and Path(str(file)).name == path.name:
        line = int(finding.evidence.get("line") or 1)
    place = "bedstone.toml"
    if path is not None:
        inside = path.is_relative_to(root)
        place = path.relative_to(root).as_posix() if inside else path.as_posix()
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": place},
            "region": {"startLine": max(line, 1)},
        }
    }
