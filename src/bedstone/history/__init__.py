# SPDX-License-Identifier: Apache-2.0
"""The versioned steps of a project, and what running them did."""

from bedstone.history.files import run_file
from bedstone.history.folder import remove_abandoned
from bedstone.history.form import Standing
from bedstone.history.history import History
from bedstone.history.opening import open_history
from bedstone.history.revision import Revision
from bedstone.history.run import Failure, Run, Step, StepError
from bedstone.history.writing import NewRevision, Placement

__all__ = [
    "Failure",
    "History",
    "NewRevision",
    "Placement",
    "Revision",
    "Run",
    "Standing",
    "Step",
    "StepError",
    "open_history",
    "remove_abandoned",
    "run_file",
]
