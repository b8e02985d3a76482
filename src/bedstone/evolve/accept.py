# SPDX-License-Identifier: Apache-2.0
"""Accepts findings: writes them into ``bedstone.lock``."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.catalog import is_named
from bedstone.claims import LOCK_NAME, Accepted, Lock, read_lock, render_lock
from bedstone.prove import Status
from bedstone.prove.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bedstone.findings import Finding
    from bedstone.prove import Verdict


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A lock file to be: its text, what is new in it and what is no longer found."""

    path: Path
    text: str
    added: tuple[Accepted, ...]
    gone: tuple[Accepted, ...]


def plan_acceptance(verdict: Verdict, root: Path, *, matching: Sequence[str] = ()) -> Acceptance:
    """Build the lock that accepts the findings of *verdict*, or those *matching* a pattern.

    A pattern is held against the code, the revision and the object. Entries that a whole proof no
    longer finds are left out; where only some proofs or revisions were run, all stay, and so do
    those of a proof that was not run.
    """
    old = read_lock(root)
    chosen = [f for f in verdict.findings if not f.baseline and _matches(f, matching)]
    found = {finding.key for finding in verdict.findings}
    partial = bool(verdict.only) or verdict.since is not None
    asked = {proof.name for proof in verdict.proofs if proof.status is not Status.NOT_CHECKED}
    gone = tuple(
        entry
        for entry in old.accepted
        if not partial and entry.key not in found and _is_answered(entry, asked)
    )
    kept = Lock(tuple(entry for entry in old.accepted if entry not in gone))
    new = kept.with_findings(chosen)
    added = tuple(entry for entry in new.accepted if entry.key not in old.keys)
    return Acceptance(root / LOCK_NAME, render_lock(new), added, gone)


def write_acceptance(acceptance: Acceptance) -> None:
    """Write the lock file, whole or not at all."""
    folder = acceptance.path.parent
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{LOCK_NAME}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(acceptance.text)
        Path(name).chmod(0o644)
        Path(name).replace(acceptance.path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_answered(entry: Accepted, asked: Collection[str]) -> bool:
    """Whether the proofs *asked* would have found it again; some findings are no proof's."""
    meaning = CODES.get(entry.code)
    return meaning is None or not meaning.proof or meaning.proof in asked


def _matches(finding: Finding, patterns: Sequence[str]) -> bool:
    names = (finding.code, finding.revision or "", finding.object or "")
    return not patterns or any(is_named(name, patterns) for name in names)
