# SPDX-License-Identifier: Apache-2.0
"""Brings the scratch database to the state after any of the revisions, whatever spoilt it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.history import Run
    from bedstone.prove.evidence import Evidence
    from bedstone.server import Template

#: A state that took longer than this to build is kept as a template: a copy takes less.
_WORTH_KEEPING_SECONDS = 0.4
_KEPT = 3


class Ladder:
    """The states of a scratch database on the way up a history.

    A height is the number of selected revisions that are applied. States are built again rather
    than copied ahead: most are never asked for.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._kept: dict[int, Template] = {}

    def come_to(self, height: int) -> Run:
        """Bring the scratch database, from a fresh copy, to the state at *height*.

        Starts from the highest state that was kept; where the rest does not run from there (some
        revisions only run together with earlier ones), from the origin in one run; where that
        does not run either (some only run when those before are committed), in a run for each.
        """
        below = max((h for h in self._kept if h <= height), default=0)
        run = self._run(below, height)
        if not run.ok and below:
            run = self._run(0, height)
        if not run.ok and height:
            run = self._run_each(height)
        if run.ok and run.seconds > _WORTH_KEEPING_SECONDS and height not in self._kept:
            self._keep(height)
        return run

    def _run(self, start: int, height: int) -> Run:
        evidence = self._evidence
        template = self._kept[start] if start else evidence.origin.template
        scratch = evidence.at(template)
        ids = [revision.id for revision in evidence.selected[start:height]]
        return evidence.history.upgrade(scratch, ids)

    def _run_each(self, height: int) -> Run:
        evidence = self._evidence
        scratch = evidence.at(evidence.origin.template)
        seconds = 0.0
        for revision in evidence.selected[:height]:
            run = evidence.history.step(scratch, revision.id, "up")
            seconds += run.seconds
            if not run.ok:
                break
        return replace(run, seconds=seconds)

    def _keep(self, height: int) -> None:
        if len(self._kept) == _KEPT:
            self._kept.pop(min(self._kept)).drop()
        self._kept[height] = self._evidence.scratch.save(f"at{height}")
