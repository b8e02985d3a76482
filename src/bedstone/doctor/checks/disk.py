# SPDX-License-Identifier: Apache-2.0
"""Is there room for scratch databases?"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bedstone.doctor.check import Check, State
from bedstone.history import remove_abandoned
from bedstone.server.places import cache_folder, servers_folder, service_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.doctor.check import Patient

ORDER = 30

#: A small project's scratch databases and templates.
_NEEDED_BYTES = 1 << 30


def check(patient: Patient) -> Iterator[Check]:
    """Remove what killed runs left, and ask how much room the embedded server has."""
    remove_abandoned()
    asked, account = patient.settings.cache_dir, service_account()
    folder = servers_folder(asked, cache_folder(asked, account), account)
    place = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(place).free
    enough = free >= _NEEDED_BYTES
    yield Check(
        "disk",
        State.WELL if enough else State.ILL,
        f"{free / (1 << 30):.1f} GiB free in {folder}",
        None if enough else "Free some room, or set cache_dir to a folder on another disk.",
    )
