# SPDX-License-Identifier: Apache-2.0
"""Proves revisions that were just written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bedstone.claims import read_lock
from bedstone.findings import Finding, Severity
from bedstone.history import open_history
from bedstone.prove import Evidence, Verdict, describe, proof_names, prove
from bedstone.prove.finding import by_object, differences_evidence, sentence
from bedstone.prove.ownership import unowned
from bedstone.prove.proof import concluded, not_checked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.catalog import Catalog
    from bedstone.evolve.draft import Draft
    from bedstone.project import Project
    from bedstone.prove import Proof
    from bedstone.prove.evidence import Progress
    from bedstone.server import Scratch, Workspace

#: What only a comparison with the models can answer.
_OF_MODELS = "drift"


def prove_written(
    project: Project,
    workspace: Workspace,
    scratch: Scratch,
    *,
    strand: str,
    numbers: Iterable[str],
    draft: Draft,
    by_models: bool,
    progress: Progress,
) -> Verdict:
    """Load the project anew and prove the revisions *numbers* of the history *strand*.

    With *by_models* models and history have to agree at the end; in any case the revisions have to
    lead where *draft* does.
    """
    start = time.monotonic()
    progress("the project's imports", 0, 0)
    with open_history(project, scratch) as history:
        wanted = frozenset(numbers)
        new = frozenset(
            r.id for r in history.revisions if r.history == strand and r.number in wanted
        )
        evidence = Evidence(
            history,
            workspace,
            scratch,
            new=new,
            exclude=project.settings.exclude,
            small_tables=project.settings.small_tables,
            progress=progress,
        )
        lock = read_lock(project.root) if project.root else None
        only = () if by_models else tuple(n for n in proof_names() if n != _OF_MODELS)
        proofs = prove(evidence, only=only, known=lock.keys if lock else frozenset())
        return Verdict(
            project=project.name,
            server=describe(workspace.server),
            revisions=len(history.revisions),
            new=len(new),
            since=None,
            proofs=(*proofs, _as_planned(evidence, draft.after)),
            startup_seconds=history.startup_seconds,
            seconds=time.monotonic() - start,
            only=only,
            notes=history.notes,
        )


def _as_planned(evidence: Evidence, planned: Catalog) -> Proof:
    """Compare what the files lead to with what the statements of the plan led to."""
    name = "as-planned"
    head = evidence.chain.head if evidence.origin.error is None else None
    if head is None:
        return not_checked(name, "the history cannot be upgraded to its head")
    head = unowned(head, evidence.workspace.server.dsn.user)
    findings = [
        Finding(
            "BED371",
            Severity.ERROR,
            f"the files lead elsewhere than the plan: {sentence(group)}",
            object=str(group[0].key),
            detail="Something between the plan and the database has changed a statement.",
            hint="Look at the project's script.py.mako and at its post-write hooks.",
            evidence=differences_evidence(group),
        )
        for group in by_object(evidence.differences(planned, head))
    ]
    summary = "the files lead where the plan does" if not findings else "the files lead elsewhere"
    return concluded(name, summary, eligible=1, findings=findings)
