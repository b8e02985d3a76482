# SPDX-License-Identifier: Apache-2.0
"""Who has to wait for a revision, and how long: judged from what was seen on the wire."""

from bedstone.prove.locks.climbing import Climbed, climb_traced
from bedstone.prove.locks.judge import Judged, judge

__all__ = ["Climbed", "Judged", "climb_traced", "judge"]
