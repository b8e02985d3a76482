# SPDX-License-Identifier: Apache-2.0
"""The way up through the observer: each new revision once, alone, on tables without rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion
from bedstone.history import Failure
from bedstone.prove.locks.ground import read_ground
from bedstone.prove.locks.traced import Traced, look_back
from bedstone.trace import observe

if TYPE_CHECKING:
    from bedstone.history import Revision, StepError
    from bedstone.prove.evidence import Evidence
    from bedstone.trace import Trace


@dataclass(frozen=True)
class Climbed:
    """What was seen of each revision, and which could not be seen, with the reason.

    *together* are the transactions that several revisions share in one run, where that was looked
    at: each by the revision and the text of its statements.
    """

    traced: tuple[Traced, ...]
    excluded: tuple[Exclusion, ...] = ()
    together: tuple[frozenset[tuple[str, tuple[str, ...]]], ...] = ()


def climb_traced(evidence: Evidence) -> Climbed:
    """Run each selected revision through the observer, from the state that the last one left.

    A revision's own transactions are those of a run of its own; several revisions are also run
    at once, to see whether they share a transaction.
    """
    seen: list[Traced] = []
    excluded: list[Exclusion] = []
    selected = evidence.selected
    stands = evidence.ladder.come_to(0).ok
    for height, revision in enumerate(selected):
        evidence.progress(f"{revision.id} observed", height, len(selected))
        if not stands and not evidence.ladder.come_to(height).ok:
            lost = "the state before it could not be made again"
            excluded += [Exclusion(r.id, lost) for r in selected[height:]]
            break
        traced, reason = _observe(evidence, revision)
        if traced is not None:
            seen.append(traced)
        if reason is not None:
            excluded.append(Exclusion(revision.id, reason))
        stands = reason is None
    together = _together(evidence) if len(selected) > 1 and not excluded else ()
    return Climbed(tuple(seen), tuple(excluded), together)


def _observe(evidence: Evidence, revision: Revision) -> tuple[Traced | None, str | None]:
    """Run one revision; return what was seen of it, and why that is not all."""
    own = frozenset((schema or "public", name) for schema, name in evidence.history.version_tables)
    with evidence.scratch.connect(autocommit=True) as connection:
        before = read_ground(connection)
    with observe(evidence.scratch) as observer:
        run = evidence.history.step(observer, revision.id, "up")
        trace, sessions = observer.trace(), observer.sessions
    if not sessions:
        return None, "its connection does not come through the observer"
    is_sql = revision.path is not None and revision.path.suffix != ".py"
    with evidence.scratch.connect(autocommit=True) as connection:
        traced = look_back(connection, revision.id, trace, before, own, is_sql=is_sql)
    if run.error is not None:
        return traced, f"its upgrade fails in a run of its own: {_worded(run.error, trace)}"
    return traced, None


def _worded(error: StepError, trace: Trace) -> str:
    """Say an error without values: by the text that the trace keeps of it, if it does."""
    if error.failure is not Failure.RAISED:
        return error.message
    if error.sqlstate is None:
        return error.exception or "an exception"
    kept = (s.error for s in reversed(trace.statements) if s.error is not None)
    text = next((e.message for e in kept if e.sqlstate == error.sqlstate), None)
    return f"SQLSTATE {error.sqlstate}" + (f", {text}" if text else "")


def _together(evidence: Evidence) -> tuple[frozenset[tuple[str, tuple[str, ...]]], ...]:
    """Return what one run of all revisions puts into one transaction."""
    evidence.progress("observed in one run", 0, len(evidence.selected))
    evidence.ladder.come_to(0)
    with observe(evidence.scratch) as observer:
        run = evidence.history.upgrade(observer, [r.id for r in evidence.selected])
        trace = observer.trace()
    return _shared(trace) if run.ok else ()


def _shared(trace: Trace) -> tuple[frozenset[tuple[str, tuple[str, ...]]], ...]:
    found: dict[tuple[int, int], set[tuple[str, tuple[str, ...]]]] = {}
    for statement in trace.statements:
        if statement.transaction is not None and statement.label is not None:
            key = (statement.session, statement.transaction)
            found.setdefault(key, set()).add((statement.label, statement.sql))
    shared = (texts for texts in found.values() if len({label for label, _ in texts}) > 1)
    return tuple(map(frozenset, shared))
