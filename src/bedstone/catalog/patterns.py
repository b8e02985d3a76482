# SPDX-License-Identifier: Apache-2.0
"""Patterns for objects, as ``table public.tmp_*``."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUOTED = re.compile(r'"((?:[^"]|"")+)"')


def is_named(name: object, patterns: Iterable[str]) -> bool:
    """Whether one of *patterns* is for the object that is shown as *name*.

    A pattern has the name as it is shown, or without its quotes; ``*`` is any text in it. What is
    shown always is a pattern for itself, whatever characters it has.
    """
    shown = str(name)
    forms = {shown, _QUOTED.sub(lambda found: found[1].replace('""', '"'), shown)}
    return any(form == p or fnmatchcase(form, p) for p in patterns for form in forms)
