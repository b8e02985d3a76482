# SPDX-License-Identifier: Apache-2.0
"""What all errors have in common: a code, four parts, an exit status."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

__all__ = ["BedstoneError", "ExitStatus", "InternalError", "registered_errors"]


class ExitStatus(IntEnum):
    """What a command's exit status says."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    ENVIRONMENT = 3
    BUG = 4


_REGISTRY: dict[str, type[BedstoneError]] = {}


class BedstoneError(Exception):
    """The root of every error that bedstone raises at a user."""

    code: ClassVar[str] = ""
    exit_status: ClassVar[ExitStatus] = ExitStatus.ENVIRONMENT

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Register the class under its code, which no other class may have."""
        super().__init_subclass__(**kwargs)
        code = cls.__dict__.get("code")
        if code is None:
            return
        if code in _REGISTRY:
            raise TypeError(f"{code} is already the code of {_REGISTRY[code].__name__}")
        _REGISTRY[code] = cls

    def __init__(self, message: str, *, detail: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.message}"]
        if self.detail:
            lines.append(f"  detail: {self.detail}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def registered_errors() -> dict[str, type[BedstoneError]]:
    """Return every error class by its code, in order of the codes."""
    return dict(sorted(_REGISTRY.items()))


class InternalError(BedstoneError):
    """Bedstone met a state it believes impossible: a bug."""

    code = "BED900"
    exit_status = ExitStatus.BUG
