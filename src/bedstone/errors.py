# SPDX-License-Identifier: Apache-2.0
"""Every failure a user can meet, each with a code that never changes meaning.

An error has four parts, as PostgreSQL's own have: code, message, detail, hint. The message is
lower case, has no period, and names the object and the value found. The server's error, where
there is one, stays as the cause.

Groups: BED0 server and connection, BED1 target, project and history, BED2 plan, BED3 findings of
proofs (see ``findings``), BED4 run, BED9 a bug in bedstone.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


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


# --- BED0: server and connection ---------------------------------------------------------------


class DsnInvalid(BedstoneError):
    """A connection string cannot be read."""

    code = "BED050"
    exit_status = ExitStatus.USAGE


class SettingsInvalid(BedstoneError):
    """A settings file or a ``BEDSTONE_*`` variable holds something bedstone cannot use."""

    code = "BED070"
    exit_status = ExitStatus.USAGE


# --- BED1: target, project, history ------------------------------------------------------------


# --- BED9: a bug in bedstone -------------------------------------------------------------------


class InternalError(BedstoneError):
    """Bedstone met a state it believes impossible: a bug."""

    code = "BED900"
    exit_status = ExitStatus.BUG
