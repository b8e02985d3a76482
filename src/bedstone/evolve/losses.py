# SPDX-License-Identifier: Apache-2.0
"""What is lost when revisions run, as findings that a project accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.findings import Finding, Method, Severity
from bedstone.plan import Hazard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.evolve.draft import Draft
    from bedstone.evolve.step import Step


def losses_of(draft: Draft, ids: Iterable[str]) -> tuple[Finding, ...]:
    """Return what each of the revisions *ids*, those of *draft*, loses on its two ways."""
    return tuple(
        finding
        for part, name in zip(draft.parts, ids, strict=True)
        for direction, steps in (("upgrade", part.up), ("downgrade", part.down))
        for finding in _lost(name, direction, steps)
    )


def _lost(revision: str, direction: str, steps: Iterable[Step]) -> Iterator[Finding]:
    for step in steps:
        if step.source is not None and Hazard.LOSES_DATA in step.source.hazards:
            yield Finding(
                "BED370",
                Severity.NOTE,
                f"{direction} of {revision} loses {step.source.subject}",
                revision=revision,
                object=str(step.source.subject),
                cause=direction,
                detail="Its rows or values are gone afterwards; the way back brings none of them.",
                evidence={"statement": step.sql},
                method=Method.DERIVED,
            )
