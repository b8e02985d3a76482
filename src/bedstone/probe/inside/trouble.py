# SPDX-License-Identifier: Apache-2.0
"""What stops a project from being loaded or run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProjectError(Exception):
    """Something about the project that the client turns into a coded error."""

    def __init__(self, kind: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.facts = facts


class AddressRefused(Exception):
    """The user's code was about to reach a database that is not ours."""
