# SPDX-License-Identifier: Apache-2.0
"""The one shape of what bedstone has to say about a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding weighs. Only an error makes its proof fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Method(StrEnum):
    """How a fact was obtained.

    Only what was asked in the statement's own transaction is ever called measured.
    """

    MEASURED = "measured"
    SAMPLED = "sampled"
    EXECUTED = "executed"
    DERIVED = "derived"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Example:
    """Code that does what a finding asks for. *language* is ``sql`` or ``python``."""

    language: str
    code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about one object that one revision (or none) is the cause of.

    There is one finding for each revision, object and cause. A consequence names in *cause* the
    finding or the fact that it follows from; *cause* is ``None`` where the finding stands alone.
    *evidence* holds what was seen, in plain JSON values; *examples* show how to do better.
    """

    code: str
    severity: Severity
    message: str
    revision: str | None = None
    object: str | None = None
    cause: str | None = None
    detail: str | None = None
    hint: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    method: Method = Method.EXECUTED
    baseline: bool = False
    examples: tuple[Example, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes this finding the same one tomorrow: code, revision, object, cause."""
        return (self.code, self.revision or "", self.object or "", self.cause or "")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something eligible that was not checked, and why."""

    object: str
    reason: str
