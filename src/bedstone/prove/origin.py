# SPDX-License-Identifier: Apache-2.0
"""The state that the revisions to prove start from."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.catalog import Catalog
    from bedstone.history import StepError
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
    reached; then there is no catalog and nothing to prove.
    """

    template: Template | None = None
    catalog: Catalog | None = None
    dump: Dump | None = None
    error: StepError | None = None


def prepare_origin(evidence: Evidence) -> Origin:
    """Bring the scratch database to the origin, from the cache where the same one is there."""
    key = _cache_key(evidence)
    template = evidence.workspace.cached(key) if key else None
    if template is not None:
        evidence.at(template)
        return Origin(template, evidence.read(), evidence.dump())
    if not _holds_nothing(evidence):
        evidence.at(None)
    error = _build(evidence)
    if error is not None:
        return Origin(error=error)
    catalog, dump = evidence.read(), evidence.dump()
    if not _holds_nothing(evidence):
        template = evidence.scratch.save("origin", cache_key=key)
    return Origin(template, catalog, dump)


def _holds_nothing(evidence: Evidence) -> bool:
    with evidence.scratch.connect(autocommit=True) as connection:
        row = connection.execute(_HOLDS_NOTHING).fetchone()
    return bool(row and row[0])


def _build(evidence: Evidence) -> StepError | None:
    prepared = evidence.history.prepare(evidence.scratch)
    if prepared.error is not None or not evidence.before:
        return prepared.error
    evidence.progress("older revisions", 0, len(evidence.before))
    return evidence.history.upgrade(evidence.scratch, [r.id for r in evidence.before]).error


def _cache_key(evidence: Evidence) -> str | None:
    """Name the origin by all that made it; ``None`` where there is nothing worth keeping."""
    if not evidence.before:
        return None
    digest = sha256(evidence.history.fingerprint.encode())
    digest.update(str(evidence.workspace.server.version).encode())
    for revision in evidence.before:
        digest.update(revision.id.encode())
        if revision.path is not None and revision.path.is_file():
            digest.update(revision.path.read_bytes())
    return digest.hexdigest()[:24]
