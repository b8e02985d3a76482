# SPDX-License-Identifier: Apache-2.0
"""Applies a history to a database that matters."""

from bedstone.run.apply import Applied, Position, apply_history, plan_steps, read_position
from bedstone.run.lock import runner_lock
from bedstone.run.rehearse import rehearse

__all__ = [
    "Applied",
    "Position",
    "apply_history",
    "plan_steps",
    "read_position",
    "rehearse",
    "runner_lock",
]
