# SPDX-License-Identifier: Apache-2.0
"""The versioned steps of a project, and what running them did."""

from bedstone.history.folder import remove_abandoned
from bedstone.history.history import History, open_history
from bedstone.history.revision import Revision
from bedstone.history.run import Failure, Run, Step, StepError

__all__ = [
    "Failure",
    "History",
    "Revision",
    "Run",
    "Step",
    "StepError",
    "open_history",
    "remove_abandoned",
]
