# SPDX-License-Identifier: Apache-2.0
"""The state that the revisions to prove start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.history import Revision, StepError
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.observer import Dump
    from bedstone.server import Template

_HOLDS_NOTHING = """
    select not exists (select from pg_catalog.pg_class where oid >= 16384)
        and not exists (select from pg_catalog.pg_proc where oid >= 16384)
        and not exists (select from pg_catalog.pg_type where oid >= 16384)
        and not exists (select from pg_catalog.pg_namespace where oid >= 16384)
        and not exists (select from pg_catalog.pg_extension where oid >= 16384)
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the selected revisions start: empty, bootstrapped, or after the older revisions.

    *template* is ``None`` where that is an empty database. *error* says why it could not be
    reached; then there is no catalog and nothing to prove. *skipped* are revisions that are not
    run, since the bootstrap stands for them; *end* is what the way down from it fails with.
    """

    template: Template | None = None
    catalog: Catalog | None = None
    dump: Dump | None = None
    error: StepError | None = None
    skipped: tuple[Exclusion, ...] = ()
    end: StepError | None = None


@dataclass(frozen=True, slots=True)
class _Start:
    """What the bootstrap leads to: the revisions that it stands for, and those never reached."""

    applied: frozenset[str] = field(default_factory=frozenset)
    skipped: tuple[Exclusion, ...] = ()
    error: StepError | None = None
    end: StepError | None = None


def prepare_origin(evidence: Evidence) -> Origin:
    """Bring the scratch database to the origin, from the cache where the same one is there."""
    key = _cache_key(evidence)
    template = evidence.workspace.cached(key) if key else None
    if template is not None:
        evidence.at(template)
        return Origin(template, *evidence.observe())
    if not _holds_nothing(evidence):
        evidence.at(None)
    start = _start(evidence)
    error = start.error or _bring_up(evidence, start)
    if error is not None:
        return Origin(error=error)
    catalog, dump = evidence.observe()
    if not _holds_nothing(evidence):
        key = None if start.applied else key
        template = evidence.scratch.save("origin", cache_key=key)
    return Origin(template, catalog, dump, skipped=start.skipped, end=start.end)


def _holds_nothing(evidence: Evidence) -> bool:
    with evidence.scratch.connect(autocommit=True) as connection:
        row = connection.execute(_HOLDS_NOTHING).fetchone()
    return bool(row and row[0])


def _start(evidence: Evidence) -> _Start:
    """Run the bootstrap and see what it stands for.

    Where it stands for a part, the others are proven from there. Where it is at the head already,
    as with an application that makes today's tables and stamps, the way starts with going down.
    """
    history, chosen = evidence.history, evidence.chosen
    prepared = history.prepare(evidence.scratch)
    if prepared.error is not None or not history.is_bootstrapped:
        return _Start(error=prepared.error)
    applied = history.standing(evidence.scratch).applied or frozenset()
    stamped = [revision for revision in chosen if revision.id in applied]
    if len(stamped) < len(chosen):
        return _Start(applied, _left_out(stamped, "the bootstrap stands for it"))
    return _go_down(evidence, applied) if chosen else _Start(applied)


def _go_down(evidence: Evidence, applied: frozenset[str]) -> _Start:
    """Take the bootstrap down to below the chosen revisions, or as far as their downgrades go."""
    history, downwards = evidence.history, list(reversed(evidence.chosen))
    ids = [revision.id for revision in downwards]
    evidence.progress("down from the bootstrap", 0, len(ids))
    end = history.downgrade(evidence.scratch, ids).error
    if end is None:
        return _Start(applied)
    place = ids.index(end.revision) if end.revision in ids else 0
    evidence.at(None)  # a failure may leave dirt
    again = history.prepare(evidence.scratch)
    if again.ok and place:
        again = history.downgrade(evidence.scratch, ids[:place])
    reason = f"the way down from the bootstrap ends at {end.at}"
    return _Start(applied, _left_out(downwards[place:][::-1], reason), again.error, end)


def _left_out(revisions: list[Revision], reason: str) -> tuple[Exclusion, ...]:
    return tuple(Exclusion(revision.id, reason) for revision in revisions)


def _bring_up(evidence: Evidence, start: _Start) -> StepError | None:
    """Run the older revisions, but for those that the bootstrap stands for."""
    ids = [revision.id for revision in evidence.before if revision.id not in start.applied]
    if not ids:
        return None
    evidence.progress("older revisions", 0, len(ids))
    return evidence.history.upgrade(evidence.scratch, ids).error


def _cache_key(evidence: Evidence) -> str | None:
    """Name the origin by all that made it; ``None`` where there is nothing worth keeping."""
    if not evidence.before:
        return None
    digest = sha256(evidence.history.fingerprint.encode())
    digest.update(str(evidence.workspace.server.version).encode())
    for revision in evidence.before:
        digest.update(revision.id.encode())
        for path in revision.files:
            digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:24]
