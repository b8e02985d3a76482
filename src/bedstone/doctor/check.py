# SPDX-License-Identifier: Apache-2.0
"""One thing that is well, or is not, and the checks that look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedstone.settings import Settings


class State(StrEnum):
    """How a thing is."""

    WELL = "well"
    LACKING = "lacking"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one thing, and the line that mends it where it is not well."""

    name: str
    state: State
    found: str
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: a target, the folder it was named in, its settings."""

    target: str
    folder: Path
    settings: Settings


class _CheckModule(Protocol):
    ORDER: int

    def check(self, patient: Patient) -> Iterator[Check]: ...


def examine(patient: Patient) -> Iterator[Check]:
    """Yield every check's findings, one after the other. Starts the embedded server."""
    from bedstone.doctor import checks  # noqa: PLC0415  they import this room

    found = [
        cast("_CheckModule", import_module(f"{checks.__name__}.{module.name}"))
        for module in iter_modules(checks.__path__)
    ]
    for module in sorted(found, key=lambda module: module.ORDER):
        yield from module.check(patient)
