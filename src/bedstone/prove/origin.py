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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the selected revisions start: empty, bootstrapped, or after the older revisions.

    *error* says why it could not be reached; then there is no template and nothing to prove.
    """

    template: Template | None
    catalog: Catalog | None
    dump: Dump | None
    cached: bool
    error: StepError | None = None


def prepare_origin(evidence: Evidence) -> Origin:
    """Bring the scratch database to the origin, from the cache where the same one is there."""
    history, key = evidence.history, _cache_key(evidence)
    template = evidence.workspace.cached(key) if key else None
    if template is not None:
        evidence.at(template)
    else:
        error = _build(evidence)
        if error is not None:
            return Origin(None, None, None, cached=False, error=error)
    catalog, dump = evidence.read(), evidence.dump()
    cached = template is not None
    if template is None:
        template = evidence.scratch.save("origin", cache_key=key)
    assert history.revisions is not None  # noqa: S101  read before: the key needs them
    return Origin(template, catalog, dump, cached=cached)


def _build(evidence: Evidence) -> StepError | None:
    evidence.at(None)
    evidence.progress("older revisions", 0, len(evidence.before))
    prepared = evidence.history.prepare(evidence.scratch)
    if prepared.error is not None:
        return prepared.error
    if not evidence.before:
        return None
    run = evidence.history.upgrade(evidence.scratch, [r.id for r in evidence.before])
    return run.error


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
