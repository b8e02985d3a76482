# SPDX-License-Identifier: Apache-2.0
"""Is Python new enough, and which one runs the project?"""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from bedstone import __version__
from bedstone.doctor.check import Check, State
from bedstone.errors import BedstoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.doctor.check import Patient

ORDER = 10


def check(patient: Patient) -> Iterator[Check]:
    """Look at bedstone's own interpreter and at the project's."""
    from bedstone.project import resolve  # noqa: PLC0415  slow, and only here

    yield Check(
        "python", State.WELL, f"bedstone {__version__} on Python {platform.python_version()}"
    )
    if sys.platform not in {"linux", "darwin"}:
        yield Check(
            "platform",
            State.LACKING,
            f"{sys.platform} is not supported by the embedded server",
            "Name a server: --server postgresql://…",
        )
    try:
        project = resolve(patient.target, cwd=patient.folder)
    except BedstoneError as error:
        yield Check("project", State.LACKING, error.message, error.hint)
        return
    yield Check(
        "project",
        State.WELL,
        f"{project.name} runs in {project.python.path if project.python else sys.executable}",
    )
