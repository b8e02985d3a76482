# SPDX-License-Identifier: Apache-2.0
"""Each code of a finding is explained, and each explained code is used."""

from __future__ import annotations

import re
from pathlib import Path

import bedstone
from bedstone.errors import registered_errors
from bedstone.prove.codes import CODES

SOURCE = Path(bedstone.__file__).parent


def test_every_code_in_the_source_is_explained_and_every_explained_one_is_used() -> None:
    used = {
        code
        for path in SOURCE.rglob("*.py")
        if path.name != "codes.py"
        for code in re.findall(r"\bBED3\d\d\b", path.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)


def test_findings_and_errors_share_no_code() -> None:
    assert not set(CODES) & set(registered_errors())


def test_a_slug_names_one_code() -> None:
    assert len({meaning.slug for meaning in CODES.values()}) == len(CODES)
