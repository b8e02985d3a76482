# SPDX-License-Identifier: Apache-2.0
"""A name for all that a run of a history depends on."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bedstone.history.form import Strand
    from bedstone.project import Project


def fingerprint(project: Project, strands: Sequence[Strand]) -> str:
    """Name all that a run depends on beside the revision files and the server."""
    digest = sha256(project.settings.model_dump_json().encode())
    for strand in strands:
        digest.update(json.dumps([strand.name, dict(strand.versions)], sort_keys=True).encode())
        for file in strand.files:
            digest.update(str(file).encode())
            digest.update(_content(file))
        if strand.settings.bootstrap is not None:
            digest.update(_content(strand.cwd / strand.settings.bootstrap))
    return "v1:" + digest.hexdigest()


def _content(path: Path | None) -> bytes:
    try:
        return path.read_bytes() if path is not None and path.is_file() else b""
    except OSError:
        return b""
